"""Ink -> connected parts: each a digit, or several that touch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from service.errors import BlankImage, CrowdedImage
from service.images.segmentation.page import Page, usual_height
from service.images.strokes import Mask

MOST_SPECKS: Final = 20_000
MOST_PARTS: Final = 500
MOST_PIECES: Final = 1000
"""Before what is broken is put together again."""
_LEAST_PIXELS: Final = 12
_LOWEST: Final = 6.0
_SPECK: Final = 0.3
"""Parts whose longer side is below this share of a digit's height are specks, or broken off a digit beside them."""
_NEAR: Final = 0.28
_TALLEST: Final = 1.4
_WIDEST: Final = 1.15


@dataclass(frozen=True, eq=False)
class Part:
    """A connected part of a page, (bottom - top, right - left) bool, at (left, top)."""

    left: int
    top: int
    right: int
    bottom: int
    mask: Mask

    @property
    def width(self) -> int:
        """In pixels of the page."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """In pixels of the page."""
        return self.bottom - self.top

    def joined(self, other: "Part") -> "Part":
        """Return both as one."""
        left, top = min(self.left, other.left), min(self.top, other.top)
        right, bottom = max(self.right, other.right), max(self.bottom, other.bottom)
        mask = np.zeros((bottom - top, right - left), bool)
        for one in (self, other):
            mask[one.top - top : one.bottom - top, one.left - left : one.right - left] |= one.mask
        return Part(left, top, right, bottom, mask)


def parts(page: Page) -> tuple[list[Part], float]:
    """Return the parts that may be digits, and how tall a digit is on this page, in pixels.

    Raise CrowdedImage for more than 500, BlankImage for none.
    """
    found = _connected(page.mask)
    if not found:
        raise BlankImage("Received a picture with nothing on it but lines and specks. Write a digit on it.")
    height = max(
        usual_height(np.array([one.height for one in found], float), np.array([one.mask.sum() for one in found])),
        _LOWEST,
    )
    large = [one for one in found if max(one.height, one.width) >= _SPECK * height]
    small = [one for one in found if max(one.height, one.width) < _SPECK * height][:MOST_PIECES]
    if len(large) > MOST_PIECES:
        raise _crowded(len(large))
    whole = _mended([*large, *(one for one in small if one.mask.sum() >= _LEAST_PIXELS)], height)
    whole = [one for one in whole if max(one.height, one.width) >= 2 * _SPECK * height]
    if not whole:
        raise BlankImage("Received a picture with nothing on it but lines and specks. Write a digit on it.")
    if len(whole) > MOST_PARTS:
        raise _crowded(len(whole))
    return whole, height


def _crowded(count: int) -> CrowdedImage:
    return CrowdedImage(
        f"Received a picture with {count:,} separate things on it; of digits {MOST_PARTS} at most are read at a time. "
        "Send a part of it."
    )


def _connected(mask: Mask) -> list[Part]:
    from scipy import ndimage  # noqa: PLC0415 - twenty megabytes, for this alone

    labels, count = ndimage.label(mask, np.ones((3, 3), bool))
    if count > MOST_SPECKS:
        raise CrowdedImage(
            f"Received a picture with {count:,} separate specks: a photo or a texture rather than digits on paper. "
            "Take the picture closer, or in better light."
        )
    found = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels), 1):
        part = labels[rows, columns] == number
        if max(part.shape) >= 3:
            found.append(Part(columns.start, rows.start, columns.stop, rows.stop, part))
    return found


def _mended(found: list[Part], height: float) -> list[Part]:
    """Join what was broken: parts one over the other, or right beside, where both together are no larger than a digit."""
    merged = sorted(found, key=lambda one: one.left)
    place = 0
    while place < len(merged):
        beside = _partner(place, merged, height)
        if beside is None:
            place += 1
        else:  # it keeps its place, for it begins where it began, and may have more to take up
            merged[place] = merged[place].joined(merged.pop(beside))
    return merged


def _partner(place: int, found: Sequence[Part], height: float) -> int | None:
    one = found[place]
    for index in range(place + 1, len(found)):
        if found[index].left > one.right + _NEAR * height:
            return None
        if _belong_together(one, found[index], height):
            return index
    return None


def _belong_together(one: Part, other: Part, height: float) -> bool:
    left, right = max(one.left, other.left), min(one.right, other.right)
    top, bottom = max(one.top, other.top), min(one.bottom, other.bottom)
    overlap, gap = (right - left) / min(one.width, other.width), top - bottom
    together = max(one.bottom, other.bottom) - min(one.top, other.top)
    across = max(one.right, other.right) - min(one.left, other.left)
    if together > _TALLEST * height or across > _WIDEST * height:
        return False
    smaller = min(one, other, key=lambda part: int(part.mask.sum()))
    is_fragment = max(smaller.height, smaller.width) < 0.62 * height
    if overlap >= 0.5 and gap <= _NEAR * height:
        return True
    return is_fragment and left - right <= 0.12 * height and gap <= 0.12 * height
