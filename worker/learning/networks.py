"""From a JSON list of layers, a chain or a graph, to a Keras network with fresh weights."""

import math
from collections.abc import Mapping, Sequence

import keras

from worker.learning import layers as allowed
from worker.learning.errors import UnbuildableNetwork
from worker.learning.wiring import IMAGES, THE_IMAGES, Wiring, wire

MAX_WEIGHTS = 50_000_000
"""Weights that one layer may have (200 MB as float32): what is asked for beyond it is a mistake, not a network."""


def build(
    layers: Sequence[Mapping[str, object]], input_shape: tuple[int, int, int], seed: int, precision: str = "float32"
) -> keras.Model:
    """Build the network of a layer list, its weights drawn from `seed`.

    Args:
        layers: for each layer its Keras class name and arguments, such as
            `{"layer": "Conv2D", "filters": 32, "kernel_size": 3, "padding": "same", "activation": "relu"}`.
            What may stand here says `worker.learning.layers`; defaults are Keras' own. `id` and `inputs` make a graph
            of the list, see `worker.learning.wiring`.
        input_shape: (height, width, channels) of one image.
        seed: from 0 to 2**32 - 1. Sets the global seeds of Python, NumPy and the backend: initial weights and the draws
            of dropout follow from it.
        precision: "mixed" computes in bfloat16, but for the last layer and every softmax, with weights in float32
            (Micikevicius et al. 2018, arXiv:1710.03740; bfloat16 has float32's range, and needs no scaled loss).

    Returns:
        A functional model from (n, height, width, channels) float32 to the output of the last layer. Not compiled.

    Raises:
        UnbuildableNetwork: a layer or an argument that is not allowed, or layers that do not fit each other.
    """
    if not layers:
        raise UnbuildableNetwork("The layer list is empty; a network needs at least one layer.")
    wiring = wire(layers)
    keras.utils.set_random_seed(seed)
    images = keras.Input(input_shape, name=IMAGES)
    outputs: dict[int, keras.KerasTensor] = {THE_IMAGES: images}
    made: dict[int, keras.layers.Layer] = {}
    for index in wiring.order:
        owner = wiring.weights_of[index]
        inputs = [outputs[place] for place in wiring.sources[index]]
        if owner not in made:
            is_exact = owner == wiring.weights_of[wiring.output] or _is_softmax(layers[owner])
            dtype = None if precision == "float32" else "float32" if is_exact else "mixed_bfloat16"
            made[owner] = _make(inputs, owner, layers[owner], wiring.names[owner], dtype)
        outputs[index] = _apply(made[owner], inputs, index, layers[owner])
    return keras.Model(images, outputs[wiring.output], name="network")


def check_classifier(layers: Sequence[Mapping[str, object]], model: keras.Model, classes: int) -> None:
    """Raise UnbuildableNetwork unless the network ends in the probabilities of `classes` classes."""
    wiring = wire(layers)
    last = wiring.output
    if tuple(model.output_shape) != (None, classes):
        received = tuple(model.output_shape)[1:]
        raise UnbuildableNetwork(
            f"the network must end in one number a class, shape ({classes},). Its output has shape {received}.",
            index=last,
        )
    if not _gives_probabilities(layers, wiring):
        raise UnbuildableNetwork(
            'the last layer must have "activation": "softmax", so that its output is probabilities.', index=last
        )


def _gives_probabilities(layers: Sequence[Mapping[str, object]], wiring: Wiring) -> bool:
    """Whether the network ends in a softmax, or in the average of several."""
    found = {THE_IMAGES: False}
    for index in wiring.order:
        spec = layers[wiring.weights_of[index]]
        match spec["layer"]:
            case "Softmax":
                found[index] = True
            case "Average":
                found[index] = all(found[place] for place in wiring.sources[index])
            case "SimpleRNN" | "GRU" | "LSTM":  # gates scale what their activation gives
                found[index] = False
            case _:
                found[index] = spec.get("activation") == "softmax"
    return found[wiring.output]


def _is_softmax(spec: Mapping[str, object]) -> bool:
    return spec["layer"] == "Softmax" or spec.get("activation") == "softmax"


def _make(
    inputs: Sequence[keras.KerasTensor], index: int, spec: Mapping[str, object], name: str, dtype: str | None
) -> keras.layers.Layer:
    fault = allowed.fault_in(spec)
    if fault is not None:
        raise UnbuildableNetwork(fault, index=index)
    try:
        weights = max(_weights(spec, tuple(one.shape)) for one in inputs)
        if weights > MAX_WEIGHTS:
            raise UnbuildableNetwork(
                f"{spec['layer']} would have {weights:,} weights; at most {MAX_WEIGHTS:,} are allowed.", index=index
            )
        return allowed.make(spec, name, dtype)
    except (KeyError, TypeError, ValueError) as error:
        raise UnbuildableNetwork(f"{spec['layer']} does not fit: {_first_line(error)}", index=index) from error


def _apply(
    layer: keras.layers.Layer, inputs: Sequence[keras.KerasTensor], index: int, spec: Mapping[str, object]
) -> keras.KerasTensor:
    try:
        if spec["layer"] == "MultiHeadAttention":
            return layer(*(inputs if len(inputs) > 1 else (*inputs, *inputs)))  # one alone asks itself
        return layer(inputs[0] if len(inputs) == 1 else list(inputs))
    except (TypeError, ValueError) as error:
        raise UnbuildableNetwork(f"{spec['layer']} does not fit: {_first_line(error)}", index=index) from error


def _weights(spec: Mapping[str, object], shape: tuple[int | None, ...]) -> int:
    """Weights of the layer's largest kernel on inputs (None, …, channels), known before memory is taken for it."""
    channels = shape[-1] or 1
    size = spec.get("kernel_size", 1)
    area = math.prod(size) if isinstance(size, list | tuple) else _int(size) ** 2
    multiplier = _int(spec.get("depth_multiplier", 1))
    match spec["layer"]:
        case "Conv2D" | "Conv2DTranspose":
            return area * channels * _int(spec["filters"])
        case "DepthwiseConv2D":
            return area * channels * multiplier
        case "SeparableConv2D":
            return max(area * channels * multiplier, channels * multiplier * _int(spec["filters"]))
        case "Dense":
            return channels * _int(spec["units"])
        case "SimpleRNN" | "GRU" | "LSTM":
            return 4 * (channels + _int(spec["units"])) * _int(spec["units"])
        case _:
            return 0


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value


def _first_line(error: Exception) -> str:
    """Keras' messages go on with the whole stack of the call; the first line is the one for people."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
