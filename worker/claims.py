"""Claim a training, keep the claim alive, give it back, and end it.

A claim is one conditional UPDATE that raises `attempt`; every later write carries that attempt (`fence`), so that a worker
that was presumed dead can change nothing. Leases are set and judged by the database's clock.

Every transaction that changes a training's state also brings its owner up to date, last: the training's row is locked before
its owner's, and no transaction locks two owners, so that none waits for another in a circle.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from service.database import Database
from service.records import Checkpoint, Owner, Training, TrainingChange, TrainingState, fairness
from service.records.clock import lease_clock, lease_now, now
from service.records.counting import count
from worker import leases
from worker.leases import LET_GO, UNSYNCHRONISED, LeaseLost, execute_fenced

CLAIMING: Final = 0x636C6169  # "clai": PostgreSQL's advisory lock, so that the fairest order is exact


@dataclass(frozen=True)
class Claim:
    """The right to work on one training until the lease ends."""

    training_id: str
    attempt: int
    spec: dict[str, Any]
    register_as: str | None
    compute_seconds: float = 0.0  # of the attempts before this one

    @property
    def title(self) -> str:
        """What it is called in the log."""
        return f"training {self.training_id}"

    def renew(self, database: Database, lease_seconds: float) -> None:
        """Move the end of the lease; raise LeaseLost if the claim is lost."""
        renew(database, self, lease_seconds)

    def fail(self, session: Session, error_type: str, detail: str) -> None:
        """End the training as failed inside the caller's transaction; raise LeaseLost if the claim is lost."""
        finish(session, self, TrainingState.FAILED, error_type, error_type=error_type, error_detail=detail)


def fence(claim: Claim) -> ColumnElement[bool]:
    """Return the condition that every write after the claim carries."""
    return leases.fence(Training, claim.training_id, claim.attempt)


def fenced_update(claim: Claim) -> ReturningUpdate[str]:
    """Return an UPDATE of the claimed training that raises its version and touches nothing once the claim is lost."""
    return leases.fenced_update(Training, claim.training_id, claim.attempt)


def claim(database: Database, worker: str, lease_seconds: float) -> Claim | None:
    """Claim the training whose turn it is; None if nothing waits.

    The highest priority first; then the owner with the fewest running, then the one that has computed least of late, then
    the oldest (`service.records.fairness`).
    """
    with database.transaction() as session:
        if not database.is_sqlite:  # SQLite has one writer anyway
            session.execute(select(func.pg_advisory_xact_lock(CLAIMING)))
        owner = _next_owner(session)
        if owner is None:
            return None
        waiting = (
            select(Training.id)
            .where(Training.owner == owner, Training.state == TrainingState.QUEUED)
            .order_by(*fairness.IN_TURN)
            .limit(1)
            .with_for_update(skip_locked=True)  # who holds one is cancelling or deleting it
            .scalar_subquery()
        )
        taking = (
            update(Training)
            .where(Training.id == waiting, Training.state == TrainingState.QUEUED)
            .values(**leases.taken(Training, worker, lease_seconds), activity="starting")
            .returning(Training.id, Training.attempt, Training.spec, Training.register_as, Training.compute_seconds)
        )
        row = session.execute(taking, execution_options=UNSYNCHRONISED).one_or_none()
        if row is None:
            return None
        taken = Claim(row.id, row.attempt, row.spec, row.register_as, row.compute_seconds)
        _record_change(session, taken, TrainingState.RUNNING, f"claimed by {worker}")
        session.flush()
        fairness.recount(session, owner)
    return taken


def _next_owner(session: Session) -> str | None:
    """Return the owner whose turn it is; None if nothing waits."""
    order = (Owner.next_priority.desc(), Owner.running, Owner.usage, Owner.next_created_at, Owner.name)
    next_ = select(Owner.name).where(Owner.next_priority.is_not(None)).order_by(*order).limit(1)
    owner = session.scalar(next_)
    if owner is not None:
        return owner
    # Nobody waits, say the owners. Should one of them be wrong, its trainings must not wait for ever.
    forgotten = session.scalar(select(Training.owner).where(Training.state == TrainingState.QUEUED).limit(1))
    if forgotten is not None:
        fairness.refresh(session, forgotten)
    return forgotten


