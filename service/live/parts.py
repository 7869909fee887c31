"""Events as bytes, written once for all who are at the same place."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from fastapi.sse import format_sse_event

from service.live.facts import Event, Facts, Position

MOST_EVENTS: Final = 500  # at a time, so that a viewer who reads slowly holds no more than some 100 kB
MOST_KEPT: Final = 16  # of the parts of one state; nearly all viewers are at the same place


@dataclass(frozen=True)
class Part:
    """Some events after a position, and the position behind them."""

    content: bytes
    seen: Position
    told: Mapping[str, int]  # how many events of which kind
    has_progress: bool
    is_last: bool


class Parts:
    """What one state of a training comes to for whoever is behind it."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._kept: dict[tuple[Position, bool], Part] = {}

    def after(self, seen: Position, *, with_progress: bool) -> Part:
        """Return the events after `seen`, at most `MOST_EVENTS`."""
        key = (seen, with_progress)
        part = self._kept.get(key)
        if part is None:
            part = self._written(seen, with_progress)
            if len(self._kept) < MOST_KEPT:
                self._kept[key] = part
        return part

    def _written(self, seen: Position, with_progress: bool) -> Part:
        events = list(islice(self.facts.after(seen, with_progress=with_progress), MOST_EVENTS))
        places = [event.seen for event in events if event.seen is not None]
        return Part(
            b"".join(map(_written, events)),
            places[-1] if places else seen,
            Counter(event.name for event in events),
            has_progress=any(event.seen is None for event in events),
            is_last=len(events) < MOST_EVENTS,
        )


def _written(event: Event) -> bytes:
    identity = None if event.seen is None else str(event.seen)
    return format_sse_event(data_str=event.data.model_dump_json(), event=event.name, id=identity)
