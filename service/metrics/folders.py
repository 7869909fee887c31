"""The folder in which the processes of one API keep what they have measured.

It is made before prometheus_client is imported, which looks for it then and never again: so nothing here imports that library,
nor anything that does.

It lies in memory where the system offers that (/dev/shm), else in the home: a process that writes to a mapped file on a
disk that is full is killed by the kernel, and a full disk must not end the service.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus_client's own: it reads it when it is first imported, so it must be set before."""

IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - each folder in it is made with a name that cannot be foreseen
PREFIX: Final = "cyfra-metrics-"
LOCK: Final = "lock"


@contextmanager
def shared_folder(home: Path) -> Iterator[dict[str, str]]:
    """Make an empty folder for the processes to come, and give the environment that tells them; remove it at the end.

    What an earlier parent left that was killed is removed first: it holds the lock of its folder for as long as it lives.
    """
    place = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else home
    place.mkdir(parents=True, exist_ok=True)
    for left in place.glob(f"{PREFIX}*"):
        _remove_if_abandoned(left)
    made = Path(tempfile.mkdtemp(prefix=f".{PREFIX}", dir=place))
    with (made / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = made.rename(
            made.with_name(made.name.removeprefix("."))
        )  # only now may others look whether it is abandoned
        try:
            yield {VARIABLE: str(folder)}
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _remove_if_abandoned(folder: Path) -> None:
    try:
        with (folder / LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:  # it is in use, another user's, or just being removed
        return
