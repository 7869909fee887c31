"""SQL about trainings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, delete, select, tuple_, update
from sqlalchemy.orm import Session

from service.records import (
    Checkpoint,
    ModelVersion,
    Receipt,
    Rerun,
    Training,
    TrainingArtefact,
    TrainingChange,
    TrainingLabel,
    TrainingState,
    fairness,
    storing,
)
from service.records.clock import now


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to. `state` may also be `cancelling`."""

    state: str | None
    dataset: str | None
    preset: str | None
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Repetition:
    """Which training is repeated, if it is a rerun; and whether there is a receipt."""

    rerun_of: str | None
    has_receipt: bool


NO_REPETITION: Final = Repetition(None, has_receipt=False)


def add(session: Session, training: Training) -> None:
    """Insert a queued training and its first change."""
    session.add(training)
    session.flush()
    session.add(TrainingChange(training_id=training.id, state=training.state, attempt=0, reason="submitted"))
    session.flush()
    fairness.refresh(session, training.owner)


def get(session: Session, training_id: str) -> Training | None:
    """Return a training."""
    return session.get(Training, training_id)


def get_locked(session: Session, training_id: str) -> Training | None:
    """Return a training that nobody else changes until the transaction ends."""
    query = select(Training).where(Training.id == training_id)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).one_or_none()


def page(session: Session, filters: Filters, before: tuple[datetime, str] | None, limit: int) -> Sequence[Training]:
    """Return the newest `limit` trainings, older than `before` (a creation time and an id) if given."""
    query = select(Training).where(*_conditions(filters))
    if before is not None:
        query = query.where(tuple_(Training.created_at, Training.id) < before)
    return session.scalars(query.order_by(Training.created_at.desc(), Training.id.desc()).limit(limit)).all()


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.state == "cancelling":
        conditions += [Training.state == TrainingState.RUNNING, Training.cancel_requested_at.is_not(None)]
    elif filters.state == TrainingState.RUNNING:
        conditions += [Training.state == TrainingState.RUNNING, Training.cancel_requested_at.is_(None)]
    elif filters.state is not None:
        conditions.append(Training.state == TrainingState(filters.state))
    if filters.dataset is not None:
        conditions.append(Training.dataset == filters.dataset)
    if filters.preset is not None:
        conditions.append(Training.preset == filters.preset)
    conditions += [
        Training.id.in_(select(TrainingLabel.training_id).where(TrainingLabel.key == key, TrainingLabel.value == value))
        for key, value in filters.labels.items()
    ]
    return conditions


def changes(session: Session, training_ids: Sequence[str]) -> Sequence[TrainingChange]:
    """Return every change of state of the given trainings, oldest first."""
    query = select(TrainingChange).where(TrainingChange.training_id.in_(training_ids)).order_by(TrainingChange.id)
    return session.scalars(query).all()


def versions(session: Session, training_ids: Sequence[str]) -> Sequence[ModelVersion]:
    """Return the model versions that came out of the given trainings."""
    query = select(ModelVersion).where(ModelVersion.training_id.in_(training_ids))
    return session.scalars(query.order_by(ModelVersion.name, ModelVersion.version)).all()


def repetitions(session: Session, training_ids: Sequence[str]) -> Mapping[str, Repetition]:
    """Return for each of the given trainings what it repeats, and whether it has a receipt."""
    query = (
        select(Training.id, Rerun.original_id, Receipt.training_id.is_not(None))
        .outerjoin(Rerun, Rerun.training_id == Training.id)
        .outerjoin(Receipt, Receipt.training_id == Training.id)
        .where(Training.id.in_(training_ids))
    )
    return {row[0]: Repetition(row[1], row[2]) for row in session.execute(query)}


def cancel_queued(session: Session, training_id: str) -> bool:
    """Cancel a training that no worker has claimed; return whether it was one."""
    cancelled = session.execute(
        update(Training)
        .where(Training.id == training_id, Training.state == TrainingState.QUEUED)
        .values(
            state=TrainingState.CANCELLED, version=Training.version + 1, cancel_requested_at=now(), finished_at=now()
        )
        .returning(Training.attempt, Training.owner)
    ).one_or_none()
    if cancelled is None:
        return False
    reason = "cancelled while it was queued"
    session.add(
        TrainingChange(training_id=training_id, state=TrainingState.CANCELLED, attempt=cancelled.attempt, reason=reason)
    )
    session.execute(delete(Checkpoint).where(Checkpoint.training_id == training_id))
    session.flush()
    fairness.refresh(session, cancelled.owner)
    return True


def ask_to_cancel(session: Session, training_id: str) -> None:
    """Ask the worker of a running training to stop; a second time changes nothing."""
    session.execute(
        update(Training)
        .where(
            Training.id == training_id,
            Training.state == TrainingState.RUNNING,
            Training.cancel_requested_at.is_(None),
        )
        .values(cancel_requested_at=now(), version=Training.version + 1)
    )


def remove_unless_running(session: Session, training_id: str) -> bool:
    """Delete a training with all it has, except artefacts that a model still needs; return whether it was deleted."""
    produced = session.scalars(select(TrainingArtefact.sha256).where(TrainingArtefact.training_id == training_id)).all()
    removed = session.execute(
        delete(Training)
        .where(Training.id == training_id, Training.state != TrainingState.RUNNING)
        .returning(Training.owner)
    ).scalar_one_or_none()
    if removed is None:
        return False
    fairness.refresh(session, removed)
    storing.remove_unreferenced(session, produced)
    return True
