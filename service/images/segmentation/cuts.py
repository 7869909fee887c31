"""A wide part -> the pieces that it may consist of, where digits touch."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from service.images.segmentation.parts import Part
from service.images.strokes import Mask, stroke_width

MOST_CUTS: Final = 9
WIDE: Final = 0.72
"""From this share of a digit's height on a part may be two digits."""
_NARROWEST, _WIDEST = 0.12, 1.15
_APART: Final = 0.16


@dataclass(frozen=True, eq=False)
class Piece:
    """What lies between two cuts of a part: from number `first` to before number `last`; 0 is the left end."""

    first: int
    last: int
    part: Part


@dataclass(frozen=True, eq=False)
class Wide:
    """A part that may be several digits: how many stretches its cuts leave, and every piece of some stretches in a row."""

    stretches: int
    pieces: tuple[Piece, ...]


def cut(part: Part, height: float) -> Wide:
    """Return the pieces that a part may consist of, itself as a whole among them."""
    at = [0, *_cuts(part, height), part.width] if part.width >= WIDE * height else [0, part.width]
    return Wide(len(at) - 1, tuple(_pieces(part, at, height)))


def _pieces(part: Part, at: list[int], height: float) -> Iterator[Piece]:
    for first in range(len(at) - 1):
        for last in range(first + 1, len(at)):
            is_whole = last - first == len(at) - 1
            width = at[last] - at[first]
            if is_whole or _NARROWEST * height <= width <= _WIDEST * height:
                piece = part if is_whole else _between(part, at[first], at[last])
                if piece is not None:
                    yield Piece(first, last, piece)


def _between(part: Part, left: int, right: int) -> Part | None:
    """What of a part lies between two columns, cropped; None for nothing."""
    mask = part.mask[:, left:right]
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    cropped = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    x, y = part.left + left + int(columns[0]), part.top + int(rows[0])
    return Part(x, y, x + cropped.shape[1], y + cropped.shape[0], cropped)


def _cuts(part: Part, height: float) -> list[int]:
    """The columns where little ink would be cut through, the thinnest places first, never two close together."""
    ink = _ink_of_columns(part.mask)
    pen = max(stroke_width(part.mask), 1.0)
    near = max(1, round(_APART * height))
    inner = np.arange(near // 2, part.width - near // 2)
    thin = inner[ink[inner] <= 2.2 * pen]
    found: list[int] = []
    # Of equally thin columns, the one farthest from the ends of the part: digits are about as wide as each other.
    middle = part.width / 2
    for column in sorted(thin.tolist(), key=lambda column: (round(float(ink[column]) / pen, 1), abs(column - middle))):
        if all(abs(column - other) >= near for other in found):
            found.append(column)
        if len(found) == MOST_CUTS:
            break
    return sorted(found)


def _ink_of_columns(mask: Mask) -> np.ndarray:
    """How many pixels a cut between two columns goes through: smoothed over three."""
    counts = mask.sum(axis=0).astype(float)
    padded = np.pad(counts, 1, mode="edge")
    smoothed: np.ndarray = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
    return smoothed
