"""What people upload that is not a readable picture, and what they are told."""

import struct

import pytest
from PIL import Image, ImageOps

from service.errors import ImageTooLarge, NoImage, UnreadableImage
from service.images.decoding import FORMATS, Limits, decode
from tests.pictures import drawn_digit, encoded, png_header_only, quarters

LIMITS = Limits()
SVG = b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>'


def test_an_empty_upload_holds_no_image():
    with pytest.raises(NoImage, match="0 bytes"):
        decode(b"", LIMITS)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"this is my homework\n", 'text that begins with "this is my homework"'),
        (SVG, "SVG is not read; send PNG"),
        (b"\xef\xbb\xbf<svg></svg>", "SVG is not read; send PNG"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "an HEIC photo"),
        (b"PK\x03\x04....", "a ZIP archive"),
        (b"\x01\x02\x03\x04\x05", "bytes that begin with 01 02 03 04 05"),
        (b"\x89PNG\r\n\x1a\n", "a PNG"),
        (b"\xff\xd8\xff\xe0", "a JPEG"),
        (b"GIF89a", "a GIF"),
        (b"P6", "text"),
    ],
)
def test_what_is_no_image_is_named_and_the_formats_that_work_are_listed(data: bytes, named: str):
    with pytest.raises(UnreadableImage) as raised:
        decode(data, LIMITS)

    assert named in raised.value.detail
    assert "PNG, JPEG, GIF, BMP, TIFF, WEBP, PPM, HEIC or AVIF" in raised.value.detail


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_a_file_that_was_cut_short_is_refused(kind: str, kept: float):
    whole = encoded(Image.effect_noise((64, 64), 80), kind)

    with pytest.raises(UnreadableImage) as raised:
        decode(whole[: int(len(whole) * kept)], LIMITS)

    assert "Received" in raised.value.detail


def test_a_truncated_picture_is_told_its_format_size_and_cure():
    whole = encoded(Image.effect_noise((64, 48), 80), "JPEG")

    with pytest.raises(UnreadableImage, match=r"a JPEG of 64 x 48 pixels .* cut short or damaged. Send the whole file"):
        decode(whole[: len(whole) // 2], LIMITS)


@pytest.mark.parametrize("side", [8_000, 10_000, 30_000])
def test_a_decompression_bomb_is_refused_by_its_header(side: int):
    with pytest.raises(ImageTooLarge) as raised:
        decode(png_header_only(side, side), LIMITS)

    assert f"{side:,} x {side:,} = {side * side:,} pixels" in raised.value.detail
    assert "The limit is 50,000,000 pixels" in raised.value.detail


def test_a_picture_of_few_pixels_with_an_endless_side_is_refused():
    with pytest.raises(ImageTooLarge, match="30,000 x 10 "):
        decode(png_header_only(30_000, 10), LIMITS)


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_a_phones_picture_that_is_too_large_is_refused_by_its_header(kind: str):
    data = encoded(Image.new("L", (640, 480), 200), kind)

    with pytest.raises(ImageTooLarge, match="640 x 480 = 307,200 pixels"):
        decode(data, Limits(max_pixels=300_000))


def test_an_heic_that_holds_more_than_its_header_says_is_refused():
    data = encoded(Image.new("L", (2048, 2048), 200), "HEIF")
    place = data.index(b"ispe") + 8  # behind the name: version and flags, then the size

    lying = data[:place] + struct.pack(">II", 64, 64) + data[place + 8 :]

    with pytest.raises(UnreadableImage, match="of 64 x 64 pixels"):
        decode(lying, LIMITS)


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_phones_picture_is_turned_upright(kind: str, orientation: int):
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = Image.new("RGB", (96, 64), "white")
    picture.paste("black", (0, 0, 48, 64))
    upright = ImageOps.exif_transpose(_with_orientation(picture, orientation)).convert("L")

    found = decode(encoded(picture, kind, exif=exif.tobytes()), LIMITS).convert("L")

    assert found.size == upright.size
    for place in ((8, 8), (found.width - 8, found.height - 8)):
        assert abs(found.getpixel(place) - upright.getpixel(place)) < 16


def _with_orientation(picture: Image.Image, orientation: int) -> Image.Image:
    picture = picture.copy()
    picture.getexif()[0x0112] = orientation
    return picture


def test_limits_are_inclusive():
    data = encoded(drawn_digit(size=(40, 30)))

    assert decode(data, Limits(max_pixels=1_200, max_side=40)).size == (40, 30)
    with pytest.raises(ImageTooLarge):
        decode(data, Limits(max_pixels=1_199))
    with pytest.raises(ImageTooLarge):
        decode(data, Limits(max_side=39))


def test_a_picture_with_broken_exif_is_read_as_it_lies():
    data = encoded(quarters(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff garbage", quality=95)

    assert decode(data, LIMITS).size == (32, 32)


def test_a_large_photo_is_decoded_at_a_reduced_size():
    data = encoded(Image.new("RGB", (8_000, 6_000), "white"), "JPEG")

    assert decode(data, LIMITS).size == (2_000, 1_500)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_a_large_picture_is_reduced_and_still_turned_as_its_exif_says(mode: str):
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = Image.new(mode, (3_000, 2_100), "white")
    picture.paste("black", (0, 0, 1_500, 2_100))

    found = decode(encoded(picture, exif=exif, compress_level=1), LIMITS).convert("L")

    assert found.size == (1_050, 1_500)
    assert (found.getpixel((500, 10)), found.getpixel((500, 1_490))) == (0, 255)


def test_a_large_picture_of_one_bit_is_not_reduced():
    data = encoded(Image.new("1", (3_000, 2_100), 1))

    assert decode(data, LIMITS).size == (3_000, 2_100)
