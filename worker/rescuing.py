"""Take trainings from workers that were lost: back to the queue, or, after too many losses, to their end."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, select
from sqlalchemy.orm import Session

from service.database import Database
from service.records import Training, TrainingState
from service.records.counting import count
from worker import claims, leases
from worker.claims import Claim

WORKER_LOST: Final = "worker-lost"
OUT_OF_MEMORY: Final = "out-of-memory"

_DETAILS: Final = {
    WORKER_LOST: "Its worker was lost {losses} times; it is not tried again.",
    OUT_OF_MEMORY: "Its worker was killed for want of memory, and it was lost {losses} times; a smaller batch_size or "
    "network may fit. It is not tried again.",
}


def rescue(database: Database, max_attempts: int) -> int:
    """Take every training whose lease has ended from its worker; return how many there were.

    It goes back to the queue; after `max_attempts` losses it fails, and if its cancellation was asked for it is cancelled.
    """
    return _take_away(database, leases.has_ended(Training), max_attempts, WORKER_LOST)


def abandon(database: Database, worker: str, max_attempts: int, why: str) -> int:
    """Take what `worker` held at once, because it is known to be dead; return how many trainings there were."""
    return _take_away(database, Training.worker == worker, max_attempts, why)


def _take_away(database: Database, condition: ColumnElement[bool], max_attempts: int, why: str) -> int:
    lost = and_(Training.state == TrainingState.RUNNING, condition)
    with database.reading() as session:
        found = session.scalars(select(Training.id).where(lost)).all()  # usually none: that takes no write lock
    taken = 0
    for training_id in found:
        with database.transaction() as session:
            row = session.execute(
                # The condition once more: since it was read its worker may have renewed the lease, or ended the training.
                select(
                    Training.id,
                    Training.attempt,
                    Training.losses,
                    Training.worker,
                    Training.cancel_requested_at,
                )
                .where(Training.id == training_id, lost)
                .with_for_update(skip_locked=True)
            ).one_or_none()
            if row is not None:
                _lose(session, row, max_attempts, why)
                taken += 1
    if taken:
        with database.transaction() as session:  # one of its own: what counts locks a row that all share
            count(session, "lease_losses", by=taken)
    return taken


def _lose(session: Session, row: Row[*tuple[Any, ...]], max_attempts: int, why: str) -> None:
    """Write down the loss. The row is locked and is lost: nobody can renew its lease before the transaction's end."""
    held = Claim(row.id, row.attempt, {}, None)
    losses = row.losses + 1
    reason = f"worker {row.worker} was lost" if why == WORKER_LOST else f"worker {row.worker} was lost: {why}"
    if row.cancel_requested_at is not None:
        claims.finish(session, held, TrainingState.CANCELLED, reason)
    elif losses >= max_attempts:
        detail = _DETAILS[why].format(losses=losses)
        claims.finish(session, held, TrainingState.FAILED, reason, losses=losses, error_type=why, error_detail=detail)
    else:
        claims.requeue(session, held, reason, losses=losses)
