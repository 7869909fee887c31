"""The classification report: scikit-learn's table, as text, CSV and LaTeX."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from service.reports.documents import About, Row, Table
from service.reports.renderings.tables import harmless, written

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


def table(classification: dict[str, Any], names: Sequence[str]) -> Table:
    """Return scikit-learn's `output_dict` as rows."""

    def row(name: str) -> Row:
        found = classification[name]
        return Row(name, found["precision"], found["recall"], found["f1-score"], int(found["support"]))

    averages = tuple(row(name) for name in AVERAGES)
    accuracy = Row("accuracy", None, None, classification["accuracy"], averages[0].support)
    return Table(tuple(row(name) for name in names), (accuracy, *averages))


def as_text(found: Table) -> str:
    """Return the table as scikit-learn's `classification_report` writes it, to the letter: two digits."""
    width = max(len(row.name) for row in _rows(found))
    lines = [f"{'':>{width}} " + "".join(f" {name:>9}" for name in HEADER[1:]), ""]
    lines += [_text_line(row, width) for row in found.classes]
    lines.append("")
    lines += [_text_line(row, width) for row in found.averages]
    return "\n".join(lines) + "\n"


def _text_line(row: Row, width: int) -> str:
    parts = ("" if part is None else f"{part:.2f}" for part in (row.precision, row.recall, row.f1))
    return f"{row.name:>{width}} " + "".join(f" {part:>9}" for part in parts) + f" {row.support:>9}"


def as_csv(found: Table) -> str:
    """Return a row a class, then the averages; the accuracy stands in the column of f1, as in scikit-learn's text."""
    return written(
        HEADER, ((harmless(one.name), one.precision, one.recall, one.f1, one.support) for one in _rows(found))
    )


def as_text_with_notes(about: About) -> str:
    """Return scikit-learn's text, with what one must know below it."""
    lines = [
        about.text.rstrip("\n"),
        "",
        f"{about.what}, training {about.training}",
        f"test accuracy {about.test_accuracy:.4f} ({about.right:,} of {about.test_count:,}), test loss {about.test_loss:.4f}",
        f"95 % confidence interval of the accuracy: {about.interval.low:.4f} to {about.interval.high:.4f} (Wilson score)",
        *(f"note: {note}" for note in about.notes),
    ]
    return "\n".join(lines) + "\n"


def as_tex(about: About) -> str:
    """Return a table for LaTeX with the package booktabs."""
    found = about.table
    caption = f"Classification report of {about.what} (training {about.training}), {about.test_count:,} test images."
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
    cells = [
        _escaped(row.name),
        *("" if part is None else f"{part:.4f}" for part in (row.precision, row.recall, row.f1)),
    ]
    return " & ".join([*cells, f"{row.support:d}"]) + " \\\\"


def _escaped(text: str) -> str:
    return "".join(FORBIDDEN.get(letter, letter) for letter in " ".join(text.split()))
