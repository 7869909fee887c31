"""Train what the rules are tested on, and write down the curves: `python -m tests.service.advice.recording [NAME …]`.

Each case is a real training on mnist-5k, of seconds to a minute. The result, `curves.json`, is kept with the tests, so that
these need no Keras and no minutes.
"""

import json
import sys
import tempfile
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

CURVES: Final = Path(__file__).with_name("curves.json")
SOFTMAX: Final = {"layer": "Dense", "units": 10, "activation": "softmax"}
FLATTEN: Final = {"layer": "Flatten"}


def dense(units: int, activation: str = "relu") -> dict[str, Any]:
    return {"layer": "Dense", "units": units, "activation": activation}


def network(*layers: dict[str, Any]) -> dict[str, Any]:
    return {"layers": [*layers, SOFTMAX]}


MLP: Final = network(FLATTEN, dense(512), dense(512))
STEADY_MLP: Final = network(FLATTEN, dense(128), {"layer": "Dropout", "rate": 0.3})
LENET: Final = network(
    {"layer": "Conv2D", "filters": 6, "kernel_size": 5, "padding": "same", "activation": "relu"},
    {"layer": "MaxPooling2D", "pool_size": 2},
    {"layer": "Conv2D", "filters": 16, "kernel_size": 5, "activation": "relu"},
    {"layer": "MaxPooling2D", "pool_size": 2},
    FLATTEN,
    dense(120),
    dense(84),
)
NARROW: Final = network({"layer": "AveragePooling2D", "pool_size": 14}, FLATTEN)
LINEAR: Final = network(FLATTEN, dense(64, "linear"), dense(64, "linear"))
DEEP_SIGMOID: Final = network(FLATTEN, *(dense(64, "sigmoid") for _ in range(8)))


def recipe(epochs: int, name: str, rate: float, **more: Any) -> dict[str, Any]:
    momentum = {"momentum": more.pop("momentum")} if "momentum" in more else {}
    return {"epochs": epochs, "batch_size": 64, "optimizer": {"name": name, "learning_rate": rate} | momentum} | more


def of(layers: dict[str, Any], how: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"dataset": "mnist-5k", "network": layers, "recipe": how} | more


MOVES: Final = {"rotation": 10, "zoom": 0.1, "shift": 0.06}
COSINE: Final = {"name": "cosine", "warmup_epochs": 1}
ON_VAL_LOSS: Final = {"early_stopping": {"monitor": "val_loss", "patience": 3}}

CASES: Final[dict[str, dict[str, Any]]] = {
    "quickstart": {"preset": "quickstart"},
    "quickstart-6": {"preset": "quickstart", "recipe": {"epochs": 6}},
    "quickstart-30": {"preset": "quickstart", "recipe": {"epochs": 30}},
    "steady-mlp": of(STEADY_MLP, recipe(15, "adam", 0.001)),
    "lenet-sgd-cosine": of(LENET, recipe(15, "sgd", 0.05, momentum=0.9, schedule=COSINE, augmentation=MOVES)),
    "lenet-early-stopping": of(LENET, recipe(30, "adam", 0.001, augmentation=MOVES, callbacks=ON_VAL_LOSS)),
    "softmax-regression": of(network(FLATTEN), recipe(20, "adam", 0.001)),
    "overfitting-mlp": of(MLP, recipe(30, "adam", 0.001), validation={"from": "train", "fraction": 0.5}),
    "underfitting": of(NARROW, recipe(30, "adam", 0.02)),
    "too-high-sgd": of(MLP, recipe(12, "sgd", 1.0, momentum=0.9)),
    "too-high-adam": of(MLP, recipe(12, "adam", 0.03)),
    "dead-lenet": of(LENET, recipe(12, "adam", 0.03)),
    "too-high-regression": of(network(FLATTEN), recipe(12, "adam", 1.0)),
    "too-low-sgd": of(LENET, recipe(12, "sgd", 0.0005)),
    "too-low-adadelta": of(LENET, recipe(12, "adadelta", 0.001)),
    "dead-adam": of(LENET, recipe(8, "adam", 1.0)),
    "dead-sigmoid": of(DEEP_SIGMOID, recipe(8, "sgd", 0.01)),
    "not-finished": of(LENET, recipe(4, "adam", 0.0003, augmentation=MOVES)),
    "diverged": of(LINEAR, recipe(8, "sgd", 100.0, momentum=0.9)),
    "too-high-relu": of(MLP, recipe(8, "sgd", 100.0)),
    "rare-class": of(LENET, recipe(8, "adam", 0.001)),
    "lecture-mnist-small": {
        "preset": "lecture-mnist",
        "dataset": "mnist-5k",
        "recipe": {"epochs": 25, "batch_size": 64},
    },
}


