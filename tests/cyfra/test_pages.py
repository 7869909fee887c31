"""All digits on a picture, with the Python client and at the terminal."""

import numpy as np

from cyfra import Client
from service.images.sets.opening import open_set
from tests.handwritten_pages import column, photographed
from tests.trained import Trained


def test_all_digits_are_read_with_their_boxes(cyfra: Client, trained: Trained) -> None:
    digits = open_set("mnist-5k", trained.settings.home, None)
    rng = np.random.default_rng(5)
    chosen = rng.integers(len(digits.x_test), size=80)
    sheet = column([(digits.x_test[one, :, :, 0], int(digits.y_test[one])) for one in chosen], rng)

    page = cyfra.read_digits(photographed(sheet, rng, is_scan=True))

    assert len(page.text.splitlines()) == len(sheet.lines)
    assert str(page) == page.text
    assert len(page.digits) == len(sheet.labels)
    assert (page.width, page.height) == (sheet.ink.shape[1], sheet.ink.shape[0])
    assert abs(page.digits[0].box.left - sheet.boxes[0][0]) < 10
    assert page.digits[0].label in page._repr_html_()
