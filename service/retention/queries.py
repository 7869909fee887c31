"""SQL that finds what may go, and removes it; one pair of functions for each kind of row.

To find is one reading. To remove takes a few of the found keys in a short transaction, and asks again in its own conditions
whether they may go: between the two, hours may have passed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Delete, and_, delete, exists, false, func, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from service.records import (
    Artefact,
    BatchChunk,
    BatchInput,
    Checkpoint,
    CheckpointPart,
    IdempotentAnswer,
    ModelVersion,
    PredictionBatch,
    Report,
    Training,
    TrainingArtefact,
    TrainingState,
    Worker,
    storing,
)
from service.records.clock import seconds_from_now
from service.retention.rules import Rules

ENDED = (TrainingState.SUCCEEDED, TrainingState.FAILED, TrainingState.CANCELLED)


@dataclass(frozen=True)
class Doomed:
    """The key of a row that may go, and how many bytes go with it."""

    key: Any
    size: int


def find_answers(session: Session, rules: Rules) -> list[Doomed]:
    """Return answers that are not given again any more; the key is caller and key."""
    size = func.length(IdempotentAnswer.body)
    query = select(IdempotentAnswer.caller, IdempotentAnswer.key, size).where(_is_old_answer(rules))
    return [Doomed((caller, key), size) for caller, key, size in session.execute(query)]


def remove_answers(session: Session, rules: Rules, keys: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Remove them; return which."""
    place = tuple_(IdempotentAnswer.caller, IdempotentAnswer.key)
    statement = delete(IdempotentAnswer).where(place.in_(keys), _is_old_answer(rules))
    removed = session.execute(
        statement.returning(IdempotentAnswer.caller, IdempotentAnswer.key),
        execution_options={"synchronize_session": False},
    )
    return [(caller, key) for caller, key in removed]


def _is_old_answer(rules: Rules) -> ColumnElement[bool]:
    return IdempotentAnswer.created_at < seconds_from_now(-rules.answers_seconds)


def find_workers(session: Session, rules: Rules) -> list[Doomed]:
    """Return workers that are gone; the key is the name."""
    return [Doomed(name, 0) for name in session.scalars(select(Worker.name).where(_is_gone(rules)))]


def remove_workers(session: Session, rules: Rules, names: Sequence[str]) -> Sequence[str]:
    """Remove them; return which."""
    return _removed(session, delete(Worker).where(Worker.name.in_(names), _is_gone(rules)), Worker.name)


def _is_gone(rules: Rules) -> ColumnElement[bool]:
    return Worker.seen_at < seconds_from_now(-rules.workers_seconds)


def find_checkpoints(session: Session, rules: Rules) -> list[Doomed]:
    """Return checkpoints from which no training goes on; the key is the id."""
    size = (
        select(func.coalesce(func.sum(func.length(CheckpointPart.content)), 0))
        .where(CheckpointPart.checkpoint_id == Checkpoint.id)
        .scalar_subquery()
    )
    return [Doomed(*row) for row in session.execute(select(Checkpoint.id, size).where(_is_useless(rules)))]


def remove_checkpoints(session: Session, rules: Rules, ids: Sequence[int]) -> Sequence[int]:
    """Remove them with their parts; return which."""
    return _removed(session, delete(Checkpoint).where(Checkpoint.id.in_(ids), _is_useless(rules)), Checkpoint.id)


def _is_useless(rules: Rules) -> ColumnElement[bool]:
    has_ended = exists().where(Training.id == Checkpoint.training_id, Training.state.in_(ENDED))
    is_old = Checkpoint.created_at < seconds_from_now(-rules.checkpoints_seconds)
    return or_(has_ended, and_(~Checkpoint.is_complete, is_old))


def find_trainings(session: Session, rules: Rules) -> list[Doomed]:
    """Return trainings that ended long ago; the key is the id, the size that of their reports."""
    size = func.length(Report.predicted) + func.length(Report.confidences) + func.length(Report.text)
    query = select(Training.id, func.coalesce(size, 0)).outerjoin(Report, Report.training_id == Training.id)
    return [Doomed(*row) for row in session.execute(query.where(_ended_long_ago(rules)))]


