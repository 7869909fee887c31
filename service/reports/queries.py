"""SQL about reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from service.records import ClassFigures, Epoch, MisclassifiedExample, Report, TrainingArtefact
from service.reports.measures import Answers


class Order(StrEnum):
    """In which order misclassified examples come. Equal confidences follow the index, in the same direction."""

    INDEX = "index"  # as in the test set
    LEAST_SURE_FIRST = "confidence"
    SUREST_FIRST = "-confidence"


@dataclass(frozen=True)
class Wanted:
    """Which misclassified examples are wanted, by true class, by predicted class, or both; and in which order."""

    true_class: int | None
    predicted_class: int | None
    order: Order


@dataclass(frozen=True)
class Place:
    """The last example of a page."""

    test_index: int
    confidence: float


def report(session: Session, training_id: str) -> Report | None:
    """Return the report without the predictions of single images."""
    return session.get(Report, training_id)


def answers(session: Session, training_id: str) -> Answers | None:
    """Return what the training's network answered about each test image; None without a report.

    The true classes are not kept: they are the predicted ones, but for the misclassified.
    """
    kept = session.execute(
        select(Report.predicted, Report.confidences).where(Report.training_id == training_id)
    ).one_or_none()
    if kept is None:
        return None
    predicted, confidence = np.frombuffer(kept.predicted, "<u2"), np.frombuffer(kept.confidences, "<f4")
    wrong = session.execute(
        select(MisclassifiedExample.test_index, MisclassifiedExample.true_class).where(
            MisclassifiedExample.training_id == training_id
        )
    ).all()
    true = predicted.copy()
    true[[row.test_index for row in wrong]] = [row.true_class for row in wrong]
    return Answers(true, predicted, confidence)


def class_names(session: Session, training_id: str) -> Sequence[str]:
    """Return the names of the classes, in their order."""
    query = select(ClassFigures.class_name).where(ClassFigures.training_id == training_id)
    return session.scalars(query.order_by(ClassFigures.class_index)).all()


def class_figures(session: Session, training_id: str) -> Sequence[ClassFigures]:
    """Return how each class fared, in the classes' order."""
    query = select(ClassFigures).where(ClassFigures.training_id == training_id)
    return session.scalars(query.order_by(ClassFigures.class_index)).all()


def epochs(session: Session, training_id: str) -> Sequence[Epoch]:
    """Return the figures of every epoch so far."""
    return session.scalars(select(Epoch).where(Epoch.training_id == training_id).order_by(Epoch.epoch)).all()


def misclassified(
    session: Session, training_id: str, wanted: Wanted, after: Place | None, limit: int
) -> Sequence[MisclassifiedExample]:
    """Return misclassified examples in the wanted order, those after a place."""
    query = select(MisclassifiedExample).where(MisclassifiedExample.training_id == training_id)
    if wanted.true_class is not None:
        query = query.where(MisclassifiedExample.true_class == wanted.true_class)
    if wanted.predicted_class is not None:
        query = query.where(MisclassifiedExample.predicted_class == wanted.predicted_class)
    return session.scalars(_ordered(query, wanted.order, after).limit(limit)).all()


def _ordered(query: Select[MisclassifiedExample], order: Order, after: Place | None) -> Select[MisclassifiedExample]:
    """Put a query into an order that an index has, forwards or backwards, and start it after a place."""
    index, confidence = MisclassifiedExample.test_index, MisclassifiedExample.confidence
    if order is Order.INDEX:
        return (query if after is None else query.where(index > after.test_index)).order_by(index)
    place = None if after is None else tuple_(after.confidence, after.test_index)
    both = tuple_(confidence, index)
    if order is Order.LEAST_SURE_FIRST:
        return (query if place is None else query.where(both > place)).order_by(confidence, index)
    return (query if place is None else query.where(both < place)).order_by(confidence.desc(), index.desc())


def artefact_sha256(session: Session, training_id: str, artefact_format: str) -> str | None:
    """Return the SHA-256 of what a training produced in a format."""
    found = session.get(TrainingArtefact, (training_id, artefact_format))
    return None if found is None else found.sha256
