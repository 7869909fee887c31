"""A photographed digit becomes what MNIST would have made of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from service.errors import BlankImage, UnreadableImage
from service.images.decoding import Limits, decode
from service.images.handwriting import normalise
from service.images.sets.opening import LabelledSet
from tests.pictures import drawn_digit, encoded, in_shadow


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """The correlation of two pictures' pixels: 1 for the same picture."""
    return float(np.corrcoef(one.ravel().astype(float), other.ravel().astype(float))[0, 1])


def assert_laid_out_as_in_mnist(pixels: np.ndarray) -> None:
    """Light on dark, 20 pixels the longer way, centre of mass at pixel 14."""
    assert pixels.shape == (28, 28)
    assert pixels.dtype == np.uint8
    rows, columns = np.flatnonzero(pixels.max(axis=1) > 40), np.flatnonzero(pixels.max(axis=0) > 40)
    assert 18 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 20
    y, x = np.mgrid[:28, :28]
    assert 13.4 <= np.average(y, weights=pixels) <= 14.6
    assert 13.4 <= np.average(x, weights=pixels) <= 14.6
    assert np.median(np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])) == 0
    assert pixels.max() == 255


PEN = drawn_digit(3, (400, 320), height=140)
PICTURES = {
    "a dark pen on white": drawn_digit(3, (1000, 800), height=350),
    "off the centre": drawn_digit(3, (1000, 800), height=300, shift=(250, -180)),
    "a small digit on a large page": drawn_digit(3, (1600, 1200), height=160, shift=(-300, 200)),
    "white on black": drawn_digit(3, (1000, 800), height=400, ink=255, paper=0),
    "chalk on a grey board": drawn_digit(3, (600, 600), height=300, ink=200, paper=60),
    "pencil": drawn_digit(3, (600, 600), height=300, ink=150, paper=225),
    "in a shadow": in_shadow(drawn_digit(3, (1000, 800), height=350), 0.4),
    "in a deep shadow": in_shadow(drawn_digit(3, (1000, 800), height=350), 0.15),
    "cropped tightly": drawn_digit(3, (150, 210), height=200),
    "in colour": drawn_digit(3, (500, 500), height=250).convert("RGB"),
    "30 pixels high": drawn_digit(3, (48, 48), height=30),
}


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES.keys())
def test_the_same_digit_looks_the_same_however_it_was_taken(picture: Image.Image):
    found = normalise(picture)

    assert_laid_out_as_in_mnist(found)
    assert likeness(found, normalise(PEN)) > 0.9


def test_black_ink_on_a_transparent_picture_is_found():
    ink = drawn_digit(3, (500, 400), height=250, ink=255, paper=0)
    picture = Image.new("RGBA", ink.size, (0, 0, 0, 0))
    picture.putalpha(ink)

    found = normalise(decode(encoded(picture), Limits()))

    assert_laid_out_as_in_mnist(found)
    assert likeness(found, normalise(PEN)) > 0.9


def test_grain_and_specks_do_not_count_as_ink():
    grain = np.random.default_rng(5).normal(0, 8, (800, 1000))
    pixels = np.clip(np.asarray(PICTURES["in a shadow"]) + grain, 0, 255).astype(np.uint8)
    pixels[20:24, 900:904] = 0
    pixels[700:703, 30:34] = 0

    assert likeness(normalise(Image.fromarray(pixels)), normalise(PEN)) > 0.9


def test_a_detached_stroke_stays():
    whole = drawn_digit(1, (400, 400), height=200)
    bar = Image.new("L", (120, 24), 25)
    whole.paste(bar, (140, 60))

    rows = np.flatnonzero(normalise(whole).max(axis=1) > 40)

    assert normalise(whole)[rows[0]].astype(int).sum() > 5 * 255


def test_a_thin_pen_does_not_fade():
    picture = Image.new("L", (1000, 800), 235)
    ImageDraw.Draw(picture).line([(300, 150), (700, 150), (420, 650)], fill=25, width=6)

    found = normalise(picture)

    assert_laid_out_as_in_mnist(found)
    assert (found > 127).sum() > 45


def test_a_28_by_28_picture_that_is_light_on_dark_passes_pixel_for_pixel(mnist_5k: LabelledSet):
    for pixels in mnist_5k.x_test[::7, :, :, 0]:
        assert np.array_equal(normalise(Image.fromarray(pixels)), pixels)


def test_a_28_by_28_picture_that_is_dark_on_light_is_inverted(mnist_5k: LabelledSet):
    for pixels in mnist_5k.x_test[::7, :, :, 0]:
        assert np.array_equal(normalise(Image.fromarray(255 - pixels)), pixels)


def test_enlarged_mnist_digits_on_a_page_come_back_as_they_were(mnist_5k: LabelledSet):
    found = []
    generator = np.random.default_rng(11)
    for pixels in mnist_5k.x_test[::40, :, :, 0]:
        page = Image.new("L", (640, 480), 235)
        left, top = generator.integers(0, 340), generator.integers(0, 180)
        ink = Image.fromarray(pixels).resize((300, 300), Image.Resampling.BICUBIC)
        page.paste(25, (int(left), int(top)), ink)
        back = normalise(page)
        found.append((likeness(back, pixels), np.abs(back.astype(int) - pixels).mean()))

    likenesses, differences = np.array(found).T

    assert likenesses.mean() > 0.93
    assert likenesses.min() > 0.6
    assert differences.mean() < 10


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("size", [(28, 28), (8, 8), (300, 200), (2000, 30)])
def test_a_blank_picture_is_told_so(level: int, size: tuple[int, int]):
    with pytest.raises(BlankImage, match="Received a"):
        normalise(Image.new("L", size, level))


def test_grainy_paper_under_a_lamp_is_still_blank():
    grain = np.random.default_rng(3).normal(0, 5, (400, 500))
    paper = np.asarray(in_shadow(Image.new("L", (500, 400), 230), 0.5))

    with pytest.raises(BlankImage):
        normalise(Image.fromarray(np.clip(paper + grain, 0, 255).astype(np.uint8)))


@pytest.mark.parametrize("size", [(1, 1), (7, 100), (100, 7), (2, 2)])
def test_a_tiny_picture_is_told_its_size_and_the_least(size: tuple[int, int]):
    with pytest.raises(UnreadableImage) as raised:
        normalise(Image.new("L", size, 0))

    assert f"{size[0]} x {size[1]} pixels" in raised.value.detail
    assert "at least 8 pixels" in raised.value.detail


@given(
    st.integers(8, 90), st.integers(8, 90), st.integers(0, 2**32 - 1), st.sampled_from(["noise", "bits", "edge", "dot"])
)
@settings(max_examples=80, deadline=None)
def test_any_picture_gives_28_by_28_or_is_blank(width: int, height: int, seed: int, kind: str):
    generator = np.random.default_rng(seed)
    pixels = generator.integers(0, 256, (height, width), dtype=np.uint8)
    if kind == "bits":
        pixels = np.where(pixels > 127, np.uint8(255), np.uint8(0))
    elif kind == "edge":
        pixels = np.full((height, width), 255, np.uint8)
        pixels[:, : seed % width] = 0
    elif kind == "dot":
        pixels = np.full((height, width), 255, np.uint8)
        pixels[seed % height, seed % width] = 0
    try:
        found = normalise(Image.fromarray(pixels))
    except BlankImage:
        return
    assert found.shape == (28, 28)
    assert found.max() > 0
