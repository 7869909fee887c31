"""Whole trainings that have a name: any field of them can be overridden."""

from typing import Any, Final

# The slide that compiles the lecture's model is unreadable. Its traces (a rate of 1.0 that halves on plateau, 117 steps an
# epoch, an image generator) say Adadelta at 1.0 with ReduceLROnPlateau, and it validates on the test set.
_LECTURE_RECIPE: Final[dict[str, Any]] = {
    "epochs": 3,
    "batch_size": 512,
    "drop_remainder": True,
    "optimizer": {"name": "adadelta", "learning_rate": 1.0},
    "augmentation": {"rotation": 10, "zoom": 0.1, "shift": 0.1},
    "callbacks": {
        "reduce_lr_on_plateau": {"monitor": "val_accuracy", "factor": 0.5, "patience": 3, "min_lr": 1e-5},
    },
}

TRAININGS: Final[dict[str, dict[str, Any]]] = {
    "quickstart": {
        "dataset": "mnist-5k",
        "network": "quickstart",
        "recipe": {
            "epochs": 12,
            "batch_size": 100,
            "drop_remainder": True,
            "optimizer": {"name": "adam", "learning_rate": 0.012},
            "schedule": {"name": "one_cycle"},
            "augmentation": {"rotation": 10, "zoom": 0.1, "shift": 0.06, "shear": 0.1},
        },
        "validation": {"from": "train", "fraction": 0.1},
        "seed": 1,
    },
    "handwriting": {  # for the writing of people whom MNIST has not met: docs/handwriting.md
        "dataset": "mnist",
        "network": "fast-mnist",
        "recipe": {
            "epochs": 10,
            "batch_size": 250,
            "drop_remainder": True,
            "optimizer": {"name": "adam", "learning_rate": 0.006},
            "loss": {"label_smoothing": 0.05},
            "schedule": {"name": "one_cycle"},
            "augmentation": {
                "rotation": 12,
                "zoom": 0.12,
                "shift": 0.06,
                "shear": 0.25,
                "elastic": 0.08,
                "stroke_width": 1.5,
                "variants": 0.2,
            },
        },
        "validation": {"from": "train", "fraction": 0.1},
        "seed": 1,
    },
    "fast-mnist": {
        "dataset": "mnist",
        "network": "fast-mnist-wide",
        "recipe": {
            "epochs": 11,
            "batch_size": 200,
            "drop_remainder": True,
            "optimizer": {"name": "adam", "learning_rate": 0.006},
            "loss": {"label_smoothing": 0.05},
            "schedule": {"name": "one_cycle"},
            "augmentation": {"rotation": 10, "zoom": 0.1, "shift": 0.07, "shear": 0.1},
        },
        "validation": {"from": "train", "fraction": 0.05},
        "seed": 1,
    },
    "fast-cifar10": {
        "dataset": "cifar10",
        "network": "fast-cifar10",
        "recipe": {
            "epochs": 12,
            "batch_size": 250,
            "drop_remainder": True,
            "optimizer": {"name": "adam", "learning_rate": 0.006},
            "loss": {"label_smoothing": 0.1},
            "schedule": {"name": "one_cycle"},
            "augmentation": {"shift": 0.08, "horizontal_flip": True},
        },
        "validation": {"from": "train", "fraction": 0.05},
        "seed": 1,
    },
    "lecture-mnist": {
        "dataset": "mnist",
        "network": "lecture-mnist",
        "recipe": _LECTURE_RECIPE,
        "validation": {"from": "test"},
        "seed": 1,
    },
    "lecture-cifar10": {
        "dataset": "cifar10",
        "network": "lecture-cifar10",
        "recipe": _LECTURE_RECIPE,
        "validation": {"from": "test"},
        "seed": 1,
    },
}


def overridden(preset: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """Return `preset` with `fields` laid over it: objects field by field, everything else as a whole.

    An object that names another kind (`{"name": "sgd"}` over Adadelta) or another layer list replaces the preset's whole.
    """
    result = dict(preset)
    for key, value in fields.items():
        below = result.get(key)
        same_kind = isinstance(below, dict) and isinstance(value, dict) and not _is_other_kind(below, value)
        result[key] = overridden(below, value) if same_kind else value  # type: ignore[arg-type] # both are objects
    return result


def _is_other_kind(below: dict[str, Any], above: dict[str, Any]) -> bool:
    return any(key in above and above[key] != below.get(key) for key in ("name", "from", "layers"))
