"""Where the sheet of paper lies on a photo that shows some of a dark table, too."""

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

# At most this share of a side is table, at each end.
_MOST_TABLE = 0.25
# Paper is at least so many times as bright: a shadow's edge on paper is less sharp a step.
_STEP = 2.0
# So much of a strip is as dark: a digit that reaches to the border leaves more paper beside it.
_MOSTLY = 0.9
# The edge of a sheet may lie aslant: brightness steps within this share of the side.
_WITHIN = 1 / 24
# Every row and column of the sheet is mostly paper: its median is at least this share of the brightest one's.
_LEAST_PAPER = 0.25
# Every so many pixels of a row are enough.
_EVERY = 4


def without_table(grey: Plane) -> Plane:
    """Cut dark strips off that run along the borders of a bright sheet; the picture as it is where there are none.

    Args:
        grey: (h, w) in 0..1. Light writing on something dark has no sheet, and stays whole.
    """
    sheet = grey[sheet_of(grey)]
    return grey if sheet.shape == grey.shape else sheet


def sheet_of(grey: Plane) -> tuple[slice, slice]:
    """Return where the sheet is: rows and columns; all of them where there are no such strips."""
    (top, bottom), (left, right) = _paper(grey[:, ::_EVERY]), _paper(grey[::_EVERY].T)
    sheet = grey[top:bottom, left:right]
    for across in (0, 1):
        medians = np.median(sheet, axis=across)
        if medians.min() < _LEAST_PAPER * medians.max():
            return slice(0, grey.shape[0]), slice(0, grey.shape[1])
    return slice(top, bottom), slice(left, right)


def _paper(rows: Plane) -> tuple[int, int]:
    """Which rows are bright: from the first to before the last."""
    return _dark_length(rows), len(rows) - _dark_length(rows[::-1])


def _dark_length(rows: Plane) -> int:
    """How many rows from the first one on are dark, before it gets bright at one step; 0 where it does not."""
    within = max(1, round(len(rows) * _WITHIN))
    outer = int(len(rows) * _MOST_TABLE)
    if outer <= within:
        return 0
    medians = np.median(rows[: outer + within], axis=1)
    darkest = np.maximum.accumulate(medians)[:outer]
    found = np.flatnonzero(medians[within:] > _STEP * darkest)
    if not found.size:
        return 0
    last = int(found[-1])
    is_dark = rows[: last // 2 + 1] < medians[last + within] / _STEP
    return last + within if is_dark.mean() >= _MOSTLY else 0
