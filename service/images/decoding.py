"""Uploaded bytes -> one upright picture in grey or colour, or an error that says what was received and would work."""

import struct
import warnings
import zlib
from dataclasses import dataclass
from io import BytesIO

import pi_heif
from PIL import AvifImagePlugin, Image, ImageFile, ImageOps

from service.errors import ImageTooLarge, NoImage, UnreadableImage
from service.images import avif
from service.images.colour import to_grey_or_colour
from service.images.sniffing import describe, looks_like_svg

# AVIF before HEIF: both have files of the brand `mif1`, and only Pillow's AVIF tells by the header that one is not its own.
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "AVIF", "HEIF")
FORMATS_IN_WORDS = "PNG, JPEG, GIF, BMP, TIFF, WEBP, PPM, HEIC or AVIF"

# Large pictures are reduced by a whole factor, as early as can be; their sides stay at least this long.
_AMPLE_SIDE = 1024

# What fits into the bits for an AVIF's size is at most four times the size, and mostly under twice.
_AVIF_ROOM = 2

# What Pillow's decoders are known to raise on broken bytes, besides OSError: header parsers run into struct, index, key,
# type and arithmetic errors, zlib streams break, sizes overflow or ask for more memory than there is.
_BROKEN = (
    OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, AssertionError,
    MemoryError, RuntimeError, struct.error, zlib.error, Warning,
)  # fmt: skip
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)

# Once for the process: `warnings.catch_warnings` around each call would not be safe in threads.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
# The picture alone, without what a phone adds to it; and one thread, for requests share the cores.
pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
AvifImagePlugin.DEFAULT_MAX_THREADS = 1


@dataclass(frozen=True)
class Limits:
    """The largest picture that is decoded, in pixels; judged by the header, before any pixel is.

    Decoding a PNG of 48 million pixels takes 200 MB more memory while it lasts, one with alpha 380 MB; a JPEG 40 MB, for
    it can be decoded at a reduced size. Pillow's own limit of 89 million pixels holds besides. libheif holds an HEIC to the
    size in its header; an AVIF's stream, which need not keep to the header, is looked into before it is decoded.
    """

    max_pixels: int = 50_000_000
    max_side: int = 20_000


def decode(data: bytes, limits: Limits) -> Image.Image:
    """Decode an uploaded image: first frame, turned as its EXIF says, alpha laid over white, 8 bits a channel.

    Returns a picture of mode "L" (grey sources) or "RGB". Large ones come back reduced by a whole factor, anti-aliased,
    with no side under 1024 pixels because of it.

    Raises NoImage (no bytes), ImageTooLarge (over `limits`), UnreadableImage (not an image, cut short, damaged, or a
    format that is not read). Nothing else, whatever the bytes are.
    """
    if not data:
        raise NoImage(f"Received 0 bytes. Send an image: {FORMATS_IN_WORDS}.")
    if looks_like_svg(data):
        raise UnreadableImage(f"Received an SVG, a drawing without pixels. SVG is not read; send {FORMATS_IN_WORDS}.")
    image = _open(data, limits)
    try:
        _refuse_large(image.size, limits)
        if image.format == "AVIF":
            _refuse_large_stream(data, limits)
        if image.format in {"JPEG", "MPO"}:
            image.draft(None, (_AMPLE_SIDE, _AMPLE_SIDE))
        image.load()
        return to_grey_or_colour(_upright(_reduced(image)))
    except _BOMB as error:
        raise _too_large(image.size, limits) from error
    except _BROKEN as error:
        raise UnreadableImage(
            f"Received {describe(data)} of {_sides(image.size)} pixels in {len(data):,} bytes that is cut short or "
            f"damaged. Send the whole file again, as {FORMATS_IN_WORDS}."
        ) from error
    finally:
        image.close()


def _open(data: bytes, limits: Limits) -> ImageFile.ImageFile:
    """Read the header alone."""
    try:
        return Image.open(BytesIO(data), formats=FORMATS)
    except _BOMB as error:
        raise _too_large(_size_in_header(data), limits) from error
    except _BROKEN as error:
        raise UnreadableImage(
            f"Received {describe(data)} ({len(data):,} bytes), which could not be read as an image. "
            f"Send {FORMATS_IN_WORDS}."
        ) from error


def _size_in_header(data: bytes) -> tuple[int, int] | None:
    """The size that Pillow refused: its own error tells the number of pixels only."""
    for name in FORMATS:
        factory, accepts = Image.OPEN[name]
        if accepts is None or accepts(data[:16]):
            try:
                with factory(BytesIO(data), "") as image:
                    return image.size
            except (*_BROKEN, *_BOMB):  # a GIF checks the size of its frames while it opens
                continue
    return None


def _reduced(image: Image.Image) -> Image.Image:
    """Reduce before anything else is copied; but palettes, bits and colour keys are no numbers to take the mean of."""
    factor = min(image.size) // _AMPLE_SIDE
    if factor < 2 or image.mode not in {"L", "RGB", "LA", "RGBA", "CMYK"} or "transparency" in image.info:
        return image
    return image.reduce(factor)


def _upright(image: Image.Image) -> Image.Image:
    """Turn the picture as its EXIF orientation says; one whose EXIF is broken is taken as it lies."""
    try:
        return ImageOps.exif_transpose(image)
    except _BROKEN:
        return image


def _refuse_large(size: tuple[int, int], limits: Limits) -> None:
    if size[0] * size[1] > limits.max_pixels or max(size) > limits.max_side:
        raise _too_large(size, limits)


def _refuse_large_stream(data: bytes, limits: Limits) -> None:
    """Raise ImageTooLarge for an AVIF that holds more than its header says, UnreadableImage where that cannot be told."""
    try:
        pixels = avif.most_pixels(data)
    except ValueError as error:
        raise UnreadableImage(f"Received an AVIF that is not read: {error}. Send {FORMATS_IN_WORDS}.") from error
    if pixels > _AVIF_ROOM * limits.max_pixels:
        raise ImageTooLarge(
            f"Received an AVIF whose frames may have {pixels:,} pixels. The limit is {limits.max_pixels:,} pixels; "
            "send it scaled down: 1,000 pixels a side are plenty."
        )


def _too_large(size: tuple[int, int] | None, limits: Limits) -> ImageTooLarge:
    received = (
        f"an image of {_sides(size)} = {size[0] * size[1]:,} pixels" if size else "an image with far too many pixels"
    )
    return ImageTooLarge(
        f"Received {received}. The limit is {limits.max_pixels:,} pixels and {limits.max_side:,} a side; "
        "send it scaled down: 1,000 pixels a side are plenty."
    )


def _sides(size: tuple[int, int]) -> str:
    return f"{size[0]:,} x {size[1]:,}"
