"""Which trainings can be compared, and what comes of it."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from service.comparisons import significance
from service.comparisons.drawing import Curve
from service.comparisons.findings import finding, name_of
from service.comparisons.schemas import (
    AccuracyReply,
    ComparedReply,
    ComparisonReply,
    McNemarReply,
    PairedExample,
    PairReply,
)
from service.comparisons.significance import McNemar
from service.errors import Fault, InvalidFields, UnknownSample
from service.images.sets.samples import contact_sheet_png
from service.records import Report, Training
from service.reports import measures
from service.reports import operations as reports
from service.reports import queries as report_queries
from service.reports.measures import Answers
from service.reports.schemas import EpochReply
from service.sets.opening import open_trained_on
from service.settings import Settings
from service.trainings import operations as trainings


@dataclass(frozen=True)
class Compared:
    """A training that has a report, and what it answered about each test image."""

    training: Training
    report: Report
    answers: Answers
    classes: Sequence[str]


@dataclass(frozen=True)
class PictureSheet:
    """Which pictures are wanted of what one training got right and the other wrong: `right` is one of the two ids."""

    right: str
    count: int


def find(session: Session, ids: Sequence[str]) -> list[Training]:
    """Return the trainings in their order; raise UnknownTraining, or InvalidFields for one that is named twice."""
    twice = next((each for each in ids if ids.count(each) > 1), None)
    if twice is not None:
        raise InvalidFields.of([Fault("training", f"{twice[:50]} is named twice; a training is compared with others")])
    return [trainings.find(session, each) for each in ids]


def fingerprint(found: Sequence[Training], *rest: object) -> str:
    """Return what stays the same as long as an answer about these trainings does: their versions, and ours."""
    of_each = [(training.id, training.version) for training in found]
    return sha256(repr((version("cyfra"), of_each, rest)).encode()).hexdigest()[:32]


def compare(session: Session, found: Sequence[Training], examples: int) -> ComparisonReply:
    """Return the comparison, with so many `examples` a side of each pair.

    Raise NoReportYet, or InvalidFields where they were not tested on the same data set.
    """
    compared = _tested_alike(session, found)
    pairs = list(combinations(compared, 2))
    tests = [significance.mcnemar(*_only_right(a, b)) for a, b in pairs]
    corrected = significance.holm([test.p_value for test in tests])
    return ComparisonReply(
        trainings=[_compared(each) for each in compared],
        pairs=[
            _pair(a, b, test, p_value, len(pairs), examples)
            for (a, b), test, p_value in zip(pairs, tests, corrected, strict=True)
        ],
        curves={training.id: epochs(session, training) for training in found},
    )


def compare_csv(session: Session, found: Sequence[Training]) -> str:
    """Return the figures of each training, a row each; raise as `compare` does."""
    rows = [_compared(each) for each in _tested_alike(session, found)]
    text = io.StringIO()
    writer = csv.writer(text)
    plain = [name for name in ComparedReply.model_fields if name not in {"test_accuracy", "notes"}]
    writer.writerow([*plain, "test_accuracy", "test_accuracy_low", "test_accuracy_high"])
    for row in rows:
        accuracy = row.test_accuracy
        writer.writerow([*(getattr(row, name) for name in plain), accuracy.value, accuracy.low, accuracy.high])
    return text.getvalue()


def pictures(session: Session, settings: Settings, found: Sequence[Training], wanted: PictureSheet) -> bytes:
    """Return a sheet (PNG) of what one of two trainings got right and the other wrong, each above `true:predicted`.

    Raise InvalidFields unless there are two on the same data set and `right` is one of them, UnknownSample if there is none.
    """
    ids = [training.id for training in found]
    if len(ids) != 2:
        raise InvalidFields.of([Fault("training", f"Received {len(ids)}; pictures are of what one of two got right")])
    if wanted.right not in ids:
        raise InvalidFields.of([Fault("right", f"Received {wanted.right[:50]!r}; it is one of {' and '.join(ids)}")])
    compared = _tested_alike(session, found)
    right, wrong = compared if ids[0] == wanted.right else reversed(compared)
    indices = _surest_mistakes(right, wrong, wanted.count)
    if not indices:
        raise UnknownSample(f"There is no test image that {right.training.id} got right and {wrong.training.id} wrong.")
    names, mistaken = right.classes, wrong.answers
    captions = [f"{names[mistaken.true[index]]}:{names[mistaken.predicted[index]]}" for index in indices]
    data = open_trained_on(session, settings, found[0].dataset, found[0].dataset_sha256)
    return contact_sheet_png(data, "test", indices, captions)


def curves(session: Session, found: Sequence[Training]) -> tuple[Curve, ...]:
    """Return what there is of each training's curves, also of those that still run."""
    return tuple(
        Curve(
            name=name_of(training),
            dataset=training.dataset,
            epochs=tuple(each.epoch for each in rows),
            loss=tuple(each.loss for each in rows),
            accuracy=tuple(each.accuracy for each in rows),
            val_loss=tuple(each.val_loss for each in rows),
            val_accuracy=tuple(each.val_accuracy for each in rows),
        )
        for training, rows in ((training, epochs(session, training)) for training in found)
    )


