"""Thicker and thinner pens: bright strokes of an image grow or shrink."""

import numpy as np
from numpy.typing import NDArray

_BLOCK = 256
"""Images at a time: what lies in a core's cache is faster."""


def redraw(images: NDArray[np.uint8], growth: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Let the bright strokes of each image grow by so many pixels in width; shrink where it is negative.

    A maximum (or minimum) over each pixel and its four neighbours grows a stroke by two pixels; what is less is that share of
    the way there, what is more takes another round. Beyond the border lies what lies on it.

    Args:
        images: (n, height, width, channels) uint8; not changed.
        growth: (n,) pixels.
    """
    drawn = np.empty_like(images)
    for start in range(0, len(images), _BLOCK):
        block = slice(start, start + _BLOCK)
        drawn[block] = _redraw_block(images[block], growth[block])
    return drawn


def _redraw_block(images: NDArray[np.uint8], growth: NDArray[np.float32]) -> NDArray[np.uint8]:
    drawn = images.copy()
    for thicker in (True, False):
        left = growth if thicker else -growth
        while (chosen := np.flatnonzero(left > 0)).size:
            source = drawn[chosen]
            # Shrinking the bright is growing the dark.
            light = source if thicker else ~source
            share = np.rint(np.minimum(left[chosen] / 2, 1) * 256).astype(np.uint16)[:, None, None, None]
            grown = (light * (256 - share) + _grown(light) * share + np.uint16(127)) >> np.uint16(8)
            drawn[chosen] = grown.astype(np.uint8) if thicker else ~grown.astype(np.uint8)
            left = left - 2
    return drawn


def _grown(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The maximum of each pixel and its four neighbours."""
    grown = images.copy()
    np.maximum(grown[:, 1:], images[:, :-1], out=grown[:, 1:])
    np.maximum(grown[:, :-1], images[:, 1:], out=grown[:, :-1])
    np.maximum(grown[:, :, 1:], images[:, :, :-1], out=grown[:, :, 1:])
    np.maximum(grown[:, :, :-1], images[:, :, 1:], out=grown[:, :, :-1])
    return grown
