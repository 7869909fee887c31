"""The first layer's filters as pictures."""

import numpy as np
from numpy.typing import NDArray

from service.explanations.drawing import shades
from service.explanations.drawing.tiles import MOST_TILES, coloured, sheet
from service.images.showing import as_png


def filters_png(weights: NDArray[np.float32], layer: str, *, whole: bool) -> bytes:
    """Return all filters on one sheet and one scale, so that a filter of small weights looks faint.

    Args:
        weights: `(n, height, width, 1 or 3)`. One channel is drawn from blue (below 0) over white to vermilion; three are drawn
            as the colours that the filter answers to, 0 being grey.
        layer: the name of the layer.
        whole: whether each is a unit that sees the whole picture, not a filter that slides over it.
    """
    count, height, width, channels = weights.shape
    largest = float(np.abs(weights).max()) or 1.0
    if channels == 1:
        scale = diverging()
        tiles = coloured(weights[..., 0], -largest, largest, scale)
    else:
        tiles = np.rint(np.clip(weights / (2 * largest) + 0.5, 0, 1) * 255).astype(np.uint8)
        scale = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    shown = f"the first {MOST_TILES} of {count}" if count > MOST_TILES else f"{count}"
    what = "units, each with a weight for every pixel" if whole else f"filters of {height}x{width}"
    in_colour = ", in the colours they answer to" if channels == 3 else ""
    ends = f"{-largest:.2g}: darker than 0" if channels == 3 else f"{-largest:.2g}", f"{largest:.2g}"
    return as_png(sheet(tiles, f"{layer}: {shown} {what}{in_colour}", scale, (ends[0], ends[1])))


def diverging() -> NDArray[np.uint8]:
    """Return 255 colours from blue over white to vermilion."""
    strength = np.linspace(-1, 1, 255, dtype=np.float32)[np.newaxis]
    colours: NDArray[np.uint8] = shades.tinted(np.full((1, 255, 3), shades.PAPER, np.float32), strength)[0]
    return colours
