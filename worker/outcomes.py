"""What a training leaves behind, in one transaction: artefacts, report, model versions and `succeeded`, or none of it."""

from dataclasses import asdict, dataclass

import numpy as np
from sqlalchemy import inspect, update
from sqlalchemy.orm import Session

from service.database import Database
from service.images.expectation import Expectation
from service.records import (
    Base,
    ClassFigures,
    MisclassifiedExample,
    Model,
    ModelVersion,
    Receipt,
    Report,
    Rerun,
    TrainingArtefact,
    TrainingState,
    storing,
)
from service.records.base import Json
from service.records.inserting import insert
from service.records.models import DEFAULT_MODEL
from worker import claims
from worker.claims import Claim
from worker.learning.evaluation import Evaluation
from worker.learning.weights import Weights
from worker.stopping import Cancelled


@dataclass(frozen=True)
class Outcome:
    """A trained network and what the test set said about it; of a rerun also how its weights differ from the original's."""

    dataset: str
    dataset_sha256: str
    expects: Expectation
    classes: tuple[str, ...]
    parameters: int
    evaluation: Evaluation
    notes: tuple[str, ...]
    keras: bytes
    onnx: bytes
    weights: Weights
    confidence: Json | None = None
    difference: Json | None = None


def store(database: Database, claim: Claim, outcome: Outcome) -> None:
    """Store everything and end the training as succeeded; raise LeaseLost, or Cancelled if that came first."""
    with database.transaction() as session:
        if claims.is_cancel_requested(session, claim):
            raise Cancelled
        artefacts = {name: storing.store(session, content) for name, content in _contents(outcome).items()}
        session.add_all(
            TrainingArtefact(training_id=claim.training_id, format=name, sha256=sha256)
            for name, sha256 in artefacts.items()
        )
        session.add(_report(claim, outcome))
        session.add(_receipt(claim, outcome.weights))
        if outcome.difference is not None:
            _tell_difference(session, claim, outcome.difference)
        session.flush()
        session.add_all(_rows_of_report(claim, outcome.evaluation))
        if claim.register_as is not None:
            _insert_unless_there(session, Model, name=claim.register_as, latest_version=0)
            _add_version(session, claim, outcome, artefacts, claim.register_as)
        if (
            outcome.expects.handwriting
            and claim.register_as != DEFAULT_MODEL
            and _insert_unless_there(session, Model, name=DEFAULT_MODEL, latest_version=0)
        ):
            _add_version(session, claim, outcome, artefacts, DEFAULT_MODEL)
        session.flush()
        # Last, because it locks the owner's row: claims wait for that, and the bytes take a while.
        claims.finish(
            session,
            claim,
            TrainingState.SUCCEEDED,
            dataset_sha256=outcome.dataset_sha256,
            parameters=outcome.parameters,
            test_loss=outcome.evaluation.test_loss,
            test_accuracy=outcome.evaluation.test_accuracy,
        )


def _contents(outcome: Outcome) -> dict[str, bytes]:
    return {"keras": outcome.keras, "onnx": outcome.onnx}


def _insert_unless_there(session: Session, record: type[Base], **columns: object) -> bool:
    """Insert a row and return True; return False if its key is taken, by another transaction too."""
    statement = insert(session, record).values(**columns).on_conflict_do_nothing()
    return session.execute(statement.returning(*inspect(record).primary_key)).first() is not None


def _add_version(session: Session, claim: Claim, outcome: Outcome, artefacts: dict[str, str], name: str) -> None:
    version = session.scalars(
        update(Model)
        .where(Model.name == name)
        .values(latest_version=Model.latest_version + 1)
        .returning(Model.latest_version),
        execution_options={"synchronize_session": False},
    ).one()
    session.add(
        ModelVersion(
            name=name,
            version=version,
            training_id=claim.training_id,
            dataset=outcome.dataset,
            input=vars(outcome.expects) | {},
            classes={"names": list(outcome.classes)},
            parameters=outcome.parameters,
            test_accuracy=outcome.evaluation.test_accuracy,
            keras_sha256=artefacts["keras"],
            onnx_sha256=artefacts["onnx"],
        )
    )


def _report(claim: Claim, outcome: Outcome) -> Report:
    evaluation = outcome.evaluation
    return Report(
        training_id=claim.training_id,
        test_count=len(evaluation.predicted),
        test_loss=evaluation.test_loss,
        test_accuracy=evaluation.test_accuracy,
        misclassified_count=len(evaluation.misclassified),
        classification=evaluation.classification_report,
        text=evaluation.classification_report_text,
        confusion_matrix={"matrix": evaluation.confusion_matrix.tolist()},
        notes={"notes": list(outcome.notes)},
        predicted=evaluation.predicted.astype("<u2").tobytes(),
        confidences=evaluation.confidence.astype(np.dtype("<f4")).tobytes(),
        confidence=outcome.confidence,
        top_k={str(k): fraction for k, fraction in evaluation.top_k.items()},
    )


def _receipt(claim: Claim, weights: Weights) -> Receipt:
    arrays = [asdict(each) for each in weights.arrays]
    return Receipt(training_id=claim.training_id, weights_sha256=weights.sha256, weights={"arrays": arrays})


def _tell_difference(session: Session, claim: Claim, difference: Json) -> None:
    session.execute(
        update(Rerun).where(Rerun.training_id == claim.training_id).values(difference=difference),
        execution_options={"synchronize_session": False},
    )


def _rows_of_report(claim: Claim, evaluation: Evaluation) -> list[Base]:
    figures = [
        ClassFigures(
            training_id=claim.training_id,
            class_index=index,
            class_name=one.name,
            precision=one.precision,
            recall=one.recall,
            f1=one.f1,
            support=one.support,
        )
        for index, one in enumerate(evaluation.classes)
    ]
    examples = [
        MisclassifiedExample(
            training_id=claim.training_id,
            test_index=one.index,
            true_class=one.true,
            predicted_class=one.predicted,
            confidence=one.confidence,
        )
        for one in evaluation.misclassified
    ]
    return [*figures, *examples]
