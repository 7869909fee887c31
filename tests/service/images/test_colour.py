"""Pictures of every kind of pixel come out upright, in 8 bits of grey or colour, as a person sees them."""

import numpy as np
import pytest
from PIL import Image

from service.images.decoding import Limits, decode
from tests.pictures import drawn_digit, encoded, png_of_16_bit_grey, quarters

LIMITS = Limits()
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def corners(picture: Image.Image) -> list[object]:
    """The colours a quarter into the picture: top left, top right, bottom left, bottom right."""
    low, high = picture.width // 4, picture.width * 3 // 4
    return [picture.getpixel(place) for place in ((low, low), (high, low), (low, high), (high, high))]


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_colour_survives_in_lossless_formats(kind: str):
    found = decode(encoded(quarters(), kind), LIMITS)

    assert found.mode == "RGB"
    assert corners(found) == [RED, GREEN, BLUE, WHITE]


def test_lossless_webp_is_read():
    assert corners(decode(encoded(quarters(), "WEBP", lossless=True), LIMITS)) == [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "GIF"])
def test_grey_stays_grey_pixel_for_pixel(kind: str):
    picture = drawn_digit()

    found = decode(encoded(picture, kind), LIMITS)

    assert np.array_equal(np.asarray(found.convert("L")), np.asarray(picture))


def test_the_first_frame_of_an_animated_gif_is_taken():
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "lime", "blue")]

    found = decode(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]), LIMITS)

    assert found.getpixel((10, 10)) == RED


def test_16_bit_grey_is_scaled_and_not_clipped():
    pixels = np.array([[0, 257, 32_896, 65_535]] * 4, np.uint16)

    found = decode(png_of_16_bit_grey(pixels), LIMITS)

    assert found.mode == "L"
    assert np.asarray(found)[0].tolist() == [0, 1, 128, 255]


@pytest.mark.parametrize("byte_order", ["<u2", ">u2"])
def test_16_bit_tiff_is_scaled_in_both_byte_orders(byte_order: str):
    pixels = np.array([[0, 32_896, 65_535]] * 4, byte_order)
    mode = "I;16" if byte_order == "<u2" else "I;16B"
    picture = Image.frombytes(mode, (3, 4), pixels.tobytes())

    assert np.asarray(decode(encoded(picture, "TIFF"), LIMITS))[0].tolist() == [0, 128, 255]


def test_16_bit_ppm_is_scaled():
    data = b"P5 2 1 65535 " + bytes([0, 0, 255, 255])

    assert np.asarray(decode(data, LIMITS))[0].tolist() == [0, 255]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 100.0, 255.0], [0, 100, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([np.nan, np.inf, 1.0], [0, 0, 255]),
        ([-3e38, 0.0, 3e38], [0, 128, 255]),
    ],
)
def test_floats_are_read_in_the_range_that_they_use(values: list[float], expected: list[int]):
    picture = Image.fromarray(np.array([values] * 2, np.float32))

    assert np.asarray(decode(encoded(picture, "TIFF"), LIMITS))[0].tolist() == expected


def test_32_bit_integers_are_read_in_the_range_that_they_use():
    picture = Image.fromarray(np.array([[0, 100, 255]] * 2, np.int32))

    assert np.asarray(decode(encoded(picture, "TIFF"), LIMITS))[0].tolist() == [0, 100, 255]


def test_a_palette_is_looked_up():
    data = encoded(quarters().quantize(4), "PNG")

    assert corners(decode(data, LIMITS)) == [RED, GREEN, BLUE, WHITE]


def test_one_bit_pictures_are_black_and_white():
    found = decode(encoded(drawn_digit().convert("1", dither=Image.Dither.NONE)), LIMITS)

    assert found.mode == "L"
    assert set(np.unique(np.asarray(found)).tolist()) == {0, 255}


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_shows_white_paper(mode: str):
    picture = Image.new(mode, (20, 20), (0, 0) if mode == "LA" else (0, 0, 0, 0))
    picture.paste((0, 255) if mode == "LA" else (0, 0, 0, 255), (5, 5, 15, 15))

    found = decode(encoded(picture), LIMITS).convert("L")

    assert (found.getpixel((0, 0)), found.getpixel((10, 10))) == (255, 0)


def test_half_transparent_ink_is_half_grey():
    picture = Image.new("RGBA", (4, 4), (0, 0, 0, 128))

    assert decode(encoded(picture), LIMITS).getpixel((0, 0)) == (127, 127, 127)


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_transparent_palette_entry_shows_white_paper(kind: str):
    picture = quarters().quantize(4)
    red = picture.getpixel((0, 0))

    found = decode(encoded(picture, kind, transparency=red), LIMITS)

    assert corners(found) == [WHITE, GREEN, BLUE, WHITE]


def test_a_transparent_grey_level_shows_white_paper():
    picture = drawn_digit(paper=0, ink=255)

    found = decode(encoded(picture, transparency=0), LIMITS)

    assert found.mode == "L"
    assert found.getpixel((0, 0)) == 255


def test_cmyk_jpeg_has_its_colours_and_is_no_negative():
    found = decode(encoded(quarters(64).convert("CMYK"), "JPEG", quality=95), LIMITS)

    assert found.mode == "RGB"
    assert np.abs(np.array(corners(found)) - np.array([RED, GREEN, BLUE, WHITE])).max() < 12


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "expected"),
    [(1, "RGBW"), (3, "WBGR"), (6, "BRWG"), (8, "GWRB"), (2, "GRWB")],
)
def test_a_photo_is_turned_as_its_exif_says(kind: str, orientation: int, expected: str):
    exif = Image.Exif()
    exif[0x0112] = orientation

    found = decode(encoded(quarters(), kind, exif=exif), LIMITS)

    names = {RED: "R", GREEN: "G", BLUE: "B", WHITE: "W"}
    nearest = [min(names, key=lambda name: np.abs(np.subtract(name, corner)).sum()) for corner in corners(found)]
    assert "".join(names[colour] for colour in nearest) == expected
