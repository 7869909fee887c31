"""Telling ink from paper, and measuring pen strokes."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from service.errors import BlankImage

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Ink must take at least this share of the light, on average, to be told from the grain of the paper.
_FAINTEST_INK = 0.12
_CELLS = 64
_CELL_COVERAGE = 0.15
_SMALLEST_PART = 0.05
# What touches the border, and lies within this share of the shorter side from it on average, is the edge of something else
# where there is also writing: at least this share of the picture.
_HUGS_BORDER = 0.08
_LEAST_WRITING = 0.001


def otsu_threshold(plane: Plane) -> float:
    """The threshold that parts the histogram into the two classes farthest apart.

    N. Otsu, "A Threshold Selection Method from Gray-Level Histograms", IEEE Trans. SMC 9(1), 1979, over 256 bins of 0..1.
    """
    counts, edges = np.histogram(plane, bins=256, range=(0.0, 1.0))
    weights = counts / counts.sum()
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(weights)
    moment = np.cumsum(weights * centres)
    apart = (moment[-1] * below - moment) ** 2 / np.maximum(below * (1 - below), 1e-12)
    return float(edges[int(np.argmax(apart)) + 1])


def ink_mask(ink: Plane) -> Mask:
    """Which pixels are ink, (h, w) bool, without specks.

    Raises BlankImage when ink and paper differ by less than 12 % of the light.
    """
    return without_specks(rough_mask(ink))


def rough_mask(ink: Plane) -> Mask:
    """Do the same, and leave the specks."""
    mask: Mask = ink >= otsu_threshold(ink)
    contrast = float(ink[mask].mean() - ink[~mask].mean()) if mask.any() and not mask.all() else 0.0
    if contrast < _FAINTEST_INK:
        raise BlankImage(
            f"Received a picture without writing: its darkest and brightest parts differ by {contrast:.0%} of the light. "
            f"Write with a dark pen on light paper (or light on dark), with a contrast of at least {_FAINTEST_INK:.0%}."
        )
    return mask


def without_specks(mask: Mask) -> Mask:
    """Drop every connected part that is small beside the largest: grain, dust, crumbs of a shadow's edge.

    Parts are found on a grid of at most 64 cells a side; a detached bar of a 5 is some 20 % of the digit and stays.
    """
    height, width = mask.shape
    cell = max(1, -(-max(height, width) // _CELLS))
    padded = np.pad(mask, ((0, -height % cell), (0, -width % cell)))
    areas = padded.reshape(padded.shape[0] // cell, cell, padded.shape[1] // cell, cell).sum(axis=(1, 3))
    labels = _connected(areas >= _CELL_COVERAGE * cell * cell)
    area_of_part = np.bincount(labels.ravel(), weights=areas.ravel())
    area_of_part[0] = 0
    edges = _edges(labels, areas, area_of_part)
    if (area_of_part[~edges] >= _LEAST_WRITING * mask.size).any():
        area_of_part[edges] = 0
    kept = (area_of_part >= _SMALLEST_PART * area_of_part.max()) & (area_of_part > 0)
    # One cell more on every side, for the edge of a stroke that fills little of its cell.
    near = np.asarray(Image.fromarray(kept[labels]).convert("L").filter(ImageFilter.MaxFilter(3))) > 0
    cleaned = mask & near.repeat(cell, axis=0).repeat(cell, axis=1)[:height, :width]
    return cleaned if cleaned.any() else mask


def _edges(labels: NDArray[np.intp], areas: NDArray[np.intp], area_of_part: NDArray[np.number]) -> Mask:
    """Which parts touch the border and hug it: the edge of a table, of another sheet, of a shadow. (parts,) bool."""
    rows, columns = (np.minimum(np.arange(side), np.arange(side)[::-1]) for side in labels.shape)
    distance = np.minimum(rows[:, np.newaxis], columns)
    touches = np.zeros(area_of_part.size, bool)
    touches[np.unique(labels[distance == 0])] = True
    total = np.bincount(labels.ravel(), weights=(areas * (distance + 0.5)).ravel())
    hugs: Mask = total < _HUGS_BORDER * min(labels.shape) * area_of_part
    return hugs & touches


def _connected(cells: Mask) -> NDArray[np.intp]:
    """Number the 8-connected parts of a small grid from 1; empty cells are 0."""
    labels = np.zeros(cells.shape, np.intp)
    unseen = {(int(row), int(column)) for row, column in np.argwhere(cells)}
    part = 0
    while unseen:
        part += 1
        frontier = [unseen.pop()]
        while frontier:
            row, column = frontier.pop()
            labels[row, column] = part
            near = {(row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1)} & unseen
            unseen -= near
            frontier.extend(near)
    return labels


def stroke_width(mask: Mask) -> float:
    """The mean width of the strokes, in pixels: twice the area over the perimeter, as of a long rectangle."""
    padded = np.pad(mask, 1)
    steps = np.count_nonzero(padded[1:] != padded[:-1]) + np.count_nonzero(padded[:, 1:] != padded[:, :-1])
    # Counted along pixel edges, a line in a random direction is 4/pi longer than it is.
    perimeter = max(steps * np.pi / 4, 1.0)
    return float(2 * np.count_nonzero(mask) / perimeter)


def widened(picture: Image.Image, pixels: float) -> Image.Image:
    """Let bright strokes grow by about `pixels` in width."""
    window = 2 * round(pixels / 2) + 1
    return picture.filter(ImageFilter.MaxFilter(window)) if window > 1 else picture
