"""What the labels say about the answers: the measures of `service.reports`, over a batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from service.batches import results
from service.batches.results import Decoded
from service.database import Database
from service.inference.calibration import VERDICTS, Verdict
from service.reports.measures import Answers

MOST_CONFUSIONS: Final = 12


@dataclass(frozen=True)
class VerdictFigures:
    """How many answers had a verdict, and how many of them were wrong."""

    count: int
    wrong: int


@dataclass(frozen=True, eq=False)
class Figures:
    """The answers that count, the (k, k) matrix whose rows are true classes, and the table of classes."""

    answers: Answers
    matrix: NDArray[np.int64]
    classification: dict[str, Any]
    verdicts: dict[str, VerdictFigures] | None = None

    @property
    def right(self) -> int:
        """How many answers were right."""
        return int(self.answers.right.sum())


def measure(database: Database, batch_id: str, classes: tuple[str, ...]) -> Figures:
    """Return the figures of the pictures that have an answer and a label."""
    true, predicted, confidence, verdicts = [], [], [], []
    for chunk in results.chunks(database, batch_id):
        found = Decoded.of(chunk)
        counts = found.true >= 0
        counts[[int(place) for place in chunk.errors]] = False
        true.append(found.true[counts])
        predicted.append(found.top[counts, 0])
        confidence.append(found.probabilities[counts, 0])
        verdicts.append(
            [found.verdicts[place] for place in np.flatnonzero(counts)] if found.verdicts is not None else None
        )
    if not true:
        true, predicted, confidence = [np.zeros(0, np.int16)], [np.zeros(0, np.uint16)], [np.zeros(0, np.float32)]
    answers = Answers(np.concatenate(true).astype(np.uint16), np.concatenate(predicted), np.concatenate(confidence))
    matrix = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(matrix, (answers.true, answers.predicted), 1)
    return Figures(answers, matrix, classification(matrix, classes), _of_verdicts(answers, verdicts))


def _of_verdicts(answers: Answers, chunks: Sequence[Sequence[Verdict] | None]) -> dict[str, VerdictFigures] | None:
    """Return the figures of each verdict; None where a model gave none, as to a batch without a picture that counts."""
    known = [chunk for chunk in chunks if chunk is not None]
    verdicts = np.array([verdict for chunk in known for verdict in chunk], dtype=object)
    if len(verdicts) != len(answers.true) or not len(verdicts):
        return None
    return {
        verdict: VerdictFigures(int((verdicts == verdict).sum()), int(((verdicts == verdict) & ~answers.right).sum()))
        for verdict in VERDICTS
    }


def classification(matrix: NDArray[np.int64], classes: tuple[str, ...]) -> dict[str, Any]:
    """Return scikit-learn's `classification_report(output_dict=True, zero_division=0)` of a confusion matrix.

    With tp the diagonal: precision is tp over the column's sum, recall tp over the row's, f1 their harmonic mean.
    """
    hits = np.diag(matrix).astype(np.float64)
    support, called = matrix.sum(axis=1).astype(np.float64), matrix.sum(axis=0).astype(np.float64)
    columns = {
        "precision": _shares(hits, called),
        "recall": _shares(hits, support),
        "f1-score": _shares(2 * hits, called + support),
    }
    found: dict[str, Any] = {
        name: {
            **{measure: float(column[index]) for measure, column in columns.items()},
            "support": float(support[index]),
        }
        for index, name in enumerate(classes)
    }
    total = float(support.sum())
    found["accuracy"] = float(hits.sum() / max(1.0, total))
    weights = support / max(1.0, total)
    found["macro avg"] = {name: float(column.mean()) for name, column in columns.items()} | {"support": total}
    found["weighted avg"] = {name: float(column @ weights) for name, column in columns.items()} | {"support": total}
    return found


def confusions(matrix: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """Return the most frequent mistakes: true class, predicted class, how often."""
    wrong = matrix - np.diag(np.diag(matrix))
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_CONFUSIONS]
    places = zip(*np.unravel_index(order, wrong.shape), strict=True)
    return [
        (int(true), int(predicted), int(wrong[true, predicted])) for true, predicted in places if wrong[true, predicted]
    ]


def _shares(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
