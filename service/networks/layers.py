"""The layers a network may have: Keras' own names, arguments and defaults, with bounds.

Each class is one layer as JSON: `{"layer": "Conv2D", "filters": 32, "kernel_size": 3, "padding": "same"}`.
What is not listed here is not built: a network description is data, never code.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, TypeAdapter
from pydantic_core import PydanticCustomError

from service.edge.strictness import Strict
from service.errors import unknown

Activation = Literal[
    "linear",
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "selu",
    "silu",
    "mish",
    "tanh",
    "sigmoid",
    "hard_sigmoid",
    "hard_silu",
    "softplus",
    "softsign",
    "exponential",
    "softmax",
]
LARGEST_SIZE = 64
Size = Annotated[int, Field(ge=1, le=LARGEST_SIZE)]


def _one_or_two_sizes(value: Any) -> Any:  # noqa: ANN401 - whatever a client sent
    numbers = value if isinstance(value, list | tuple) and len(value) == 2 else [value]
    if all(type(number) is int and 1 <= number <= LARGEST_SIZE for number in numbers):
        return value
    raise PydanticCustomError("sizes", "Give a whole number from 1 to 64, or two of them: [height, width]")


Pair = Annotated[int | tuple[int, int], BeforeValidator(_one_or_two_sizes)]
Filters = Annotated[int, Field(ge=1, le=4096)]
Units = Annotated[int, Field(ge=1, le=8192)]
Initializer = Literal[
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "orthogonal",
    "random_normal",
    "truncated_normal",
    "zeros",
]
Rate = Annotated[float, Field(ge=0, lt=1)]
Padding = Literal["valid", "same"]


class Conv2D(Strict):
    """A convolution over height and width."""

    layer: Literal["Conv2D"]
    filters: Filters
    kernel_size: Pair
    strides: Pair = 1
    padding: Padding = "valid"
    dilation_rate: Pair = 1
    activation: Activation = "linear"
    use_bias: bool = True
    kernel_initializer: Initializer = "glorot_uniform"


class DepthwiseConv2D(Strict):
    """A convolution of each channel by itself."""

    layer: Literal["DepthwiseConv2D"]
    kernel_size: Pair
    strides: Size = 1
    padding: Padding = "valid"
    depth_multiplier: Size = 1
    activation: Activation = "linear"
    use_bias: bool = True


class SeparableConv2D(Strict):
    """A depthwise convolution followed by a 1x1 convolution."""

    layer: Literal["SeparableConv2D"]
    filters: Filters
    kernel_size: Pair
    strides: Size = 1
    padding: Padding = "valid"
    depth_multiplier: Size = 1
    activation: Activation = "linear"
    use_bias: bool = True


class MaxPooling2D(Strict):
    """The maximum of each window."""

    layer: Literal["MaxPooling2D"]
    pool_size: Pair = 2
    strides: Pair | None = None
    padding: Padding = "valid"


class AveragePooling2D(Strict):
    """The mean of each window."""

    layer: Literal["AveragePooling2D"]
    pool_size: Pair = 2
    strides: Pair | None = None
    padding: Padding = "valid"


class GlobalAveragePooling2D(Strict):
    """The mean of each channel."""

    layer: Literal["GlobalAveragePooling2D"]


class GlobalMaxPooling2D(Strict):
    """The maximum of each channel."""

    layer: Literal["GlobalMaxPooling2D"]


class ZeroPadding2D(Strict):
    """Rows and columns of zeros around the picture."""

    layer: Literal["ZeroPadding2D"]
    padding: Pair = 1


class Flatten(Strict):
    """One row of numbers an image."""

    layer: Literal["Flatten"]


class Dense(Strict):
    """Every unit sees every input."""

    layer: Literal["Dense"]
    units: Units
    activation: Activation = "linear"
    use_bias: bool = True
    kernel_initializer: Initializer = "glorot_uniform"


class Dropout(Strict):
    """Sets a share of its inputs to zero while training."""

    layer: Literal["Dropout"]
    rate: Rate


class SpatialDropout2D(Strict):
    """Drops whole channels while training."""

    layer: Literal["SpatialDropout2D"]
    rate: Rate


class BatchNormalization(Strict):
    """Normalises each channel over the batch."""

    layer: Literal["BatchNormalization"]
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.99
    epsilon: Annotated[float, Field(gt=0, le=1)] = 0.001


class LayerNormalization(Strict):
    """Normalises the last axis of each image."""

    layer: Literal["LayerNormalization"]
    epsilon: Annotated[float, Field(gt=0, le=1)] = 0.001


class ActivationLayer(Strict):
    """An activation function as a layer."""

    layer: Literal["Activation"]
    activation: Activation


class ReLU(Strict):
    """max(x, 0)."""

    layer: Literal["ReLU"]


LAYERS: dict[str, type[Strict]] = {
    "Conv2D": Conv2D,
    "DepthwiseConv2D": DepthwiseConv2D,
    "SeparableConv2D": SeparableConv2D,
    "MaxPooling2D": MaxPooling2D,
    "AveragePooling2D": AveragePooling2D,
    "GlobalAveragePooling2D": GlobalAveragePooling2D,
    "GlobalMaxPooling2D": GlobalMaxPooling2D,
    "ZeroPadding2D": ZeroPadding2D,
    "Flatten": Flatten,
    "Dense": Dense,
    "Dropout": Dropout,
    "SpatialDropout2D": SpatialDropout2D,
    "BatchNormalization": BatchNormalization,
    "LayerNormalization": LayerNormalization,
    "Activation": ActivationLayer,
    "ReLU": ReLU,
}


def _known_layer(value: Any) -> Any:  # noqa: ANN401 - whatever a client sent
    """Refuse what is no layer, before pydantic tries them all."""
    if isinstance(value, Strict):
        return value
    if not isinstance(value, dict) or "layer" not in value:
        raise PydanticCustomError("not_a_layer", 'A layer is an object such as {"layer": "Dense", "units": 10}')
    if not isinstance(value["layer"], str) or value["layer"] not in LAYERS:
        raise PydanticCustomError("unknown_field", "{advice}", {"advice": unknown(value["layer"], LAYERS, "layer")})
    return value


def _tag(value: Any) -> str:  # noqa: ANN401 - whatever a client sent
    return f"tag:{value['layer'] if isinstance(value, dict) else value.layer}"


Layer = Annotated[
    Annotated[Conv2D, Tag("tag:Conv2D")]
    | Annotated[DepthwiseConv2D, Tag("tag:DepthwiseConv2D")]
    | Annotated[SeparableConv2D, Tag("tag:SeparableConv2D")]
    | Annotated[MaxPooling2D, Tag("tag:MaxPooling2D")]
    | Annotated[AveragePooling2D, Tag("tag:AveragePooling2D")]
    | Annotated[GlobalAveragePooling2D, Tag("tag:GlobalAveragePooling2D")]
    | Annotated[GlobalMaxPooling2D, Tag("tag:GlobalMaxPooling2D")]
    | Annotated[ZeroPadding2D, Tag("tag:ZeroPadding2D")]
    | Annotated[Flatten, Tag("tag:Flatten")]
    | Annotated[Dense, Tag("tag:Dense")]
    | Annotated[Dropout, Tag("tag:Dropout")]
    | Annotated[SpatialDropout2D, Tag("tag:SpatialDropout2D")]
    | Annotated[BatchNormalization, Tag("tag:BatchNormalization")]
    | Annotated[LayerNormalization, Tag("tag:LayerNormalization")]
    | Annotated[ActivationLayer, Tag("tag:Activation")]
    | Annotated[ReLU, Tag("tag:ReLU")],
    Discriminator(_tag),
    BeforeValidator(_known_layer),
]

LAYER_LIST: Final[TypeAdapter[list[Layer]]] = TypeAdapter(list[Layer])
