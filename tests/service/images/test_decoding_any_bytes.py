"""Whatever the bytes are, decoding gives a picture or says no in Cyfra's own words."""

import warnings

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from service.errors import ImageTooLarge, NoImage, UnreadableImage
from service.images.decoding import FORMATS, Limits, decode
from tests.pictures import drawn_digit, encoded, png_of_16_bit_grey, quarters

LIMITS = Limits(max_pixels=1_000_000, max_side=5_000)


def _seeds() -> list[bytes]:
    """Small files of every format and several kinds of pixel, for the mutations to start from."""
    grey, colour = drawn_digit(size=(24, 20), height=16), quarters(16)
    palette = colour.quantize(4)
    exif = Image.Exif()
    exif[0x0112] = 6
    return [
        *(encoded(grey, kind) for kind in FORMATS),
        *(encoded(colour, kind) for kind in FORMATS),
        encoded(colour.convert("RGBA")),
        encoded(grey.convert("LA")),
        encoded(grey.convert("1")),
        encoded(palette, transparency=0),
        encoded(palette, "GIF", save_all=True, append_images=[palette.rotate(90)], transparency=1),
        encoded(colour.convert("CMYK"), "JPEG"),
        encoded(colour, "JPEG", progressive=True, exif=exif),
        encoded(colour, "TIFF", compression="tiff_lzw", exif=exif),
        encoded(colour, "TIFF", compression="tiff_deflate"),
        encoded(grey.convert("1"), "TIFF", compression="group4"),
        encoded(grey.convert("F"), "TIFF"),
        encoded(colour, "PNG", exif=exif, save_all=True, append_images=[colour.rotate(90)]),
        png_of_16_bit_grey(np.full((8, 8), 40_000, np.uint16)),
        b"P3 2 1 255 1 2 3 4 5 6",
        b"P1 2 2 1 0 0 1",
    ]  # fmt: skip


SEEDS = _seeds()


@st.composite
def mutated_files(draw: st.DrawFn) -> bytes:
    """A file with some bytes changed, a piece cut out, doubled or swapped for noise; most of it still in order."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        length = draw(st.integers(1, 8))
        action = draw(st.sampled_from(["change", "cut", "double", "noise", "end"]))
        if action == "change" and data:
            data[place] = draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFE, 0xFF, draw(st.integers(0, 255))]))
        elif action == "cut":
            del data[place : place + length]
        elif action == "double":
            data[place:place] = data[place : place + length]
        elif action == "noise":
            data[place : place + length] = draw(st.binary(min_size=length, max_size=length))
        elif action == "end":
            del data[place:]
    return bytes(data)


def _is_answered(data: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            found = decode(data, LIMITS)
        except (NoImage, UnreadableImage, ImageTooLarge):
            return
    assert found.mode in {"L", "RGB"}
    assert found.width * found.height <= LIMITS.max_pixels


@given(mutated_files())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_damaged_files_are_read_or_refused(data: bytes):
    _is_answered(data)


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_random_bytes_are_read_or_refused(data: bytes):
    _is_answered(data)


@given(st.sampled_from([seed[:length] for seed in SEEDS for length in (8, 12, 16)]), st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_signatures_with_random_bytes_behind_are_read_or_refused(signature: bytes, rest: bytes):
    _is_answered(signature + rest)


def test_every_file_that_the_mutations_start_from_is_readable():
    for seed in SEEDS:
        assert decode(seed, LIMITS).mode in {"L", "RGB"}
