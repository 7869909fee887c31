"""A trained model as bytes: `.keras` to train on or look into, `.onnx` to predict with."""

import gc
import logging
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from worker.learning.errors import ExportError, ParityError
from worker.learning.layer_tensors import note_layers

INPUT = "images"
OUTPUT = "probabilities"
TOLERANCE = 1e-4
"""How far a probability may lie from the trained model's. float32 kernels of two engines differ by about 1e-6."""


def to_keras(model: keras.Model) -> bytes:
    """A `.keras` file of architecture and weights. The optimizer stays out: it would double or triple the size, and a
    finished model does not need it; the file loads uncompiled.
    """
    bare = type(model).from_config(model.get_config())
    bare.set_weights(model.get_weights())
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        bare.save(path)
        return path.read_bytes()


def to_onnx(model: keras.Model) -> bytes:
    """An ONNX file: input `images` (batch, height, width, channels) float32, output `probabilities` (batch, k) float32,
    the size of the batch free. Its metadata say which tensor is which layer's output (`layer_tensors`).

    Always converted by tf2onnx: of Keras' converters it is the one that takes every layer which a network may have. On
    another backend a child process does it, with TensorFlow on the CPU, from what `to_keras` gives. Raises ExportError
    where that fails.
    """
    if keras.backend.backend() != "tensorflow":
        return _elsewhere(model)
    logging.getLogger("tf2onnx").setLevel(logging.WARNING)  # else it tells of every pass it makes
    signature = [keras.InputSpec(shape=(None, *model.input_shape[1:]), dtype="float32", name=INPUT)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        with warnings.catch_warnings(), _collecting_often():
            # Keras' patch of tf2onnx asks NumPy 2 for the `np.object` of NumPy 1, and NumPy warns of it.
            warnings.filterwarnings("ignore", message=r"In the future `np\.object`", category=FutureWarning)
            model.export(path, format="onnx", input_signature=signature, verbose=False)
        exported = onnx.load(path)
    _rename_output(exported.graph, OUTPUT)
    # Noise rather than a picture: it makes every part of every layer answer.
    note_layers(model, exported, np.random.default_rng(0).random((1, *model.input_shape[1:]), dtype=np.float32))
    onnx.checker.check_model(exported)
    return bytes(exported.SerializeToString())


@contextmanager
def _collecting_often() -> Iterator[None]:
    """Let the garbage collector look at what is made in the block, and at nothing else, again and again.

    tf2onnx copies the whole graph, weights included, before each of its some 24 passes. The copies are cycles and few
    objects, so that they would all wait for a collector that counts objects, not bytes: 670 MB for 11 MB of weights.
    """
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()  # the 400,000 objects that TensorFlow's import leaves, which every collection would go through
    gc.collect()  # of nothing: full collections are put off until there is a fourth more than at the last one
    gc.set_threshold(500, 1, 1)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def _elsewhere(model: keras.Model) -> bytes:
    """`to_onnx` of the same model in a process whose Keras runs on TensorFlow."""
    with TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / "model.keras", Path(folder) / "model.onnx"
        ours.write_bytes(to_keras(model))
        environment = os.environ | {
            "KERAS_BACKEND": "tensorflow",
            "CUDA_VISIBLE_DEVICES": "",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        command = [sys.executable, "-P", "-m", "worker.learning.export", str(ours), str(theirs)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
        if done.returncode != 0:
            raise ExportError(done.stderr)
        return theirs.read_bytes()


def parity(model: keras.Model, onnx_bytes: bytes, images: NDArray[np.float32]) -> float:
    """The largest difference of any probability between the model and its export.

    Args:
        model: the trained model.
        onnx_bytes: what `to_onnx` made of it.
        images: (n, height, width, channels) float32, scaled; real ones, since noise hides differences.

    Raises:
        ParityError: the difference is above `TOLERANCE`, or is not a number.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(onnx_bytes, options, providers=["CPUExecutionProvider"])
    (exported,) = session.run([OUTPUT], {INPUT: images})
    trained = keras.ops.convert_to_numpy(model(images, training=False))
    difference = float(np.abs(exported - trained).max())
    if not difference <= TOLERANCE:
        raise ParityError(difference, TOLERANCE)
    return difference


def _rename_output(graph: onnx.GraphProto, name: str) -> None:
    """Call the only output `name`, wherever the graph speaks of it: converters make up names of their own."""
    (output,) = graph.output
    before = output.name
    output.name = name
    for node in graph.node:
        for names in (node.input, node.output):
            for position, used in enumerate(names):
                if used == before:
                    names[position] = name


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(to_onnx(keras.saving.load_model(sys.argv[1], compile=False)))
