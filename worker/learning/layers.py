"""The layers that a network may have, and for each the arguments it may be given.

Names and meanings are Keras' own (https://keras.io/api/layers/). What is not written here is refused: no lambdas, no
custom objects, no serialised configurations, so that a layer list from a stranger can never run code. Left out on
purpose: `groups` (TensorFlow's CPU kernels cannot differentiate it), `gelu` (tf2onnx knows no Erfc, so the network could
not be exported), `data_format` (images are channels-last everywhere here), `name` and `dtype`.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import keras

Check: TypeAlias = Callable[[object], str | None]
"""Takes a JSON value; answers what it should have been, or None when it is right."""

ACTIVATIONS = frozenset(
    (
        "linear",
        "relu",
        "relu6",
        "leaky_relu",
        "elu",
        "selu",
        "silu",
        "swish",
        "mish",
        "tanh",
        "sigmoid",
        "hard_sigmoid",
        "hard_silu",
        "softplus",
        "softsign",
        "exponential",
        "softmax",
    )
)
INITIALIZERS = frozenset(
    (
        "zeros",
        "ones",
        "random_normal",
        "random_uniform",
        "truncated_normal",
        "glorot_normal",
        "glorot_uniform",
        "he_normal",
        "he_uniform",
        "lecun_normal",
        "lecun_uniform",
        "orthogonal",
    )
)


def _integer(low: int, high: int) -> Check:
    def check(value: object) -> str | None:
        right = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        return None if right else f"an integer from {low} to {high}"

    return check


def _sides(low: int, high: int) -> Check:
    """One integer for both sides, or a pair [height, width]."""
    one = _integer(low, high)

    def check(value: object) -> str | None:
        sides = value if isinstance(value, list | tuple) else [value, value]
        right = len(sides) == 2 and all(one(side) is None for side in sides)
        return None if right else f"an integer from {low} to {high}, or a pair of them"

    return check


def _number(low: float, high: float, *, below: bool = False) -> Check:
    """A number from `low` to `high`; with `below`, `high` itself is not allowed."""

    def check(value: object) -> str | None:
        right = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
        right = right and not (below and value == high)
        return None if right else f"a number from {low} to {'below ' if below else ''}{high}"

    return check


def _word(choices: frozenset[str], *, or_none: bool = False) -> Check:
    def check(value: object) -> str | None:
        right = (value is None and or_none) or (isinstance(value, str) and value in choices)
        return None if right else f"one of {', '.join(sorted(choices))}{' or null' if or_none else ''}"

    return check


def _flag(value: object) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def _margins(value: object) -> str | None:
    """An integer, [height, width], or [[top, bottom], [left, right]]: Keras' three forms."""
    side = _integer(0, 64)
    sides = value if isinstance(value, list | tuple) else [value, value]
    ends = [end for one in sides for end in (one if isinstance(one, list | tuple) else [one, one])]
    right = len(sides) == 2 and len(ends) == 4 and all(side(end) is None for end in ends)
    return None if right else "an integer from 0 to 64, [height, width] or [[top, bottom], [left, right]]"


def _target_shape(value: object) -> str | None:
    side = _integer(-1, 2**24)
    right = isinstance(value, list | tuple) and 1 <= len(value) <= 3 and all(side(one) is None for one in value)
    return None if right else "a list of one to three sides; -1 is computed"


def _axis(value: object) -> str | None:
    return None if isinstance(value, int) and value == -1 else "-1 (the channels)"


_PADDING = _word(frozenset({"valid", "same"}))
_ACTIVATION = _word(ACTIVATIONS, or_none=True)
_INITIALIZER = _word(INITIALIZERS)
_RATE = _number(0.0, 1.0, below=True)
_FILTERS = _integer(1, 4096)

_CONVOLUTION: Mapping[str, Check] = {
    "kernel_size": _sides(1, 64),
    "strides": _sides(1, 64),
    "padding": _PADDING,
    "dilation_rate": _sides(1, 64),
    "activation": _ACTIVATION,
    "use_bias": _flag,
    "bias_initializer": _INITIALIZER,
}
_TRANSPOSED = {name: check for name, check in _CONVOLUTION.items() if name != "dilation_rate"}
_RECURRENT: Mapping[str, Check] = {
    "units": _integer(1, 2048),
    "activation": _ACTIVATION,
    "use_bias": _flag,
    "kernel_initializer": _INITIALIZER,
    "recurrent_initializer": _INITIALIZER,
    "bias_initializer": _INITIALIZER,
    "return_sequences": _flag,
    "go_backwards": _flag,
    "dropout": _RATE,
}
_GATED: Mapping[str, Check] = {**_RECURRENT, "recurrent_activation": _ACTIVATION}
_POOLING: Mapping[str, Check] = {"pool_size": _sides(1, 64), "strides": _sides(1, 64), "padding": _PADDING}
_NORMALIZATION: Mapping[str, Check] = {
    "axis": _axis,
    "epsilon": _number(1e-12, 1.0),
    "center": _flag,
    "scale": _flag,
}

