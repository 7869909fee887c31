"""Which report a training has, and what is in it."""

from itertools import pairwise
from math import isclose, isfinite

from sqlalchemy.orm import Session

from service.errors import NoReportYet
from service.receipts import queries as receipts
from service.records import Epoch, Report, Training, TrainingState
from service.reports import measures, queries
from service.reports.listing import Listing
from service.reports.measures import Answers
from service.reports.normalizing import normalized
from service.reports.schemas import (
    CalibrationReply,
    ConfidenceReply,
    ConfusionMatrixReply,
    CurvesReply,
    EpochReply,
    HistoryReply,
    IntervalReply,
    LearningRateStep,
    Normalize,
    ReportReply,
)
from service.trainings import operations as trainings
from service.trainings import replies


def report(session: Session, training_id: str) -> ReportReply:
    """Return the whole report but for single images; raise NoReportYet."""
    training, found = find(session, training_id)
    answers = _answers(session, training_id)
    return ReportReply(
        training=training.id,
        dataset=training.dataset,
        classes=list(queries.class_names(session, training_id)),
        test_count=found.test_count,
        test_loss=found.test_loss,
        test_accuracy=found.test_accuracy,
        misclassified_count=found.misclassified_count,
        confidence_interval=interval(found),
        calibration=CalibrationReply.model_validate(measures.calibration(answers), from_attributes=True),
        confidence=None if found.confidence is None else ConfidenceReply.model_validate(found.confidence),
        top_k=found.top_k,
        classification=found.classification,
        notes=found.notes["notes"],
        receipt=None if receipts.receipt(session, training_id) is None else f"/v1/trainings/{training_id}/receipt.json",
    )


def confusion_matrix(session: Session, training_id: str, normalize: Normalize | None) -> ConfusionMatrixReply:
    """Return the confusion matrix, as counts or as shares; raise NoReportYet."""
    _, found = find(session, training_id)
    matrix = found.confusion_matrix["matrix"]
    return ConfusionMatrixReply(
        training=training_id,
        classes=list(queries.class_names(session, training_id)),
        normalize=normalize,
        matrix=matrix if normalize is None else normalized(matrix, normalize).tolist(),
    )


def history(session: Session, training_id: str) -> HistoryReply:
    """Return the figures of every epoch so far."""
    trainings.find(session, training_id)
    return HistoryReply(training=training_id, epochs=_epochs(session, training_id))


def curves(session: Session, training_id: str) -> CurvesReply:
    """Return the figures of every epoch so far, where the learning rate changed, and the best epoch."""
    trainings.find(session, training_id)
    epochs = _epochs(session, training_id)
    return CurvesReply(
        training=training_id,
        epochs=epochs,
        learning_rate_steps=_steps(epochs),
        best_epoch=_best(epochs),
    )


def _epochs(session: Session, training_id: str) -> list[EpochReply]:
    found: list[Epoch] = list(queries.epochs(session, training_id))
    return [EpochReply.model_validate(epoch, from_attributes=True) for epoch in found]


def _steps(epochs: list[EpochReply]) -> list[LearningRateStep]:
    return [
        LearningRateStep(epoch=now.epoch, learning_rate=now.learning_rate, before=before.learning_rate)
        for before, now in pairwise(epochs)
        if not isclose(before.learning_rate, now.learning_rate, rel_tol=1e-6)
    ]


def _best(epochs: list[EpochReply]) -> int | None:
    measured = [(one.val_accuracy, -one.epoch) for one in epochs if one.val_accuracy is not None]
    finite = [one for one in measured if isfinite(one[0])]
    return -max(finite)[1] if finite else None


def listing(session: Session, training_id: str) -> Listing:
    """Return every test prediction; raise NoReportYet."""
    training, _ = find(session, training_id)
    names = queries.class_names(session, training_id)
    return Listing(training_id, training.dataset, names, _answers(session, training_id))


def artefact_sha256(session: Session, training_id: str, artefact_format: str) -> str:
    """Return the SHA-256 of what the training produced; raise NoReportYet."""
    training = trainings.find(session, training_id)
    sha256 = queries.artefact_sha256(session, training_id, artefact_format)
    if sha256 is None:
        raise _nothing_yet(training, "model")
    return sha256


def find(session: Session, training_id: str) -> tuple[Training, Report]:
    """Return a training and its report; raise UnknownTraining, or NoReportYet with the reason."""
    training = trainings.find(session, training_id)
    found = queries.report(session, training_id)
    if found is None:
        raise _nothing_yet(training, "report")
    return training, found


def named(training: Training) -> str:
    """Return what was trained on what, in words."""
    return f"{training.network or 'a network of its own'} on {training.dataset}"


def interval(report: Report) -> IntervalReply:
    """Return where the true accuracy lies, with a confidence of 95 %."""
    right = report.test_count - report.misclassified_count
    return IntervalReply.model_validate(measures.wilson(right, report.test_count), from_attributes=True)


def _answers(session: Session, training_id: str) -> Answers:
    answers = queries.answers(session, training_id)
    assert answers is not None, "the report was there a moment ago, in the same transaction"
    return answers


def _nothing_yet(training: Training, what: str) -> NoReportYet:
    state = replies.visible_state(training)
    seconds = replies.poll_after_seconds(training)
    if seconds is not None:
        return NoReportYet(
            f"The training is {state}; there is a {what} when it has succeeded. Ask again in {seconds} s.",
            retry_after_seconds=seconds,
        )
    if training.state == TrainingState.FAILED:
        ended = f"failed ({training.error_type}: {training.error_detail})"
    else:
        ended = f"was {state}"
    return NoReportYet(f"The training {ended}, so there will be no {what}. Submit it again.")
