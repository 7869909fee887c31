"""Layers that keep numbers near 0 and 1."""

from math import prod
from typing import Annotated, Literal

from pydantic import Field

from service.networks.arithmetic import DoesNotFit, LayerCost, Shape
from service.networks.layers.describing import Described, Epsilon, Rate


class _Normalization(Described):
    """Takes a mean off and divides by a deviation; then scales and shifts by what it has learned, unless told not to."""

    epsilon: Epsilon = 0.001
    center: bool = True
    scale: bool = True

    def cost(self, shape: Shape) -> LayerCost:
        """Return it."""
        return LayerCost(shape, parameters=(self.center + self.scale) * shape[-1], inside=prod(shape))


class BatchNormalization(_Normalization):
    """Normalises each channel over the batch."""

    layer: Literal["BatchNormalization"]
    momentum: Rate = 0.99

    def cost(self, shape: Shape) -> LayerCost:
        """Return it: mean and variance are moving averages, and count as parameters."""
        return LayerCost(shape, parameters=(self.center + self.scale + 2) * shape[-1])


class LayerNormalization(_Normalization):
    """Normalises the last axis of each image."""

    layer: Literal["LayerNormalization"]


class GroupNormalization(_Normalization):
    """Normalises groups of channels of each image."""

    layer: Literal["GroupNormalization"]
    groups: Annotated[int, Field(ge=-1, le=4096)] = 32
    """How many; -1 is one for each channel."""

    def cost(self, shape: Shape) -> LayerCost:
        """Return it."""
        if len(shape) < 2:
            raise DoesNotFit(f"GroupNormalization takes a picture or a sequence, and gets the shape {list(shape)}")
        if self.groups == 0 or (self.groups > 0 and shape[-1] % self.groups):
            fitting = [groups for groups in range(1, min(shape[-1], 64) + 1) if shape[-1] % groups == 0]
            raise DoesNotFit(
                f"{shape[-1]} channels cannot be parted into {self.groups} groups; "
                f"one of {', '.join(str(groups) for groups in fitting)} would do",
                field="groups",
            )
        return super().cost(shape)
