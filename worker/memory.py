"""Whether the kernel has killed a process for want of memory."""

from contextlib import suppress
from pathlib import Path
from typing import Final

COUNTERS: Final = (Path("/sys/fs/cgroup/memory.events"), Path("/proc/vmstat"))  # the container's, else the host's


def oom_kills() -> int:
    """Return how many processes the kernel has killed so, in this container or else on this host; 0 where it does not say."""
    for counter in COUNTERS:
        with suppress(OSError):
            for line in counter.read_text().splitlines():
                name, _, value = line.partition(" ")
                if name == "oom_kill":
                    return int(value)
    return 0
