"""SQL about how fast this service's workers are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from service.records import Epoch, Training, TrainingState

NEWEST: Final = 20


@dataclass(frozen=True)
class Finished:
    """A training that succeeded, and the mean seconds of its epochs."""

    dataset: str
    spec: dict[str, Any]
    seconds_per_epoch: float


def newest_finished(session: Session) -> Sequence[Finished]:
    """Return the newest trainings that succeeded. The first epoch, in which Keras compiles, counts only where it is alone."""
    newest = (
        select(Training.id, Training.dataset, Training.epochs, Training.finished_at)
        .where(Training.state == TrainingState.SUCCEEDED)
        .order_by(Training.finished_at.desc())
        .limit(NEWEST)
        .subquery()
    )
    paces = (
        select(newest.c.id, func.avg(Epoch.seconds).label("seconds"))
        .join(Epoch, Epoch.training_id == newest.c.id)
        .where(or_(Epoch.epoch > 1, newest.c.epochs == 1))
        .group_by(newest.c.id)
        .subquery()
    )
    rows = session.execute(
        select(Training.dataset, Training.spec, paces.c.seconds).join(paces, paces.c.id == Training.id)
    ).all()
    return [Finished(row.dataset, row.spec, row.seconds) for row in rows if row.seconds > 0]
