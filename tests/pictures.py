"""Pictures drawn in code, and files made of them: good ones, and the bad ones that people send."""

import io
import struct
import zlib

import numpy as np
import pillow_heif
from PIL import Image, ImageDraw, ImageFont

INK, PAPER = 25, 235


def drawn_digit(
    digit: int = 7,
    size: tuple[int, int] = (200, 160),
    *,
    height: int = 100,
    ink: int = INK,
    paper: int = PAPER,
    shift: tuple[int, int] = (0, 0),
) -> Image.Image:
    """A digit of `height` pixels in Pillow's own typeface, grey, `shift` pixels (right, down) from the middle."""
    picture = Image.new("L", size, paper)
    middle = size[0] / 2 + shift[0], size[1] / 2 + shift[1]
    font = ImageFont.load_default(size=height * 1.35)
    ImageDraw.Draw(picture).text(middle, str(digit), fill=ink, font=font, anchor="mm")
    return picture


def quarters(size: int = 32) -> Image.Image:
    """Four colours that tell how a picture lies: red green over blue white."""
    picture = Image.new("RGB", (size, size), "white")
    half = size // 2
    for colour, corner in (("red", (0, 0)), ("lime", (half, 0)), ("blue", (0, half))):
        picture.paste(colour, (*corner, corner[0] + half, corner[1] + half))
    return picture


def in_shadow(picture: Image.Image, darkest: float = 0.3) -> Image.Image:
    """The same paper under light that falls off from the top left to the bottom right corner."""
    y, x = np.mgrid[0 : 1 : picture.height * 1j, 0 : 1 : picture.width * 1j]
    light = 1 - (1 - darkest) * (x + y) / 2
    return Image.fromarray(np.rint(np.asarray(picture) * light).astype(np.uint8))


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """The picture as a file."""
    content = io.BytesIO()
    if kind == "HEIF":  # the service's own library only reads them
        pillow_heif.from_pillow(picture).save(content, **options)
        return content.getvalue()
    picture.save(content, kind, **options)
    return content.getvalue()


def png_header_only(width: int, height: int) -> bytes:
    """A few bytes of PNG that claim to unpack to `width` x `height` pixels: a decompression bomb's outside."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(bytes(64)))
        + _chunk(b"IEND", b"")
    )


def png_of_16_bit_grey(pixels: np.ndarray) -> bytes:
    """A grey PNG of 16 bits a pixel; `pixels` is (h, w) uint16."""
    height, width = pixels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 16, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
