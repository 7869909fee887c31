"""What a layer costs and whether it fits, computed without building it.

Shapes are `(height, width, channels)`, `(steps, features)` or `(units,)`, without the batch. Formulas are those of Keras'
layers; a FLOP is one multiplication or one addition, counted for convolutions and products of matrices, which are all but
the whole.
"""

from dataclasses import dataclass
from math import ceil
from typing import Literal

Shape = tuple[int, ...]
Pair = tuple[int, int]
Padding = Literal["valid", "same"]


class DoesNotFit(ValueError):
    """A layer cannot take what comes out of the one before it; the message says what would fit.

    `meant` is the shape that would come out if it fitted, where that is plain; `field` the argument that is to blame.
    """

    def __init__(self, message: str, *, meant: Shape | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.meant = meant
        self.field = field


@dataclass(frozen=True)
class LayerCost:
    """One layer's output shape, its parameters, and its FLOPs for one image.

    `inside` is how many numbers it keeps of one image besides its output, for the way back.
    """

    shape: Shape
    parameters: int = 0
    flops: int = 0
    inside: int = 0


def pair(value: int | Pair) -> Pair:
    """Return height and width of what may be given as one number for both."""
    return (value, value) if isinstance(value, int) else value


def as_picture(layer: str, shape: Shape) -> tuple[int, int, int]:
    """Return `shape` as (height, width, channels); raise DoesNotFit for another rank."""
    if len(shape) == 3:
        return shape
    advice = "put it before Flatten" if len(shape) == 1 else "put Reshape before it"
    raise DoesNotFit(f"{layer} takes (height, width, channels), and gets the shape {list(shape)}: {advice}")


def window(layer: str, size: Pair, span: Pair, strides: Pair, padding: Padding) -> Pair:
    """Return height and width after a window that spans `span` has slid over `size`."""
    if padding == "same":
        return ceil(size[0] / strides[0]), ceil(size[1] / strides[1])
    if span[0] > size[0] or span[1] > size[1]:
        raise DoesNotFit(
            f"{layer} slides a window of {span[0]}x{span[1]} over a picture of only {size[0]}x{size[1]}: "
            'use a smaller one, padding "same", or less pooling before it'
        )
    return (size[0] - span[0]) // strides[0] + 1, (size[1] - span[1]) // strides[1] + 1


def dilated(kernel: Pair, dilation: Pair) -> Pair:
    """Return what a kernel spans whose points lie `dilation` apart."""
    return (kernel[0] - 1) * dilation[0] + 1, (kernel[1] - 1) * dilation[1] + 1