def renew(database: Database, claim: Claim, lease_seconds: float) -> None:
    """Move the end of the lease; raise LeaseLost if the claim is lost."""
    leases.renew(database, Training, claim.training_id, claim.attempt, lease_seconds)


def release(database: Database, claim: Claim, reason: str) -> None:
    """Give the training back to the queue, or end it if its cancellation was asked for. It does not count as a loss."""
    with database.transaction() as session:
        if is_cancel_requested(session, claim):
            finish(session, claim, TrainingState.CANCELLED, reason)
        else:
            requeue(session, claim, reason)


def hold(session: Session, claim: Claim) -> None:
    """Make sure of the claim until the transaction's end; raise LeaseLost if it is lost."""
    if session.scalar(select(Training.id).where(fence(claim)).with_for_update()) is None:
        raise LeaseLost


def is_cancel_requested(session: Session, claim: Claim) -> bool:
    """Whether the cancellation was asked for; from here to the transaction's end nobody can ask. Raise LeaseLost."""
    hold(session, claim)
    return session.scalars(select(Training.cancel_requested_at).where(fence(claim))).one() is not None


def is_work_waiting(database: Database) -> bool:
    """Whether a training is queued."""
    with database.reading() as session:
        return bool(session.scalar(select(exists().where(Training.state == TrainingState.QUEUED))))


def finish(session: Session, claim: Claim, state: TrainingState, reason: str | None = None, **columns: object) -> None:
    """End the training inside the caller's transaction; raise LeaseLost if the claim is lost."""
    _let_go(session, claim, state, reason, finished_at=now(), **columns)
    session.execute(delete(Checkpoint).where(Checkpoint.training_id == claim.training_id))
    count(session, "trainings_ended", state.value)


def requeue(session: Session, claim: Claim, reason: str, **columns: object) -> None:
    """Put the training back into the queue inside the caller's transaction; raise LeaseLost if the claim is lost."""
    _let_go(session, claim, TrainingState.QUEUED, reason, **columns)


def _let_go(session: Session, claim: Claim, state: TrainingState, reason: str | None, **columns: object) -> None:
    seconds = _computed(session, claim)
    at = now().label("at")
    statement = (
        fenced_update(claim).values(**LET_GO, state=state, activity=None, **columns).returning(Training.owner, at)
    )
    row = execute_fenced(session, statement)
    session.execute(
        update(Training)
        .where(Training.id == claim.training_id)
        .values(compute_seconds=Training.compute_seconds + seconds),
        execution_options=UNSYNCHRONISED,
    )
    _record_change(session, claim, state, reason)
    session.flush()
    fairness.refresh(session, row.owner)
    fairness.charge(session, row.owner, seconds, row.at)


def _computed(session: Session, claim: Claim) -> float:
    """Return the seconds since the claim, on the lease's clock: nobody sets that one.

    Only where it is another clock by now (the host was started anew), or an older worker made the claim, the time of day
    must do.
    """
    columns = (Training.lease_clock, Training.lease_began, Training.started_at)
    row = session.execute(
        select(*columns, lease_clock().label("clock"), lease_now().label("seconds"), now().label("at")).where(
            fence(claim)
        )
    ).one_or_none()
    if row is None:
        raise LeaseLost
    if row.lease_clock == row.clock and row.lease_began is not None:
        return max(0.0, float(row.seconds - row.lease_began))
    return max(0.0, float((row.at - row.started_at).total_seconds()))


def record_where_it_goes_on(session: Session, claim: Claim, epoch: int) -> None:
    """Write down, in a transaction that holds the claim, that the epochs beyond `epoch` are void: this attempt begins there."""
    session.execute(
        update(TrainingChange)
        .where(
            TrainingChange.training_id == claim.training_id,
            TrainingChange.attempt == claim.attempt,
            TrainingChange.state == TrainingState.RUNNING,
        )
        .values(resumes_after_epoch=epoch),
        execution_options=UNSYNCHRONISED,
    )


def _record_change(session: Session, claim: Claim, state: TrainingState, reason: str | None) -> None:
    change = TrainingChange(training_id=claim.training_id, state=state, attempt=claim.attempt, reason=reason)
    if state == TrainingState.RUNNING and claim.attempt == 1:
        change.resumes_after_epoch = 0  # there is nothing yet to go on from
    session.add(change)
