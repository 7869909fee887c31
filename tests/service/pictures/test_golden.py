"""Pictures look as they did when somebody last looked at them."""

import numpy as np
import pytest
from PIL import Image

from tests.service.pictures.golden_pictures import (
    FOLDER,
    PICTURES,
    contact_sheet,
    difference,
    heat_map,
    matrix,
    small,
)

TOLERANCE = 16.0


def golden(name: str) -> Image.Image:
    return Image.open(FOLDER / f"{name}.png").convert("RGB")


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_looks_as_it_did(name: str) -> None:
    assert difference(small(PICTURES[name]()), golden(name)) < TOLERANCE


def test_the_comparison_notices_a_cell_that_is_wrong() -> None:
    values = matrix(10)
    values[6, 3] = 5

    assert difference(small(heat_map(10, values)), golden("heat-map-10")) > TOLERANCE


def test_the_comparison_notices_pictures_of_others_on_the_sheet() -> None:
    assert difference(small(contact_sheet(shift=128)), golden("contact-sheet")) > TOLERANCE


def test_the_same_figures_give_the_same_bytes() -> None:
    assert heat_map(10, np.eye(10)) == heat_map(10, np.eye(10))
