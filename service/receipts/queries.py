"""SQL about receipts and reruns."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.records import Receipt, Rerun, Training, TrainingAttempt


def receipt(session: Session, training_id: str) -> Receipt | None:
    """Return the hashes of what came out of a training."""
    return session.get(Receipt, training_id)


def attempts(session: Session, training_id: str) -> Sequence[TrainingAttempt]:
    """Return what each attempt was made with, the first first."""
    query = select(TrainingAttempt).where(TrainingAttempt.training_id == training_id)
    return session.scalars(query.order_by(TrainingAttempt.attempt)).all()


def add_rerun(session: Session, training_id: str, original_id: str) -> None:
    """Write down that a training repeats another."""
    session.add(Rerun(training_id=training_id, original_id=original_id))
    session.flush()


def rerun(session: Session, training_id: str) -> Rerun | None:
    """Return what a training repeats; None if it is no rerun."""
    return session.get(Rerun, training_id)


def reruns_of(session: Session, original_id: str, limit: int) -> Sequence[str]:
    """Return the newest reruns of a training."""
    query = select(Rerun.training_id).join(Training, Training.id == Rerun.training_id)
    newest = (Training.created_at.desc(), Training.id.desc())
    return session.scalars(query.where(Rerun.original_id == original_id).order_by(*newest).limit(limit)).all()
