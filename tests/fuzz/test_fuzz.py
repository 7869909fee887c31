"""A hundred thousand damaged inputs: each is read or refused, nothing crashes, memory stays what it was."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.subjects import SUBJECTS

COUNT = int(os.environ.get("CYFRA_FUZZ", "100000"))
FEW = 300
MOST_MORE_MEMORY = 8 << 20


def fuzz(name: str, count: int, folder: Path) -> dict[str, object]:
    """Fuzz in a process of its own; fail with the input that ended it."""
    seed, last = secrets.randbelow(1 << 32), folder / "last"
    print(f"{name}: {count} inputs from the seed {seed}")
    command = [sys.executable, "-m", "tests.fuzz.subjects", name, str(count), str(seed), str(last)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        kept = last.read_bytes() if last.exists() else bytes(4)
        data = kept[4 : 4 + int.from_bytes(kept[:4], "big")]
        pytest.fail(
            f"{name}, seed {seed}, exit status {ended.returncode}:\n{ended.stderr[-2000:]}\ninput: {data.hex()}"
        )
    found: dict[str, object] = json.loads(ended.stdout.splitlines()[-1])
    print(found)
    return found


@pytest.mark.parametrize("name", SUBJECTS)
def test_some_damaged_inputs_are_read_or_refused(name: str, tmp_path: Path) -> None:
    assert 0 < int(str(fuzz(name, FEW, tmp_path)["refused"])) < FEW


@pytest.mark.long
@pytest.mark.parametrize("name", SUBJECTS)
def test_any_number_of_damaged_inputs_is_read_or_refused_in_the_same_memory(name: str, tmp_path: Path) -> None:
    found = fuzz(name, COUNT, tmp_path)

    early, late = found["memory"]  # type: ignore[misc]
    assert late - early < MOST_MORE_MEMORY
