"""A host's clock that is wrong, or is set: for one process and its children (`wrong_clock.c`)."""

import struct
import subprocess
from pathlib import Path

from tests import requirements

SOURCE = Path(__file__).with_name("wrong_clock.c")


class WrongClock:
    """The time of day of one process, apart from this host's; its monotonic clock, which nobody sets, is right."""

    def __init__(self, folder: Path) -> None:
        """Make what the process must load; skip the test where there is no C compiler."""
        self._library = folder / "wrong_clock.so"
        self._file = folder / "wrong_clock"
        compiler = requirements.program("cc", "C compiler")
        made = subprocess.run(
            [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-o", str(self._library), str(SOURCE)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        self._file.write_bytes(struct.pack("=q", 0))

    def set(self, seconds: int) -> None:
        """Put it `seconds` ahead of this host's (or, negative, behind)."""
        with self._file.open("r+b") as file:  # in place: the process has it in its memory
            file.write(struct.pack("=q", seconds))

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to live by it."""
        return {"LD_PRELOAD": str(self._library), "WRONG_CLOCK": str(self._file)}