def epochs(session: Session, training: Training) -> list[EpochReply]:
    """Return the figures of every epoch so far."""
    found = report_queries.epochs(session, training.id)
    return [EpochReply.model_validate(epoch, from_attributes=True) for epoch in found]


def _tested_alike(session: Session, found: Sequence[Training]) -> list[Compared]:
    """Return what is known of each; raise NoReportYet, or InvalidFields unless all were tested on the same images."""
    with_reports = [reports.find(session, training.id) for training in found]
    first = found[0]
    faults = [
        Fault("training", f"{training.id} was tested on {_tested_on(training)}, {first.id} on {_tested_on(first)}")
        for training in found[1:]
        if training.dataset_sha256 is None
        or (training.dataset, training.dataset_sha256) != (first.dataset, first.dataset_sha256)
    ]
    if faults:
        detail = f"{faults[0].detail}. Only answers to the same images can be compared, one by one."
        raise InvalidFields(detail, faults=faults)
    return [
        Compared(training, report, answers, report_queries.class_names(session, training.id))
        for training, report in with_reports
        if (answers := report_queries.answers(session, training.id)) is not None
    ]


def _tested_on(training: Training) -> str:
    return f"{training.dataset} (SHA-256 {(training.dataset_sha256 or 'not known')[:12]})"


def _compared(each: Compared) -> ComparedReply:
    training, report = each.training, each.report
    right = report.test_count - report.misclassified_count
    interval = measures.wilson(right, report.test_count)
    return ComparedReply(
        id=training.id,
        dataset=training.dataset,
        network=training.network,
        preset=training.preset,
        epochs=training.epoch,
        parameters=training.parameters or 0,
        compute_seconds=training.compute_seconds,
        test_count=report.test_count,
        test_accuracy=AccuracyReply(value=report.test_accuracy, low=interval.low, high=interval.high),
        test_loss=report.test_loss,
        notes=report.notes["notes"],
    )


def _only_right(a: Compared, b: Compared) -> tuple[int, int]:
    """How many images only a, and only b, got right."""
    return int((a.answers.right & ~b.answers.right).sum()), int((b.answers.right & ~a.answers.right).sum())


def _pair(a: Compared, b: Compared, test: McNemar, p_value: float, pairs: int, examples: int) -> PairReply:
    only_right = _only_right(a, b)
    return PairReply(
        a=a.training.id,
        b=b.training.id,
        both_right=int((a.answers.right & b.answers.right).sum()),
        only_a_right=only_right[0],
        only_b_right=only_right[1],
        both_wrong=int((~a.answers.right & ~b.answers.right).sum()),
        mcnemar=McNemarReply(method=test.method, statistic=test.statistic, p_value=test.p_value, p_value_holm=p_value),
        finding=finding((name_of(a.training), name_of(b.training)), only_right, p_value, pairs),
        only_a_right_examples=_examples(a, b, _surest_mistakes(a, b, examples)),
        only_b_right_examples=_examples(a, b, _surest_mistakes(b, a, examples)),
    )


def _surest_mistakes(right: Compared, wrong: Compared, count: int) -> list[int]:
    """Return the test indices of what only one got right, those that the other was surest of first."""
    indices: NDArray[np.intp] = np.flatnonzero(right.answers.right & ~wrong.answers.right)
    order = np.argsort(-wrong.answers.confidence[indices], kind="stable")
    chosen: list[int] = indices[order][:count].tolist()
    return chosen


def _examples(a: Compared, b: Compared, indices: Sequence[int]) -> list[PairedExample]:
    names = a.classes
    return [
        PairedExample(
            index=index,
            true=names[a.answers.true[index]],
            predicted_by_a=names[a.answers.predicted[index]],
            predicted_by_b=names[b.answers.predicted[index]],
            image=f"/v1/datasets/{a.training.dataset}/samples/test/{index}.png",
        )
        for index in indices
    ]
