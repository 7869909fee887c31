"""The callbacks by which a training follows its recipe, and ours before anybody else's.

In this order: `Pacing` sets the epoch's data and each step's learning rate, `Recording` stops a training that diverges
and writes down each epoch, then come the caller's callbacks, then Keras' own that the recipe asks for, and last
`worker.learning.checkpoints.Checkpointing`. With moving averages `worker.learning.averaging` is around them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Self

import keras

from worker.learning.datasets import TrainingBatches
from worker.learning.errors import Diverged
from worker.learning.recipes import EarlyStoppingSpec, PlateauSpec, Recipe
from worker.learning.schedules import learning_rate_at


@dataclass(frozen=True)
class EpochResult:
    """One line of the log.

    `epoch` counts from 1; accuracies are fractions; `learning_rate` is that of the epoch's last step; `seconds` include
    validation. `loss` and `accuracy` are means over the epoch's batches, as the weights changed; the validation's are
    those at its end, None without validation.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float | None
    val_accuracy: float | None
    learning_rate: float
    seconds: float

    @classmethod
    def from_logs(cls, epoch: int, logs: Mapping[str, float]) -> Self:
        """From what a Keras callback is given in `on_epoch_end(epoch, logs)`, where `epoch` counts from 0."""
        return cls(
            epoch=epoch + 1,
            loss=float(logs["loss"]),
            accuracy=float(logs["accuracy"]),
            val_loss=float(logs["val_loss"]) if "val_loss" in logs else None,
            val_accuracy=float(logs["val_accuracy"]) if "val_accuracy" in logs else None,
            learning_rate=float(logs["learning_rate"]),
            seconds=float(logs["seconds"]),
        )


class Pacing(keras.callbacks.Callback):  # type: ignore[misc]  # keras has no types
    """Tells the batches which epoch it is, and the optimizer its learning rate where a schedule moves it."""

    def __init__(self, recipe: Recipe, batches: TrainingBatches) -> None:
        super().__init__()
        self._recipe = recipe
        self._batches = batches
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002  # Keras' signature
        self._epoch = epoch
        self._batches.start_epoch(epoch)

    def on_train_batch_begin(self, batch: int, logs: object = None) -> None:  # noqa: ARG002  # Keras' signature
        if not self._recipe.schedule.moves:
            return
        steps = len(self._batches)
        self.model.optimizer.learning_rate = learning_rate_at(
            self._recipe.schedule,
            self._recipe.optimizer.learning_rate,
            self._epoch * steps + batch,
            epochs=self._recipe.epochs,
            steps_per_epoch=steps,
        )


class Recording(keras.callbacks.Callback):  # type: ignore[misc]  # keras has no types
    """Keeps an `EpochResult` for each epoch, adds `learning_rate` and `seconds` to the logs of the callbacks after it,
    and raises Diverged at the first step, or epoch's end, whose loss is NaN or infinite.
    """

    def __init__(self) -> None:
        super().__init__()
        self.epochs: list[EpochResult] = []
        self._epoch = 0
        self._started = 0.0
        self._spent = 0.0

    def go_on(self, epochs: Sequence[EpochResult], seconds: float) -> None:
        """Begin with the log of earlier epochs, and `seconds` already spent in the epoch that is to begin."""
        self.epochs = list(epochs)
        self._spent = seconds

    def seconds(self) -> float:
        """Spent in the epoch at hand so far."""
        return perf_counter() - self._started

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002  # Keras' signature
        self._epoch = epoch
        self._started = perf_counter() - self._spent
        self._spent = 0.0

    def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:  # noqa: ARG002  # Keras' signature
        self._check(logs["loss"])

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        self._check(logs["loss"])
        self._check(logs.get("val_loss", 0.0))
        logs["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        logs["seconds"] = self.seconds()
        self.epochs.append(EpochResult.from_logs(epoch, logs))

    def _check(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise Diverged(self._epoch + 1, loss)


def recipe_callbacks(recipe: Recipe) -> list[keras.callbacks.Callback]:
    """Keras' own callbacks that the recipe asks for."""
    callbacks = []
    if recipe.reduce_lr_on_plateau is not None:
        callbacks.append(_plateau(recipe.reduce_lr_on_plateau))
    if recipe.early_stopping is not None:
        callbacks.append(_early_stopping(recipe.early_stopping))
    return callbacks


def _plateau(spec: PlateauSpec) -> keras.callbacks.Callback:
    return keras.callbacks.ReduceLROnPlateau(
        monitor=spec.monitor,
        factor=spec.factor,
        patience=spec.patience,
        min_lr=spec.min_lr,
        min_delta=spec.min_delta,
        cooldown=spec.cooldown,
    )


def _early_stopping(spec: EarlyStoppingSpec) -> keras.callbacks.Callback:
    return keras.callbacks.EarlyStopping(
        monitor=spec.monitor,
        patience=spec.patience,
        restore_best_weights=spec.restore_best_weights,
        min_delta=spec.min_delta,
    )
