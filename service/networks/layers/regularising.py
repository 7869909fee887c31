"""Layers that disturb a network while it is trained, and do nothing afterwards."""

from typing import Annotated, Literal

from pydantic import Field

from service.networks.arithmetic import LayerCost, Shape, as_picture
from service.networks.layers.describing import Described, Rate


class Dropout(Described):
    """Sets a share of its inputs to zero while training."""

    layer: Literal["Dropout"]
    rate: Rate


class SpatialDropout2D(Described):
    """Drops whole channels while training."""

    layer: Literal["SpatialDropout2D"]
    rate: Rate

    def cost(self, shape: Shape) -> LayerCost:
        """Return it."""
        return LayerCost(as_picture(self.layer, shape))


class GaussianNoise(Described):
    """Adds noise while training."""

    layer: Literal["GaussianNoise"]
    stddev: Annotated[float, Field(ge=0, le=10)]
