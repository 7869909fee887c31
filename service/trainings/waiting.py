"""SQL about the queue: who waits, who runs, and how long such trainings take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from service.records import Owner, Training, TrainingState, fairness
from service.records.clock import now
from service.records.presence import workers_alive
from service.trainings.forecasting import Running, Turn, Waiting, forecast

MOST_FORECAST: Final = (
    5_000  # beyond it the place is not told: it would take more than some tens of milliseconds to play out
)
ALIKE: Final = 10  # of the newest finished ones, whose median pace is what the next is expected to have


@dataclass(frozen=True)
class _Kind:
    """Trainings that take about equally long an epoch."""

    dataset: str
    network: str | None


def turns(session: Session) -> Mapping[str, Turn]:
    """Return the turn of every queued training; empty when there are more than `MOST_FORECAST`."""
    waiting = session.execute(_columns(TrainingState.QUEUED).limit(MOST_FORECAST + 1)).all()
    if not waiting or len(waiting) > MOST_FORECAST:
        return {}
    running = session.execute(_columns(TrainingState.RUNNING)).all()
    at: datetime = session.scalars(select(now())).one()
    waiting_owners = select(Owner.name, Owner.usage).where(Owner.next_priority.is_not(None))
    paces = _paces(session, {_Kind(row.dataset, row.network) for row in [*waiting, *running]})

    def expected(kind: _Kind, epochs: int) -> float | None:
        pace = paces.get(kind)
        return None if pace is None else pace * epochs

    def left(kind: _Kind, epochs: int, eta_seconds: float | None, started_at: datetime) -> float | None:
        if eta_seconds is not None:
            return eta_seconds
        whole = expected(kind, epochs)
        return None if whole is None else max(0.0, whole - (at - started_at).total_seconds())

    return forecast(
        [
            Waiting(
                row.id, row.owner, row.priority, row.created_at, expected(_Kind(row.dataset, row.network), row.epochs)
            )
            for row in waiting
        ],
        [
            Running(row.owner, left(_Kind(row.dataset, row.network), row.epochs, row.eta_seconds, row.started_at))
            for row in running
        ],
        {row.name: row.usage for row in session.execute(waiting_owners)},
        workers_alive(session),
        at,
    )


def _columns(
    state: TrainingState,
) -> Select[str, str, int, datetime, str, str | None, int, float | None, datetime | None]:
    return (
        select(
            Training.id,
            Training.owner,
            Training.priority,
            Training.created_at,
            Training.dataset,
            Training.network,
            Training.epochs,
            Training.eta_seconds,
            Training.started_at,
        )
        .where(Training.state == state)
        .order_by(*fairness.IN_TURN)
    )


def _paces(session: Session, kinds: set[_Kind]) -> dict[_Kind, float]:
    """Return the median seconds an epoch of the newest trainings of each kind that succeeded."""
    paces = {}
    for kind in kinds:
        found: Sequence[float] = session.scalars(
            select(Training.compute_seconds / Training.epochs)
            .where(
                Training.dataset == kind.dataset,
                Training.network.is_(None) if kind.network is None else Training.network == kind.network,
                Training.state == TrainingState.SUCCEEDED,
                Training.epochs > 0,
            )
            .order_by(Training.finished_at.desc())
            .limit(ALIKE)
        ).all()
        if found:
            paces[kind] = median(found)
    return paces
