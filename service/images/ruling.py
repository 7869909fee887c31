"""The lines of a school book: found where they run straight and thin from border to border, and taken off what is written."""

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Course = NDArray[np.float32]  # (columns,): the row in which a line lies, for each column

# Columns are looked at in this many blocks, whose means have less grain.
_BLOCKS = 48
# A line is thinner than this share of the side, and darker than what lies so far above and below it by so much of the light.
_THINNESS = 1 / 72
_LEAST_INK = 0.04
# It shows in so many of the blocks, for writing hides it in some, and rises by less than this share of its length.
_LEAST_SHOWN = 0.7
_STEEPEST = 0.2
# Ends at each border that are tried, the clearest first: a page has some 30 lines, grain makes many ends.
_MOST_ENDS = 48


def without_lines(ink: Plane) -> tuple[Plane, int]:
    """Take straight thin lines off that reach from border to border, level or upright, give or take 11 degrees.

    Where a stroke crosses a line it stays: where the ink is stronger than the line's, and where there is ink on both sides.

    Args:
        ink: (h, w) in 0..1, 0 is bare paper. Not changed.

    Returns:
        (h, w), `ink` itself where there is no line; and how many lines there were.
    """
    level, rows = _without_level_lines(ink)
    upright, columns = _without_level_lines(level.T)
    return (upright.T if columns else level), rows + columns


def _without_level_lines(ink: Plane) -> tuple[Plane, int]:
    height, width = ink.shape
    away = max(3, round(height * _THINNESS))
    if width < 2 * _BLOCKS or height < 8 * away:
        return ink, 0
    courses = _courses(_ridges(ink, away), width, away)
    if courses:
        ink = ink.copy()
    for course in courses:
        _erase(ink, course, away)
    return ink, len(courses)


def _ridges(ink: Plane, away: int) -> Plane:
    """How much darker each pixel of a column of blocks is than those `away` above and below: (h, blocks)."""
    size = ink.shape[1] // _BLOCKS
    means = ink[:, : size * _BLOCKS].reshape(ink.shape[0], _BLOCKS, size).mean(axis=2)
    padded = np.pad(means, ((away, away), (0, 0)), mode="edge")
    ridges: Plane = means - np.maximum(padded[: -2 * away], padded[2 * away :])
    return ridges


def _courses(ridges: Plane, width: int, away: int) -> list[Course]:
    """Try every straight line from an end at the left to one at the right; keep those that show, the clearest of neighbours."""
    left, right = _ends(ridges[:, :3].max(axis=1)), _ends(ridges[:, -3:].max(axis=1))
    pairs = np.stack(np.meshgrid(left, right, indexing="ij"), axis=-1).reshape(-1, 2)
    pairs = pairs[np.abs(pairs[:, 1] - pairs[:, 0]) <= _STEEPEST * width]
    if not len(pairs):
        return []
    share = (np.arange(_BLOCKS) - 1) / (_BLOCKS - 3)  # an end is the middle of three blocks
    rows = np.rint(pairs[:, :1] + (pairs[:, 1:] - pairs[:, :1]) * share).astype(np.intp)
    near = np.stack([np.clip(rows + offset, 0, len(ridges) - 1) for offset in (-2, -1, 0, 1, 2)])
    found = ridges[near, np.arange(_BLOCKS)]
    best = found.max(axis=0)
    shown = (best > _LEAST_INK).mean(axis=1)
    # Followed from block to block, for paper is never quite flat.
    followed = np.take_along_axis(near, found.argmax(axis=0)[np.newaxis], axis=0)[0]
    order = np.argsort(-np.minimum(best, 0.3).mean(axis=1))
    kept: list[NDArray[np.intp]] = []
    for index in order[shown[order] >= _LEAST_SHOWN]:
        if all(np.abs(rows[index] - other).mean() > away for other in kept):
            kept.append(rows[index])
    centres = (np.arange(_BLOCKS) + 0.5) * (width // _BLOCKS) - 0.5
    index_of = {row.tobytes(): place for place, row in enumerate(rows)}
    return [
        np.interp(np.arange(width), centres, _smoothed(followed[index_of[row.tobytes()]])).astype(np.float32)
        for row in kept
    ]


def _ends(profile: NDArray[np.float32]) -> NDArray[np.intp]:
    """The rows of the clearest local maxima."""
    padded = np.pad(profile, 1, constant_values=-1)
    peaks = np.flatnonzero((profile >= padded[:-2]) & (profile > padded[2:]) & (profile > _LEAST_INK))
    return peaks[np.argsort(-profile[peaks])[:_MOST_ENDS]]


def _smoothed(rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """The median of each five neighbours: a stroke that crosses pulls at one or two."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(rows, 2, mode="edge"), 5)
    smoothed: NDArray[np.float64] = np.median(windows, axis=1)
    return smoothed


def _erase(ink: Plane, course: Course, away: int) -> None:
    """Take one line off, in place."""
    height, width = ink.shape
    columns = np.arange(width)
    offsets = np.arange(-away - 2, away + 3)
    rows = np.clip(np.rint(course).astype(np.intp) + offsets[:, np.newaxis], 0, height - 1)
    strip = ink[rows, columns]
    profile = np.median(strip, axis=1)
    half = _half_width(profile, away)
    middle = away + 2
    line = strip[middle - half : middle + half + 1]
    # What crosses the line shows above and below it, at a slant by as much to the side as the line is wide.
    above = _widest(strip[max(middle - half - 2, 0) : middle - half].max(axis=0), half)
    below = _widest(strip[middle + half + 1 : middle + half + 3].max(axis=0), half)
    strongest = 1.25 * np.percentile(line.max(axis=0), 60) + 0.08
    cleaned = np.where(line > strongest, line, np.minimum(line, np.minimum(above, below)))
    ink[rows[middle - half : middle + half + 1], columns] = cleaned


def _half_width(profile: NDArray[np.floating], away: int) -> int:
    """How far a line reaches to either side of its middle, in pixels, with its soft edge."""
    middle = away + 2
    bare = float(min(profile[0], profile[-1]))
    least = bare + 0.15 * (float(profile[middle]) - bare)
    half = 1
    while half < away and max(profile[middle - half], profile[middle + half]) > least:
        half += 1
    return half


def _widest(values: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(values, reach, mode="edge"), 2 * reach + 1)
    widest: NDArray[np.float32] = windows.max(axis=1)
    return widest
