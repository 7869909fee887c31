"""Jobs for trainings that are interrupted, and what they leave behind. Small ones: 100 digits, 7 steps an epoch."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from tests.worker.learning.conftest import LINEAR, to_unit
from worker.learning.checkpoints import Place, State, fingerprint, read
from worker.learning.datasets import LabelledImages
from worker.learning.following import EpochResult
from worker.learning.recipes import Recipe
from worker.learning.training import Fitted, Job, Validation, fit

DATASET = "0" * 64

RANDOM = (
    {"layer": "Conv2D", "filters": 4, "kernel_size": 5, "strides": 3, "activation": "relu"},
    {"layer": "BatchNormalization"},
    {"layer": "SpatialDropout2D", "rate": 0.2},
    {"layer": "Flatten"},
    {"layer": "Dropout", "rate": 0.1},
    {"layer": "Dense", "units": 10, "activation": "softmax"},
)
DROPOUT = (LINEAR[0], {"layer": "Dropout", "rate": 0.3}, LINEAR[1])

AUGMENTATION = {"rotation": 10, "zoom": 0.1, "shift": 0.1, "shear": 0.1, "horizontal_flip": True}
CONSTANT = {"name": "constant", "warmup_epochs": 0}


def optimizer(name: str, learning_rate: float, **others: object) -> dict[str, object]:
    plain = {"momentum": 0.0, "nesterov": False, "weight_decay": 0.0}
    return {"name": name, "learning_rate": learning_rate, **plain, **others}


def plateau(monitor: str) -> dict[str, object]:
    # Few measures improve for ever at this rate: the callback waits, and lowers it, in every epoch or two.
    return {"monitor": monitor, "factor": 0.5, "patience": 1, "min_lr": 0.0001}


def stopping(monitor: str, *, restore: bool) -> dict[str, object]:
    return {"monitor": monitor, "patience": 2, "restore_best_weights": restore}


def job(
    *, seed: int = 1, layers: Sequence[Mapping[str, object]] = LINEAR, validation: object = None, **recipe: object
) -> Job:
    """Three epochs of 16 images a step; keywords say what else."""
    callbacks = {"reduce_lr_on_plateau": None, "early_stopping": None, **recipe.pop("callbacks", {})}
    json_ = {
        "epochs": 3,
        "batch_size": 16,
        "drop_remainder": False,
        "optimizer": optimizer("sgd", 0.1, momentum=0.9),
        "loss": {"name": "categorical_crossentropy", "label_smoothing": 0.1},
        "schedule": CONSTANT,
        "augmentation": None,
        "callbacks": callbacks,
        **recipe,
    }
    return Job(
        layers,
        (28, 28, 1),
        Recipe.from_json(json_, "0123456789"),
        Validation.from_json(validation or {"from": "none"}),
        seed,
    )


OVERSHOOTING = {
    "epochs": 12,
    "layers": DROPOUT,
    "optimizer": optimizer("sgd", 0.1, momentum=0.9),
    "validation": {"from": "test"},
}
"""Its validation loss soon rises again: early stopping has something to do."""

TWISTED = "random layers, augmentation, one cycle"
STOPPED = "early stopping, best weights, plateau"
MIXED_UP = "mixup, variants, cutout, class weights, focal loss"
AVERAGED = "moving average, early stopping, best weights, plateau"

JOBS = {
    "adadelta": job(layers=DROPOUT, optimizer=optimizer("adadelta", 1.0)),
    "sgd": job(layers=DROPOUT, optimizer=optimizer("sgd", 0.1)),
    "sgd with momentum": job(optimizer=optimizer("sgd", 0.1, momentum=0.9, nesterov=True, weight_decay=0.01)),
    "adam": job(optimizer=optimizer("adam", 0.01)),
    "adamw": job(optimizer=optimizer("adamw", 0.01, weight_decay=0.01)),
    "rmsprop": job(optimizer=optimizer("rmsprop", 0.01, momentum=0.5)),
    "nadam": job(layers=DROPOUT, optimizer=optimizer("nadam", 0.01)),
    "adagrad": job(optimizer=optimizer("adagrad", 0.1)),
    TWISTED: job(
        layers=RANDOM,
        augmentation=AUGMENTATION,
        schedule={"name": "one_cycle", "warmup_epochs": 0},
        validation={"from": "train", "fraction": 0.2},
    ),
    "constant with warm-up": job(schedule={"name": "constant", "warmup_epochs": 1.5}, drop_remainder=True),
    "cosine": job(schedule={"name": "cosine", "warmup_epochs": 0.5}, augmentation=AUGMENTATION),
    "plateau": job(
        epochs=6,
        optimizer=optimizer("sgd", 1.0),
        validation={"from": "test"},
        callbacks={"reduce_lr_on_plateau": plateau("val_loss")},
    ),
    "early stopping": job(**OVERSHOOTING, callbacks={"early_stopping": stopping("val_loss", restore=False)}),
    "lion": job(optimizer=optimizer("lion", 0.001, beta_1=0.8, global_clipnorm=1.0)),
    "muon": job(
        layers=(LINEAR[0], {"layer": "Dense", "units": 20, "activation": "relu"}, LINEAR[1]),
        optimizer=optimizer("muon", 0.01, momentum=0.95, nesterov=True, weight_decay=0.01),
    ),
    "step with warm-up": job(schedule={"name": "step", "warmup_epochs": 0.5, "factor": 0.5, "every_epochs": 0.7}),
    "exponential": job(schedule={"name": "exponential", "warmup_epochs": 0, "factor": 0.5, "every_epochs": 1}),
    MIXED_UP: job(
        augmentation={
            **AUGMENTATION,
            "vertical_flip": True,
            "brightness": 0.2,
            "cutout": 0.3,
            "mixup": 0.4,
            "variants": 0.5,
        },
        loss={"name": "categorical_focal_crossentropy", "label_smoothing": 0.1, "gamma": 1.0, "alpha": 0.5},
        class_weight="balanced",
        validation={"from": "train", "fraction": 0.2},
    ),
    "moving average": job(layers=RANDOM, ema={"momentum": 0.9}),
    AVERAGED: job(
        **OVERSHOOTING,
        ema={"momentum": 0.5},
        callbacks={
            "early_stopping": {**stopping("val_loss", restore=True), "min_delta": 0.001},
            "reduce_lr_on_plateau": {**plateau("loss"), "min_delta": 0.01, "cooldown": 1},
        },
    ),
    "mixed precision": job(layers=RANDOM, precision="mixed", ema={"momentum": 0.9}),
    STOPPED: job(
        **OVERSHOOTING,
        callbacks={
            "early_stopping": stopping("val_loss", restore=True),
            "reduce_lr_on_plateau": plateau("loss"),
        },
    ),
}


class Interrupted(Exception):
    pass


@dataclass
class Album:
    """Keeps a checkpoint of every place; interrupts the training at one."""

    until: Place | None = None
    checkpoints: dict[Place, bytes] = field(default_factory=dict)

    def __call__(self, place: Place, capture: Callable[[], bytes]) -> None:
        self.checkpoints[place] = capture()
        if place == self.until:
            raise Interrupted

    def state(self, place: Place) -> State:
        return read(self.checkpoints[place])


@dataclass(frozen=True)
class Ended:
    """What a training left behind: the values of all variables that it changed, and its log."""

    arrays: list[np.ndarray]
    epochs: list[EpochResult]

    @classmethod
    def of(cls, fitted: Fitted) -> "Ended":
        optimizer = getattr(
            fitted.model, "optimizer", None
        )  # a network that was trained in mixed precision has none any more
        variables = (*fitted.model.variables, *(() if optimizer is None else optimizer.variables))
        return cls([variable.numpy() for variable in variables], fitted.epochs)


Train = Callable[..., Ended]
"""Fits a job on a few images; keywords as in `fit`."""
Uninterrupted = Callable[[str], tuple[Album, Ended]]
"""Trains the job of a name without interruption, keeping a checkpoint of every place; each job once."""


def trainer(few: LabelledImages, others: LabelledImages) -> Train:
    def train(job: Job, **keywords: object) -> Ended:
        return Ended.of(fit(job, few, others, to_unit, fingerprint=fingerprint(job, DATASET), **keywords))

    return train


def album_of_each(run: Train) -> Uninterrupted:
    @cache
    def train(name: str) -> tuple[Album, Ended]:
        album = Album()
        return album, run(JOBS[name], keep=album)

    return train


def assert_same(one: Ended, other: Ended) -> None:
    assert_equal(one.arrays, other.arrays)
    assert [replace(result, seconds=0.0) for result in one.epochs] == [
        replace(result, seconds=0.0) for result in other.epochs
    ]


def assert_equal(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> None:
    for left, right in zip(one, other, strict=True):
        np.testing.assert_array_equal(left, right)


def any_of(places: Sequence[Place]) -> Place:
    seed = random.SystemRandom().randrange(2**32)
    place = random.Random(seed).choice(places)
    print(f"seed {seed}: interrupted at {place}")
    return place
