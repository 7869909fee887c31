"""Parts -> rows in reading order, and numbers within a row."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.images.segmentation.parts import Part
from service.images.strokes import Mask

_STEEPEST: Final = 0.12
_STEPS: Final = 49
_APART: Final = 0.55
_SPACE, _WIDER, _WIDEST = 0.75, 1.5, 1.6
_MOSTLY: Final = 0.6


def rows(parts: Sequence[Part], height: float) -> list[list[Part]]:
    """Return rows from top to bottom, each from left to right. A page may be turned by up to seven degrees.

    Args:
        parts: at least one.
        height: how tall a digit is.
    """
    x = np.array([(one.left + one.right) / 2 for one in parts])
    y = np.array([(one.top + one.bottom) / 2 for one in parts])
    level = y - x * _slope(x, y, height)
    order = np.argsort(level, kind="stable")
    found: list[list[int]] = [[int(order[0])]]
    for before, index in pairwise(order):
        if level[index] - level[before] > _APART * height:
            found.append([])
        found[-1].append(int(index))
    return [sorted((parts[index] for index in row), key=lambda one: one.left + one.right) for row in found]


def numbers(row: Sequence[Part], height: float, lines: Mask) -> list[int]:
    """Return for each digit of a row which number of the row it belongs to, from 0.

    A space parts two numbers if it is wider than the others of its row, and so does the line between two cells: `lines` (h, w)
    is where lines were on the page.
    """
    gaps = [other.left - one.right for one, other in pairwise(row)]
    space = min(max(_SPACE * height, _WIDER * float(np.median(gaps))), _WIDEST * height) if gaps else 0.0
    found, number = [], 0
    for place, part in enumerate(row):
        if place and (gaps[place - 1] > space or _is_parted(row[place - 1], part, lines)):
            number += 1
        found.append(number)
    return found


def _is_parted(one: Part, other: Part, lines: Mask) -> bool:
    """Whether an upright line runs between two parts."""
    top, bottom = min(one.top, other.top), max(one.bottom, other.bottom)
    between = lines[top:bottom, one.right : max(other.left, one.right)]
    return between.shape[1] > 0 and bool(between.any(axis=1).mean() > _MOSTLY)


def _slope(x: NDArray[np.floating], y: NDArray[np.floating], height: float) -> float:
    """How much rows fall to the right: the slope at which parts gather at the fewest heights, the least of the best."""
    slopes = np.linspace(-_STEEPEST, _STEEPEST, _STEPS)
    slopes = slopes[np.argsort(np.abs(slopes), kind="stable")]
    levels = (y - np.outer(slopes, x)) / (0.5 * height)
    crowds = np.array([_crowding(one) for one in levels])
    return float(slopes[int(np.argmax(crowds > crowds.max() - 1e-9))])


def _crowding(levels: NDArray[np.floating]) -> float:
    """Sum of the squares of how many lie in each bin, over two grids of bins, half a bin apart."""
    total = 0.0
    for offset in (0.0, 0.5):
        bins = np.floor(levels + offset).astype(int)
        total += float((np.bincount(bins - bins.min()).astype(float) ** 2).sum())
    return total
