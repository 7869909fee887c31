"""The weights of a network, named by a hash, and how two sets of them differ."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import BadZipFile

import keras
import numpy as np
from numpy.typing import NDArray

from worker.learning.errors import UnreadableWeights

Array = NDArray[np.generic]


@dataclass(frozen=True)
class WeightArray:
    """One array of weights. `name` is Keras' path, such as `conv2d/kernel`: the layer's name comes first."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    sha256: str


@dataclass(frozen=True)
class Weights:
    """All arrays of a network, in Keras' order, and the hash of them together."""

    sha256: str
    arrays: tuple[WeightArray, ...]


@dataclass(frozen=True)
class Difference:
    """How far the weights of a network lie from another's of the same architecture.

    `differing` arrays of `arrays` have not the same bytes. `largest` is the largest absolute difference of two numbers, in
    the array `where`; None where one of them is no finite number.
    """

    arrays: int
    differing: int
    largest: float | None
    where: str | None


def weigh(model: keras.Model) -> Weights:
    """Return what names the weights: not the file's hash, whose ZIP has times in it.

    The hash is SHA-256 over `model.weights` in that order: layers as they are applied, in each layer trainable weights first.
    Each array gives its name, dtype and shape as text (`conv2d/kernel float32 (3, 3, 1, 32)` and a line feed), then its bytes
    in C order, little-endian. An array's own hash is that of its bytes alone.
    """
    whole, arrays = hashlib.sha256(), []
    for variable in model.weights:
        array = _array(variable)
        content = array.tobytes()
        whole.update(f"{variable.path} {array.dtype.name} {array.shape}\n".encode())
        whole.update(content)
        arrays.append(
            WeightArray(variable.path, array.dtype.name, array.shape, sha256=hashlib.sha256(content).hexdigest())
        )
    return Weights(whole.hexdigest(), tuple(arrays))


def compare(model: keras.Model, keras_file: bytes) -> Difference:
    """Return how far `model` is from the weights in a `.keras` file of the same architecture.

    Raises:
        UnreadableWeights: the file is none, or of another architecture.
    """
    differing, largest, where = 0, 0.0, None
    is_finite = True
    for variable, before in zip(model.weights, _read(model, keras_file), strict=True):
        mine, other = _array(variable), _array(before)
        if mine.tobytes() == other.tobytes():
            continue
        differing += 1
        distance = _distance(mine, other)
        if is_finite and (where is None or not distance <= largest):
            where, largest, is_finite = variable.path, distance, bool(np.isfinite(distance))
    return Difference(len(model.weights), differing, largest if is_finite else None, where)


def _read(model: keras.Model, keras_file: bytes) -> list[keras.Variable]:
    # As the file describes the network: weights alone Keras reads into another network too, and leaves out what does not fit.
    try:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "original.keras"
            path.write_bytes(keras_file)
            found: list[keras.Variable] = keras.saving.load_model(path, compile=False).weights
    except (AttributeError, BadZipFile, OSError, KeyError, TypeError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise UnreadableWeights(f"The original's weights cannot be read: {reason}") from error
    if _layout(found) != _layout(model.weights):
        raise UnreadableWeights("The original's network is built of other layers than the rerun's.")
    return found


def _layout(variables: Sequence[keras.Variable]) -> list[tuple[str, str, tuple[int, ...]]]:
    """For each array its layer, dtype and shape. What Keras calls the parts of a layer may count up in a process."""
    return [(one.path.partition("/")[0], str(one.dtype), tuple(one.shape)) for one in variables]


def _array(variable: keras.Variable) -> Array:
    array: Array = np.ascontiguousarray(variable.numpy())
    array = array.reshape(tuple(variable.shape))  # ascontiguousarray makes a number an array of one
    return array.astype(array.dtype.newbyteorder("<"), copy=False)


def _distance(mine: Array, other: Array) -> float:
    with np.errstate(invalid="ignore", over="ignore"):
        return float(np.abs(mine.astype(np.float64) - other.astype(np.float64)).max(initial=0.0))
