"""Sizes, times and states as a person at a terminal reads them; numbers are in `cyfra.wording`."""

import math
from datetime import datetime

from cyfra import Facts
from cyfra.wording import NOTHING, duration


def volume(size: int) -> str:
    """Return bytes as `512 B`, `1.5 MiB`, `2.0 GiB`."""
    if size < 1024:
        return f"{size} B"
    power = min(3, int(math.log2(size)) // 10)
    return f"{size / 1024**power:.1f} {('KiB', 'MiB', 'GiB')[power - 1]}"


def moment(instant: datetime | None) -> str:
    """Return an instant in the reader's own time zone: `2025-11-22 13:37:05`; a dash for None."""
    return NOTHING if instant is None else instant.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def time_spent(training: Facts) -> str:
    """Return how long a training ran, or has been running; a dash for one that never started."""
    return NOTHING if training.seconds is None else duration(training.seconds)


def state_colour(state: str) -> str:
    """Return the colour of a state."""
    return {"succeeded": "green", "failed": "red", "cancelled": "yellow", "running": "cyan"}.get(state, "white")
