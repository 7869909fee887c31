"""Layers that make one of several inputs: where branches meet."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from service.networks.arithmetic import DoesNotFit, LayerCost, Shape
from service.networks.layers.describing import MOST_INPUTS, Described


class _Merging(Described):
    """Takes inputs of one shape, number by number; a side of 1 goes with any."""

    takes: ClassVar[tuple[int, int]] = (2, MOST_INPUTS)

    def cost_of(self, shapes: Sequence[Shape]) -> LayerCost:
        """Return it."""
        out = shapes[0]
        for shape in shapes[1:]:
            sides = list(zip(out, shape, strict=False))
            if len(out) != len(shape) or any(a != b and 1 not in {a, b} for a, b in sides):
                raise DoesNotFit(
                    f"{self.layer} takes inputs of one shape, and gets {_listed(shapes)}: "
                    "a Conv2D of kernel_size 1 with strides, or a Reshape, makes them alike",
                    field="inputs",
                )
            out = tuple(max(a, b) for a, b in sides)
        return LayerCost(out)


class Add(_Merging):
    """The sum: what makes a residual connection."""

    layer: Literal["Add"]


class Multiply(_Merging):
    """The product: one input opens and closes the other."""

    layer: Literal["Multiply"]


class Average(_Merging):
    """The mean; of probabilities it is one again, so that several heads can vote."""

    layer: Literal["Average"]

    def is_distribution(self, inputs: Sequence[bool]) -> bool:
        """If all inputs are."""
        return all(inputs)


class Concatenate(Described):
    """All channels, one after the other."""

    takes: ClassVar[tuple[int, int]] = (2, MOST_INPUTS)

    layer: Literal["Concatenate"]

    def cost_of(self, shapes: Sequence[Shape]) -> LayerCost:
        """Return it."""
        if len({shape[:-1] for shape in shapes}) > 1:
            raise DoesNotFit(
                f"Concatenate takes inputs that differ in their last side only, and gets {_listed(shapes)}: "
                'padding "same", or Cropping2D, makes them alike',
                field="inputs",
            )
        return LayerCost((*shapes[0][:-1], sum(shape[-1] for shape in shapes)))


def _listed(shapes: Sequence[Shape]) -> str:
    return " and ".join(str(list(shape)) for shape in shapes)
