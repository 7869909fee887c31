"""Claim a data set that waits to be imported, keep the claim alive, give it back, and end it.

As for trainings (`worker.claims`): a claim is one conditional UPDATE that raises `attempt`, every later write carries it, and
leases are on the database's clock. A set is imported by whoever is idle, the oldest first; how many one caller may have waiting
is limited where they are sent, so that none needs a fairer order. Who deletes a set takes it from its worker.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from service.database import Database
from service.records import Dataset, DatasetPart, DatasetState, DatasetUpload
from service.records.clock import lease_clock, lease_now, now
from worker.leases import LeaseLost

UNSYNCHRONISED: Final = {"synchronize_session": False}
WORKER_LOST: Final = "worker-lost"


@dataclass(frozen=True)
class ImportClaim:
    """The right to import one data set until the lease ends."""

    dataset_id: int
    attempt: int
    name: str
    options: dict[str, Any]
    upload_id: int | None


def fence(claim: ImportClaim) -> ColumnElement[bool]:
    """Return the condition that every write after the claim carries."""
    return and_(
        Dataset.id == claim.dataset_id,
        Dataset.attempt == claim.attempt,
        Dataset.state == DatasetState.IMPORTING,
        Dataset.worker.is_not(None),
    )


def claim(database: Database, worker: str, lease_seconds: float) -> ImportClaim | None:
    """Claim the data set that has waited longest; None if none waits."""
    if not is_waiting(database):  # usually none does: that takes no write lock
        return None
    waiting = (
        select(Dataset.id)
        .where(_waits())
        .order_by(Dataset.created_at, Dataset.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taking = (
        update(Dataset)
        .where(Dataset.id == waiting, _waits())
        .values(
            attempt=Dataset.attempt + 1,
            worker=worker,
            lease_clock=lease_clock(),
            lease_until=lease_now() + lease_seconds,
            activity="starting",
            done=0,
            eta_seconds=None,
        )
        .returning(Dataset.id, Dataset.attempt, Dataset.name, Dataset.options, Dataset.upload_id)
    )
    with database.transaction() as session:
        row = session.execute(taking, execution_options=UNSYNCHRONISED).one_or_none()
    return None if row is None else ImportClaim(row.id, row.attempt, row.name, row.options, row.upload_id)


def is_waiting(database: Database) -> bool:
    """Whether a data set waits to be imported."""
    with database.reading() as session:
        return bool(session.scalar(select(exists().where(_waits()))))


def hold(session: Session, claim: ImportClaim) -> None:
    """Make sure of the claim until the transaction's end; raise LeaseLost if it is lost."""
    if session.scalar(select(Dataset.id).where(fence(claim)).with_for_update()) is None:
        raise LeaseLost


def write(session: Session, claim: ImportClaim, **columns: object) -> None:
    """Write columns of the claimed data set; raise LeaseLost if the claim is lost."""
    statement = update(Dataset).where(fence(claim)).values(**columns).returning(Dataset.id)
    if session.execute(statement, execution_options=UNSYNCHRONISED).one_or_none() is None:
        raise LeaseLost


def renew(database: Database, claim: ImportClaim, lease_seconds: float) -> None:
    """Move the end of the lease; raise LeaseLost if the claim is lost."""
    with database.transaction() as session:
        write(session, claim, lease_clock=lease_clock(), lease_until=lease_now() + lease_seconds)


def release(database: Database, claim: ImportClaim) -> None:
    """Give the data set back, to be imported by another. It does not count as a loss."""
    with database.transaction() as session:
        write(session, claim, **_LET_GO)


def finish(session: Session, claim: ImportClaim, state: DatasetState, **columns: object) -> None:
    """End the import inside the caller's transaction, and let go of what was sent; raise LeaseLost if the claim is lost."""
    write(session, claim, state=state, finished_at=now(), upload_id=None, **_LET_GO, **columns)
    session.execute(delete(DatasetUpload).where(DatasetUpload.id == claim.upload_id), execution_options=UNSYNCHRONISED)
    others = [DatasetPart.dataset_id == claim.dataset_id]
    if state == DatasetState.READY:
        others.append(DatasetPart.attempt != claim.attempt)
    session.execute(delete(DatasetPart).where(*others), execution_options=UNSYNCHRONISED)


def rescue(database: Database, max_attempts: int) -> int:
    """Take every data set whose lease has ended from its worker; return how many there were."""
    ended = or_(Dataset.lease_clock.is_distinct_from(lease_clock()), Dataset.lease_until < lease_now())
    return _take_away(database, ended, max_attempts, WORKER_LOST)


def abandon(database: Database, worker: str, max_attempts: int, why: str) -> int:
    """Take what `worker` held at once, because it is known to be dead; return how many data sets there were."""
    return _take_away(database, Dataset.worker == worker, max_attempts, why)


_LET_GO: Final[dict[str, object]] = {
    "worker": None,
    "lease_clock": None,
    "lease_until": None,
    "activity": None,
    "eta_seconds": None,
}


def _waits() -> ColumnElement[bool]:
    return and_(Dataset.state == DatasetState.IMPORTING, Dataset.worker.is_(None))


def _take_away(database: Database, condition: ColumnElement[bool], max_attempts: int, why: str) -> int:
    lost = and_(Dataset.state == DatasetState.IMPORTING, Dataset.worker.is_not(None), condition)
    columns = (Dataset.id, Dataset.attempt, Dataset.losses, Dataset.name, Dataset.options, Dataset.upload_id)
    with database.reading() as session:
        found = session.scalars(select(Dataset.id).where(lost)).all()  # usually none: that takes no write lock
    taken = 0
    for dataset_id in found:
        with database.transaction() as session:
            row = session.execute(
                select(*columns).where(Dataset.id == dataset_id, lost).with_for_update(skip_locked=True)
            ).one_or_none()
            if row is None:
                continue
            taken += 1
            held = ImportClaim(row.id, row.attempt, row.name, row.options, row.upload_id)
            losses = row.losses + 1
            if losses < max_attempts:
                write(session, held, losses=losses, **_LET_GO)
                continue
            detail = f"Its worker was lost {losses} times ({why}); it is not tried again."
            finish(session, held, DatasetState.FAILED, losses=losses, error_type=why, error_detail=detail)
    return taken
