"""How large the frames in an AVIF may be, whatever its header says."""

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from service.errors import ImageTooLarge, UnreadableImage
from service.images import avif
from service.images.decoding import Limits, decode
from tests.pictures import encoded, quarters

SMALL = encoded(quarters(64), "AVIF")


def claiming(data: bytes, width: int, height: int) -> bytes:
    """The same file, but every size in its header is this one."""
    changed = bytearray(data)
    place = data.find(b"ispe")
    while place >= 0:
        changed[place + 8 : place + 16] = struct.pack(">II", width, height)
        place = data.find(b"ispe", place + 1)
    return bytes(changed)


def full_header(width: int, height: int, bits: int) -> bytes:
    """A sequence header of a film: no timing, one operating point of a low level, `bits` for each side."""
    fields = [(0, 3), (0, 1), (0, 1), (0, 1), (0, 1), (0, 5), (0, 12), (4, 5), (bits - 1, 4), (bits - 1, 4)]
    fields += [(width - 1, bits), (height - 1, bits)]
    text = "".join(f"{value:0{size}b}" for value, size in fields)
    payload = int(text.ljust(len(text) + -len(text) % 8 + 16, "0"), 2).to_bytes((len(text) + 7) // 8 + 2)
    return bytes([0b00001010, len(payload)]) + payload


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def file_of(stream: bytes, brand: bytes = b"avif") -> bytes:
    """A file with one item, inside of its `idat` box."""
    item = struct.pack(">HHHIHII", 1, 1, 0, 0, 1, 0, len(stream))
    iloc = box(b"iloc", struct.pack(">IHH", 1 << 24, 0x4440, 1) + item)
    return box(b"ftyp", brand + bytes(4) + b"avif") + box(b"meta", bytes(4) + iloc + box(b"idat", stream))


@pytest.mark.parametrize("size", [(1, 1), (64, 48), (301, 7), (1025, 640)])
@pytest.mark.parametrize("options", [{}, {"subsampling": "4:4:4"}, {"quality": 100}])
def test_a_stills_frames_have_the_size_in_the_header(size: tuple[int, int], options: dict[str, object]):
    data = encoded(Image.effect_noise(size, 60).convert("RGB"), "AVIF", **options)

    assert avif.most_pixels(data) == size[0] * size[1]


def test_transparency_is_a_picture_of_the_same_size():
    assert avif.most_pixels(encoded(quarters(64).convert("RGBA"), "AVIF")) == 64 * 64


def test_after_a_full_header_frames_may_be_as_large_as_the_bits_for_it():
    assert avif.most_pixels(file_of(full_header(64, 64, bits=6))) == 64 * 64
    assert avif.most_pixels(file_of(full_header(64, 64, bits=16))) == 1 << 32
    assert avif.most_pixels(file_of(full_header(64, 64, bits=6) + full_header(64, 64, bits=9))) == 1 << 18


def test_an_avif_that_holds_more_than_its_header_says_is_refused():
    lying = claiming(encoded(Image.new("L", (2048, 2048), 200), "AVIF"), 64, 64)

    assert Image.open(io.BytesIO(lying)).size == (64, 64)
    with pytest.raises(ImageTooLarge, match="may have 4,194,304 pixels"):
        decode(lying, Limits(max_pixels=1_000_000))


def test_a_film_is_refused():
    data = encoded(quarters(64), "AVIF", save_all=True, append_images=[quarters(64).rotate(90)])

    with pytest.raises(UnreadableImage, match="an AVIF that is not read: it is a film"):
        decode(data, Limits())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0\0\x08free",
        box(b"ftyp", b"avif"),
        file_of(b""),
        file_of(full_header(64, 64, bits=6)[:6]),
        file_of(full_header(64, 64, bits=6), brand=b"avis"),
        file_of(full_header(64, 64, bits=6), brand=b"mif1") + box(b"moov", b""),
        file_of(b"\x12\0" * 20_000 + full_header(64, 64, bits=6)),
        file_of(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
        file_of(full_header(64, 64, bits=6))[:-1],
        box(b"ftyp", b"avif") + box(b"free", b"") * 20_000,
    ],
)
def test_a_file_whose_stream_is_not_found_is_refused(data: bytes):
    with pytest.raises(ValueError, match=r"\w"):
        avif.most_pixels(data)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_files_are_read_or_refused(data: st.DataObject):
    start = data.draw(st.sampled_from([SMALL, file_of(full_header(64, 64, bits=6))]))
    changed = bytearray(start)
    for _ in range(data.draw(st.integers(1, 5))):
        changed[data.draw(st.integers(0, min(400, len(changed) - 1)))] = data.draw(st.integers(0, 255))

    try:
        found = avif.most_pixels(bytes(changed))
    except ValueError:
        return
    assert 0 < found <= 1 << 32
