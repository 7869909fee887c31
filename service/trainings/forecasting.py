"""When a queued training's turn will come: the claims to be made, played out in the order in which they will be.

The order is that of `worker.claims.claim`: priority, fewest running, least computed, oldest. What is guessed is only how long
each training takes; a new submission, a worker that comes or goes, or a cancellation changes the forecast, and so it is made
anew each time somebody asks.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Final

from service.records import fairness

UNKNOWN_SECONDS: Final = 60.0  # what a training is taken to need, for the order's sake, while nobody knows


@dataclass(frozen=True)
class Waiting:
    """A queued training; `seconds` is how long it is expected to take, None if nobody knows."""

    id: str
    owner: str
    priority: int
    created_at: datetime
    seconds: float | None


@dataclass(frozen=True)
class Running:
    """A training that a worker holds; `seconds` is how long it still takes, None if nobody knows."""

    owner: str
    seconds: float | None


@dataclass(frozen=True)
class Turn:
    """`position` 1 is claimed next; the seconds are None where a training before it takes nobody knows how long."""

    position: int
    starts_in_seconds: float | None
    ends_in_seconds: float | None


NO_TURN: Final = Turn(0, None, None)
"""Of a training that is not queued, or whose turn is too far away to be forecast."""


@dataclass
class _Line:
    """An owner's place in the simulation."""

    name: str
    usage: float
    running: int
    waiting: deque[Waiting]

    def rank(self) -> tuple[int, int, float, datetime, str]:
        first = self.waiting[0]
        return (-first.priority, self.running, self.usage, first.created_at, self.name)


def forecast(
    waiting: Sequence[Waiting], running: Iterable[Running], usages: Mapping[str, float], workers: int, now: datetime
) -> dict[str, Turn]:
    """Return each queued training's turn.

    `waiting` comes in the order of each owner's own queue, `usages` are the owners' (`fairness.added`), `workers` is how many
    there are: with none, nobody knows when, but the order stands.
    """
    lines: dict[str, _Line] = {}
    for one in waiting:
        usage = usages.get(one.owner, fairness.NOTHING)
        lines.setdefault(one.owner, _Line(one.owner, usage, 0, deque())).waiting.append(one)
    ticket = count()
    # When each worker is free: (seconds from now, whether that is known, whom it works for and since when).
    busy: list[tuple[float, int, bool, str | None, float]] = []
    for held in running:
        if held.owner in lines:
            lines[held.owner].running += 1
        busy.append((held.seconds or 0.0, next(ticket), held.seconds is not None, held.owner, 0.0))
    idle = max(workers, 1) - len(busy)
    busy += [(0.0, next(ticket), workers > 0, None, 0.0) for _ in range(idle)]
    heapq.heapify(busy)
    ranks = [(line.rank(), line.name) for line in lines.values()]
    heapq.heapify(ranks)

    turns: dict[str, Turn] = {}
    is_known = workers > 0
    while ranks:
        free_at, _, was_known, owner, since = heapq.heappop(busy)
        is_known = is_known and was_known
        finished = lines.get(owner) if owner is not None else None
        if finished is not None:
            finished.running -= 1
            finished.usage = fairness.added(finished.usage, free_at - since, now + timedelta(seconds=free_at))
            if finished.waiting:
                heapq.heappush(ranks, (finished.rank(), finished.name))
        line = _first(ranks, lines)
        if line is None:
            break
        one = line.waiting.popleft()
        line.running += 1
        if line.waiting:
            heapq.heappush(ranks, (line.rank(), line.name))
        ends_at = free_at + (one.seconds if one.seconds is not None else UNKNOWN_SECONDS)
        heapq.heappush(busy, (ends_at, next(ticket), one.seconds is not None, line.name, free_at))
        turns[one.id] = Turn(
            position=len(turns) + 1,
            starts_in_seconds=free_at if is_known else None,
            ends_in_seconds=ends_at if is_known and one.seconds is not None else None,
        )
    return turns


def _first(ranks: list[tuple[tuple[int, int, float, datetime, str], str]], lines: Mapping[str, _Line]) -> _Line | None:
    """Pop the owner whose turn it is; ranks that have changed since they were pushed are thrown away."""
    while ranks:
        rank, name = heapq.heappop(ranks)
        line = lines[name]
        if line.waiting and line.rank() == rank:
            return line
    return None
