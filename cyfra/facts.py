"""A training at one moment, as the service tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from cyfra.wording import duration

ENDED: Final = frozenset({"succeeded", "failed", "cancelled"})
GOING_ON: Final = frozenset({"running", "cancelling"})


@dataclass(frozen=True)
class Progress:
    """How far a training is: epochs finished, and steps done in the epoch after them."""

    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    activity: str | None = None
    eta_seconds: float | None = None
    loss: float | None = None
    accuracy: float | None = None


@dataclass(frozen=True)
class Metrics:
    """What the test set said, in three numbers."""

    test_accuracy: float
    test_loss: float
    parameters: int


@dataclass(frozen=True)
class Reason:
    """Why a training failed."""

    type: str
    detail: str


@dataclass(frozen=True)
class Change:
    """One change of a training's state."""

    at: datetime
    state: str
    attempt: int = 0
    reason: str | None = None


@dataclass(frozen=True)
class ModelVersion:
    """A version of a model by name."""

    name: str
    version: int


@dataclass(frozen=True)
class Facts:
    """Everything about a training at the moment when the service was asked."""

    id: str
    state: str
    """`queued`, `running`, `cancelling`, `succeeded`, `failed` or `cancelled`."""
    created_at: datetime
    dataset: str
    owner: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    attempt: int = 0
    compute_seconds: float = 0.0
    preset: str | None = None
    network: str | None = None
    register_as: str | None = None
    priority: int = 0
    rerun_of: str | None = None
    """The training that it repeats."""
    labels: Mapping[str, str] = field(default_factory=dict)
    spec: Mapping[str, object] = field(default_factory=dict)
    """Everything needed to repeat it."""
    queue_position: int | None = None
    starts_in_seconds: int | None = None
    ends_in_seconds: int | None = None
    poll_after_seconds: float | None = None
    progress: Progress = Progress()
    metrics: Metrics | None = None
    error: Reason | None = None
    changes: tuple[Change, ...] = ()
    models: tuple[ModelVersion, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in ENDED

    @property
    def state_text(self) -> str:
        """What goes on: `queued, 2 before it`, `training`, `evaluating`, `succeeded`."""
        if self.state == "queued":
            before = (self.queue_position or 1) - 1
            place = f"queued, {before} before it" if before else "queued, waiting for a worker"
            starts_in = self.starts_in_seconds
            return f"{place}, starts in about {duration(starts_in)}" if starts_in else place
        if self.state == "running":
            return self.progress.activity or "running"
        return self.state

    @property
    def epoch_text(self) -> str:
        """Which epoch goes on, or was the last: `3/8`."""
        progress = self.progress
        return f"{min(progress.epoch + (self.state in GOING_ON), progress.epochs)}/{progress.epochs}"

    @property
    def fraction_done(self) -> float:
        """How much of its epochs it has behind it, 0..1."""
        progress = self.progress
        if self.state == "succeeded":
            return 1.0
        if not progress.epochs:
            return 0.0
        # After an epoch's last step it is not known whether `epoch` counts it already.
        within = progress.step / progress.steps if progress.step < progress.steps else 0.0
        return min(1.0, (progress.epoch + within) / progress.epochs)

    @property
    def seconds(self) -> float | None:
        """How long it ran, or has been running; None for one that never started."""
        if self.started_at is None:
            return None
        return ((self.finished_at or datetime.now(UTC)) - self.started_at).total_seconds()

    @property
    def ending(self) -> str:
        """How it ended, and why if it did not succeed: `failed: diverged. The loss became NaN …`."""
        return self.state if self.error is None else f"{self.state}: {self.error.type}. {self.error.detail}"
