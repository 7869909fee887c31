"""Every prediction of a report, written out piece by piece: a test set may be large, and needs never be one text in memory."""

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from service.reports.measures import Answers

COLUMNS: Final = ("index", "true", "predicted", "confidence")
ROWS: Final = 1000
"""In one piece."""


@dataclass(frozen=True)
class Listing:
    """What a training's network answered about each test image; the classes by name."""

    training: str
    dataset: str
    classes: Sequence[str]
    answers: Answers

    @property
    def fingerprint(self) -> str:
        """Of everything that is listed: a report never changes, but a class's name is part of what is read."""
        digest = sha256(json.dumps([self.training, self.dataset, *self.classes]).encode())
        for array in (self.answers.true, self.answers.predicted, self.answers.confidence):
            digest.update(array.tobytes())
        return digest.hexdigest()[:32]

    def rows(self, start: int) -> Iterator[tuple[int, int, int, str]]:
        """Yield the rows of one piece: index, true and predicted class, and the shortest decimal that is the confidence."""
        part, found = slice(start, start + ROWS), self.answers
        columns = (found.true[part].tolist(), found.predicted[part].tolist(), found.confidence[part])
        for index, (true, predicted, confidence) in enumerate(zip(*columns, strict=True), start):
            yield index, true, predicted, str(confidence)


def as_json(listing: Listing) -> Iterator[str]:
    """Yield one object: training, dataset, classes, count, and the predictions, a line each."""
    head = {
        "training": listing.training,
        "dataset": listing.dataset,
        "classes": list(listing.classes),
        "count": len(listing.answers.true),
    }
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "predictions": ['
    names = [json.dumps(name, ensure_ascii=False) for name in listing.classes]
    for start in range(0, len(listing.answers.true), ROWS):
        lines = (
            f'{{"index":{index},"true":{names[true]},"predicted":{names[predicted]},"confidence":{_number(confidence)}}}'
            for index, true, predicted, confidence in listing.rows(start)
        )
        yield (",\n" if start else "\n") + ",\n".join(lines)
    yield "\n]}\n"


def as_csv(listing: Listing) -> Iterator[str]:
    """Yield a header, and a row a prediction."""
    yield _csv([COLUMNS])
    for start in range(0, len(listing.answers.true), ROWS):
        yield _csv(
            (index, listing.classes[true], listing.classes[predicted], confidence)
            for index, true, predicted, confidence in listing.rows(start)
        )


def _number(text: str) -> str:
    return text if math.isfinite(float(text)) else "null"


def _csv(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
