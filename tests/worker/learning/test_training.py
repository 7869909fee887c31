import threading
from collections.abc import Callable

import keras
import numpy as np
import pytest

from tests.worker.learning.conftest import LINEAR, TINY, to_unit
from worker.learning.datasets import LabelledImages
from worker.learning.errors import Diverged, InvalidRecipe, UnbuildableNetwork
from worker.learning.schedules import learning_rate_at
from worker.learning.training import Job, Validation, fit

MakeJob = Callable[..., Job]


class Listening(keras.callbacks.Callback):
    """Notes the names of the hooks that it hears, what `params` and logs hold, and each step's rate."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []
        self.rates: list[float] = []
        self.seen_params: dict[str, object] = {}
        self.seen_logs: list[dict[str, float]] = []

    def on_train_begin(self, logs=None):
        self.seen_params = dict(self.params)

    def on_train_batch_end(self, batch, logs=None):
        self.heard.append("train")
        self.rates.append(float(self.model.optimizer.learning_rate))

    def on_test_batch_end(self, batch, logs=None):
        self.heard.append("test")

    def on_epoch_end(self, epoch, logs=None):
        self.heard.append("epoch")
        self.seen_logs.append(dict(logs))


class Cancelled(Exception):
    pass


class Cancelling(keras.callbacks.Callback):
    def __init__(self, hook: str, after: int) -> None:
        super().__init__()
        self.left = after
        setattr(self, hook, self._hook)

    def _hook(self, batch, logs=None):
        self.left -= 1
        if self.left < 0:
            raise Cancelled

    def on_train_batch_end(self, batch, logs=None):
        pass

    def on_test_batch_end(self, batch, logs=None):
        pass


def augmentation_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("augmentation")]


def test_a_tiny_network_learns_real_digits(job: MakeJob, train: LabelledImages, test: LabelledImages):
    adam = {"name": "adam", "learning_rate": 0.01, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0}

    fitted = fit(
        job(layers=TINY, epochs=8, batch_size=25, optimizer=adam, validation={"from": "test"}), train, test, to_unit
    )

    assert [result.epoch for result in fitted.epochs] == list(range(1, 9))
    assert fitted.epochs[-1].loss < fitted.epochs[0].loss
    assert fitted.epochs[-1].val_accuracy > 0.6  # 0.1 is chance
    assert all(result.seconds > 0 for result in fitted.epochs)


def test_the_same_job_gives_bit_equal_weights_whatever_was_trained_in_between(
    job: MakeJob, train: LabelledImages, test: LabelledImages
):
    with_randomness_everywhere = job(layers=TINY, validation={"from": "train", "fraction": 0.1})
    first = fit(with_randomness_everywhere, train, test, to_unit)
    with pytest.raises(Cancelled):
        fit(job(seed=9), train, test, to_unit, [Cancelling("on_train_batch_end", 3)])

    same = fit(with_randomness_everywhere, train, test, to_unit)

    pairs = zip(first.model.get_weights(), same.model.get_weights(), strict=True)
    assert all(np.array_equal(one, two) for one, two in pairs)
    assert [result.loss for result in first.epochs] == [result.loss for result in same.epochs]
    assert [layer.name for layer in first.model.layers] == [layer.name for layer in same.model.layers]
    assert not augmentation_threads()


def test_callbacks_hear_every_batch_and_know_epochs_and_steps_in_advance(
    job: MakeJob, train: LabelledImages, test: LabelledImages
):
    listening = Listening()

    fitted = fit(job(validation={"from": "test"}), train, test, to_unit, [listening])

    assert listening.seen_params["epochs"] == 2
    assert listening.seen_params["steps"] == 9
    assert listening.heard == (["train"] * 9 + ["test"] + ["epoch"]) * 2
    assert listening.seen_logs[1]["learning_rate"] == fitted.epochs[1].learning_rate
    assert listening.seen_logs[1]["val_accuracy"] == fitted.epochs[1].val_accuracy


def test_a_partial_batch_is_a_step_when_it_is_not_dropped(job: MakeJob, train: LabelledImages, test: LabelledImages):
    listening = Listening()

    fit(job(epochs=1, batch_size=80, drop_remainder=False), train, test, to_unit, [listening])

    assert listening.seen_params["steps"] == 6
    assert listening.heard.count("train") == 6


@pytest.mark.parametrize(
    "schedule",
    [
        {"name": "one_cycle", "warmup_epochs": 0},
        {"name": "cosine", "warmup_epochs": 0.5},
        {"name": "step", "warmup_epochs": 0, "factor": 0.5, "every_epochs": 0.5},
        {"name": "exponential", "warmup_epochs": 0.25, "factor": 0.1, "every_epochs": 1},
        {"name": "constant", "warmup_epochs": 1},
    ],
)
def test_every_step_runs_at_the_schedules_rate(
    job: MakeJob, train: LabelledImages, test: LabelledImages, schedule: dict[str, object]
):
    listening, cycling = Listening(), job(schedule=schedule)

    fitted = fit(cycling, train, test, to_unit, [listening])

    expected = [learning_rate_at(cycling.recipe.schedule, 0.1, step, epochs=2, steps_per_epoch=9) for step in range(18)]
    assert listening.rates == pytest.approx(expected, rel=1e-6)
    assert fitted.epochs[0].learning_rate == pytest.approx(expected[8], rel=1e-6)
    assert fitted.epochs[0].val_loss is None  # this job validates on nothing


def test_images_held_out_for_validation_are_not_trained_on(job: MakeJob, train: LabelledImages, test: LabelledImages):
    listening = Listening()

    fitted = fit(job(epochs=1, validation={"from": "train", "fraction": 0.2}), train, test, to_unit, [listening])

    assert listening.seen_params["steps"] == 360 // 50
    assert fitted.epochs[0].val_accuracy is not None


def test_the_rate_halves_when_the_monitored_measure_stands_still(
    job: MakeJob, train: LabelledImages, test: LabelledImages
):
    standing_still = {
        "epochs": 4,
        "optimizer": {"name": "sgd", "learning_rate": 1e-9, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0},
        "schedule": {"name": "constant", "warmup_epochs": 0.0},
        "callbacks": {
            "reduce_lr_on_plateau": {"monitor": "accuracy", "factor": 0.5, "patience": 0, "min_lr": 0.0},
            "early_stopping": None,
        },
        "augmentation": None,
        "batch_size": 450,
    }

    fitted = fit(job(**standing_still), train, test, to_unit)

    assert [result.learning_rate for result in fitted.epochs] == pytest.approx([1e-9, 1e-9, 5e-10, 2.5e-10])


def test_early_stopping_ends_the_training_and_the_log_with_it(
    job: MakeJob, train: LabelledImages, test: LabelledImages
):
    stopping = {"monitor": "val_loss", "patience": 1, "restore_best_weights": True}
    still = {"name": "sgd", "learning_rate": 0.0, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0}

    fitted = fit(
        job(
            epochs=20,
            optimizer=still,
            callbacks={"reduce_lr_on_plateau": None, "early_stopping": stopping},
            validation={"from": "test"},
        ),
        train,
        test,
        to_unit,
    )

    assert len(fitted.epochs) == 2


def test_watching_a_validation_that_there_is_not_is_refused(job: MakeJob):
    stopping = {"monitor": "val_loss", "patience": 1, "restore_best_weights": True}

    with pytest.raises(InvalidRecipe, match="nothing to monitor"):
        job(callbacks={"reduce_lr_on_plateau": None, "early_stopping": stopping}, validation={"from": "none"})


def test_a_loss_that_becomes_nan_ends_the_training_with_its_epoch(
    job: MakeJob, train: LabelledImages, test: LabelledImages
):
    def endless(images: np.ndarray) -> np.ndarray:
        return np.full(images.shape, np.inf, np.float32)

    with pytest.raises(Diverged, match="epoch 1") as diverged:
        fit(job(), train, test, endless)

    assert diverged.value.epoch == 1
    assert not augmentation_threads()


@pytest.mark.parametrize(("hook", "after"), [("on_train_batch_end", 12), ("on_test_batch_end", 1)])
def test_what_a_callback_raises_ends_the_training_at_once_and_its_thread_with_it(
    job: MakeJob, train: LabelledImages, test: LabelledImages, hook: str, after: int
):
    listening = Listening()

    with pytest.raises(Cancelled):
        fit(job(epochs=1000, validation={"from": "test"}), train, test, to_unit, [listening, Cancelling(hook, after)])

    assert listening.heard.count("epoch") == 1
    assert not augmentation_threads()


def test_a_network_for_other_classes_is_refused_before_training(
    job: MakeJob, train: LabelledImages, test: LabelledImages
):
    with pytest.raises(UnbuildableNetwork, match=r"shape \(10,\)"):
        fit(job(layers=[LINEAR[0], {**LINEAR[1], "units": 7}]), train, test, to_unit)


@pytest.mark.parametrize("json", [{}, {"from": "moon"}, {"from": "train"}, {"from": "train", "fraction": 1.5}])
def test_a_validation_that_says_nothing_known_is_refused(json: dict[str, object]):
    with pytest.raises(InvalidRecipe, match="/validation"):
        Validation.from_json(json)


def test_mixed_precision_learns_and_answers_in_float32(job: MakeJob, train: LabelledImages, test: LabelledImages):
    adam = {"name": "adam", "learning_rate": 0.01, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0}
    mixed = job(layers=TINY, epochs=8, batch_size=25, optimizer=adam, validation={"from": "test"}, precision="mixed")

    fitted = fit(mixed, train, test, to_unit)

    assert fitted.epochs[-1].val_accuracy > 0.6
    assert {layer.compute_dtype for layer in fitted.model.layers} == {"float32"}
    probabilities = fitted.model.predict(to_unit(test.images), verbose=0)
    accuracy = float((probabilities.argmax(axis=1) == test.labels).mean())
    assert accuracy == pytest.approx(fitted.epochs[-1].val_accuracy, abs=0.03)


def test_a_cut_of_the_rate_waits_for_its_cooldown(job: MakeJob, train: LabelledImages, test: LabelledImages):
    standing_still = {
        "epochs": 5,
        "optimizer": {"name": "sgd", "learning_rate": 1e-6, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0},
        "schedule": {"name": "constant", "warmup_epochs": 0},
        "augmentation": None,
        "callbacks": {
            "reduce_lr_on_plateau": {
                "monitor": "loss",
                "factor": 0.5,
                "patience": 1,
                "min_lr": 0.0,
                "min_delta": 1.0,
                "cooldown": 2,
            },
            "early_stopping": None,
        },
    }

    fitted = fit(job(**standing_still), train, test, to_unit)

    # The first epoch is the best; the second does not improve, and cuts the rate; then two epochs are not looked at.
    rates = [result.learning_rate / 1e-6 for result in fitted.epochs]
    assert rates == pytest.approx([1, 1, 0.5, 0.5, 0.25], rel=1e-4)
