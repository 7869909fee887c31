"""Gathers a whole report from the records."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from sqlalchemy.orm import Session

from service.advice import operations as advising
from service.errors import DatasetUnavailable, StorageFull
from service.pictures.contact_sheet import fitted
from service.receipts import queries as receipts
from service.receipts import wording
from service.receipts.schemas import MadeWith
from service.records import Report, Training
from service.reports import confidence, figures, measures, misclassified, operations, queries
from service.reports.documents import About, Advice, Confusion, Document, Fact
from service.reports.misclassified import Narrowing
from service.reports.renderings.classification import table
from service.settings import Settings

MOST_EXAMPLES: Final = 48
MOST_CONFUSIONS: Final = 12


def about(session: Session, training_id: str) -> About:
    """Return the figures of a training; raise NoReportYet."""
    training, found = operations.find(session, training_id)
    right = found.test_count - found.misclassified_count
    return About(
        training=training.id,
        what=operations.named(training),
        test_count=found.test_count,
        right=right,
        test_accuracy=found.test_accuracy,
        test_loss=found.test_loss,
        interval=measures.wilson(right, found.test_count),
        text=found.text,
        table=table(found.classification, queries.class_names(session, training_id)),
        notes=tuple(found.notes["notes"]),
    )


def gather(session: Session, settings: Settings, training_id: str) -> Document:
    """Return everything; raise NoReportYet. Its size is bounded, whatever the report's."""
    training, found = operations.find(session, training_id)
    examples = misclassified.examples(session, training_id, Narrowing(), MOST_EXAMPLES)
    pixels, missing = None, ""
    try:
        images = misclassified.pixels(session, settings, training, [one.index for one in examples])
        pixels = np.ascontiguousarray(fitted(images))
    except (DatasetUnavailable, StorageFull) as error:
        missing = error.detail
    return Document(
        about=about(session, training_id),
        facts=(*_facts(training), *_made_with(session, training)),
        layers=tuple(_layer(layer) for layer in training.spec["network"]["layers"]),
        curves=figures.curves(session, training_id),
        heat_map=figures.heat_map(session, training_id, None),
        confusions=_confusions(found, queries.class_names(session, training_id)),
        examples=tuple(examples),
        pixels=pixels,
        missing=missing,
        advice=_advice(session, training),
        confidence=tuple(confidence.facts(found.confidence)),
    )


def _advice(session: Session, training: Training) -> tuple[Advice, ...]:
    found = advising.advice(session, training).advice
    return tuple(Advice(one.severity, one.finding, f"{one.change}.".replace("?.", "?")) for one in found)


def _facts(training: Training) -> Iterator[Fact]:
    spec = training.spec
    recipe: Mapping[str, Any] = spec.get("recipe", {})
    yield Fact("Training", training.id)
    if training.preset:
        yield Fact("Preset", training.preset)
    yield Fact("Network", training.network or "a network of its own")
    if training.parameters is not None:
        yield Fact("Parameters", f"{training.parameters:,}")
    yield Fact("Data set", training.dataset)
    if training.dataset_sha256:
        yield Fact("Its content's SHA-256", training.dataset_sha256)
    yield Fact("Seed", str(spec.get("seed", "not kept")))
    yield Fact("Validation", _said(spec.get("validation")))
    for name, value in recipe.items():
        if value not in (None, {}, []) and _said(value):
            yield Fact(name.replace("_", " ").capitalize(), _said(value))
    if training.finished_at is not None:
        yield Fact("Finished", f"{training.finished_at:%Y-%m-%d %H:%M} UTC")
    yield Fact("Computed", f"{training.compute_seconds:,.0f} s")


def _made_with(session: Session, training: Training) -> Iterator[Fact]:
    """Yield what the receipt says: what the last attempt was made with, and the hash of the weights."""
    kept = receipts.receipt(session, training.id)
    if kept is None:
        return
    for attempt in receipts.attempts(session, training.id)[-1:]:
        yield from (Fact(*one) for one in wording.made_with(MadeWith.model_validate(attempt.made_with)))
    yield Fact("Its weights' SHA-256", kept.weights_sha256)


def _said(value: object) -> str:
    """Return a part of a specification in one line: `adam, learning rate 0.001`."""
    if not isinstance(value, Mapping):
        return str(value)
    parts = []
    for name, part in value.items():
        if part is None or part is False:
            continue
        said = _said(part)
        parts.append(
            said if name in {"name", "from"} else f"{name.replace('_', ' ')} {f'({said})' if ',' in said else said}"
        )
    return ", ".join(parts)


def _layer(layer: Mapping[str, Any]) -> str:
    rest = _said({name: part for name, part in layer.items() if name != "layer"})
    return f"{layer['layer']}: {rest}" if rest else str(layer["layer"])


def _confusions(found: Report, names: Sequence[str]) -> tuple[Confusion, ...]:
    """Return the most frequent confusions, the first classes first among equals."""
    errors = np.array(found.confusion_matrix["matrix"]).reshape(len(names), len(names))
    errors = errors * (1 - np.eye(len(names), dtype=errors.dtype))
    places = np.argsort(-errors, axis=None, kind="stable")[:MOST_CONFUSIONS]
    rows, columns = np.unravel_index(places, errors.shape)
    return tuple(
        Confusion(names[row], names[column], int(errors[row, column]))
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        if errors[row, column]
    )
