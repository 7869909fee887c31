"""Layers in which every unit sees every input."""

from typing import Literal

from service.networks.arithmetic import DoesNotFit, LayerCost, Shape
from service.networks.layers.describing import ActivationName, Described, Initializer, Units


class Dense(Described):
    """Every unit sees every input."""

    layer: Literal["Dense"]
    units: Units
    activation: ActivationName = "linear"
    use_bias: bool = True
    kernel_initializer: Initializer = "glorot_uniform"

    def cost(self, shape: Shape) -> LayerCost:
        """Return it."""
        if len(shape) != 1:
            raise DoesNotFit(
                f"Dense takes one row of numbers, and gets the shape {list(shape)}: "
                "put Flatten or GlobalAveragePooling2D before it",
                meant=(self.units,),
            )
        weights = shape[0] * self.units
        return LayerCost((self.units,), weights + self.units * self.use_bias, 2 * weights)