def main(names: list[str]) -> None:
    """Train the cases of these names, all if there are none, and put them into `curves.json`."""
    from worker.learning import backend  # noqa: PLC0415 - before Keras

    backend.configure(None)
    for name in names or CASES:
        found = record(name, CASES[name])
        kept = json.loads(CURVES.read_text()) if CURVES.exists() else {}
        kept[name] = found
        lines = [f"{json.dumps(each)}: {json.dumps(kept[each])}" for each in CASES if each in kept]
        CURVES.write_text("{\n" + ",\n".join(lines) + "\n}\n")
        print(name, found["error_type"], [(e[1], e[2], e[3], e[4]) for e in found["epochs"]][-3:], flush=True)


def record(name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Carry out one training and return its specification, its epochs and its confusion matrix."""
    from service.images.expectation import scale  # noqa: PLC0415 - these import Keras
    from service.images.sets.opening import open_set  # noqa: PLC0415
    from service.trainings.resolving import resolve  # noqa: PLC0415
    from service.trainings.schemas import TrainingRequest  # noqa: PLC0415
    from tests.made import NO_LIMITS  # noqa: PLC0415
    from worker.learning import evaluation, training  # noqa: PLC0415
    from worker.learning.datasets import LabelledImages  # noqa: PLC0415
    from worker.learning.errors import Diverged  # noqa: PLC0415
    from worker.learning.recipes import Recipe  # noqa: PLC0415

    spec = resolve(TrainingRequest.model_validate(body), NO_LIMITS)
    home = Path(tempfile.gettempdir()) / "cyfra-recording"
    data = open_set(spec["dataset"], home, None)
    train = LabelledImages(np.asarray(data.x_train), np.array(data.y_train), 10)
    test = LabelledImages(np.asarray(data.x_test), np.array(data.y_test), 10)
    if name == "rare-class":
        train, test = _rare(train, 8, 12), _rare(test, 8, 15)
    job = training.Job(
        layers=spec["network"]["layers"],
        input_shape=data.shape,
        recipe=Recipe.from_json(spec["recipe"]),
        validation=training.Validation.from_json(spec["validation"]),
        seed=spec["seed"],
    )
    found: dict[str, Any] = {"error_type": None, "spec": spec, "epochs": [], "matrix": None}
    try:
        fitted = training.fit(job, train, test, scale)
    except Diverged:
        return found | {"error_type": "diverged"}
    rows = [[_rounded(figure) for figure in astuple(epoch)[:-1]] for epoch in fitted.epochs]
    matrix = evaluation.evaluate(fitted.model, test, data.classes, scale).confusion_matrix.tolist()
    return found | {"epochs": rows, "matrix": matrix}


def _rare(examples: Any, label: int, count: int) -> Any:
    """Leave only `count` images of one class."""
    of_it = np.flatnonzero(examples.labels == label)
    return replace(examples, indices=np.setdiff1d(np.arange(len(examples.labels)), of_it[count:]))


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else float(f"{figure:.5g}")


if __name__ == "__main__":
    main(sys.argv[1:])
