"""Take batches from workers that were lost: back to the queue, for another to go on; after too many losses, to an end."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, select
from sqlalchemy.orm import Session

from service.database import Database
from service.records import PredictionBatch, TrainingState
from worker import leases
from worker.batches import claims

WORKER_LOST: Final = "worker-lost"
LOST: Final = (
    "Its worker was lost {losses} times, the last time behind {done:,} of {total:,} pictures; it is not tried again. "
    "One of the next pictures may be what ends it."
)


def rescue(database: Database, max_attempts: int) -> int:
    """Take every batch whose lease has ended from its worker; return how many there were."""
    return _take_away(database, leases.has_ended(PredictionBatch), max_attempts)


def abandon(database: Database, worker: str, max_attempts: int) -> int:
    """Take what `worker` held at once, because it is known to be dead; return how many batches there were."""
    return _take_away(database, PredictionBatch.worker == worker, max_attempts)


def _take_away(database: Database, condition: ColumnElement[bool], max_attempts: int) -> int:
    lost = and_(PredictionBatch.state == TrainingState.RUNNING, condition)
    with database.reading() as session:
        found = session.scalars(select(PredictionBatch.id).where(lost)).all()  # usually none: no write lock
    taken = 0
    for batch_id in found:
        with database.transaction() as session:
            # The condition once more: since it was read its worker may have renewed the lease, or ended the batch.
            columns = (
                *(PredictionBatch.id, PredictionBatch.attempt, PredictionBatch.losses, PredictionBatch.done),
                *(PredictionBatch.total, PredictionBatch.cancel_requested_at),
            )
            query = select(*columns).where(PredictionBatch.id == batch_id, lost)
            row = session.execute(query.with_for_update(skip_locked=True)).one_or_none()
            if row is not None:
                _lose(session, row, max_attempts)
                taken += 1
    return taken


def _lose(session: Session, row: Row[*tuple[Any, ...]], max_attempts: int) -> None:
    losses = row.losses + 1
    if row.cancel_requested_at is not None:
        claims.finish(session, row.id, row.attempt, TrainingState.CANCELLED, losses=losses)
    elif losses >= max_attempts:
        detail = LOST.format(losses=losses, done=row.done, total=row.total)
        failure = {"error_type": WORKER_LOST, "error_detail": detail}
        claims.finish(session, row.id, row.attempt, TrainingState.FAILED, losses=losses, **failure)
    else:
        claims.let_go(session, row.id, row.attempt, TrainingState.QUEUED, losses=losses)
