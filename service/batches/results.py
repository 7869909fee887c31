"""Every answer of a batch, written out piece by piece: never all of them in memory."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from service.batches import queries
from service.database import Database
from service.inference.calibration import VERDICTS, Verdict
from service.inference.naming import digit_of, rounded
from service.records import BatchChunk
from service.reports.renderings.tables import harmless

COLUMNS: Final = ("name", "class", "confidence", "verdict", "true", "error")
CHUNKS_AT_ONCE: Final = 8


@dataclass(frozen=True)
class Results:
    """Whose answers, and what it takes to read them."""

    database: Database
    batch_id: str
    classes: tuple[str, ...]
    handwriting: bool


@dataclass(frozen=True, eq=False)
class Decoded:
    """A chunk's arrays: `(n, k)` likeliest classes and probabilities, `(n,)` labels (-1: none), and n verdicts or None."""

    top: NDArray[np.uint16]
    probabilities: NDArray[np.float32]
    true: NDArray[np.int16]
    verdicts: list[Verdict] | None

    @classmethod
    def of(cls, chunk: BatchChunk) -> "Decoded":
        """Return those of a chunk."""
        shape = (chunk.count, chunk.likeliest)
        true = np.full(chunk.count, -1, np.int16)
        return cls(
            np.frombuffer(chunk.top, np.dtype("<u2")).reshape(shape),
            np.frombuffer(chunk.probabilities, np.dtype("<f4")).reshape(shape),
            true if chunk.true is None else np.frombuffer(chunk.true, np.dtype("<i2")),
            None if chunk.verdicts is None else [VERDICTS[number] for number in chunk.verdicts],
        )


def chunks(database: Database, batch_id: str) -> Iterator[BatchChunk]:
    """Give all chunks in their order, a few in memory at a time."""
    start = 0
    while True:
        with database.reading() as session:
            found = queries.chunks(session, batch_id, start, CHUNKS_AT_ONCE)
        if not found:
            return
        yield from found
        start = found[-1].start + found[-1].count


def as_jsonl(results: Results) -> Iterator[str]:
    """Yield an object a line."""
    for chunk in chunks(results.database, results.batch_id):
        lines = (json.dumps(row, ensure_ascii=False) for row in _rows(results, chunk))
        yield "".join(f"{line}\n" for line in lines)


def as_csv(results: Results) -> Iterator[str]:
    """Yield a heading, and a row a picture."""
    yield _written([COLUMNS])
    for chunk in chunks(results.database, results.batch_id):
        yield _written(
            [
                harmless(row["name"]),
                harmless(row.get("label", "")),
                row.get("confidence", ""),
                row.get("verdict") or "",
                harmless(row.get("true", "")),
                row["error"]["type"] if "error" in row else "",
            ]
            for row in _rows(results, chunk)
        )


def _rows(results: Results, chunk: BatchChunk) -> Iterator[dict[str, Any]]:
    found = Decoded.of(chunk)
    columns = (chunk.names["names"], found.top.tolist(), found.probabilities, found.true.tolist())
    for place, (name, top, probabilities, true) in enumerate(zip(*columns, strict=True)):
        row: dict[str, Any] = {"index": chunk.start + place, "name": name}
        error = chunk.errors.get(str(place))
        if error is not None:
            row["error"] = error
        else:
            label = results.classes[top[0]]
            row["digit"] = digit_of(label, handwriting=results.handwriting)
            row["label"] = label
            row["confidence"] = rounded(probabilities[0])
            row["verdict"] = None if found.verdicts is None else found.verdicts[place]
            row["probabilities"] = {
                results.classes[index]: rounded(probability)
                for index, probability in zip(top, probabilities, strict=True)
            }
        if true >= 0:
            row["true"] = results.classes[true]
        yield row


def _written(rows: Any) -> str:  # noqa: ANN401 - whatever csv writes
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
