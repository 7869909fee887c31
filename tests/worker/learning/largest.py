"""Train a described network on the largest batch that a limit allows, and print what that took beside weights: bytes.

python -m tests.worker.learning.largest LIMIT_BYTES < layers.json
"""

import json
import sys
from pathlib import Path

import keras
import numpy as np

from service.networks.checking import activation_bytes, size_bytes
from service.networks.layers import LAYER_LIST
from service.networks.measuring import measure
from worker.learning.compiling import compile_model
from worker.learning.networks import build
from worker.learning.optimizers import OptimizerSpec
from worker.learning.recipes import Recipe

SHAPE = (28, 28, 1)
COPIES = 4
"""Of the weights: themselves, their gradients, and two moments of Adam."""


def peak() -> int:
    """The most that this process has held, bytes."""
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) * 1024


def main() -> None:
    layers = LAYER_LIST.validate_python(json.load(sys.stdin))
    measured = measure(layers, SHAPE)
    assert not measured.faults, measured.faults
    batch = int(sys.argv[1]) // activation_bytes(measured, 1)
    model = build([layer.model_dump(mode="json", exclude_none=True) for layer in layers], SHAPE, 1)
    compile_model(model, Recipe(1, batch, OptimizerSpec("adam", 1e-3)))
    model.train_on_batch(*images(2))  # so that what TensorFlow itself needs is there before
    before = peak()
    for _ in range(3):
        model.train_on_batch(*images(batch))
    print(json.dumps({"batch": batch, "taken": peak() - before - COPIES * size_bytes(measured)}))


def images(count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(count)
    return rng.random((count, *SHAPE), np.float32), np.asarray(
        keras.utils.to_categorical(rng.integers(0, 10, count), 10)
    )


if __name__ == "__main__":
    main()
