"""Trainings side by side: is one really better, or was it luck?"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from cyfra.connection import Connection
from cyfra.markup import block, code, picture, table
from cyfra.problems import CyfraError
from cyfra.reading import read
from cyfra.wording import count, duration, percent


@dataclass(frozen=True)
class Accuracy:
    """A test accuracy, and between which shares the true one lies."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Compared:
    """One of the trainings."""

    id: str
    test_accuracy: Accuracy
    test_loss: float
    epochs: int
    """How many it did."""
    parameters: int
    compute_seconds: float
    dataset: str = ""
    test_count: int | None = None
    network: str | None = None
    preset: str | None = None
    notes: tuple[str, ...] = ()
    """What one must know to judge the figures."""


@dataclass(frozen=True)
class McNemar:
    """McNemar's test: how likely the difference would be if both were equally good."""

    p_value: float
    p_value_holm: float | None = None
    """The same, corrected for the number of pairs that are compared."""
    method: str = ""
    statistic: float | None = None


@dataclass(frozen=True)
class Disagreement:
    """A test image that one of two trainings got right and the other wrong."""

    index: int
    true: str
    predicted_by_a: str
    predicted_by_b: str
    image: str


@dataclass(frozen=True)
class Pair:
    """Two of the trainings on the same test images."""

    finding: str
    """What the test says, in a sentence."""
    a: str = ""
    b: str = ""
    both_right: int = 0
    only_a_right: int = 0
    only_b_right: int = 0
    both_wrong: int = 0
    mcnemar: McNemar | None = None
    only_a_right_examples: tuple[Disagreement, ...] = ()
    only_b_right_examples: tuple[Disagreement, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """Trainings side by side. In a notebook: their figures, what the differences mean, and their curves."""

    trainings: tuple[Compared, ...]
    _connection: Connection = field(repr=False, compare=False)
    pairs: tuple[Pair, ...] = ()

    @cached_property
    def png(self) -> bytes:
        """Their curves over each other, as a PNG file."""
        return self._connection.content("/v1/compare/curves.png", {"training": [one.id for one in self.trainings]})

    def __str__(self) -> str:
        """Return a line a training, and a sentence a pair."""
        lines = [
            f"{one.id}  {_accuracy(one)}  {one.network or 'its own layers'} on {one.dataset}" for one in self.trainings
        ]
        return "\n".join([*lines, *(f"{pair.a}, {pair.b}: {pair.finding}" for pair in self.pairs)])

    def _repr_html_(self) -> str:
        headings = ("training", "network", "data set", "epochs", "parameters", "time", "test accuracy", "test loss")
        rows = [
            (
                code(one.id),
                one.network or "its own layers",
                one.dataset,
                one.epochs,
                count(one.parameters),
                duration(one.compute_seconds),
                _accuracy(one),
                f"{one.test_loss:.4f}",
            )
            for one in self.trainings
        ]
        findings = [pair.finding for pair in self.pairs if pair.finding]
        return block(table(headings, rows, ("left", "left", "left")), *findings, self._curves())

    def _curves(self) -> str:
        try:
            return picture(self.png, "their curves over each other")
        except CyfraError:
            return ""


def compare(connection: Connection, ids: Sequence[str]) -> Comparison:
    """Ask for a comparison of 2 to 8 trainings."""
    return read(Comparison, connection.json("/v1/compare", {"training": [*ids]}), _connection=connection)


def _accuracy(one: Compared) -> str:
    found = one.test_accuracy
    return f"{percent(found.value)} ({percent(found.low)} to {percent(found.high)})"
