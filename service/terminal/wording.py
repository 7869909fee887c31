"""Numbers, times and states as a person reads them."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from service.terminal.shapes import Training

NOTHING: Final = "\N{EN DASH}"


def percent(fraction: float | None) -> str:
    """Return `97.53 %` for 0.9753, a dash for None."""
    return NOTHING if fraction is None else f"{100 * fraction:.2f} %"


def count(number: int | None) -> str:
    """Return `2,782,090`, a dash for None."""
    return NOTHING if number is None else f"{number:,}"


def size(shape: Sequence[int]) -> str:
    """Return `28` and `28` and `1` with signs of multiplication between them."""
    return "\N{MULTIPLICATION SIGN}".join(str(side) for side in shape)


def volume(size: int) -> str:
    """Return bytes as `512 B`, `1.5 MiB`, `2.0 GiB`."""
    if size < 1024:
        return f"{size} B"
    power = min(3, int(math.log2(size)) // 10)
    return f"{size / 1024**power:.1f} {('KiB', 'MiB', 'GiB')[power - 1]}"


def duration(seconds: float) -> str:
    """Return `0:07`, `12:40`, `2:03:04`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def moment(text: str | None) -> str:
    """Return an instant of the service in the reader's own time zone: `2025-11-22 13:37:05`; a dash for None."""
    return NOTHING if text is None else _instant(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def time_spent(training: Training) -> str:
    """Return how long a training ran, or has been running; a dash for one that never started."""
    if training["started_at"] is None:
        return NOTHING
    end = datetime.now(UTC) if training["finished_at"] is None else _instant(training["finished_at"])
    return duration((end - _instant(training["started_at"])).total_seconds())


def state_text(training: Training) -> str:
    """Say what goes on: `queued, 2 before it`, `training`, `evaluating`, `succeeded`."""
    if training["state"] == "queued":
        before = (training["queue_position"] or 1) - 1
        place = f"queued, {before} before it" if before else "queued, waiting for a worker"
        starts_in = training["starts_in_seconds"]
        return f"{place}, starts in about {duration(starts_in)}" if starts_in else place
    if training["state"] == "running":
        return training["progress"]["activity"] or "running"
    return training["state"]


def fraction_done(training: Training) -> float:
    """Return how much of its epochs a training has behind it, 0..1."""
    progress = training["progress"]
    if training["state"] == "succeeded":
        return 1.0
    if not progress["epochs"]:
        return 0.0
    # After an epoch's last step it is not known whether `epoch` counts it already.
    within = progress["step"] / progress["steps"] if progress["step"] < progress["steps"] else 0.0
    return min(1.0, (progress["epoch"] + within) / progress["epochs"])


def epoch_text(training: Training) -> str:
    """Return which epoch goes on, or was the last: `3/8`."""
    progress = training["progress"]
    going_on = training["state"] in {"running", "cancelling"}
    return f"{min(progress['epoch'] + going_on, progress['epochs'])}/{progress['epochs']}"


def state_colour(state: str) -> str:
    """Return the colour of a state."""
    return {"succeeded": "green", "failed": "red", "cancelled": "yellow", "running": "cyan"}.get(state, "white")


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
