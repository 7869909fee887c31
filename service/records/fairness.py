"""Whose turn it is: the owner with the fewest running trainings, then the one that has computed least of late.

What an owner has computed decays with a half-life of a day. Kept as a number that would have to shrink all the time, it could
not be indexed; so it is kept by forward decay (Cormode, Shkapenyuk, Srivastava & Xu 2009): a second computed at time t counts
2 ** ((t - landmark) / half-life) for ever, which orders owners the same at every moment. The sum would outgrow a float, so
`Owner.usage` is its logarithm to base 2.
"""

import math
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import ScalarSelect, func, select, update
from sqlalchemy.orm import Session

from service.records.inserting import insert
from service.records.owners import Owner
from service.records.trainings import Training, TrainingState

HALF_LIFE_SECONDS: Final = 86_400.0
LANDMARK: Final = datetime(2026, 1, 1, tzinfo=UTC)
NOTHING: Final = -1e9
"""The logarithm of no usage at all."""

IN_TURN: Final = (Training.priority.desc(), Training.created_at, Training.id)
"""The order of an owner's own trainings."""


def added(usage: float, seconds: float, at: datetime) -> float:
    """Return an owner's usage after `seconds` more of computing that ended `at` a time."""
    if seconds <= 0:
        return usage
    more = math.log2(seconds) + (at - LANDMARK).total_seconds() / HALF_LIFE_SECONDS
    high, low = max(usage, more), min(usage, more)
    return high + math.log2(1 + 2.0 ** max(low - high, -1000.0))


def decayed_seconds(usage: float, at: datetime) -> float:
    """Return what `usage` amounts to `at` a time: seconds computed, each halved for every day since."""
    exponent = usage - (at - LANDMARK).total_seconds() / HALF_LIFE_SECONDS
    return 2.0**exponent if exponent > -1000 else 0.0


def refresh(session: Session, name: str) -> None:
    """Bring an owner up to date with its trainings: call it after every change of a training's state."""
    session.execute(insert(session, Owner).values(name=name, running=0, usage=NOTHING).on_conflict_do_nothing())
    recount(session, name)


def recount(session: Session, name: str) -> None:
    """As `refresh`, for an owner whose row is known to be there.

    The row is locked first and counted in a second statement: on PostgreSQL that one sees what the other changes of this
    owner's trainings, for which the lock waited, have committed.
    """
    session.execute(select(Owner.name).where(Owner.name == name).with_for_update())
    running = select(func.count()).where(Training.owner == name, Training.state == TrainingState.RUNNING)
    session.execute(
        update(Owner)
        .where(Owner.name == name)
        .values(
            running=running.scalar_subquery(),
            next_priority=_of_next(name, "priority"),
            next_created_at=_of_next(name, "created_at"),
        ),
        execution_options={"synchronize_session": False},
    )


def charge(session: Session, name: str, seconds: float, at: datetime) -> None:
    """Write down that an owner has computed. Its row must be there, and locked: call `refresh` first."""
    usage = session.scalars(select(Owner.usage).where(Owner.name == name)).one()
    session.execute(
        update(Owner).where(Owner.name == name).values(usage=added(usage, seconds, at)),
        execution_options={"synchronize_session": False},
    )


def _of_next(name: str, column: str) -> ScalarSelect[object]:
    """Select a column of an owner's next queued training."""
    return (
        select(getattr(Training, column))
        .where(Training.owner == name, Training.state == TrainingState.QUEUED)
        .order_by(*IN_TURN)
        .limit(1)
        .scalar_subquery()
    )
