"""A process that outlives its parent only to end what the parent started.

`kill -9` gives a parent no chance to stop its children. So the parent starts this file as a process in a session of its
own and writes down, on a pipe, the process groups it is responsible for: `+123` for a new one, `-123` for one that is
gone. When the pipe closes - the parent ended, in whatever way - the groups still written down are ended here.

Run by its path with `python -I -S`, it knows the standard library only, and so costs 20 ms and a few megabytes.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import IO, Final, Self

LOOK_SECONDS: Final = 0.1


class Watchdog:
    """The parent's end of the pipe."""

    def __init__(self, process: "subprocess.Popen[str]", pipe: IO[str]) -> None:
        self._process = process
        self._pipe = pipe

    @classmethod
    def start(cls, patience_seconds: float) -> Self:
        """Start the process; it gives groups `patience_seconds` between SIGTERM and SIGKILL."""
        process = subprocess.Popen(  # noqa: S603 - our own file
            [sys.executable, "-I", "-S", __file__, str(patience_seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )
        assert process.stdin is not None
        return cls(process, process.stdin)

    def guard(self, group: int) -> None:
        """Take responsibility for a process group."""
        self._write(f"+{group}\n")

    def release(self, group: int) -> None:
        """Forget a process group that is gone."""
        self._write(f"-{group}\n")

    def close(self) -> None:
        """Close the pipe and wait for the process, which first ends every group that was not released."""
        with suppress(OSError):
            self._pipe.close()
        self._process.wait()

    def _write(self, line: str) -> None:
        with suppress(OSError):  # somebody killed the watchdog: the parent itself still stops its children
            self._pipe.write(line)
            self._pipe.flush()


def groups_left(lines: Iterable[str]) -> set[int]:
    """Read `+group` and `-group` lines to their end and return the groups that remain."""
    groups: set[int] = set()
    for line in lines:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    return groups


def end_groups(groups: Iterable[int], patience_seconds: float) -> None:
    """Ask the leader of each process group to stop, and kill each group that still lives after `patience_seconds`.

    Only the leader is asked: an API or a Celery worker stops its own processes in the right order.
    """
    living = set(groups)
    for group in living:
        with suppress(ProcessLookupError):
            os.kill(group, signal.SIGTERM)
    deadline = time.monotonic() + patience_seconds
    while living and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
        living = {group for group in living if _lives(group)}
    for group in living:
        kill_group(group)


def kill_group(group: int) -> None:
    """Send SIGKILL to every process of the group, if there is any."""
    with suppress(ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of nothing but zombies
        os.killpg(group, signal.SIGKILL)


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)  # it ends when the pipe does
    end_groups(groups_left(sys.stdin), patience_seconds=float(sys.argv[1]))
