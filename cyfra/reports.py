"""What the test set said about a training."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from cyfra.connection import Connection
from cyfra.following import path_of
from cyfra.markup import bar, block, quiet, strong, table
from cyfra.reading import read
from cyfra.wording import count, percent

AVERAGES: Final = ("micro avg", "macro avg", "weighted avg")


@dataclass(frozen=True)
class Interval:
    """Between which two shares the true accuracy lies, with the probability `level`."""

    level: float
    low: float
    high: float
    method: str = ""


@dataclass(frozen=True)
class Bin:
    """The test images that were answered with a confidence above `low` and up to `high`, and what share was right."""

    low: float
    high: float
    count: int
    confidence: float | None = None
    accuracy: float | None = None


@dataclass(frozen=True)
class Calibration:
    """How far the network's confidence can be trusted: an `expected_error` of 0 is best."""

    expected_error: float
    bins: tuple[Bin, ...] = ()


@dataclass(frozen=True)
class Row:
    """A class of the classification report, or an average over them."""

    name: str
    precision: float
    recall: float
    f1_score: float
    support: int


@dataclass(frozen=True)
class _Figures:
    precision: float
    recall: float
    f1_score: float = field(metadata={"json": "f1-score"})
    support: float


@dataclass(frozen=True)
class Report:
    """The classification report, and what one must know to judge it.

    `print(report)` gives scikit-learn's table, a notebook shows it with bars; `save("report.pdf")` writes all of it.
    """

    training: str
    dataset: str
    classes: tuple[str, ...]
    test_count: int
    test_loss: float
    test_accuracy: float
    misclassified_count: int
    classification: Mapping[str, object]
    """As scikit-learn's `classification_report(output_dict=True)`."""
    _connection: Connection = field(repr=False, compare=False)
    notes: tuple[str, ...] = ()
    confidence_interval: Interval | None = None
    calibration: Calibration | None = None
    top_k: Mapping[str, float] | None = None
    """`top_k["3"]` is the share of test images whose class is among the three likeliest ones."""

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Each class, in the order of the report."""
        return tuple(row for row in self._all_rows() if row.name not in AVERAGES)

    @cached_property
    def averages(self) -> tuple[Row, ...]:
        """The averages over the classes: `macro avg` counts each class alike, `weighted avg` each image."""
        return tuple(row for row in self._all_rows() if row.name in AVERAGES)

    @property
    def text(self) -> str:
        """The service's own text: scikit-learn's report with the notes below it."""
        return self._connection.get(f"{path_of(self.training)}/report.txt").text

    def save(self, path: str | Path) -> Path:
        """Write the report to a file; its suffix says how: `.html` or `.pdf` hold everything, `.csv` and `.tex` the table."""
        path = Path(path)
        path.write_bytes(self._connection.content(f"{path_of(self.training)}/report{path.suffix.lower() or '.txt'}"))
        return path

    def _all_rows(self) -> Iterator[Row]:
        for name, figures in self.classification.items():
            if isinstance(figures, Mapping):
                found = read(_Figures, figures)
                yield Row(name, found.precision, found.recall, found.f1_score, int(found.support))

    @property
    def _accuracy_text(self) -> str:
        right = self.test_count - self.misclassified_count
        between = self.confidence_interval
        told = f"test accuracy {percent(self.test_accuracy)}, {right:,} of {self.test_count:,}"
        if between is not None:
            told += f" ({100 * between.level:.0f} % interval: {percent(between.low)} to {percent(between.high)})"
        return f"{told}, test loss {self.test_loss:.4f}"

    def __str__(self) -> str:
        """Return scikit-learn's table, and the accuracy in a sentence."""
        width = max(len(row.name) for row in (*self.rows, *self.averages, Row("weighted avg", 0, 0, 0, 0)))
        lines = [" " * width + "  precision    recall  f1-score   support", ""]
        for group in (self.rows, self.averages):
            lines += [
                f"{row.name:>{width}}  {row.precision:9.4f} {row.recall:9.4f} {row.f1_score:9.4f} {row.support:9,}"
                for row in group
            ]
            lines.append("")
        return "\n".join([*lines, self._accuracy_text, *(f"note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        headings = ("", "precision", "recall", "f1-score", "", "support")
        rows = [
            (
                strong(row.name) if row in self.averages else row.name,
                f"{row.precision:.4f}",
                f"{row.recall:.4f}",
                f"{row.f1_score:.4f}",
                bar(row.f1_score, width="6em", label=f"f1-score {row.f1_score:.4f}"),
                count(row.support),
            )
            for row in (*self.rows, *self.averages)
        ]
        return block(
            strong(self._accuracy_text.capitalize()),
            table(headings, rows, ("left",)),
            *(quiet(f"Note: {note}") for note in self.notes),
        )
