"""One scrape, several processes: whichever of them is asked answers for all of them.

`cyfra api --workers N` gives its processes a folder (`service.metrics.folders`), in which prometheus_client keeps what each has
measured in a file that is mapped into memory. The folder belongs to one parent: a second service in the same home disturbs
nobody.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from service.metrics.folders import VARIABLE


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
