import inspect
from collections.abc import Callable

import keras
import numpy as np
import pytest

from tests.worker.learning.conftest import LINEAR, TINY, to_unit
from worker.learning.compiling import compile_model
from worker.learning.datasets import LabelledImages
from worker.learning.errors import InvalidRecipe
from worker.learning.networks import build
from worker.learning.optimizers import ARGUMENTS, OPTIMIZERS, OptimizerSpec, optimizer
from worker.learning.training import Job, fit

MakeJob = Callable[..., Job]

RATES = {"adadelta": 1.0, "sgd": 0.1, "adagrad": 0.05, "lion": 0.002}
CONSTANT = {"name": "constant", "warmup_epochs": 0}


def described(name: str, **others: object) -> dict[str, object]:
    """An optimizer as the service resolves it."""
    usual = ARGUMENTS[name]
    plain = {"momentum": usual.get("momentum", 0.0), "nesterov": usual.get("nesterov", False), "weight_decay": 0.0}
    return {"name": name, "learning_rate": RATES.get(name, 0.01), **plain, **others}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_gets_the_rate_and_decay_of_the_recipe(name: str):
    made = optimizer(OptimizerSpec(name, 0.5, weight_decay=0.25))

    assert type(made).__name__.lower() == name
    assert float(made.learning_rate) == 0.5
    assert made.weight_decay == 0.25


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_a_recipe_does_not_say_is_as_in_keras(name: str):
    kind = type(optimizer(OptimizerSpec(name, 0.5)))

    parameters = inspect.signature(kind).parameters
    assert {argument: parameters[argument].default for argument in ARGUMENTS[name]} == ARGUMENTS[name]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_learns_real_digits(name: str, job: MakeJob, train: LabelledImages, test: LabelledImages):
    learning = job(layers=LINEAR, epochs=3, augmentation=None, schedule=CONSTANT, optimizer=described(name))

    fitted = fit(learning, train, test, to_unit)

    assert fitted.epochs[-1].loss < 0.8 * fitted.epochs[0].loss
    assert fitted.epochs[-1].accuracy > 0.5  # 0.1 is chance


@pytest.mark.parametrize(
    ("name", "argument", "value"),
    [
        ("rmsprop", "rho", 0.5),
        ("adam", "beta_1", 0.5),
        ("adamw", "amsgrad", True),
        ("nadam", "beta_2", 0.9),
        ("adagrad", "initial_accumulator_value", 1.0),
        ("adadelta", "epsilon", 0.01),
        ("lion", "beta_2", 0.9),
        ("muon", "momentum", 0.5),
        ("sgd", "clipnorm", 1.0),
        ("adam", "clipvalue", 0.5),
        ("muon", "global_clipnorm", 2.0),
    ],
)
def test_an_argument_arrives_at_keras(name: str, argument: str, value: float):
    made = optimizer(OptimizerSpec.from_json(described(name, **{argument: value})))

    assert getattr(made, argument) == value


@pytest.mark.parametrize(
    ("name", "argument", "value", "others"),
    [
        ("adam", "momentum", 0.9, "sgd, rmsprop, muon may"),
        ("adam", "nesterov", True, "sgd, muon may"),
        ("sgd", "beta_1", 0.9, "adam, adamw, nadam, lion may"),
        ("lion", "epsilon", 1e-7, "adadelta, adam"),
        ("nadam", "amsgrad", True, "adam, adamw may"),
    ],
)
def test_an_argument_of_another_optimizer_is_refused(name: str, argument: str, value: float, others: str):
    with pytest.raises(InvalidRecipe, match=f"{name} takes no {argument}; {others}"):
        OptimizerSpec.from_json({**described(name), argument: value})


def test_adadelta_learns_at_one_when_told_to_and_not_at_kerass_thousandth():
    assert float(optimizer(OptimizerSpec("adadelta", 1.0)).learning_rate) == 1.0


def test_sgd_gets_its_momentum():
    made = optimizer(OptimizerSpec("sgd", 0.1, momentum=0.9, nesterov=True))

    assert (made.momentum, made.nesterov) == (0.9, True)


def test_nesterov_without_momentum_is_refused():
    with pytest.raises(InvalidRecipe, match="nesterov"):
        OptimizerSpec("sgd", 0.1, nesterov=True)


def test_two_ways_to_clip_are_refused():
    with pytest.raises(InvalidRecipe, match="exclude one another"):
        OptimizerSpec("sgd", 0.1, clipnorm=1.0, clipvalue=1.0)


def test_muon_turns_matrices_and_leaves_the_last_layer_and_all_else_to_adam(job: MakeJob):
    layers = [*TINY[:3], {"layer": "Dense", "units": 20, "activation": "relu"}, TINY[-1]]
    model = build(layers, (28, 28, 1), seed=1)
    compile_model(model, job(layers=layers, optimizer=described("muon")).recipe)

    model.optimizer.build(model.trainable_variables)

    by_muon = [
        variable.path
        for variable, velocity in zip(model.trainable_variables, model.optimizer.adam_velocities, strict=True)
        if velocity is None
    ]
    assert by_muon == ["dense/kernel"]


@pytest.mark.parametrize(
    ("clipping", "longest"), [({"global_clipnorm": 0.01}, 0.01), ({"clipnorm": 0.01}, 0.01 * 2**0.5), ({}, None)]
)
def test_a_clipped_step_is_no_longer_than_the_recipe_allows(
    job: MakeJob, train: LabelledImages, test: LabelledImages, clipping: dict[str, float], longest: float | None
):
    first_step = job(
        epochs=1,
        batch_size=450,
        augmentation=None,
        schedule=CONSTANT,
        optimizer=described("sgd", learning_rate=1.0, **clipping),
    )
    before = build(LINEAR, (28, 28, 1), seed=1).get_weights()

    after = fit(first_step, train, test, to_unit).model.get_weights()

    length = np.sqrt(sum(((one - other) ** 2).sum() for one, other in zip(after, before, strict=True)))
    assert length > 0.1 if longest is None else length == pytest.approx(longest, rel=1e-3)


def test_gradients_are_cut_off_at_a_value(job: MakeJob, train: LabelledImages, test: LabelledImages):
    cut = job(
        epochs=1,
        batch_size=450,
        augmentation=None,
        schedule=CONSTANT,
        optimizer=described("sgd", learning_rate=1.0, clipvalue=0.001),
    )
    before = build(LINEAR, (28, 28, 1), seed=1).get_weights()

    after = fit(cut, train, test, to_unit).model.get_weights()

    longest = max(abs(one - other).max() for one, other in zip(after, before, strict=True))
    assert longest == pytest.approx(0.001, rel=1e-3)


def test_an_optimizer_that_averages_is_otherwise_the_same():
    averaging = optimizer(OptimizerSpec("adam", 0.01), ema_momentum=0.9)

    assert isinstance(averaging, keras.optimizers.Adam)
    assert (averaging.use_ema, averaging.ema_momentum) == (True, 0.9)
    assert averaging.name.startswith("adam")  # Keras adds a number where there was one before
