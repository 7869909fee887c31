"""What the database knows of the whole service."""

from collections import Counter as Tally
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.records import Counter, Owner, PredictionBatch, Training, TrainingState
from service.records.clock import now

CANCELLING: Final = "cancelling"


@dataclass(frozen=True)
class Waiting:
    """The queue: how many trainings wait, and the age of the oldest in seconds (0 for an empty queue)."""

    count: int
    oldest_seconds: float


def waiting(session: Session) -> Waiting:
    """Return how many trainings wait for a worker, and for how long, by the database's clock."""
    oldest: datetime | None
    count, oldest, at = session.execute(
        select(func.count(), func.min(Training.created_at), now()).where(Training.state == TrainingState.QUEUED)
    ).one()
    return Waiting(count, 0.0 if oldest is None else max(0.0, (at - oldest).total_seconds()))


def states(session: Session) -> dict[str, int]:
    """Return how many trainings are in each state; one that runs and is to be cancelled counts as `cancelling` alone."""
    rows = session.execute(select(Training.state, func.count()).group_by(Training.state))
    found: Tally[str] = Tally({state.value: count for state, count in rows})
    cancelling = session.scalar(
        select(func.count()).where(Training.state == TrainingState.RUNNING, Training.cancel_requested_at.is_not(None))
    )
    found[CANCELLING] = cancelling or 0
    found[TrainingState.RUNNING.value] -= found[CANCELLING]
    return {name: found[name] for name in (*(state.value for state in TrainingState), CANCELLING)}


def owners_waiting(session: Session) -> int:
    """Return how many owners have a training in the queue."""
    return session.scalar(select(func.count()).where(Owner.next_priority.is_not(None))) or 0


def batches_waiting(session: Session) -> int:
    """Return how many batches of predictions wait for a worker."""
    query = select(func.count()).where(PredictionBatch.state == TrainingState.QUEUED)
    return session.scalar(query) or 0


def counters(session: Session) -> dict[tuple[str, str], int]:
    """Return what all workers have counted, by name and label."""
    rows = session.execute(select(Counter.name, Counter.label, Counter.value))
    return {(name, label): value for name, label, value in rows}
