"""Light on paper: shadows are none of what is written, however they fall."""

import numpy as np
import pytest

from service.images.lighting import ink_on_paper

SIDE = 320


def shadowed(degrees: float, *, lit: float, dark: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A page under a hard shadow through its middle, with a stroke in the middle; where the stroke, and where the edge is."""
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    across = x * np.cos(np.deg2rad(degrees)) + y * np.sin(np.deg2rad(degrees)) - 0.2
    page = np.where(across > 0, dark, lit)
    stroke = (abs(x) < 0.04) & (abs(y) < 0.5)
    return np.where(stroke, page * 0.15, page).astype(np.float32), stroke, abs(across) < 0.06


@pytest.mark.parametrize("degrees", range(0, 360, 15))
def test_the_edge_of_a_hard_shadow_is_no_ink_however_it_lies(degrees: int):
    page, stroke, edge = shadowed(degrees, lit=0.95, dark=0.5)

    ink = ink_on_paper(page)

    assert ink[stroke & ~edge].min() > 0.6
    assert np.mean(ink[~stroke & ~edge] > 0.3) < 0.05


@pytest.mark.parametrize("turned", [False, True])
def test_what_is_written_is_told_from_the_board_whichever_is_brighter(turned: bool):
    page, stroke, edge = shadowed(70, lit=0.95, dark=0.75)

    ink = ink_on_paper(1 - page if turned else page)

    assert ink[stroke & ~edge].min() > 0.6
    assert np.median(ink[~stroke]) < 0.1
