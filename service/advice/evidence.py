"""What the rules look at: a training's figures so far, and how it was asked for."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

USUAL_RATES: Final = {
    "sgd": 0.01,
    "rmsprop": 0.001,
    "adam": 0.001,
    "adamw": 0.001,
    "nadam": 0.001,
    "adagrad": 0.01,
    "adadelta": 1.0,
    "lion": 0.0001,
    "muon": 0.001,
}
"""Where to begin with each optimizer: Keras' defaults, but for three. Adadelta's paper needs no rate, that is 1.0 (Zeiler 2012,
arXiv:1212.5701; Keras' documentation says so beside its default of 0.001); Adagrad's is 0.01 in most libraries; Lion's is
three to ten times smaller than Adam's (Chen et al. 2023, arXiv:2302.06675)."""


Figures = Mapping[str, float | int | str]


@dataclass(frozen=True)
class EpochFigures:
    """One epoch: means over it of loss and accuracy, and the validation's at its end; accuracies are fractions."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float | None
    val_accuracy: float | None


@dataclass(frozen=True)
class RecipeFacts:
    """What the rules want to know of a recipe. `learning_rate` is what the optimizer was given, before any schedule."""

    epochs: int
    batch_size: int
    optimizer: str
    learning_rate: float
    weight_decay: float
    loss: str
    schedule: str
    has_augmentation: bool
    early_stopping: str | None
    """What it monitors."""
    restores_best: bool
    plateau: str | None
    """What the reduction of the rate monitors."""

    @property
    def usual_rate(self) -> float | None:
        """Where one begins with this optimizer; None for one that we do not know."""
        return USUAL_RATES.get(self.optimizer)


@dataclass(frozen=True)
class ClassOutcome:
    """How one class fared on the test set: `support` images, of which the share `recall` was recognised."""

    name: str
    support: int
    recall: float


@dataclass(frozen=True)
class Evidence:
    """Everything that the rules look at. A queued training has no epochs, a running one has no `tested` and no `matrix`."""

    training: str
    state: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    error_type: str | None
    classes: int
    recipe: RecipeFacts
    validation: str
    """train, test or none."""
    epochs: tuple[EpochFigures, ...]
    tested: tuple[ClassOutcome, ...] = ()
    matrix: tuple[tuple[int, ...], ...] = ()
    """Rows are true classes, columns predicted ones."""
    larger_network: str | None = None
    """The name of a network for the same pictures with at least twice the parameters."""

    @property
    def is_cross_entropy(self) -> bool:
        """Whether the loss of guessing is known, so that the curves can be measured by it."""
        return self.recipe.loss == "categorical_crossentropy"

    @property
    def guessing_loss(self) -> float:
        """The cross-entropy of a network that gives each of k classes the probability 1/k: ln k, with or without smoothing.

        For another loss the greatest that was seen stands for it, where only a scale is wanted.
        """
        if self.is_cross_entropy or not self.epochs:
            return math.log(self.classes)
        return max(each.loss for each in self.epochs)

    def missing(self, accuracy: float) -> float:
        """Return how much of the way from guessing to perfect is missing: 0 at 100 %, 1 at chance."""
        return (1 - accuracy) / (1 - 1 / self.classes)

    @property
    def watched_losses(self) -> list[float]:
        """The validation's loss of each epoch, or the training's where there is no validation."""
        return [each.loss if each.val_loss is None else each.val_loss for each in self.epochs]

    @property
    def best_accuracy(self) -> float:
        """The last epoch's accuracy, training's or validation's: dropout and augmentation lower one, overfitting the other."""
        last = self.epochs[-1]
        return max(last.accuracy, last.val_accuracy or 0.0)


@dataclass(frozen=True)
class Advice:
    """What one rule found: the finding, the figures that say so, and one change to try.

    `patch`, where there is one, is laid over the training's specification as fields are over a preset's.
    """

    rule: str
    severity: Literal["info", "warning"]
    finding: str
    figures: Figures
    change: str
    patch: dict[str, Any] | None = None
