"""Layers that only move numbers about."""

from math import prod
from typing import Literal

from service.networks.arithmetic import LayerCost, Shape, as_picture, pair
from service.networks.layers.describing import Described, Sides


class ZeroPadding2D(Described):
    """Rows and columns of zeros around the picture."""

    layer: Literal["ZeroPadding2D"]
    padding: Sides = 1

    def cost(self, shape: Shape) -> LayerCost:
        """Return it."""
        height, width, channels = as_picture(self.layer, shape)
        rows, columns = pair(self.padding)
        return LayerCost((height + 2 * rows, width + 2 * columns, channels))


class Flatten(Described):
    """One row of numbers an image."""

    layer: Literal["Flatten"]

    def cost(self, shape: Shape) -> LayerCost:
        """Return it."""
        return LayerCost((prod(shape),))
