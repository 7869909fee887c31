"""What a network costs and whether its layers fit, computed without building it.

Shapes are `(height, width, channels)` or `(units,)`, without the batch. Formulas are those of Keras' layers; a FLOP is one
multiplication or one addition, counted for convolutions and dense layers, which are all but the whole.
"""

from dataclasses import dataclass
from functools import singledispatch
from math import ceil, prod

from service.edge.strictness import Strict
from service.networks import layers as known

Shape = tuple[int, ...]


class DoesNotFit(ValueError):
    """A layer cannot take what comes out of the one before it; the message says what would fit.

    `meant` is the shape that would come out if it fitted, where that is plain.
    """

    def __init__(self, message: str, meant: Shape | None = None) -> None:
        super().__init__(message)
        self.meant = meant


@dataclass(frozen=True)
class LayerCost:
    """One layer's output shape, its parameters, and its FLOPs for one image."""

    shape: Shape
    parameters: int = 0
    flops: int = 0


@singledispatch
def layer_cost(layer: Strict, shape: Shape) -> LayerCost:  # noqa: ARG001 - the type chooses the rule
    """Return the cost of `layer` on an input of `shape`. Layers without a rule of their own keep the shape."""
    return LayerCost(shape)


@layer_cost.register
def _(layer: known.Conv2D, shape: Shape) -> LayerCost:
    height, width, channels = _picture(layer, shape)
    kernel = _pair(layer.kernel_size)
    if _pair(layer.strides) != (1, 1) and _pair(layer.dilation_rate) != (1, 1):
        raise DoesNotFit("strides and dilation_rate cannot both be more than 1")
    out = _window(layer, (height, width), kernel, _pair(layer.strides), layer.padding, _pair(layer.dilation_rate))
    weights = prod(kernel) * channels * layer.filters
    return LayerCost((*out, layer.filters), weights + layer.filters * layer.use_bias, 2 * weights * prod(out))


@layer_cost.register
def _(layer: known.DepthwiseConv2D, shape: Shape) -> LayerCost:
    height, width, channels = _picture(layer, shape)
    kernel = _pair(layer.kernel_size)
    out = _window(layer, (height, width), kernel, _pair(layer.strides), layer.padding)
    filters = channels * layer.depth_multiplier
    weights = prod(kernel) * filters
    return LayerCost((*out, filters), weights + filters * layer.use_bias, 2 * weights * prod(out))


@layer_cost.register
def _(layer: known.SeparableConv2D, shape: Shape) -> LayerCost:
    height, width, channels = _picture(layer, shape)
    kernel = _pair(layer.kernel_size)
    out = _window(layer, (height, width), kernel, _pair(layer.strides), layer.padding)
    between = channels * layer.depth_multiplier
    weights = prod(kernel) * between + between * layer.filters
    return LayerCost((*out, layer.filters), weights + layer.filters * layer.use_bias, 2 * weights * prod(out))


@layer_cost.register(known.MaxPooling2D)
@layer_cost.register(known.AveragePooling2D)
def _(layer: known.MaxPooling2D | known.AveragePooling2D, shape: Shape) -> LayerCost:
    height, width, channels = _picture(layer, shape)
    pool = _pair(layer.pool_size)
    strides = pool if layer.strides is None else _pair(layer.strides)
    return LayerCost((*_window(layer, (height, width), pool, strides, layer.padding), channels))


@layer_cost.register(known.GlobalAveragePooling2D)
@layer_cost.register(known.GlobalMaxPooling2D)
def _(layer: known.GlobalAveragePooling2D | known.GlobalMaxPooling2D, shape: Shape) -> LayerCost:
    return LayerCost((_picture(layer, shape)[2],))


@layer_cost.register
def _(layer: known.ZeroPadding2D, shape: Shape) -> LayerCost:
    height, width, channels = _picture(layer, shape)
    rows, columns = _pair(layer.padding)
    return LayerCost((height + 2 * rows, width + 2 * columns, channels))


@layer_cost.register
def _(layer: known.SpatialDropout2D, shape: Shape) -> LayerCost:
    return LayerCost(_picture(layer, shape))


@layer_cost.register
def _(layer: known.Flatten, shape: Shape) -> LayerCost:  # noqa: ARG001 - the type chooses the rule
    return LayerCost((prod(shape),))


@layer_cost.register
def _(layer: known.Dense, shape: Shape) -> LayerCost:
    if len(shape) != 1:
        raise DoesNotFit(
            f"Dense takes one row of numbers, and gets the shape {list(shape)}: "
            "put Flatten or GlobalAveragePooling2D before it",
            meant=(layer.units,),
        )
    weights = shape[0] * layer.units
    return LayerCost((layer.units,), weights + layer.units * layer.use_bias, 2 * weights)


@layer_cost.register
def _(layer: known.BatchNormalization, shape: Shape) -> LayerCost:  # noqa: ARG001
    return LayerCost(
        shape, parameters=4 * shape[-1]
    )  # scale and offset are trained, mean and variance are moving averages


@layer_cost.register
def _(layer: known.LayerNormalization, shape: Shape) -> LayerCost:  # noqa: ARG001
    return LayerCost(shape, parameters=2 * shape[-1])


def _picture(layer: Strict, shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise DoesNotFit(
            f"{type(layer).__name__} takes (height, width, channels), and gets the shape {list(shape)}: put it before Flatten"
        )
    return shape[0], shape[1], shape[2]


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def _window(
    layer: Strict,
    size: tuple[int, int],
    window: tuple[int, int],
    strides: tuple[int, int],
    padding: known.Padding,
    dilation: tuple[int, int] = (1, 1),
) -> tuple[int, int]:
    """Return height and width after a sliding window."""
    if padding == "same":
        return ceil(size[0] / strides[0]), ceil(size[1] / strides[1])
    spans = [(w - 1) * d + 1 for w, d in zip(window, dilation, strict=True)]
    if spans[0] > size[0] or spans[1] > size[1]:
        raise DoesNotFit(
            f"{type(layer).__name__} slides a window of {spans[0]}x{spans[1]} over a picture of only {size[0]}x{size[1]}: "
            'use a smaller one, padding "same", or less pooling before it'
        )
    return (size[0] - spans[0]) // strides[0] + 1, (size[1] - spans[1]) // strides[1] + 1
