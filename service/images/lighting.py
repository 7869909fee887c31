"""How light falls on the paper, and so how much ink is on it. Works on floats in 0..1."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.float32]

# The paper is estimated on a picture of this many pixels a side, for its light changes slowly.
_COARSE_SIDE = 64
# Strokes wider than this share of the longer side would be taken for paper.
_WIDEST_STROKE = 1 / 3
# The frame that is looked at for the paper: this share of each side.
_FRAME = 1 / 12
# Rounds of the fit to it, and the difference in brightness that is not worth fitting.
_ROUNDS = 8
_SAME_LIGHT = 0.01
# The darkest paper that ink can still be told on.
_DARKEST_PAPER = 8 / 255


def ink_on_paper(grey: Plane) -> Plane:
    """The share of light that the ink takes away: 0 is bare paper, 1 black ink.

    Args:
        grey: (h, w) in 0..1, dark on light or light on dark, under uneven light.

    Returns:
        (h, w) in 0..1. With paper of brightness B it is `1 - grey / B`, a property of the ink whatever the light. A picture of
        light ink on dark paper is turned into its negative first.
    """
    coarse = _resized(grey, _coarse_size(grey), Image.Resampling.BOX)
    light = _light_over_the_frame(coarse)
    if _mostly_brighter(coarse, light):
        grey, coarse, light = 1 - grey, 1 - coarse, 1 - light
    light = np.maximum(light, _DARKEST_PAPER)
    # The surface follows the large gradients; the closing, of what is left, sharper shadows inside the frame.
    paper = light * _without_strokes(coarse / light)
    paper = _resized(paper, (grey.shape[1], grey.shape[0]), Image.Resampling.BICUBIC)
    ink: Plane = np.clip(1 - grey / np.maximum(paper, _DARKEST_PAPER), 0, 1)
    return ink


def _light_over_the_frame(coarse: Plane) -> Plane:
    """The paper's brightness everywhere, as a quadratic surface through what the border of the picture shows.

    The surface has the least absolute (not squared) distance, so that a stroke which crosses the border, being the smaller
    part of it, does not bend it: iteratively reweighted least squares.
    """
    height, width = coarse.shape
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    surface = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=-1)
    frame = np.maximum(np.abs(x), np.abs(y)) >= 1 - 2 * _FRAME
    terms, values = surface[frame], coarse[frame].astype(np.float64)
    distance: NDArray[np.floating] = np.abs(values - np.median(values))
    weights: NDArray[np.floating] = np.zeros(terms.shape[1])
    for _ in range(_ROUNDS):
        weighted = terms.T / np.maximum(distance, _SAME_LIGHT)
        # The ridge serves pictures one pixel wide.
        weights = np.linalg.solve(weighted @ terms + 1e-6 * np.eye(terms.shape[1]), weighted @ values)
        distance = np.abs(values - terms @ weights)
    light: Plane = (surface @ weights).astype(np.float32)
    return light


def _mostly_brighter(coarse: Plane, light: Plane) -> bool:
    """Whether what lies on the paper is brighter than the paper."""
    difference = coarse - light
    return bool(np.sum(np.maximum(difference, 0) ** 2) > np.sum(np.minimum(difference, 0) ** 2))


def _without_strokes(coarse: Plane) -> Plane:
    """Grey closing: dark strokes narrower than the window vanish, the edges of wide shadows stay where they are."""
    window = int(max(coarse.shape) * _WIDEST_STROKE) | 1
    return -_highest_near(-_highest_near(coarse, window), window)


def _highest_near(plane: Plane, window: int) -> Plane:
    """The maximum over a square of `window` (odd) pixels a side around each pixel."""
    for axis in (0, 1):
        padding = [(0, 0), (0, 0)]
        padding[axis] = (window // 2, window // 2)
        padded = np.pad(plane, padding, mode="edge")
        plane = np.lib.stride_tricks.sliding_window_view(padded, window, axis=axis).max(axis=-1)
    return plane


def _coarse_size(plane: Plane) -> tuple[int, int]:
    height, width = plane.shape
    shrink = min(1.0, _COARSE_SIDE / max(height, width))
    return max(1, round(width * shrink)), max(1, round(height * shrink))


def _resized(plane: Plane, size: tuple[int, int], how: Image.Resampling) -> Plane:
    return np.asarray(Image.fromarray(plane).resize(size, how), dtype=np.float32)
