"""Claim a batch, keep what was answered, give the batch back, and end it: each in one short transaction, fenced."""

from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session, aliased

from service.database import Database
from service.images.expectation import Expectation, Normalize
from service.records import BatchChunk, BatchInput, PredictionBatch, TrainingState
from service.records.clock import now
from service.records.counting import count
from worker import leases
from worker.leases import LET_GO, UNSYNCHRONISED, LeaseLost, execute_fenced

CLAIMING: Final = 0x62617463  # "batc": PostgreSQL's advisory lock, so that owners really take turns


@dataclass(frozen=True)
class BatchClaim:
    """The right to work on one batch until the lease ends; `done` pictures were answered by the attempts before."""

    batch_id: str
    attempt: int
    model: str
    model_version: int
    onnx_sha256: str
    expects: Expectation
    classes: tuple[str, ...]
    normalize: Normalize
    total: int
    done: int

    @property
    def title(self) -> str:
        """What it is called in the log."""
        return f"batch {self.batch_id}"

    def renew(self, database: Database, lease_seconds: float) -> None:
        """Move the end of the lease; raise LeaseLost if the claim is lost."""
        leases.renew(database, PredictionBatch, self.batch_id, self.attempt, lease_seconds)

    def fail(self, session: Session, error_type: str, detail: str) -> None:
        """End the batch as failed inside the caller's transaction; raise LeaseLost if the claim is lost."""
        failure = {"error_type": error_type, "error_detail": detail}
        finish(session, self.batch_id, self.attempt, TrainingState.FAILED, **failure)


def is_waiting(database: Database) -> bool:
    """Whether a batch is queued; it takes no lock."""
    with database.reading() as session:
        return bool(session.scalar(select(exists().where(PredictionBatch.state == TrainingState.QUEUED))))


def claim(database: Database, worker: str, lease_seconds: float) -> BatchClaim | None:
    """Claim the next batch; None if nothing waits.

    Owners take turns: the one whose last batch began the longest ago, then the oldest batch. So a hundred batches of one owner
    delay another's by one.
    """
    with database.transaction() as session:
        if not database.is_sqlite:  # SQLite has one writer anyway
            session.execute(select(func.pg_advisory_xact_lock(CLAIMING)))
        earlier = aliased(PredictionBatch)
        served_at = (
            select(func.max(earlier.started_at))
            .where(earlier.owner == PredictionBatch.owner)
            .correlate(PredictionBatch)
            .scalar_subquery()
        )
        waiting = (
            select(PredictionBatch.id)
            .where(PredictionBatch.state == TrainingState.QUEUED)
            .order_by(served_at.asc().nulls_first(), PredictionBatch.created_at, PredictionBatch.id)
            .limit(1)
            .with_for_update(skip_locked=True)  # who holds one is cancelling or deleting it
        )
        batch_id = session.scalar(waiting)
        if batch_id is None:
            return None
        batch = session.scalars(
            update(PredictionBatch)
            .where(PredictionBatch.id == batch_id, PredictionBatch.state == TrainingState.QUEUED)
            .values(**leases.taken(PredictionBatch, worker, lease_seconds))
            .returning(PredictionBatch),
            execution_options={**UNSYNCHRONISED, "populate_existing": True},
        ).one_or_none()
        return None if batch is None else _claim_of(batch)


def _claim_of(batch: PredictionBatch) -> BatchClaim:
    return BatchClaim(
        batch_id=batch.id,
        attempt=batch.attempt,
        model=batch.model,
        model_version=batch.model_version,
        onnx_sha256=batch.onnx_sha256,
        expects=Expectation(**batch.expects),
        classes=tuple(batch.classes["names"]),
        normalize=cast("Normalize", batch.normalize),
        total=batch.total,
        done=batch.done,
    )


def keep(database: Database, claim: BatchClaim, chunk: BatchChunk, figures: dict[str, int], eta: float) -> bool:
    """Write the answers to the pictures from `chunk.start` on; return whether the batch's cancellation was asked for.

    `figures` (unreadable, labelled, right) are added to the batch's. Writing the same chunk again, because a commit landed
    whose answer was lost, changes nothing. Raise LeaseLost.
    """
    added = {name: getattr(PredictionBatch, name) + more for name, more in figures.items()}
    statement = (
        leases.fenced_update(PredictionBatch, claim.batch_id, claim.attempt)
        .where(PredictionBatch.done == chunk.start)
        .values(done=chunk.start + chunk.count, eta_seconds=eta, **added)
        .returning(PredictionBatch.cancel_requested_at)
    )
    with database.transaction() as session:
        row = session.execute(statement, execution_options=UNSYNCHRONISED).one_or_none()
        if row is None:
            row = _kept_already(session, claim, chunk)
        else:
            session.add(chunk)
        return row.cancel_requested_at is not None


def _kept_already(session: Session, claim: BatchClaim, chunk: BatchChunk) -> Any:  # noqa: ANN401 - a row
    row = session.execute(
        select(PredictionBatch.cancel_requested_at).where(
            leases.fence(PredictionBatch, claim.batch_id, claim.attempt),
            PredictionBatch.done == chunk.start + chunk.count,
        )
    ).one_or_none()
    if row is None:
        raise LeaseLost
    return row


def release(database: Database, claim: BatchClaim) -> None:
    """Give the batch back to the queue, or end it if its cancellation was asked for. It does not count as a loss."""
    with database.transaction() as session:
        held = select(PredictionBatch.cancel_requested_at).where(
            leases.fence(PredictionBatch, claim.batch_id, claim.attempt)
        )
        row = session.execute(held.with_for_update()).one_or_none()
        if row is None:
            raise LeaseLost
        if row.cancel_requested_at is not None:
            finish(session, claim.batch_id, claim.attempt, TrainingState.CANCELLED)
        else:
            let_go(session, claim.batch_id, claim.attempt, TrainingState.QUEUED)


def finish(session: Session, batch_id: str, attempt: int, state: TrainingState, **columns: object) -> None:
    """End the batch inside the caller's transaction, and remove what came in; raise LeaseLost if the claim is lost."""
    let_go(session, batch_id, attempt, state, finished_at=now(), **columns)
    session.execute(delete(BatchInput).where(BatchInput.batch_id == batch_id), execution_options=UNSYNCHRONISED)
    count(session, "batches_ended", state.value)


def let_go(session: Session, batch_id: str, attempt: int, state: TrainingState, **columns: object) -> None:
    """Bring the batch into another state inside the caller's transaction; raise LeaseLost if the claim is lost."""
    execute_fenced(
        session,
        leases.fenced_update(PredictionBatch, batch_id, attempt).values(**LET_GO, state=state, **columns),
    )
