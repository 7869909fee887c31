"""Layers that keep numbers near 0 and 1."""

from typing import Literal

from service.networks.arithmetic import LayerCost, Shape
from service.networks.layers.describing import Described, Epsilon, Rate


class BatchNormalization(Described):
    """Normalises each channel over the batch."""

    layer: Literal["BatchNormalization"]
    momentum: Rate = 0.99
    epsilon: Epsilon = 0.001

    def cost(self, shape: Shape) -> LayerCost:
        """Return it: scale and offset are trained, mean and variance are moving averages."""
        return LayerCost(shape, parameters=4 * shape[-1])


class LayerNormalization(Described):
    """Normalises the last axis of each image."""

    layer: Literal["LayerNormalization"]
    epsilon: Epsilon = 0.001

    def cost(self, shape: Shape) -> LayerCost:
        """Return it."""
        return LayerCost(shape, parameters=2 * shape[-1])
