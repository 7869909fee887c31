"""Networks that end in an average, trained head by head."""

from collections.abc import Callable
from dataclasses import replace

import keras
import numpy as np
import pytest

from tests.worker.learning.conftest import to_unit
from worker.learning.checkpoints import Place, read
from worker.learning.compiling import compile_model
from worker.learning.datasets import LabelledImages
from worker.learning.errors import InvalidRecipe
from worker.learning.heads import apart, heads_of
from worker.learning.networks import build
from worker.learning.optimizers import OptimizerSpec
from worker.learning.recipes import LossSpec
from worker.learning.training import Job, fit


def head(number: int) -> list[dict[str, object]]:
    return [
        {"layer": "Conv2D", "id": f"in{number}", "inputs": ["images"], "filters": 4, "kernel_size": 5, "strides": 3},
        {"layer": "Activation", "activation": "relu"},
        {"layer": "Flatten"},
        {"layer": "Dense", "id": f"out{number}", "units": 10, "activation": "softmax"},
    ]


TWO: list[dict[str, object]] = [*head(1), *head(2), {"layer": "Average", "inputs": ["out1", "out2"]}]


@pytest.fixture
def two(job: Callable[..., Job]) -> Job:
    plain = job(layers=TWO)
    recipe = replace(
        plain.recipe,
        optimizer=OptimizerSpec("sgd", 0.1, momentum=0.9),
        loss=LossSpec(label_smoothing=0.1, each_head=True),
    )
    return replace(plain, recipe=recipe)


def weights_of(model: keras.Model, *names: str) -> list[np.ndarray]:
    return [weight for name in names for weight in model.get_layer(name).get_weights()]


def test_heads_that_share_nothing_learn_what_each_would_alone(two: Job, train: LabelledImages):
    together, single = build(TWO, (28, 28, 1), 1), build(head(1), (28, 28, 1), 2)
    for name in ("in1", "out1"):
        single.get_layer(name).set_weights(together.get_layer(name).get_weights())
    before = weights_of(single, "in1")[0]
    models = (apart(together), two.recipe), (single, replace(two.recipe, loss=LossSpec(label_smoothing=0.1)))
    images, labels = to_unit(train.images[:64]), np.eye(10, dtype=np.float32)[train.labels[:64]]

    for model, recipe in models:
        compile_model(model, recipe)
        for _ in range(3):
            model.train_on_batch(images, labels)

    for ours, theirs in zip(weights_of(together, "in1", "out1"), weights_of(single, "in1", "out1"), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert np.abs(weights_of(single, "in1")[0] - before).max() > 0.001


def test_the_loss_is_the_sum_over_heads_and_the_accuracy_that_of_the_average(
    two: Job, train: LabelledImages, test: LabelledImages
):
    fitted = fit(replace(two, validation=replace(two.validation, source="test")), train, test, to_unit)
    images, labels = to_unit(test.images), test.labels
    first, second = apart(fitted.model).predict(images, verbose=0).transpose(1, 0, 2)
    smooth = 0.9 * np.eye(10)[labels] + 0.01
    last = fitted.epochs[-1]

    assert last.val_loss == pytest.approx(
        sum(-(smooth * np.log(one)).sum(1).mean() for one in (first, second)), rel=1e-3
    )
    assert last.val_accuracy == pytest.approx(((first + second).argmax(1) == labels).mean())
    np.testing.assert_allclose(fitted.model.predict(images, verbose=0), (first + second) / 2, atol=1e-6)


def test_an_interrupted_training_of_heads_ends_with_the_same_weights(
    two: Job, train: LabelledImages, test: LabelledImages
):
    kept: dict[Place, bytes] = {}
    whole = fit(two, train, test, to_unit, keep=lambda place, capture: kept.setdefault(place, capture()))
    middle = sorted(kept)[len(kept) // 2]

    resumed = fit(two, train, test, to_unit, resume=read(kept[middle]))

    for ours, theirs in zip(resumed.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_muon_leaves_the_last_layer_of_each_head_alone(two: Job, train: LabelledImages, test: LabelledImages):
    muon = replace(two, recipe=replace(two.recipe, optimizer=OptimizerSpec("muon", 0.003)))

    assert fit(muon, train, test, to_unit).epochs[-1].loss < 2 * np.log(10)


def test_a_network_without_heads_is_refused():
    with pytest.raises(InvalidRecipe, match="each_head"):
        heads_of(build(head(1), (28, 28, 1), 1))
