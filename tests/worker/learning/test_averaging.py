"""Moving averages of weights: what they are, when the model has them, and that early stopping keeps what was measured."""

from collections.abc import Callable

import keras
import numpy as np
import pytest

from tests.worker.learning.conftest import LINEAR, TINY, to_unit
from worker.learning.datasets import LabelledImages
from worker.learning.training import Job, fit

MakeJob = Callable[..., Job]

EMA = {"momentum": 0.8}
CONSTANT = {"name": "constant", "warmup_epochs": 0}


class Watching(keras.callbacks.Callback):
    """Keeps the weights after each step, and while the epoch's figures are looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[list[np.ndarray]] = []
        self.validated: list[list[np.ndarray]] = []

    def on_train_batch_end(self, batch, logs=None):
        self.steps.append(self.model.get_weights())

    def on_epoch_end(self, epoch, logs=None):
        self.validated.append(self.model.get_weights())


def averages(steps: list[list[np.ndarray]], momentum: float) -> list[list[np.ndarray]]:
    """After each step, by the formula."""
    found = [steps[0]]
    for weights in steps[1:]:
        found.append([momentum * old + (1 - momentum) * new for old, new in zip(found[-1], weights, strict=True)])
    return found


def assert_close(one: list[np.ndarray], other: list[np.ndarray]) -> None:
    for left, right in zip(one, other, strict=True):
        np.testing.assert_allclose(left, right, atol=1e-6)


@pytest.mark.parametrize("validation", [{"from": "test"}, {"from": "none"}])
def test_a_training_is_validated_and_ends_with_the_average_of_its_weights(
    validation: dict[str, object], job: MakeJob, train: LabelledImages, test: LabelledImages
):
    watching = Watching()

    fitted = fit(job(ema=EMA, validation=validation), train, test, to_unit, [watching])

    expected = averages(watching.steps, 0.8)
    assert_close(watching.validated[0], expected[8])
    assert_close(watching.validated[1], expected[17])
    assert_close(fitted.model.get_weights(), expected[17])


def test_averaging_does_not_change_how_the_weights_move(job: MakeJob, train: LabelledImages, test: LabelledImages):
    plain, averaged = Watching(), Watching()

    fit(job(layers=TINY, validation={"from": "test"}), train, test, to_unit, [plain])
    fit(job(layers=TINY, validation={"from": "test"}, ema=EMA), train, test, to_unit, [averaged])

    for one, other in zip(plain.steps, averaged.steps, strict=True):
        for left, right in zip(one, other, strict=True):
            np.testing.assert_array_equal(left, right)


def test_early_stopping_goes_back_to_the_averages_that_were_measured(
    job: MakeJob, train: LabelledImages, test: LabelledImages
):
    overshooting = job(
        layers=LINEAR,
        epochs=12,
        ema={"momentum": 0.5},
        augmentation=None,
        schedule=CONSTANT,
        optimizer={"name": "sgd", "learning_rate": 1.0, "momentum": 0.9, "nesterov": False, "weight_decay": 0.0},
        validation={"from": "test"},
        callbacks={
            "reduce_lr_on_plateau": None,
            "early_stopping": {"monitor": "val_loss", "patience": 2, "restore_best_weights": True},
        },
    )

    fitted = fit(overshooting, train, test, to_unit)

    losses = [result.val_loss for result in fitted.epochs]
    one_hot = np.eye(10, dtype=np.float32)[test.labels]
    found = fitted.model.evaluate(to_unit(test.images), one_hot, batch_size=256, verbose=0, return_dict=True)
    assert len(losses) < 12
    assert found["loss"] == pytest.approx(min(losses), rel=1e-5)
