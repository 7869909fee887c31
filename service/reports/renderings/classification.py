"""The classification report: scikit-learn's table, as text, CSV and LaTeX."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from service.reports.renderings.tables import written

AVERAGES: Final = ("macro avg", "weighted avg")
HEADER: Final = ("class", "precision", "recall", "f1-score", "support")
FORBIDDEN: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


@dataclass(frozen=True)
class Row:
    """One line of the table: a class, or an average. The accuracy has neither precision nor recall."""

    name: str
    precision: float | None
    recall: float | None
    f1: float
    support: int


@dataclass(frozen=True)
class Table:
    """scikit-learn's classification report."""

    classes: tuple[Row, ...]
    averages: tuple[Row, ...]


def table(classification: dict[str, Any], names: Sequence[str]) -> Table:
    """Return scikit-learn's `output_dict` as rows."""

    def row(name: str) -> Row:
        found = classification[name]
        return Row(name, found["precision"], found["recall"], found["f1-score"], int(found["support"]))

    averages = tuple(row(name) for name in AVERAGES)
    accuracy = Row("accuracy", None, None, classification["accuracy"], averages[0].support)
    return Table(tuple(row(name) for name in names), (accuracy, *averages))


def as_csv(found: Table) -> str:
    """Return a row a class, then the averages; the accuracy stands in the column of f1, as in scikit-learn's text."""
    return written(HEADER, ((one.name, one.precision, one.recall, one.f1, one.support) for one in _rows(found)))


def as_tex(found: Table, caption: str) -> str:
    """Return a table for LaTeX with the package booktabs."""
    lines = [
        "% \\usepackage{booktabs}",
        "\\begin{table}",
        "  \\centering",
        f"  \\caption{{{_escaped(caption)}}}",
        "  \\begin{tabular}{lrrrr}",
        "    \\toprule",
        "    " + " & ".join(HEADER) + " \\\\",
        "    \\midrule",
        *(f"    {_line(row)}" for row in found.classes),
        "    \\midrule",
        *(f"    {_line(row)}" for row in found.averages),
        "    \\bottomrule",
        "  \\end{tabular}",
        "\\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _rows(found: Table) -> Iterator[Row]:
    yield from found.classes
    yield from found.averages


def _line(row: Row) -> str:
    cells = [_escaped(row.name), *("" if part is None else f"{part:.4f}" for part in (row.precision, row.recall, row.f1))]
    return " & ".join([*cells, f"{row.support:d}"]) + " \\\\"


def _escaped(text: str) -> str:
    return "".join(FORBIDDEN.get(letter, letter) for letter in " ".join(text.split()))
