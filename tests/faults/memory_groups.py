"""Groups of processes with little memory: the kernel kills who takes more, as in a container."""

import contextlib
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests import requirements

VARIABLE = "CYFRA_TEST_MEMORY_GROUP"
HIERARCHIES = (
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),  # version 1
    (Path("/sys/fs/cgroup"), "memory.max"),  # version 2
)


@contextmanager
def memory_for_more(process: psutil.Process, megabytes: int) -> Iterator[None]:
    """Allow a process that runs `megabytes` more than it has; skip the test where nobody may.

    CYFRA_TEST_MEMORY_GROUP names a control group whose memory the user may divide, to be used instead of the topmost.
    """
    given = os.environ.get(VARIABLE)
    roots = ((Path(given), limit) for _, limit in HIERARCHIES) if given else HIERARCHIES
    group, limit = _new_group(roots)
    try:
        # What it has already stays charged to where it was.
        limit.write_text(str(megabytes << 20))
        (group / "cgroup.procs").write_text(str(process.pid))
        yield
    finally:
        for pid in (group / "cgroup.procs").read_text().split():
            with contextlib.suppress(OSError):
                (group.parent / "cgroup.procs").write_text(pid)
        group.rmdir()


def _new_group(roots: Iterable[tuple[Path, str]]) -> tuple[Path, Path]:
    for root, limit in roots:
        group = root / f"cyfra-{uuid.uuid4().hex[:8]}"
        with contextlib.suppress(OSError):
            group.mkdir()
            if (group / limit).exists():
                return group, group / limit
            group.rmdir()
    return requirements.missing("control group for memory that may be divided", VARIABLE)
