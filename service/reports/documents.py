"""What a whole report is made of: gathered once, then rendered as a page or as a PDF."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.pictures.curves import Curves
from service.pictures.heat_map import HeatMap
from service.reports.measures import Interval


@dataclass(frozen=True)
class Row:
    """One line of the classification report: a class, or an average. The accuracy has neither precision nor recall."""

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


@dataclass(frozen=True)
class About:
    """The figures of a training that succeeded; `what` says what was trained on what, `text` is scikit-learn's table."""

    training: str
    what: str
    test_count: int
    right: int
    test_accuracy: float
    test_loss: float
    interval: Interval
    text: str
    table: Table
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Fact:
    """A name and a value."""

    name: str
    value: str


@dataclass(frozen=True)
class Confusion:
    """How often a class was taken for another one."""

    true: str
    predicted: str
    count: int


@dataclass(frozen=True)
class Example:
    """A test image that got the wrong class. `confidence` is the probability of `predicted`."""

    index: int
    true: str
    predicted: str
    confidence: float


@dataclass(frozen=True)
class Advice:
    """What the figures say in plain words, and one change to try."""

    severity: str
    finding: str
    to_try: str


@dataclass(frozen=True, eq=False)
class Document:
    """Everything. `pixels` are those of the examples; None if the images are not on this machine, and `missing` says why."""

    about: About
    facts: tuple[Fact, ...]
    layers: tuple[str, ...]
    curves: Curves
    heat_map: HeatMap
    confusions: tuple[Confusion, ...]
    examples: tuple[Example, ...]
    pixels: NDArray[np.uint8] | None
    missing: str
    advice: tuple[Advice, ...]
    confidence: tuple[Fact, ...] = ()
