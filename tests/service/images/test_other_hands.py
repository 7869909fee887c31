"""Other people's handwriting: lines, tables and shadows go, what is written stays, and MNIST's own pictures are left alone."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from service.errors import BlankImage
from service.images.decoding import Limits, decode
from service.images.expectation import Expectation, prepare, prepare_pixels, scale
from service.images.handwriting import lay_out, normalise
from service.images.ruling import without_lines
from service.images.sets.opening import LabelledSet, open_set
from service.images.sheet import without_table
from tests.degraded import WAYS
from tests.pictures import drawn_digit, encoded

DIGITS = Expectation(28, 28, 1, handwriting=True)


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel().astype(float), other.ravel().astype(float))[0, 1])


@pytest.mark.parametrize("way", [name for name in WAYS if "thin" not in name and "thick" not in name])
def test_a_digit_written_and_taken_in_another_way_comes_back_much_as_it_was(way: str, mnist_5k: LabelledSet):
    rng = np.random.default_rng(4)

    found = [
        likeness(normalise(decode(WAYS[way](digit, rng), Limits())), digit) for digit in mnist_5k.x_test[::167, :, :, 0]
    ]

    assert np.median(found) > (0.6 if "photo" in way or "perspective" in way else 0.75), found


def test_the_thousand_test_images_pass_pixel_for_pixel_as_files(mnist_5k: LabelledSet):
    for pixels in mnist_5k.x_test[:, :, :, 0]:
        seen = prepare(decode(encoded(Image.fromarray(pixels), compress_level=1), Limits()), DIGITS)
        assert np.array_equal(seen[:, :, 0], scale(pixels))


@pytest.mark.long
@pytest.mark.skipif("CYFRA_DATASETS" not in os.environ, reason="MNIST is read from CYFRA_DATASETS")
def test_all_ten_thousand_test_images_of_mnist_pass_pixel_for_pixel_as_files(tmp_path: Path):
    for pixels in open_set("mnist", tmp_path, Path(os.environ["CYFRA_DATASETS"])).x_test[:, :, :, 0]:
        seen = prepare(decode(encoded(Image.fromarray(pixels), compress_level=1), Limits()), DIGITS)
        assert np.array_equal(seen[:, :, 0], scale(pixels))


def test_the_grey_of_the_paper_is_taken_off_a_28_by_28_picture(mnist_5k: LabelledSet):
    digit = mnist_5k.x_test[3, :, :, 0].astype(float)
    on_grey_paper = np.rint(240 - digit * 200 / 255).astype(np.uint8)

    found = normalise(Image.fromarray(on_grey_paper)).astype(float)

    assert abs(found - digit).max() <= 2


def test_normalise_never_only_scales_and_always_lays_out_anew(mnist_5k: LabelledSet):
    digit = mnist_5k.x_test[0]
    picture = Image.fromarray(255 - digit[:, :, 0])

    never, always = (prepare(picture, DIGITS, how) for how in ("never", "always"))

    assert np.array_equal(never[:, :, 0], scale(255 - digit[:, :, 0]))
    assert np.array_equal(always[:, :, 0], scale(lay_out(picture)))
    assert np.array_equal(prepare_pixels(digit, DIGITS, "always"), always)
    assert prepare(drawn_digit(3, (300, 200)), DIGITS, "never").shape == (28, 28, 1)


def lined(ink: np.ndarray, strength: float) -> np.ndarray:
    page = ink.copy()
    for row in range(40, 300, 60):
        for column in range(page.shape[1]):
            middle = row + round(0.05 * column)
            page[middle : middle + 2, column] = np.maximum(page[middle : middle + 2, column], strength)
    return page


@pytest.mark.parametrize("strength", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("upright", [False, True])
def test_lines_vanish_and_strokes_that_cross_them_stay(strength: float, upright: bool):
    ink = np.zeros((320, 320), np.float32)
    ink[60:260, 150:162] = 0.9
    page = lined(ink, strength)

    found, lines = without_lines(page.T if upright else page)
    found = found.T if upright else found

    assert lines == 5
    assert found[ink == 0].mean() < 0.1 * page[ink == 0].mean()
    assert found[ink > 0].mean() > 0.88


def test_what_has_no_lines_is_left_as_it_is():
    ink = 1 - np.asarray(drawn_digit(7, (320, 320), height=200), np.float32) / 255

    found, lines = without_lines(ink)

    assert found is ink
    assert lines == 0


def test_a_single_long_stroke_is_a_one_and_no_line():
    stroke = Image.new("L", (200, 300), 235)
    stroke.paste(20, (98, 0, 101, 300))

    assert (normalise(stroke) > 127).sum() >= 20


def test_a_dark_table_is_cut_off_and_a_digit_at_the_border_is_not():
    sheet = np.full((300, 400), 0.9, np.float32)
    sheet[:40] = 0.2
    sheet[:, 380:] = 0.2
    tight = np.asarray(drawn_digit(8, (110, 150), height=150), np.float32) / 255

    found = without_table(sheet)

    assert found.min() > 0.8
    assert found.shape == pytest.approx((260, 380), abs=20)
    assert without_table(tight) is tight
    assert without_table(1 - tight) is not None


def test_an_empty_page_with_lines_on_it_is_told_to_be_blank():
    page = np.full((300, 300, 3), 240, np.uint8)
    page[20::40] = (200, 210, 235)

    with pytest.raises(BlankImage):
        normalise(Image.fromarray(page))