def remove_trainings(session: Session, rules: Rules, ids: Sequence[str]) -> Sequence[str]:
    """Remove them with their reports; return which. Versions of models that came out of them stay."""
    return _removed(session, delete(Training).where(Training.id.in_(ids), _ended_long_ago(rules)), Training.id)


def _ended_long_ago(rules: Rules) -> ColumnElement[bool]:
    if rules.trainings_seconds is None:
        return false()
    ended_at = func.coalesce(Training.finished_at, Training.created_at)
    return and_(Training.state.in_(ENDED), ended_at < seconds_from_now(-rules.trainings_seconds))


def find_batches(session: Session, rules: Rules) -> list[Doomed]:
    """Return batches of predictions that ended long ago; the key is the id, the size that of their answers."""
    size = (
        select(func.coalesce(func.sum(func.length(BatchChunk.top) + func.length(BatchChunk.probabilities)), 0))
        .where(BatchChunk.batch_id == PredictionBatch.id)
        .scalar_subquery()
    )
    query = select(PredictionBatch.id, size).where(_is_old_batch(rules))
    return [Doomed(*row) for row in session.execute(query)]


def remove_batches(session: Session, rules: Rules, ids: Sequence[str]) -> Sequence[str]:
    """Remove them with their results; return which."""
    statement = delete(PredictionBatch).where(PredictionBatch.id.in_(ids), _is_old_batch(rules))
    return _removed(session, statement, PredictionBatch.id)


def _is_old_batch(rules: Rules) -> ColumnElement[bool]:
    if rules.batches_seconds is None:
        return false()
    ended_at = func.coalesce(PredictionBatch.finished_at, PredictionBatch.created_at)
    return and_(PredictionBatch.state.in_(ENDED), ended_at < seconds_from_now(-rules.batches_seconds))


def find_batch_inputs(session: Session, rules: Rules) -> list[Doomed]:
    """Return pictures that came in for a batch which never was, because the API was killed; the key is the id."""
    query = select(BatchInput.batch_id, BatchInput.size).where(_is_nobodys(rules))
    return [Doomed(*row) for row in session.execute(query)]


def remove_batch_inputs(session: Session, rules: Rules, ids: Sequence[str]) -> Sequence[str]:
    """Remove them; return which."""
    statement = delete(BatchInput).where(BatchInput.batch_id.in_(ids), _is_nobodys(rules))
    return _removed(session, statement, BatchInput.batch_id)


def _is_nobodys(rules: Rules) -> ColumnElement[bool]:
    waits = exists().where(PredictionBatch.id == BatchInput.batch_id, PredictionBatch.state.not_in(ENDED))
    return and_(~waits, BatchInput.created_at < seconds_from_now(-rules.leftovers_seconds))


def find_artefacts(session: Session, rules: Rules) -> list[Doomed]:
    """Return artefacts that nothing points to, or only trainings that may go; the key is the SHA-256."""
    staying = exists().where(
        TrainingArtefact.sha256 == Artefact.sha256,
        TrainingArtefact.training_id == Training.id,
        ~_ended_long_ago(rules),
    )
    served = or_(
        exists().where(ModelVersion.keras_sha256 == Artefact.sha256),
        exists().where(ModelVersion.onnx_sha256 == Artefact.sha256),
    )
    query = select(Artefact.sha256, Artefact.size).where(_is_old_artefact(rules), ~staying, ~served)
    return [Doomed(*row) for row in session.execute(query)]


def remove_artefacts(session: Session, rules: Rules, sha256s: Sequence[str]) -> Sequence[str]:
    """Remove those that nothing points to now; return which."""
    query = select(Artefact.sha256).where(Artefact.sha256.in_(sha256s), _is_old_artefact(rules))
    return storing.remove_unreferenced(session, session.scalars(query).all())


def _is_old_artefact(rules: Rules) -> ColumnElement[bool]:
    return Artefact.created_at < seconds_from_now(-rules.artefacts_seconds)


def _removed(session: Session, statement: Delete, key: InstrumentedAttribute[Any]) -> Sequence[Any]:
    return session.scalars(statement.returning(key), execution_options={"synchronize_session": False}).all()
