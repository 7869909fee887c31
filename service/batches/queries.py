"""SQL about batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, tuple_, update
from sqlalchemy.orm import Session

from service.records import BatchChunk, BatchInput, PredictionBatch, TrainingState
from service.records.clock import now
from service.records.counting import count


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to. `state` may also be `cancelling`."""

    state: str | None
    model: str | None


def get(session: Session, batch_id: str) -> PredictionBatch | None:
    """Return a batch."""
    return session.get(PredictionBatch, batch_id)


def get_locked(session: Session, batch_id: str) -> PredictionBatch | None:
    """Return a batch that nobody else changes until the transaction ends."""
    query = select(PredictionBatch).where(PredictionBatch.id == batch_id)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).one_or_none()


def page(
    session: Session, filters: Filters, before: tuple[datetime, str] | None, limit: int
) -> Sequence[PredictionBatch]:
    """Return the newest `limit` batches, older than `before` (a creation time and an id) if given."""
    query = select(PredictionBatch).where(*_conditions(filters))
    if before is not None:
        query = query.where(tuple_(PredictionBatch.created_at, PredictionBatch.id) < before)
    order = (PredictionBatch.created_at.desc(), PredictionBatch.id.desc())
    return session.scalars(query.order_by(*order).limit(limit)).all()


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.state == "cancelling":
        conditions += [PredictionBatch.state == TrainingState.RUNNING, PredictionBatch.cancel_requested_at.is_not(None)]
    elif filters.state == TrainingState.RUNNING:
        conditions += [PredictionBatch.state == TrainingState.RUNNING, PredictionBatch.cancel_requested_at.is_(None)]
    elif filters.state is not None:
        conditions.append(PredictionBatch.state == TrainingState(filters.state))
    if filters.model is not None:
        conditions.append(PredictionBatch.model == filters.model)
    return conditions


def cancel_queued(session: Session, batch_id: str) -> bool:
    """Cancel a batch that no worker has claimed, and remove what came in; return whether it was one."""
    cancelled = session.scalar(
        update(PredictionBatch)
        .where(PredictionBatch.id == batch_id, PredictionBatch.state == TrainingState.QUEUED)
        .values(
            state=TrainingState.CANCELLED,
            version=PredictionBatch.version + 1,
            cancel_requested_at=now(),
            finished_at=now(),
        )
        .returning(PredictionBatch.id)
    )
    if cancelled is None:
        return False
    remove_input(session, batch_id)
    count(session, "batches_ended", TrainingState.CANCELLED.value)
    return True


def ask_to_cancel(session: Session, batch_id: str) -> None:
    """Ask the worker of a running batch to stop; a second time changes nothing."""
    session.execute(
        update(PredictionBatch)
        .where(
            PredictionBatch.id == batch_id,
            PredictionBatch.state == TrainingState.RUNNING,
            PredictionBatch.cancel_requested_at.is_(None),
        )
        .values(cancel_requested_at=now(), version=PredictionBatch.version + 1)
    )


def remove_unless_running(session: Session, batch_id: str) -> bool:
    """Delete a batch with its results and what came in; return whether it was deleted."""
    removed = session.scalar(
        delete(PredictionBatch)
        .where(PredictionBatch.id == batch_id, PredictionBatch.state != TrainingState.RUNNING)
        .returning(PredictionBatch.id)
    )
    if removed is None:
        return False
    remove_input(session, batch_id)
    return True


def remove_input(session: Session, batch_id: str) -> None:
    """Delete what came in for a batch."""
    session.execute(delete(BatchInput).where(BatchInput.batch_id == batch_id))


def chunks(session: Session, batch_id: str, start: int, limit: int) -> Sequence[BatchChunk]:
    """Return some chunks of answers in their order, from that one on which begins with the picture `start`."""
    query = select(BatchChunk).where(BatchChunk.batch_id == batch_id, BatchChunk.start >= start)
    return session.scalars(query.order_by(BatchChunk.start).limit(limit)).all()
