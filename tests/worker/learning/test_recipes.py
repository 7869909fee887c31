import dataclasses

import keras
import pytest

from tests.worker.learning.conftest import TINY
from worker.learning.compiling import compile_model, optimizer
from worker.learning.errors import InvalidRecipe
from worker.learning.networks import build
from worker.learning.recipes import OPTIMIZERS, OptimizerSpec, Recipe

PLATEAU = {"monitor": "val_accuracy", "factor": 0.5, "patience": 3, "min_lr": 1e-5}


def test_a_recipe_holds_what_its_json_says(recipe_json: dict[str, object]):
    recipe_json["callbacks"] = {
        "reduce_lr_on_plateau": PLATEAU,
        "early_stopping": {"monitor": "val_loss", "patience": 5, "restore_best_weights": True},
    }
    recipe_json["schedule"] = {"name": "constant", "warmup_epochs": 0}

    recipe = Recipe.from_json(recipe_json)

    assert dataclasses.asdict(recipe) == {
        **{name: recipe_json[name] for name in recipe_json if name != "callbacks"},
        **recipe_json["callbacks"],
    }
    assert recipe.monitors == ("val_accuracy", "val_loss")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("epochs", 0, "/recipe/epochs must be an integer of at least 1. Received: 0"),
        ("batch_size", 2.5, "/recipe/batch_size must be an integer"),
        ("drop_remainder", 1, "/recipe/drop_remainder must be true or false"),
        ("loss", None, "/recipe/loss must be an object"),
        ("loss", {"name": "mse", "label_smoothing": 0.0}, "/recipe/loss/name must be one of"),
        ("loss", {"name": "categorical_crossentropy"}, "/recipe/loss/label_smoothing is missing"),
        ("schedule", {"name": "cosine", "warmup_epochs": float("nan")}, "/recipe/schedule/warmup_epochs"),
        ("callbacks", {"early_stopping": None}, "/recipe/callbacks/reduce_lr_on_plateau is missing"),
        ("colour", "red", "/recipe/colour is not known"),
    ],
)
def test_a_wrong_field_is_named_by_its_pointer(recipe_json: dict[str, object], field: str, value: object, message: str):
    recipe_json[field] = value

    with pytest.raises(InvalidRecipe) as refused:
        Recipe.from_json(recipe_json)

    assert message in str(refused.value)


def test_a_schedule_and_a_plateau_that_would_both_set_the_rate_are_refused(recipe_json: dict[str, object]):
    recipe_json["callbacks"] = {"reduce_lr_on_plateau": PLATEAU, "early_stopping": None}

    with pytest.raises(InvalidRecipe, match="both set the learning rate"):
        Recipe.from_json(recipe_json)


def test_momentum_is_refused_by_an_optimizer_that_takes_none():
    with pytest.raises(InvalidRecipe, match="adam takes no momentum"):
        OptimizerSpec("adam", 0.001, momentum=0.9)


def test_nesterov_without_momentum_is_refused():
    with pytest.raises(InvalidRecipe, match="nesterov"):
        OptimizerSpec("sgd", 0.1, nesterov=True)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_gets_the_rate_and_decay_of_the_recipe(name: str):
    made = optimizer(OptimizerSpec(name, 0.5, weight_decay=0.25))

    assert type(made).__name__.lower() == name
    assert float(made.learning_rate) == 0.5
    assert made.weight_decay == 0.25


def test_adadelta_learns_at_one_when_told_to_and_not_at_kerass_thousandth():
    assert float(optimizer(OptimizerSpec("adadelta", 1.0)).learning_rate) == 1.0


def test_sgd_gets_its_momentum():
    made = optimizer(OptimizerSpec("sgd", 0.1, momentum=0.9, nesterov=True))

    assert (made.momentum, made.nesterov) == (0.9, True)


def test_a_compiled_model_minimises_the_smoothed_cross_entropy(recipe_json: dict[str, object]):
    recipe_json["loss"] = {"name": "categorical_crossentropy", "label_smoothing": 0.1}
    model = build(TINY, (28, 28, 1), seed=1)

    compile_model(model, Recipe.from_json(recipe_json))

    assert isinstance(model.loss, keras.losses.CategoricalCrossentropy)
    assert model.loss.label_smoothing == 0.1
