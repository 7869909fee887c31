"""Layers that only move numbers about."""

from math import prod
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from service.networks.arithmetic import DoesNotFit, LayerCost, Pair, Shape, as_picture, pair
from service.networks.layers.describing import LARGEST_SIZE, Described, Sides


def _margins(value: Any) -> Any:  # noqa: ANN401 - whatever a client sent
    sides = value if isinstance(value, list | tuple) else [value, value]
    ends = [end for side in sides for end in (side if isinstance(side, list | tuple) else [side, side])]
    mixed = len({isinstance(side, list | tuple) for side in sides}) > 1
    if (
        len(sides) == 2
        and len(ends) == 4
        and not mixed
        and all(type(e) is int and 0 <= e <= LARGEST_SIZE for e in ends)
    ):
        return value
    raise PydanticCustomError(
        "margins",
        "Give a whole number from 0 to 64, two of them [height, width], or four [[top, bottom], [left, right]]",
    )


Margins = Annotated[int | Pair | tuple[Pair, Pair], BeforeValidator(_margins)]


def _sums(margins: int | Pair | tuple[Pair, Pair]) -> Pair:
    """Return by how much height and width change."""
    rows, columns = (margins, margins) if isinstance(margins, int) else margins
    return sum(pair(rows)), sum(pair(columns))


class ZeroPadding2D(Described):
    """Rows and columns of zeros around the picture."""

    layer: Literal["ZeroPadding2D"]
    padding: Margins = 1

    def cost(self, shape: Shape) -> LayerCost:
        """Return it."""
        height, width, channels = as_picture(self.layer, shape)
        rows, columns = _sums(self.padding)
        return LayerCost((height + rows, width + columns, channels))


class Cropping2D(Described):
    """Cuts rows and columns off the picture."""

    layer: Literal["Cropping2D"]
    cropping: Margins = ((0, 0), (0, 0))

    def cost(self, shape: Shape) -> LayerCost:
        """Return it."""
        height, width, channels = as_picture(self.layer, shape)
        rows, columns = _sums(self.cropping)
        if rows >= height or columns >= width:
            raise DoesNotFit(
                f"Cropping2D cuts {rows} rows and {columns} columns off a picture of {height}x{width}: nothing is left",
                field="cropping",
            )
        return LayerCost((height - rows, width - columns, channels))


class UpSampling2D(Described):
    """Repeats rows and columns, or draws lines between them."""

    layer: Literal["UpSampling2D"]
    size: Sides = 2
    interpolation: Literal["nearest", "bilinear"] = "nearest"

    def cost(self, shape: Shape) -> LayerCost:
        """Return it."""
        height, width, channels = as_picture(self.layer, shape)
        rows, columns = pair(self.size)
        return LayerCost((height * rows, width * columns, channels))


class Reshape(Described):
    """The same numbers, in another shape: `[28, 28]` makes a picture of 28x28x1 a sequence of 28 rows."""

    layer: Literal["Reshape"]
    target_shape: Annotated[list[Annotated[int, Field(ge=-1, le=2**24)]], Field(min_length=1, max_length=3)]
    """Up to three sides; one of them may be -1, and is then computed."""

    def cost(self, shape: Shape) -> LayerCost:
        """Return it."""
        count, sides = prod(shape), self.target_shape
        known = prod(side for side in sides if side != -1)
        if sides.count(-1) > 1 or 0 in sides:
            raise DoesNotFit("A side is a whole number from 1, and one of them may be -1", field="target_shape")
        fits = count % known == 0 if -1 in sides else count == known
        if not fits:
            raise DoesNotFit(
                f"{count:,} numbers, the shape {list(shape)}, cannot be put into the shape {sides}",
                field="target_shape",
            )
        return LayerCost(tuple(count // known if side == -1 else side for side in sides))


class Flatten(Described):
    """One row of numbers an image."""

    layer: Literal["Flatten"]

    def cost(self, shape: Shape) -> LayerCost:
        """Return it."""
        return LayerCost((prod(shape),))
