"""What a network gets to see of a picture."""

import numpy as np
import pytest
from PIL import Image

from service.errors import BlankImage, UnreadableImage
from service.images.expectation import Expectation, prepare, scale
from service.images.handwriting import normalise
from tests.pictures import drawn_digit, quarters

DIGITS = Expectation(28, 28, 1, handwriting=True)
PHOTOS = Expectation(32, 32, 3, handwriting=False)
CLOTHES = Expectation(28, 28, 1, handwriting=False)


def test_scaling_takes_black_to_0_and_white_to_1():
    found = scale(np.array([0, 51, 255], np.uint8))

    assert found.dtype == np.float32
    assert found.tolist() == pytest.approx([0, 0.2, 1])
    assert found.max() == 1


def test_a_digit_is_laid_out_as_in_mnist_and_scaled():
    picture = drawn_digit(4, (300, 200))

    found = prepare(picture, DIGITS)

    assert found.shape == (28, 28, 1)
    assert found.dtype == np.float32
    assert np.array_equal(found[:, :, 0], scale(normalise(picture)))


@pytest.mark.parametrize("expects", [PHOTOS, CLOTHES])
def test_a_picture_of_the_expected_form_keeps_its_pixels(expects: Expectation):
    shape = (expects.height, expects.width, expects.channels)
    pixels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    picture = Image.fromarray(pixels if expects.channels == 3 else pixels[:, :, 0])

    assert np.array_equal(prepare(picture, expects), scale(pixels))


def test_a_wide_photo_is_cropped_at_its_centre_and_keeps_its_proportions():
    photo = Image.new("RGB", (400, 100), "red")
    photo.paste(quarters(100), (150, 0))

    found = prepare(photo, PHOTOS)

    assert found.shape == (32, 32, 3)
    inside = np.s_[:, 2:-2]
    assert np.allclose(found[inside], prepare(quarters(100), PHOTOS)[inside], atol=0.02)


def test_a_grey_picture_is_given_three_equal_channels():
    found = prepare(drawn_digit(5, (64, 64), height=40), PHOTOS)

    assert np.array_equal(found[:, :, 0], found[:, :, 2])


def test_a_coloured_picture_is_given_one_channel():
    assert prepare(quarters(28), CLOTHES).shape == (28, 28, 1)


def test_shrinking_is_anti_aliased():
    stripes = Image.fromarray(np.tile(np.array([0, 255], np.uint8), (320, 160)))

    found = prepare(stripes, Expectation(32, 32, 1, handwriting=False))

    assert np.all(np.abs(found - 0.5) < 0.1)


@pytest.mark.parametrize("expects", [DIGITS, PHOTOS])
def test_a_picture_of_one_pixel_is_refused(expects: Expectation):
    with pytest.raises(UnreadableImage, match="1 x 1 pixels"):
        prepare(Image.new("RGB", (1, 1)), expects)


def test_a_blank_page_holds_no_digit_but_is_a_photo():
    page = Image.new("RGB", (100, 100), "white")

    assert prepare(page, PHOTOS).min() == 1
    with pytest.raises(BlankImage):
        prepare(page, DIGITS)


def test_a_model_whose_input_is_no_picture_is_told_so():
    with pytest.raises(UnreadableImage, match="2 channels"):
        prepare(drawn_digit(), Expectation(28, 28, 2, handwriting=False))
