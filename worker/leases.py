"""What every claim is made of, of a training as of a batch of predictions: a fence, a lease, and the loss of both.

A claim is one conditional UPDATE that raises `attempt`; every later write carries that attempt (`fence`), so that a worker
that was presumed dead can change nothing. Leases are set and judged by the database's clock.
"""

from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, or_, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from service.database import Database
from service.records import PredictionBatch, Training, TrainingState
from service.records.clock import lease_clock, lease_now, now

Leased = type[Training] | type[PredictionBatch]

UNSYNCHRONISED: Final = {"synchronize_session": False}
LET_GO: Final[dict[str, None]] = dict.fromkeys(("worker", "lease_clock", "lease_began", "lease_until", "eta_seconds"))
"""The columns of a claim, as they are while nobody holds one."""


class LeaseLost(Exception):
    """What was claimed is no longer ours: the lease ended and it was claimed again, or it was taken away."""


def fence(record: Leased, key: str, attempt: int) -> ColumnElement[bool]:
    """Return the condition that every write after a claim carries."""
    return and_(record.id == key, record.attempt == attempt, record.state == TrainingState.RUNNING)


def fenced_update(record: Leased, key: str, attempt: int) -> ReturningUpdate[str]:
    """Return an UPDATE of what is claimed that raises its version and touches nothing once the claim is lost."""
    return update(record).where(fence(record, key, attempt)).values(version=record.version + 1).returning(record.id)


def execute_fenced(session: Session, statement: ReturningUpdate[*tuple[Any, ...]]) -> Row[*tuple[Any, ...]]:
    """Execute a fenced UPDATE and return what it returns; raise LeaseLost if it met no row."""
    row = session.execute(statement, execution_options=UNSYNCHRONISED).one_or_none()
    if row is None:
        raise LeaseLost
    return row


def taken(record: Leased, worker: str, lease_seconds: float) -> dict[str, object]:
    """Return what a claim writes into the row that it takes."""
    return {
        "state": TrainingState.RUNNING,
        "version": record.version + 1,
        "attempt": record.attempt + 1,
        "worker": worker,
        "started_at": now(),
        "lease_clock": lease_clock(),
        "lease_began": lease_now(),
        "lease_until": lease_now() + lease_seconds,
        "eta_seconds": None,
    }


def renew(database: Database, record: Leased, key: str, attempt: int, lease_seconds: float) -> None:
    """Move the end of the lease; raise LeaseLost if the claim is lost."""
    statement = (
        update(record)
        .where(fence(record, key, attempt))
        .values(lease_clock=lease_clock(), lease_until=lease_now() + lease_seconds)
        .returning(record.id)
    )  # no new version: nothing that a reader sees has changed
    with database.transaction() as session:
        execute_fenced(session, statement)


def has_ended(record: Leased) -> ColumnElement[bool]:
    """Return the condition that a lease has ended: by its clock, or together with it."""
    return or_(record.lease_clock.is_distinct_from(lease_clock()), record.lease_until < lease_now())
