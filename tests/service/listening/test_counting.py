"""Processes see how many connections the others have."""

import subprocess
import sys
from pathlib import Path

from service.listening.counting import Counts

OTHER = """
import pathlib, sys
from service.listening.counting import Counts
counts = Counts(pathlib.Path(sys.argv[1]))
counts.add(int(sys.argv[2]))
print("seated", flush=True)
sys.stdin.readline()
"""


def other(folder: Path, connections: int) -> subprocess.Popen[str]:
    """Start a process that has so many connections, until it may end."""
    command = [sys.executable, "-c", OTHER, str(folder), str(connections)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "seated\n"
    return process


def test_who_has_more_than_another_knows(tmp_path: Path) -> None:
    counts = Counts(tmp_path)
    with other(tmp_path, 2) as process:
        counts.add(2)
        assert not counts.has_more_than_another()
        counts.add(1)
        assert counts.has_more_than_another()
        counts.add(-2)
        assert not counts.has_more_than_another()
        process.communicate("\n")
    counts.close()


def test_a_process_that_was_killed_counts_no_longer_and_its_seat_is_taken_again(tmp_path: Path) -> None:
    counts = Counts(tmp_path)
    counts.add(5)
    for _ in range(3):
        with other(tmp_path, 0) as process:
            assert counts.has_more_than_another()
            process.kill()
        assert not counts.has_more_than_another()
    seats = (tmp_path / "connections").read_bytes()

    counts.close()

    assert sum(bool(seats[at : at + 4].strip(b"\0")) for at in range(0, len(seats), 8)) == 2


def test_alone_nobody_waits(tmp_path: Path) -> None:
    counts = Counts(tmp_path)
    counts.add(1000)

    assert not counts.has_more_than_another()
    counts.close()
