"""How light falls on the paper, and so how much ink is on it. Works on floats in 0..1."""

from collections.abc import Iterator

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
# The share of the frame that may be no paper at all: strokes that cross it.
_RARE = 0.05
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
    frame = _frame(coarse.shape)
    light = _light_over(frame, coarse)
    if _mostly_brighter(coarse - light, frame):
        grey, coarse, light = 1 - grey, 1 - coarse, 1 - light
    light = np.maximum(light, _DARKEST_PAPER)
    # The surface follows the large gradients; the closing, of what is left, sharper shadows inside the frame.
    paper = light * _without_strokes(coarse / light)
    paper = _resized(paper, (grey.shape[1], grey.shape[0]), Image.Resampling.BICUBIC)
    ink: Plane = np.clip(1 - grey / np.maximum(paper, _DARKEST_PAPER), 0, 1)
    return ink


def _frame(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which points lie along the border of the picture, where there is little but paper."""
    y, x = (np.abs(np.linspace(-1, 1, side)) >= 1 - 2 * _FRAME for side in shape)
    found: NDArray[np.bool_] = y[:, None] | x
    return found


def _light_over(frame: NDArray[np.bool_], coarse: Plane) -> Plane:
    """The paper's brightness everywhere, as a quadratic surface through what the frame of the picture shows.

    The surface has the least absolute (not squared) distance, so that a stroke which crosses the border, being the smaller
    part of it, does not bend it: iteratively reweighted least squares.
    """
    height, width = coarse.shape
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    surface = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=-1)
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


def _mostly_brighter(difference: Plane, frame: NDArray[np.bool_]) -> bool:
    """Whether what lies on the paper is brighter than the paper.

    Under a hard shadow the frame shows paper of two brightnesses, and the surface has one of them: only what is brighter or
    darker than nearly all of the frame says something about what is written.
    """
    low, high = np.quantile(difference[frame], [_RARE, 1 - _RARE])
    brighter, darker = difference - max(high, 0), min(low, 0) - difference
    return bool(np.sum(np.maximum(brighter, 0) ** 2) > np.sum(np.maximum(darker, 0) ** 2))


def _without_strokes(coarse: Plane) -> Plane:
    """Grey closing: dark strokes narrower than the window vanish, the edges of wide shadows stay where they are.

    The window is an octagon, for a square would not fit into the corners between itself and an edge that is aslant.
    """
    window = int(max(coarse.shape) * _WIDEST_STROKE) | 1
    return -_highest_near(-_highest_near(coarse, window), window)


def _highest_near(plane: Plane, window: int) -> Plane:
    """The maximum over an octagon, `window` (odd) pixels wide and high, around each pixel: along four lines in turn."""
    aslant = round((window - 1) / (2 + np.sqrt(2)))
    upright = window - 1 - 2 * aslant
    plane = np.pad(plane, window // 2, mode="edge")
    for step in _doubled(upright):
        plane = np.maximum(plane[:-step], plane[step:])
    for step in _doubled(upright):
        plane = np.maximum(plane[:, :-step], plane[:, step:])
    for step in _doubled(aslant):
        plane = np.maximum(plane[:-step, :-step], plane[step:, step:])
    for step in _doubled(aslant):
        plane = np.maximum(plane[:-step, step:], plane[step:, :-step])
    return plane


def _doubled(reach: int) -> Iterator[int]:
    """Steps that take a maximum `reach` pixels on, each as far as the last ones together make possible."""
    covered = 1
    while covered <= reach:
        step = min(covered, reach + 1 - covered)
        yield step
        covered += step


def _coarse_size(plane: Plane) -> tuple[int, int]:
    height, width = plane.shape
    shrink = min(1.0, _COARSE_SIDE / max(height, width))
    return max(1, round(width * shrink)), max(1, round(height * shrink))


def _resized(plane: Plane, size: tuple[int, int], how: Image.Resampling) -> Plane:
    return np.asarray(Image.fromarray(plane).resize(size, how), dtype=np.float32)
