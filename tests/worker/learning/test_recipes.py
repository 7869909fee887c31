import keras
import pytest

from tests.worker.learning.conftest import TINY
from worker.learning.compiling import compile_model
from worker.learning.errors import InvalidRecipe
from worker.learning.networks import build
from worker.learning.recipes import AugmentationSpec, LossSpec, Recipe, ScheduleSpec
from worker.learning.versions import content

PLATEAU = {"monitor": "val_accuracy", "factor": 0.5, "patience": 3, "min_lr": 1e-5}


def test_a_recipe_holds_what_its_json_says(recipe_json: dict[str, object]):
    recipe_json["callbacks"] = {
        "reduce_lr_on_plateau": PLATEAU,
        "early_stopping": {"monitor": "val_loss", "patience": 5, "restore_best_weights": True},
    }
    recipe_json["schedule"] = {"name": "constant", "warmup_epochs": 0}

    recipe = Recipe.from_json(recipe_json)

    assert content(recipe) == {
        **{name: recipe_json[name] for name in recipe_json if name != "callbacks"},
        **recipe_json["callbacks"],
    }
    assert recipe.monitors == ("val_accuracy", "val_loss")


def test_a_recipe_from_before_there_were_some_fields_means_what_it_meant_then(recipe_json: dict[str, object]):
    recipe = Recipe.from_json(recipe_json)

    assert (recipe.class_weight, recipe.ema_momentum, recipe.precision) == (None, None, "float32")
    assert (recipe.optimizer.beta_1, recipe.optimizer.clipnorm) == (None, None)
    assert recipe.augmentation == AugmentationSpec(rotation=10.0, zoom=0.1, shift=0.1)


def test_the_youngest_fields_are_read(recipe_json: dict[str, object]):
    recipe_json |= {"class_weight": {"cat": 2.5}, "ema": {"momentum": 0.9}, "precision": "mixed"}
    recipe_json["loss"] = {"name": "categorical_focal_crossentropy", "label_smoothing": 0.0, "gamma": 1, "alpha": 0.5}
    recipe_json["schedule"] = {"name": "step", "warmup_epochs": 0, "factor": 0.1, "every_epochs": 2}

    recipe = Recipe.from_json(recipe_json, ["bird", "cat", "dog"])

    assert (recipe.class_weight, recipe.ema_momentum, recipe.precision) == ((1.0, 2.5, 1.0), 0.9, "mixed")
    assert recipe.loss == LossSpec("categorical_focal_crossentropy", 0.0, gamma=1.0, alpha=0.5)
    assert recipe.schedule == ScheduleSpec("step", 0.0, factor=0.1, every_epochs=2.0)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("epochs", 0, "/recipe/epochs must be an integer of at least 1. Received: 0"),
        ("batch_size", 2.5, "/recipe/batch_size must be an integer"),
        ("drop_remainder", 1, "/recipe/drop_remainder must be true or false"),
        ("loss", None, "/recipe/loss must be an object"),
        ("loss", {"name": "mqe", "label_smoothing": 0.0}, "/recipe/loss/name must be one of"),
        ("loss", {"name": "categorical_crossentropy"}, "/recipe/loss/label_smoothing is missing"),
        ("schedule", {"name": "cosine", "warmup_epochs": float("nan")}, "/recipe/schedule/warmup_epochs"),
        ("callbacks", {"early_stopping": None}, "/recipe/callbacks/reduce_lr_on_plateau is missing"),
        ("colour", "red", "/recipe/colour is not known"),
        ("class_weight", "balance", "/recipe/class_weight must be one of balanced"),
        ("class_weight", {"cat": 1.0}, "/recipe/class_weight/cat is not known"),
        ("ema", {"momentum": 2.0}, "/recipe/ema/momentum must be a number from 0.0 to 1.0"),
        ("precision", "float16", "/recipe/precision must be one of float32, mixed"),
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


def test_a_compiled_model_minimises_the_smoothed_cross_entropy(recipe_json: dict[str, object]):
    recipe_json["loss"] = {"name": "categorical_crossentropy", "label_smoothing": 0.1}
    model = build(TINY, (28, 28, 1), seed=1)

    compile_model(model, Recipe.from_json(recipe_json))

    assert isinstance(model.loss, keras.losses.CategoricalCrossentropy)
    assert model.loss.label_smoothing == 0.1
