"""The test images that a network got wrong: in pages, or as pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from service.edge import cursors
from service.errors import BadCursor, DatasetUnavailable, Fault, InvalidFields, unknown
from service.records import MisclassifiedExample, Training
from service.reports import operations, queries
from service.reports.documents import Example
from service.reports.queries import Order, Place, Wanted
from service.reports.schemas import MisclassifiedPage, MisclassifiedReply
from service.sets.opening import open_trained_on
from service.settings import Settings


@dataclass(frozen=True)
class Narrowing:
    """Which misclassified examples a client asks for, the classes by name; and in which order."""

    true: str | None = None
    predicted: str | None = None
    order: Order = Order.INDEX


def page(
    session: Session, training_id: str, narrowing: Narrowing, cursor: str | None, limit: int
) -> tuple[MisclassifiedPage, str | None]:
    """Return a page of misclassified examples and the cursor of the next one."""
    training, report = operations.find(session, training_id)
    names = queries.class_names(session, training_id)
    wanted = _wanted(names, narrowing)
    after = None if cursor is None else _place(cursors.decode(cursor, (training_id, wanted)))
    found = queries.misclassified(session, training_id, wanted, after, limit + 1)
    shown = found[:limit]
    reply = MisclassifiedPage(
        training=training_id,
        count=report.misclassified_count,
        misclassified=[
            MisclassifiedReply(
                index=one.index,
                true=one.true,
                predicted=one.predicted,
                confidence=one.confidence,
                image=f"/v1/datasets/{training.dataset}/samples/test/{one.index}.png",
            )
            for one in _named(names, shown)
        ],
        next=None,
    )
    if len(found) <= limit:
        return reply, None
    return reply, cursors.encode([shown[-1].test_index, shown[-1].confidence], (training_id, wanted))


def examples(session: Session, training_id: str, narrowing: Narrowing, count: int) -> list[Example]:
    """Return the first `count` of them."""
    names = queries.class_names(session, training_id)
    return _named(names, queries.misclassified(session, training_id, _wanted(names, narrowing), None, count))


def pixels(session: Session, settings: Settings, training: Training, indices: Sequence[int]) -> NDArray[np.uint8]:
    """Return test images, (n, height, width, channels); raise DatasetUnavailable if they are not those of the training."""
    found = open_trained_on(session, settings, training.dataset, training.dataset_sha256)
    if indices and max(indices) >= len(found.x_test):
        raise DatasetUnavailable(
            f"{training.dataset} on this machine has {len(found.x_test):,} test images; the report speaks of more."
        )
    return np.asarray(found.x_test[list(indices)])


def _named(names: Sequence[str], found: Sequence[MisclassifiedExample]) -> list[Example]:
    return [Example(one.test_index, names[one.true_class], names[one.predicted_class], one.confidence) for one in found]


def _wanted(names: Sequence[str], narrowing: Narrowing) -> Wanted:
    return Wanted(
        _class_index(names, "true", narrowing.true),
        _class_index(names, "predicted", narrowing.predicted),
        narrowing.order,
    )


def _class_index(names: Sequence[str], parameter: str, name: str | None) -> int | None:
    if name is None:
        return None
    if name not in names:
        raise InvalidFields.of([Fault(parameter, unknown(name, names, "class"))])
    return names.index(name)


def _place(parts: list[object]) -> Place:
    match parts:
        case [int(index), float(confidence)] if 0 <= index < 2**31 and type(index) is int and isfinite(confidence):
            return Place(index, confidence)
    raise BadCursor("The cursor is not one of ours. Take it from `next` of the page before.")
