"""Layers in which every unit sees every input."""

from math import prod
from typing import Literal

from service.networks.arithmetic import DoesNotFit, LayerCost, Shape
from service.networks.layers.describing import ActivationName, Described, Initializer, Units


class Dense(Described):
    """Every unit sees every input; of a sequence, every input of its step."""

    layer: Literal["Dense"]
    units: Units
    activation: ActivationName = "linear"
    use_bias: bool = True
    kernel_initializer: Initializer = "glorot_uniform"
    bias_initializer: Initializer = "zeros"

    def cost(self, shape: Shape) -> LayerCost:
        """Return it."""
        if len(shape) > 2:
            raise DoesNotFit(
                f"Dense takes one row of numbers, or one for each step, and gets the shape {list(shape)}: "
                "add Flatten or GlobalAveragePooling2D before it",
                meant=(self.units,),
            )
        weights = shape[-1] * self.units
        rows = prod(shape[:-1])
        return LayerCost((*shape[:-1], self.units), weights + self.units * self.use_bias, 2 * weights * rows)
