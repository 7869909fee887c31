"""Tables as CSV."""

import csv
import io
from collections.abc import Iterable, Sequence

from service.reports.schemas import ConfusionMatrixReply, EpochReply, HistoryReply

START_OF_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def confusion_matrix(found: ConfusionMatrixReply) -> str:
    """Return a row a true class; the first row names the predicted classes."""
    return matrix(found.classes, found.matrix)


def matrix(classes: Sequence[str], rows: Sequence[Sequence[float]]) -> str:
    """Return a row a true class; the first row names the predicted classes."""
    header = ["true \\ predicted", *(harmless(name) for name in classes)]
    return written(header, ([harmless(name), *row] for name, row in zip(classes, rows, strict=True)))


def history(found: HistoryReply) -> str:
    """Return a row an epoch."""
    return written(list(EpochReply.model_fields), (epoch.model_dump().values() for epoch in found.epochs))


def written(header: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """Return CSV (RFC 4180)."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def harmless(name: str) -> str:
    """Return a class's name so that a spreadsheet takes it for text, not for a formula."""
    return f"'{name}" if name.startswith(START_OF_FORMULA) else name
