"""What a training was made with; and how a rerun of it differs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cyfra.markup import Html, block, code, quiet, strong, table
from cyfra.wording import NOTHING


@dataclass(frozen=True)
class Hardware:
    """The machine, as far as weights follow from it."""

    machine: str = ""
    cpu: str = ""
    cores: int = 0
    instructions: tuple[str, ...] = ()
    gpus: tuple[str, ...] = ()


@dataclass(frozen=True)
class MadeWith:
    """Everything that weights follow from, beside the specification and the data."""

    backend: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    code_sha256: str = ""
    hardware: Hardware = Hardware()
    threads: int = 0
    precision: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Attempt:
    """A worker that trained it, or a part of it."""

    attempt: int
    made_with: MadeWith
    dataset_sha256: str = ""
    began_at: datetime | None = None
    after_epoch: int = 0
    after_step: int = 0
    shaped_weights: bool = True
    """False if nothing of what it computed is in the final weights."""


@dataclass(frozen=True)
class WeightArray:
    """One array of weights."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    sha256: str


@dataclass(frozen=True)
class Weights:
    """The final weights, named by a hash; `hashed` says how to come to the same."""

    sha256: str
    arrays: tuple[WeightArray, ...] = ()
    hashed: str = ""


@dataclass(frozen=True)
class DatasetUsed:
    """A data set's name, and its content's hash."""

    name: str
    sha256: str | None = None


@dataclass(frozen=True)
class Receipt:
    """What a training was made of, what it was made with, and what came out."""

    training: str
    dataset: DatasetUsed
    weights: Weights
    attempts: tuple[Attempt, ...] = ()
    seed: int | None = None
    spec: Mapping[str, object] = field(default_factory=dict)
    rerun_of: str | None = None

    @property
    def made_with(self) -> MadeWith:
        """What the last attempt was made with."""
        return self.attempts[-1].made_with if self.attempts else MadeWith()

    def __str__(self) -> str:
        """Return the hashes, and what it was made with."""
        return "\n".join(f"{name:<10} {value}" for name, value in self._rows())

    def _repr_html_(self) -> str:
        rows = [(name, code(value)) for name, value in self._rows()]
        return block(strong("Receipt"), table(("", ""), rows, ("left", "left")))

    def _rows(self) -> list[tuple[str, str]]:
        made = self.made_with
        hardware = made.hardware
        return [
            ("training", self.training),
            ("seed", str(self.seed)),
            ("data set", f"{self.dataset.name}, SHA-256 {self.dataset.sha256 or NOTHING}"),
            ("weights", f"SHA-256 {self.weights.sha256}"),
            ("versions", ", ".join(f"{name} {version}" for name, version in made.versions.items())),
            ("hardware", f"{hardware.cpu}, {hardware.cores} cores, GPU: {', '.join(hardware.gpus) or 'none'}"),
            ("attempts", str(len(self.attempts))),
        ]


@dataclass(frozen=True)
class WeightsDifference:
    """How far the final weights lie from the original's. `bit_equal` is None if nobody can say: `unknown` says why."""

    bit_equal: bool | None
    arrays: int | None = None
    differing: int | None = None
    largest_difference: float | None = None
    layer: str | None = None
    array: str | None = None
    unknown: str | None = None


@dataclass(frozen=True)
class ChangedPrediction:
    """A test image that the two take for different classes."""

    index: int
    true: str
    original: str
    rerun: str


@dataclass(frozen=True)
class PredictionsDifference:
    """The answers of both to the same test images; `examples` are the first that changed."""

    test_count: int
    changed: int
    largest_confidence_difference: float = 0.0
    examples: tuple[ChangedPrediction, ...] = ()


@dataclass(frozen=True)
class Pair:
    """One figure of each."""

    original: float | None
    rerun: float | None


@dataclass(frozen=True)
class MetricsDifference:
    """What the test set said."""

    test_accuracy: Pair
    test_loss: Pair


@dataclass(frozen=True)
class SurroundingsDifference:
    """Something that the two were not made alike with."""

    what: str
    original: str | None
    rerun: str | None
    matters: bool = True


@dataclass(frozen=True)
class RerunDifference:
    """How a rerun goes; when it has succeeded, how it differs from the original, and why that may be."""

    training: str
    rerun_of: str
    state: str
    finding: str
    weights: WeightsDifference | None = None
    metrics: MetricsDifference | None = None
    predictions: PredictionsDifference | None = None
    differences: tuple[SurroundingsDifference, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def is_bit_equal(self) -> bool | None:
        """Whether all weights are the original's, to the last bit; None if that is not known, or not yet."""
        return None if self.weights is None else self.weights.bit_equal

    def __str__(self) -> str:
        """Return the finding and the likely reasons."""
        return "\n".join([self.finding, *(f"- {reason}" for reason in self.reasons)])

    def _repr_html_(self) -> str:
        rows = [(one.what, one.original or "none", one.rerun or "none") for one in self.differences]
        alike: Html | str = table(("not the same", "original", "rerun"), rows, ("left", "left", "left")) if rows else ""
        return block(strong(self.finding), *(quiet(reason) for reason in self.reasons), alike)