ARGUMENTS: Mapping[str, Mapping[str, Check]] = {
    "Conv2D": {**_CONVOLUTION, "filters": _FILTERS, "kernel_initializer": _INITIALIZER},
    "DepthwiseConv2D": {
        **_CONVOLUTION,
        "depth_multiplier": _integer(1, 64),
        "depthwise_initializer": _INITIALIZER,
    },
    "SeparableConv2D": {
        **_CONVOLUTION,
        "filters": _FILTERS,
        "depth_multiplier": _integer(1, 64),
        "depthwise_initializer": _INITIALIZER,
        "pointwise_initializer": _INITIALIZER,
    },
    "Conv2DTranspose": {**_TRANSPOSED, "filters": _FILTERS, "kernel_initializer": _INITIALIZER},
    "MaxPooling2D": _POOLING,
    "AveragePooling2D": _POOLING,
    "GlobalAveragePooling2D": {"keepdims": _flag},
    "GlobalMaxPooling2D": {"keepdims": _flag},
    "UpSampling2D": {"size": _sides(1, 64), "interpolation": _word(frozenset({"nearest", "bilinear"}))},
    "Cropping2D": {"cropping": _margins},
    "Flatten": {},
    "Reshape": {"target_shape": _target_shape},
    "Dense": {
        "units": _integer(1, 65536),
        "activation": _ACTIVATION,
        "use_bias": _flag,
        "kernel_initializer": _INITIALIZER,
        "bias_initializer": _INITIALIZER,
    },
    "Dropout": {"rate": _RATE},
    "SpatialDropout2D": {"rate": _RATE},
    "BatchNormalization": {**_NORMALIZATION, "momentum": _RATE},
    "LayerNormalization": _NORMALIZATION,
    "Activation": {"activation": _word(ACTIVATIONS)},
    "ReLU": {
        "max_value": _number(0.0, 1e6),
        "negative_slope": _number(0.0, 1e3),
        "threshold": _number(0.0, 1e6),
    },
    "ZeroPadding2D": {"padding": _margins},
    "GaussianNoise": {"stddev": _number(0.0, 10.0)},
    "GroupNormalization": {**_NORMALIZATION, "groups": _integer(-1, 4096)},
    "LeakyReLU": {"negative_slope": _number(0.0, 1e3)},
    "ELU": {"alpha": _number(0.0, 1e3)},
    "Softmax": {},
    "Add": {},
    "Multiply": {},
    "Average": {},
    "Concatenate": {},
    "SimpleRNN": _RECURRENT,
    "GRU": {**_GATED, "reset_after": _flag},
    "LSTM": {**_GATED, "unit_forget_bias": _flag},
    "MultiHeadAttention": {
        "num_heads": _integer(1, 64),
        "key_dim": _integer(1, 1024),
        "value_dim": _integer(1, 1024),
        "dropout": _RATE,
        "use_bias": _flag,
        "output_shape": _integer(1, 4096),
        "kernel_initializer": _INITIALIZER,
        "bias_initializer": _INITIALIZER,
    },
}

WIRING = frozenset({"layer", "id", "inputs"})
"""What a layer may say of itself besides Keras' arguments; see `worker.learning.wiring`."""


def fault_in(spec: Mapping[str, object]) -> str | None:
    """What is wrong with `{"layer": name, argument: value, …}`; None when nothing is."""
    name = spec.get("layer")
    if not isinstance(name, str) or name not in ARGUMENTS:
        return f"no layer is called {name!r}. Known: {', '.join(sorted(ARGUMENTS))}."
    allowed = ARGUMENTS[name]
    for argument, value in spec.items():
        if argument in WIRING:
            continue
        if argument not in allowed:
            return f"{name} has no argument {argument!r} here. Known: {', '.join(sorted(allowed)) or 'none'}."
        expected = allowed[argument](value)
        if expected is not None:
            return f"{name}'s {argument} must be {expected}. Received: {value!r}"
    return None


def make(spec: Mapping[str, object], name: str | None = None, dtype: str | None = None) -> keras.layers.Layer:
    """The Keras layer of a spec in which `fault_in` finds nothing; `dtype` is a policy of Keras', None for the usual.

    Raises TypeError or ValueError, mostly Keras' own, for a missing argument or two that contradict each other.
    """
    if spec["layer"] == "MultiHeadAttention" and spec.get("value_dim") not in {None, spec.get("key_dim")}:
        _check_widths()
    arguments = {argument: _as_keras(value) for argument, value in spec.items() if argument not in WIRING}
    kind: type[keras.layers.Layer] = getattr(keras.layers, str(spec["layer"]))  # it is one of ARGUMENTS
    return kind(name=name, dtype=dtype, **arguments)


def _check_widths() -> None:
    """Raise ValueError where Keras 3.15 builds an attention of two widths, and fails when it computes."""
    if keras.backend.backend() == "jax":
        raise ValueError("on JAX value_dim must be key_dim")


def _as_keras(value: object) -> object:
    """JSON's lists as the tuples that Keras keeps."""
    return tuple(_as_keras(item) for item in value) if isinstance(value, list) else value
