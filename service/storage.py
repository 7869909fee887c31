"""A full disk: how to tell it from other troubles, what to say, and how to stop before it."""

import errno
import shutil
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError

from service.errors import StorageFull

RETRY_SECONDS: Final = 60
WAY_OUT: Final = "Free some space on it, then let `cyfra prune` remove what nobody needs."

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
SQLITE_FULL: Final = 13
SQLITE_TROUBLES: Final = frozenset({10, 14})  # SQLITE_IOERR, SQLITE_CANTOPEN: what a full disk may look like, too
POSTGRESQL_DISK_FULL: Final = "53100"
NOTHING_FREE_BYTES: Final = 64 << 10  # SQLite cannot even make the index of its log (32 KiB) in less


def uploads(home: Path) -> Path:
    """Return the folder for files that are on their way through this machine; what killed processes left there is pruned."""
    folder = home.absolute() / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def is_full(error: BaseException, file: Path | None = None) -> bool:
    """Whether `error` means that a disk, or a quota, is full; `file` is the SQLite database if it came from there.

    SQLite hides the system's error behind some of its own, so for those the disk itself is asked.
    """
    if isinstance(error, OSError):
        return error.errno in NO_ROOM
    if not isinstance(error, DBAPIError):
        return False
    if getattr(error.orig, "sqlstate", None) == POSTGRESQL_DISK_FULL:
        return True
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF  # the rest says in which system call
    return code == SQLITE_FULL or (code in SQLITE_TROUBLES and file is not None and _has_nothing_free(file))


def full() -> StorageFull:
    """Return the problem that a write found no room."""
    return StorageFull(
        f"The service's disk is full. Nothing was changed; reading and predicting go on. {WAY_OUT}",
        retry_after_seconds=RETRY_SECONDS,
    )


def require_room(file: Path | None, least_bytes: int) -> None:
    """Raise StorageFull if less than `least_bytes` are free on the disk of the SQLite `file`: what runs needs them to end.

    A server's disk (`file` is None) cannot be seen from here.
    """
    if file is None:
        return
    try:
        free = shutil.disk_usage(file.parent).free
    except OSError:
        return  # the database will say what is wrong
    if free < least_bytes:
        raise StorageFull(
            f"The disk of the database has {free >> 20} MiB free, and at least {least_bytes >> 20} MiB are kept for "
            f"the trainings that run. Nothing was changed; reading and predicting go on. {WAY_OUT}",
            retry_after_seconds=RETRY_SECONDS,
        )


def _has_nothing_free(file: Path) -> bool:
    try:
        return shutil.disk_usage(file.parent).free < NOTHING_FREE_BYTES
    except OSError:
        return False
