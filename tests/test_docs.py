"""The documentation says what the code does."""

import re
from pathlib import Path
from typing import get_args

from service.networks.layers import LAYERS
from service.settings import Settings
from service.trainings.optimizers import ARGUMENTS, Optimizer
from service.trainings.recipes import Augmentation, EarlyStopping, Ema, Loss, Recipe, ReduceLrOnPlateau, Schedule

ROOT = Path(__file__).parent.parent


def test_every_setting_is_documented_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)
    documented = dict(rows)

    for name, field in Settings.model_fields.items():
        variable = "KERAS_BACKEND" if name == "keras_backend" else f"CYFRA_{name.upper()}"
        default = "" if field.default in {None, ()} else f"`{field.default}`"
        assert documented.pop(variable) == default, variable
    assert documented == {}


def test_the_readme_names_only_make_targets_that_exist() -> None:
    named = set(re.findall(r"(?:`|^    |=all )make ([a-z-]+)", (ROOT / "README.md").read_text(), re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    targets |= {f"bench-{path.stem.replace('_', '-')}" for path in (ROOT / "bench").glob("[a-z]*.py")}

    assert {"demo", "up", "test", "bench-prediction"} <= named
    assert named <= targets


def test_every_layer_is_documented_with_its_arguments_and_their_defaults() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) ?\|$", (ROOT / "docs" / "networks.md").read_text(), re.MULTILINE))

    for name, layer in LAYERS.items():
        arguments = {key: field for key, field in layer.model_fields.items() if key not in {"layer", "id", "inputs"}}
        said = [
            f"`{key}`" + ("" if field.is_required() or field.default is None else f" = {field.default}")
            for key, field in arguments.items()
        ]
        assert rows.pop(name) == ", ".join(said), name
    assert rows == {}


def test_every_optimizer_is_documented_with_its_arguments_and_their_defaults() -> None:
    text = (ROOT / "docs" / "recipes.md").read_text().split("## Optimizers")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|$", text, re.MULTILINE))

    assert rows == {
        name: ", ".join(f"`{argument}` = {default}" for argument, default in arguments.items())
        for name, arguments in ARGUMENTS.items()
    }


def test_every_loss_schedule_and_field_of_a_recipe_is_documented() -> None:
    text = (ROOT / "docs" / "recipes.md").read_text()
    parts = (Recipe, Optimizer, Augmentation, Ema, EarlyStopping, ReduceLrOnPlateau)
    names = {name for part in parts for name in part.model_fields} - {"name"}
    names |= {name for part in (Loss, Schedule) for name in get_args(part.model_fields["name"].annotation)}

    assert {name for name in names if f"`{name}`" not in text and f'"{name}"' not in text} == set()
