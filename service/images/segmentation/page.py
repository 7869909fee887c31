"""A picture of a page -> its ink, without table, ruled lines and the frames of cells."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from service.images.handwriting import refuse_tiny
from service.images.lighting import ink_on_paper
from service.images.ruling import without_lines
from service.images.sheet import sheet_of
from service.images.strokes import Mask, Plane, rough_mask

WORKING_SIDE: Final = 1600
"""Pictures are looked at with this many pixels a side at most: a sheet of 30 rows leaves 50 to each."""

_LINE: Final = 1 / 9
"""A straight run of ink longer than this share of the longer side is no stroke of a digit, unless all of the page is one."""
_THICKEST: Final = 1 / 60


@dataclass(frozen=True, eq=False)
class Page:
    """(h, w) ink in 0..1 and what of it is writing; `scale` pixels of the picture are one of these; (left, top) was cut off."""

    ink: Plane
    mask: Mask
    scale: float
    left: int
    top: int


def read(picture: Image.Image) -> Page:
    """Find the ink on a picture of mode "L" or "RGB". Raise UnreadableImage for a tiny one, BlankImage for an empty one."""
    refuse_tiny(picture)
    grey = picture.convert("L")
    grey.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.BOX, reducing_gap=None)
    plane = np.asarray(grey, dtype=np.float32) / np.float32(255)
    rows, columns = sheet_of(plane)
    ink, _ = without_lines(ink_on_paper(plane[rows, columns]))
    mask = without_frames(rough_mask(ink))
    return Page(ink, mask, max(picture.size) / max(grey.size), columns.start, rows.start)


def without_frames(mask: Mask) -> Mask:
    """Take off straight thin runs that are longer than a stroke: the frames of cells, lines that do not reach the border.

    Where ink goes on at both sides of a run a stroke crosses it, and stays.
    """
    longest = max(8, round(max(mask.shape) * _LINE))
    cleaned = mask.copy()
    for turned in (False, True):
        view = cleaned.T if turned else cleaned
        runs = _runs(mask.T if turned else mask, longest)
        if runs.any():
            view &= ~(runs & ~_crossed(mask.T if turned else mask, runs))
    return cleaned if cleaned.any() else mask


def _runs(mask: Mask, longest: int) -> Mask:
    """Which pixels belong to level runs of at least `longest`, a pixel up or down on the way, in lines that are thin."""
    from scipy import ndimage  # noqa: PLC0415 - twenty megabytes, for this alone

    thick = max(2, round(max(mask.shape) * _THICKEST))
    tolerant = ndimage.maximum_filter1d(mask.astype(np.uint8), 3, axis=0)
    opened = ndimage.maximum_filter1d(ndimage.minimum_filter1d(tolerant, longest, axis=1), longest, axis=1).astype(bool)
    # A blot is long, too, but tall.
    tall = ndimage.maximum_filter1d(
        ndimage.minimum_filter1d(mask.astype(np.uint8), 2 * thick + 1, axis=0), 2 * thick + 1, axis=0
    )
    runs: Mask = opened & mask & ~tall.astype(bool)
    return runs


def _crossed(mask: Mask, runs: Mask) -> Mask:
    """Which pixels of level runs have writing both above and below the run."""
    rest = mask & ~runs
    height = mask.shape[0]
    above, below = np.zeros(mask.shape, bool), np.zeros(mask.shape, bool)
    for row in range(1, height):
        above[row] = rest[row - 1] | (above[row - 1] & runs[row - 1])
    for row in range(height - 2, -1, -1):
        below[row] = rest[row + 1] | (below[row + 1] & runs[row + 1])
    crossed: Mask = runs & above & below
    return crossed
