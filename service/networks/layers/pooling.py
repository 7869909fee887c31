"""Layers that make a picture smaller, or one number of each channel."""

from typing import Literal

from service.networks.arithmetic import LayerCost, Padding, Shape, as_picture, pair, window
from service.networks.layers.describing import Described, Sides


class _Pooling(Described):
    """A figure of each window."""

    pool_size: Sides = 2
    strides: Sides | None = None
    padding: Padding = "valid"

    def cost(self, shape: Shape) -> LayerCost:
        """Return it."""
        height, width, channels = as_picture(self.layer, shape)
        pool = pair(self.pool_size)
        strides = pool if self.strides is None else pair(self.strides)
        return LayerCost((*window(self.layer, (height, width), pool, strides, self.padding), channels))


class MaxPooling2D(_Pooling):
    """The maximum of each window."""

    layer: Literal["MaxPooling2D"]


class AveragePooling2D(_Pooling):
    """The mean of each window."""

    layer: Literal["AveragePooling2D"]


class _GlobalPooling(Described):
    """A figure of each channel."""

    keepdims: bool = False
    """Keep the shape of a picture, 1x1."""

    def cost(self, shape: Shape) -> LayerCost:
        """Return it."""
        channels = as_picture(self.layer, shape)[2]
        return LayerCost((1, 1, channels) if self.keepdims else (channels,))


class GlobalAveragePooling2D(_GlobalPooling):
    """The mean of each channel."""

    layer: Literal["GlobalAveragePooling2D"]


class GlobalMaxPooling2D(_GlobalPooling):
    """The maximum of each channel."""

    layer: Literal["GlobalMaxPooling2D"]
