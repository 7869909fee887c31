"""A picture of a page -> its ink, without table, ruled lines and the frames of cells."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from service.images.handwriting import refuse_tiny
from service.images.lighting import ink_on_paper
from service.images.ruling import without_lines
from service.images.sheet import sheet_of
from service.images.strokes import Mask, Plane, rough_mask

WORKING_SIDE: Final = 1600
"""Pictures are looked at with this many pixels a side at most: a sheet of 30 rows leaves 50 to each."""

_LINE: Final = 1.45
"""A straight run of ink so many times as long as a digit is tall is no stroke of one."""
_TALLEST: Final = 0.5
_LEAST_PIXELS: Final = 12
_FAINTEST_LINE: Final = 0.08
_THICKEST: Final = 1 / 60


@dataclass(frozen=True, eq=False)
class Page:
    """(h, w) ink in 0..1, what of it is writing, and what was lines. `scale` pixels of the picture are one of these; the first
    lies at (left, top) of the picture made so small.
    """

    ink: Plane
    mask: Mask
    lines: Mask
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
    whole = ink_on_paper(plane[rows, columns])
    ink, _ = without_lines(whole)
    rough = rough_mask(ink)
    mask = without_frames(rough)
    lines = (rough & ~mask) | (whole - ink > _FAINTEST_LINE)
    return Page(ink, mask, lines, max(picture.size) / max(grey.size), columns.start, rows.start)


def without_frames(mask: Mask) -> Mask:
    """Take off straight thin runs that are longer than a stroke: the frames of cells, lines that do not reach the border.

    Where ink goes on at both sides of a run a stroke crosses it, and stays.
    """
    height = _usual_height(mask)
    if height is None:
        return mask
    longest = max(8, round(height * _LINE))
    cleaned = mask.copy()
    for turned in (False, True):
        view = cleaned.T if turned else cleaned
        runs = _runs(mask.T if turned else mask, longest)
        if runs.any():
            view &= ~(runs & ~_crossed(mask.T if turned else mask, runs))
    return cleaned if cleaned.any() else mask


def _usual_height(mask: Mask) -> float | None:
    """How tall digits are, half of the ink in the taller ones; None where all there is takes half of the page: one digit."""
    from scipy import ndimage  # noqa: PLC0415 - twenty megabytes, for this alone

    labels, _ = ndimage.label(mask, np.ones((3, 3), bool))
    boxes = ndimage.find_objects(labels)
    ink = np.bincount(labels.ravel())[1:]
    heights = np.array([rows.stop - rows.start for rows, _ in boxes], float)
    widths = np.array([columns.stop - columns.start for _, columns in boxes], float)
    written = (ink >= _LEAST_PIXELS) & (heights < _TALLEST * mask.shape[0]) & (widths < _TALLEST * mask.shape[1])
    if not written.any():
        return None
    return usual_height(heights[written], ink[written])


def usual_height(heights: NDArray[np.floating], ink: NDArray[np.number]) -> float:
    """Return the height above which half of the ink is: specks do not count then, and a few blots neither."""
    order = np.argsort(heights)
    within = np.cumsum(ink[order])
    return float(heights[order][int(np.searchsorted(within, within[-1] / 2))])


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
