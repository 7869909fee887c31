"""From a JSON layer list to a Keras network with fresh weights."""

import math
from collections.abc import Mapping, Sequence

import keras

from worker.learning import layers as allowed
from worker.learning.errors import UnbuildableNetwork

MAX_WEIGHTS = 50_000_000
"""Weights that one layer may have (200 MB as float32): what is asked for beyond it is a mistake, not a network."""


def build(layers: Sequence[Mapping[str, object]], input_shape: tuple[int, int, int], seed: int) -> keras.Model:
    """Build the network of a layer list, its weights drawn from `seed`.

    Args:
        layers: for each layer its Keras class name and arguments, such as
            `{"layer": "Conv2D", "filters": 32, "kernel_size": 3, "padding": "same", "activation": "relu"}`.
            What may stand here says `worker.learning.layers`; defaults are Keras' own.
        input_shape: (height, width, channels) of one image.
        seed: from 0 to 2**32 - 1. Sets the global seeds of Python, NumPy and the backend: initial weights and the draws
            of dropout follow from it.

    Returns:
        A functional model from (n, height, width, channels) float32 to the output of the last layer. Not compiled.

    Raises:
        UnbuildableNetwork: a layer or an argument that is not allowed, or layers that do not fit each other.
    """
    if not layers:
        raise UnbuildableNetwork("The layer list is empty; a network needs at least one layer.")
    keras.utils.set_random_seed(seed)
    images = keras.Input(input_shape, name="images")
    outputs = images
    for index, spec in enumerate(layers):
        outputs = _append(outputs, index, spec)
    return keras.Model(images, outputs, name="network")


def check_classifier(layers: Sequence[Mapping[str, object]], model: keras.Model, classes: int) -> None:
    """Raise UnbuildableNetwork unless the network ends in the probabilities of `classes` classes."""
    last = len(layers) - 1
    if tuple(model.output_shape) != (None, classes):
        received = tuple(model.output_shape)[1:]
        raise UnbuildableNetwork(
            f"the network must end in one number a class, shape ({classes},). Its output has shape {received}.",
            index=last,
        )
    if layers[-1].get("activation") != "softmax":
        raise UnbuildableNetwork(
            'the last layer must have "activation": "softmax", so that its output is probabilities.', index=last
        )


def _append(inputs: keras.KerasTensor, index: int, spec: Mapping[str, object]) -> keras.KerasTensor:
    fault = allowed.fault_in(spec)
    if fault is not None:
        raise UnbuildableNetwork(fault, index=index)
    try:
        layer = allowed.make(spec)
        weights = _weights(spec, tuple(inputs.shape))
        if weights > MAX_WEIGHTS:
            raise UnbuildableNetwork(
                f"{spec['layer']} would have {weights:,} weights; at most {MAX_WEIGHTS:,} are allowed.", index=index
            )
        return layer(inputs)
    except (TypeError, ValueError) as error:
        raise UnbuildableNetwork(f"{spec['layer']} does not fit: {_first_line(error)}", index=index) from error


def _weights(spec: Mapping[str, object], shape: tuple[int | None, ...]) -> int:
    """Weights of the layer's largest kernel on inputs (None, …, channels), known before memory is taken for it."""
    channels = shape[-1] or 1
    size = spec.get("kernel_size", 1)
    area = math.prod(size) if isinstance(size, list | tuple) else _int(size) ** 2
    multiplier = _int(spec.get("depth_multiplier", 1))
    match spec["layer"]:
        case "Conv2D":
            return area * channels * _int(spec["filters"])
        case "DepthwiseConv2D":
            return area * channels * multiplier
        case "SeparableConv2D":
            return max(area * channels * multiplier, channels * multiplier * _int(spec["filters"]))
        case "Dense":
            return channels * _int(spec["units"])
        case _:
            return 0


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value


def _first_line(error: Exception) -> str:
    """Keras' messages go on with the whole stack of the call; the first line is the one for people."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
