"""Claim a training, keep the claim alive, give it back, and rescue what a dead worker held.

A claim is one conditional UPDATE that raises `attempt`; every later write carries that attempt (`fence`), so that a worker
that was presumed dead can change nothing. Leases are set and judged by the database's clock.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Update, and_, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from service.database import Database
from service.records import Epoch, Training, TrainingChange, TrainingState
from service.records.clock import lease_clock, lease_now, now

WORKER_LOST = "worker-lost"


@dataclass(frozen=True)
class Claim:
    """The right to work on one training until the lease ends."""

    training_id: str
    attempt: int
    spec: dict[str, Any]
    register_as: str | None


class LeaseLost(Exception):
    """The training is no longer ours: the lease ended and it was claimed again, or it was taken away."""


def fence(claim: Claim) -> ColumnElement[bool]:
    """Return the condition that every write after the claim carries."""
    return and_(
        Training.id == claim.training_id,
        Training.attempt == claim.attempt,
        Training.state == TrainingState.RUNNING,
    )


def fenced_update(claim: Claim) -> Update:
    """Return an UPDATE of the claimed training that raises its version and touches nothing once the claim is lost."""
    return update(Training).where(fence(claim)).values(version=Training.version + 1)


def execute_fenced(session: Session, statement: Update) -> None:
    """Execute a fenced UPDATE; raise LeaseLost if it met no row."""
    result = session.execute(statement, execution_options={"synchronize_session": False})
    assert isinstance(result, CursorResult)
    if result.rowcount != 1:
        raise LeaseLost


def claim(database: Database, worker: str, lease_seconds: float) -> Claim | None:
    """Claim the oldest queued training; None if nothing waits or somebody else was faster."""
    oldest = (
        select(Training.id)
        .where(Training.state == TrainingState.QUEUED)
        .order_by(Training.created_at, Training.id)
        .limit(1)
        .with_for_update(
            skip_locked=True
        )  # PostgreSQL: the next worker takes the next row; SQLite has one writer anyway
        .scalar_subquery()
    )
    taking = (
        update(Training)
        .where(Training.id == oldest, Training.state == TrainingState.QUEUED)
        .values(
            state=TrainingState.RUNNING,
            version=Training.version + 1,
            attempt=Training.attempt + 1,
            worker=worker,
            started_at=now(),
            lease_clock=lease_clock(),
            lease_until=lease_now() + lease_seconds,
            activity="starting",
            epoch=0,
            step=0,
            eta_seconds=None,
            loss=None,
            accuracy=None,
        )
        .returning(Training.id, Training.attempt, Training.spec, Training.register_as)
    )
    with database.transaction() as session:
        row = session.execute(taking, execution_options={"synchronize_session": False}).one_or_none()
        if row is None:
            return None
        taken = Claim(row.id, row.attempt, row.spec, row.register_as)
        session.execute(delete(Epoch).where(Epoch.training_id == taken.training_id))  # it starts from its beginning
        _record_change(session, taken, TrainingState.RUNNING, f"claimed by {worker}")
    return taken


def renew(database: Database, claim: Claim, lease_seconds: float) -> None:
    """Move the end of the lease; raise LeaseLost if the claim is lost."""
    statement = (
        update(Training).where(fence(claim)).values(lease_clock=lease_clock(), lease_until=lease_now() + lease_seconds)
    )  # no new version: nothing that a reader sees has changed
    with database.transaction() as session:
        execute_fenced(session, statement)


def release(database: Database, claim: Claim, reason: str) -> None:
    """Give the training back to the queue, or end it if its cancellation was asked for. It does not count as a loss."""
    with database.transaction() as session:
        if is_cancel_requested(session, claim):
            finish(session, claim, TrainingState.CANCELLED, reason)
        else:
            _requeue(session, claim, reason)


def is_cancel_requested(session: Session, claim: Claim) -> bool:
    """Whether the cancellation was asked for; from here to the transaction's end nobody can ask."""
    return session.scalar(select(Training.cancel_requested_at).where(fence(claim)).with_for_update()) is not None


def finish(session: Session, claim: Claim, state: TrainingState, reason: str | None = None, **columns: object) -> None:
    """End the training inside the caller's transaction; raise LeaseLost if the claim is lost."""
    statement = fenced_update(claim).values(
        state=state,
        finished_at=now(),
        worker=None,
        lease_clock=None,
        lease_until=None,
        activity=None,
        eta_seconds=None,
        **columns,
    )
    execute_fenced(session, statement)
    _record_change(session, claim, state, reason)


def is_work_waiting(database: Database) -> bool:
    """Whether a training is queued."""
    with database.reading() as session:
        return bool(session.scalar(select(exists().where(Training.state == TrainingState.QUEUED))))


def rescue(database: Database, max_attempts: int) -> int:
    """Take every training whose lease has ended from its worker; return how many there were.

    It goes back to the queue; after `max_attempts` losses it fails, and if its cancellation was asked for it is cancelled.
    """
    expired = and_(Training.state == TrainingState.RUNNING, _has_ended())
    with database.reading() as session:
        if not session.scalar(select(exists().where(expired))):
            return 0  # the usual case takes no write lock
    with database.transaction() as session:
        lost = session.execute(
            select(Training.id, Training.attempt, Training.losses, Training.worker, Training.cancel_requested_at)
            .where(expired)
            .with_for_update(skip_locked=True)
        ).all()
        for row in lost:
            held = Claim(row.id, row.attempt, {}, None)
            reason = f"worker {row.worker} was lost"
            if row.cancel_requested_at is not None:
                finish(session, held, TrainingState.CANCELLED, reason)
            elif row.losses + 1 >= max_attempts:
                finish(
                    session,
                    held,
                    TrainingState.FAILED,
                    reason,
                    losses=row.losses + 1,
                    error_type=WORKER_LOST,
                    error_detail=f"Its worker was lost {row.losses + 1} times; it is not tried again.",
                )
            else:
                _requeue(session, held, reason, losses=row.losses + 1)
    return len(lost)


def _requeue(session: Session, claim: Claim, reason: str, **columns: object) -> None:
    statement = fenced_update(claim).values(
        state=TrainingState.QUEUED,
        worker=None,
        lease_clock=None,
        lease_until=None,
        activity=None,
        eta_seconds=None,
        **columns,
    )
    execute_fenced(session, statement)
    _record_change(session, claim, TrainingState.QUEUED, reason)


def _record_change(session: Session, claim: Claim, state: TrainingState, reason: str | None) -> None:
    session.add(TrainingChange(training_id=claim.training_id, state=state, attempt=claim.attempt, reason=reason))


def _has_ended() -> ColumnElement[bool]:
    """Return the condition that a lease has ended: by its clock, or with it."""
    return or_(Training.lease_clock.is_distinct_from(lease_clock()), Training.lease_until < lease_now())
