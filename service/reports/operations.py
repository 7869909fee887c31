"""Which report a training has, and in what words."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from service.edge import cursors
from service.errors import BadCursor, Fault, InvalidFields, NoReportYet, unknown
from service.records import Report, Training, TrainingState
from service.reports import measures, queries
from service.reports.listing import Listing
from service.reports.measures import Answers
from service.reports.queries import Pair
from service.reports.schemas import (
    CalibrationReply,
    ConfusionMatrixReply,
    EpochReply,
    HistoryReply,
    IntervalReply,
    MisclassifiedPage,
    MisclassifiedReply,
    ReportReply,
)
from service.trainings import operations as trainings
from service.trainings import replies


@dataclass(frozen=True)
class MisclassifiedRequest:
    """Which misclassified examples a client asks for; the classes by name."""

    true: str | None
    predicted: str | None
    cursor: str | None
    limit: int


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
        confidence_interval=_interval(found),
        calibration=CalibrationReply.model_validate(measures.calibration(answers), from_attributes=True),
        top_k=found.top_k,
        classification=found.classification,
        notes=found.notes["notes"],
    )


def report_text(session: Session, training_id: str) -> str:
    """Return the classification report as scikit-learn's text, with what one must know below it."""
    training, found = find(session, training_id)
    right = found.test_count - found.misclassified_count
    interval = _interval(found)
    lines = [
        found.text.rstrip("\n"),
        "",
        f"{training.network or 'a network of its own'} on {training.dataset}, training {training.id}",
        f"test accuracy {found.test_accuracy:.4f} ({right:,} of {found.test_count:,}), test loss {found.test_loss:.4f}",
        f"95 % confidence interval of the accuracy: {interval.low:.4f} to {interval.high:.4f} (Wilson score)",
        *(f"note: {note}" for note in found.notes["notes"]),
    ]
    return "\n".join(lines) + "\n"


def confusion_matrix(session: Session, training_id: str) -> ConfusionMatrixReply:
    """Return the confusion matrix; raise NoReportYet."""
    _, found = find(session, training_id)
    return ConfusionMatrixReply(
        training=training_id,
        classes=list(queries.class_names(session, training_id)),
        matrix=found.confusion_matrix["matrix"],
    )


def confusion_matrix_csv(session: Session, training_id: str) -> str:
    """Return the confusion matrix with a row a true class; the first row names the predicted classes."""
    found = confusion_matrix(session, training_id)
    header = ["true \\ predicted", *found.classes]
    return _csv(header, ([name, *row] for name, row in zip(found.classes, found.matrix, strict=True)))


def history(session: Session, training_id: str) -> HistoryReply:
    """Return the figures of every epoch so far."""
    trainings.find(session, training_id)
    found = queries.epochs(session, training_id)
    return HistoryReply(
        training=training_id, epochs=[EpochReply.model_validate(epoch, from_attributes=True) for epoch in found]
    )


def history_csv(session: Session, training_id: str) -> str:
    """Return the figures of every epoch, a row an epoch."""
    found = history(session, training_id)
    return _csv(list(EpochReply.model_fields), (epoch.model_dump().values() for epoch in found.epochs))


def misclassified(
    session: Session, training_id: str, request: MisclassifiedRequest
) -> tuple[MisclassifiedPage, str | None]:
    """Return a page of misclassified examples and the cursor of the next one."""
    training, found = find(session, training_id)
    names = list(queries.class_names(session, training_id))
    pair = Pair(_class_index(names, "true", request.true), _class_index(names, "predicted", request.predicted))
    after = None if request.cursor is None else _after(cursors.decode(request.cursor, (training_id, pair)))
    examples = queries.misclassified(session, training_id, pair, after, request.limit + 1)
    shown = examples[: request.limit]
    page = MisclassifiedPage(
        training=training_id,
        count=found.misclassified_count,
        misclassified=[
            MisclassifiedReply(
                index=example.test_index,
                true=names[example.true_class],
                predicted=names[example.predicted_class],
                confidence=example.confidence,
                image=f"/v1/datasets/{training.dataset}/samples/test/{example.test_index}.png",
            )
            for example in shown
        ],
        next=None,
    )
    has_more = len(examples) > request.limit
    return page, cursors.encode([shown[-1].test_index], (training_id, pair)) if has_more else None


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
    """Return a training and its report; raise UnknownTraining, NoReportYet."""
    training = trainings.find(session, training_id)
    found = queries.report(session, training_id)
    if found is None:
        raise _nothing_yet(training, "report")
    return training, found


def _answers(session: Session, training_id: str) -> Answers:
    answers = queries.answers(session, training_id)
    assert answers is not None, "the report was there a moment ago, in the same transaction"
    return answers


def _interval(report: Report) -> IntervalReply:
    right = report.test_count - report.misclassified_count
    return IntervalReply.model_validate(measures.wilson(right, report.test_count), from_attributes=True)


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


def _class_index(names: Sequence[str], parameter: str, name: str | None) -> int | None:
    if name is None:
        return None
    if name not in names:
        advice = unknown(name, names, "class")
        raise InvalidFields.of([Fault(parameter, advice)])
    return names.index(name)


def _after(place: list[object]) -> int:
    if len(place) == 1 and type(place[0]) is int and 0 <= place[0] < 2**31:
        return place[0]
    raise BadCursor("The cursor is not one of ours. Take it from `next` of the page before.")


def _csv(header: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
