"""One scrape, several processes: whichever of them is asked answers for all of them.

`cyfra api --workers N` gives its processes a folder (`shared_folder`), in which prometheus_client keeps what each has measured
in a file that is mapped into memory. The folder belongs to one parent: a second service in the same home disturbs nobody.

It lies in memory where the system offers that (/dev/shm), else in the home: a process that writes to a mapped file on a
disk that is full is killed by the kernel, and a full disk must not end the service.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus_client's own: it reads it when it is first imported, so it must be set before."""

IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - each folder in it is made with a name that cannot be foreseen
PREFIX: Final = "cyfra-metrics-"
LOCK: Final = "lock"


class AllProcesses(Collector):
    """What every process that shares a folder has measured, those that have ended included: counters must not fall."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        """Add up what the files hold. One that a starting process has just made may be empty still."""
        files = [str(path) for path in self._folder.glob("*.db") if path.stat().st_size and not _is_of_the_past(path)]
        merged: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
        return merged


def _is_of_the_past(path: Path) -> bool:
    """Whether a file holds what was true of a process (`gauge_live…_PID.db`) that has ended."""
    if not path.name.startswith("gauge_live"):
        return False
    try:
        os.kill(int(path.stem.rpartition("_")[2]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # it lives, as another user
        return False
    return False


def shared_or(registry: CollectorRegistry) -> Collector:
    """Return what all processes measure together, or `registry` where this one is alone."""
    folder = os.environ.get(VARIABLE)
    return AllProcesses(Path(folder)) if folder else registry


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
