"""Numbers and times as a person reads them."""

from collections.abc import Sequence
from typing import Final

NOTHING: Final = "\N{EN DASH}"


def percent(fraction: float | None) -> str:
    """Return `97.53 %` for 0.9753, a dash for None."""
    return NOTHING if fraction is None else f"{100 * fraction:.2f} %"


def count(number: int | None) -> str:
    """Return `2,782,090`, a dash for None."""
    return NOTHING if number is None else f"{number:,}"


def size(shape: Sequence[int | None]) -> str:
    """Return `28` and `28` and `1` with signs of multiplication between them."""
    return "\N{MULTIPLICATION SIGN}".join("?" if side is None else str(side) for side in shape)


def duration(seconds: float) -> str:
    """Return `0:07`, `12:40`, `2:03:04`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
