"""How many connections each process of the API has open, in memory that all of them share."""

import fcntl
import mmap
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

NAME: Final = "connections"
SEATS: Final = 256
_SEAT_BYTES: Final = 8  # a process id and a count, 4 bytes each: written at once, so never read half


class Counts:
    """The counts of all processes; this one has a seat of its own, and writes nothing else."""

    def __init__(self, folder: Path) -> None:
        """Take a seat in the file of the folder that the processes share. Raise LookupError if none is free."""
        with (folder / NAME).open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.truncate(SEATS * _SEAT_BYTES)
            self._map = mmap.mmap(file.fileno(), SEATS * _SEAT_BYTES)
            self._numbers = memoryview(self._map).cast("i")
            self._seat = self._free_seat()
            self._numbers[self._seat + 1] = 0
            self._numbers[self._seat] = os.getpid()
            fcntl.flock(file, fcntl.LOCK_UN)  # closing it would not: the map holds the file open

    def add(self, connections: int) -> None:
        """Say that this process has so many more, or fewer."""
        self._numbers[self._seat + 1] += connections

    def has_more_than_another(self) -> bool:
        """Whether some other process that lives has fewer connections than this one."""
        mine = self._numbers[self._seat + 1]
        return any(count < mine and _lives(process) for process, count in self._others())

    def close(self) -> None:
        """Leave the seat."""
        self._numbers[self._seat] = 0
        self._numbers.release()
        self._map.close()

    def _others(self) -> Iterator[tuple[int, int]]:
        for seat in range(0, 2 * SEATS, 2):
            process = self._numbers[seat]
            if process and seat != self._seat:
                yield process, self._numbers[seat + 1]

    def _free_seat(self) -> int:
        for seat in range(0, 2 * SEATS, 2):
            if not _lives(self._numbers[seat]):
                return seat
        raise LookupError(f"all {SEATS} seats are taken")


def _lives(process: int) -> bool:
    with suppress(ProcessLookupError):
        if process:
            os.kill(process, 0)
            return True
    return False
