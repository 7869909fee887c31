"""Files in the home that nobody needs: what a killed process left behind, half-prepared data sets, uploads and torn
messages; and the files of data sets that were deleted from another machine.
"""

import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

UNFINISHED_MESSAGES: Final = (".*.msg.part", ".*.msg.taken")  # see service.queue
UPLOADS: Final = "*-*"  # see service.storage.uploads
UNFINISHED_DATASETS: Final = ".*-*"  # see service.images.sets.store


@dataclass(frozen=True)
class Leftover:
    """A file or a folder, and how many bytes it holds."""

    path: Path
    size: int


def find(home: Path, seconds: float) -> list[Leftover]:
    """Return what nobody has touched for `seconds`."""
    latest = time.time() - seconds
    return [
        Leftover(path, sum(size for size, _ in contents))
        for path in _unfinished(home)
        if (contents := _contents(path)) and max(touched for _, touched in contents) <= latest
    ]


def find_copies(home: Path, seconds: float, wanted: set[str]) -> list[Leftover]:
    """Return this machine's files of data sets that were deleted; `wanted` are the SHA-256 of those that are there."""
    latest = time.time() - seconds
    uploaded = home.absolute() / "datasets" / "uploaded"  # see service.sets.keeping
    return [
        Leftover(path, sum(size for size, _ in found))
        for path in uploaded.glob("*")
        if path.name not in wanted
        and path.is_dir()
        and not path.is_symlink()
        and (found := _contents(path))
        and max(touched for _, touched in found) <= latest
    ]


def remove(leftover: Leftover) -> bool:
    """Remove it; return whether it is gone."""
    if leftover.path.is_dir():
        shutil.rmtree(leftover.path, ignore_errors=True)
    else:
        try:
            leftover.path.unlink(missing_ok=True)
        except OSError:
            return False
    return not leftover.path.exists()


def _unfinished(home: Path) -> Iterator[Path]:
    messages = home.absolute() / "broker" / "messages"
    for pattern in UNFINISHED_MESSAGES:
        yield from (path for path in messages.glob(pattern) if path.is_file() and not path.is_symlink())
    uploads = home.absolute() / "uploads"
    yield from (path for path in uploads.glob(UPLOADS) if path.is_dir() and not path.is_symlink())
    datasets = home.absolute() / "datasets"
    yield from (path for path in datasets.glob(UNFINISHED_DATASETS) if path.is_dir() and not path.is_symlink())


def _contents(path: Path) -> list[tuple[int, float]]:
    """Return the size of each file at or below `path`, and when it was written or renamed; nothing if it just went away."""
    try:
        found = [each.lstat() for each in (path, *path.rglob("*"))]
    except OSError:
        return []
    return [
        (0 if stat.S_ISDIR(status.st_mode) else status.st_size, max(status.st_mtime, status.st_ctime))
        for status in found
    ]
