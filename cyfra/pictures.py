"""Anything that holds a picture -> the bytes of an image file. Neither Pillow nor NumPy is needed for it."""

import io
import os
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, cast, runtime_checkable

from cyfra.problems import BadPicture


@runtime_checkable
class PillowImage(Protocol):
    """A picture of Pillow (or of whatever saves itself as Pillow's do)."""

    mode: str

    def save(self, fp: BinaryIO, format: str) -> None:  # noqa: A002 - Pillow's name
        """Write an image file."""


@runtime_checkable
class Array(Protocol):
    """An array of NumPy, or what NumPy can make one of: a tensor of PyTorch, TensorFlow or JAX."""

    def __array__(self) -> Any:  # noqa: ANN401 - NumPy's protocol
        """Return it as NumPy's."""


Picture = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | PillowImage | Array
"""A file's path, its bytes, an open file, a Pillow image, or an array `(h, w)`, `(h, w, 1)` or `(h, w, 3)`: uint8 in 0..255,
bool, or floats in 0..1."""

PNG_COLOURS: Final = {1: 0, 3: 2, 4: 6}  # channels -> PNG's colour type: grey, RGB, RGBA


def file_of(picture: Picture) -> tuple[str, bytes]:
    """Return a file name and the bytes of an image file.

    Raises:
        BadPicture: If it is none of what `Picture` names.
        OSError: If there is no such file, or it cannot be read.
    """
    if isinstance(picture, str | os.PathLike):
        path = Path(picture)
        return path.name, path.read_bytes()
    if isinstance(picture, bytes | bytearray | memoryview):
        return "picture", bytes(picture)
    if isinstance(picture, PillowImage):  # before arrays: Pillow's images can be made arrays too
        return "picture.png", _saved(picture)
    if isinstance(picture, Array):
        return "array.png", _encoded(picture.__array__())
    if hasattr(picture, "read"):
        content = picture.read()
        if not isinstance(content, bytes):
            raise BadPicture("The file is open as text. Open it for bytes: open(path, 'rb')")
        return Path(str(getattr(picture, "name", "picture"))).name, content
    raise BadPicture(
        f"Received a {type(picture).__name__}. A picture is a path, bytes, an open file, a Pillow image or an array."
    )


def is_one(pictures: object) -> bool:
    """Whether that is a single picture, not several of them."""
    if isinstance(pictures, str | os.PathLike | bytes | bytearray | memoryview | PillowImage | Array):
        return True
    return hasattr(pictures, "read") or not isinstance(pictures, Iterable)


def files_of(pictures: Iterable[Picture]) -> list[tuple[str, bytes]]:
    """Return each as a file; raise BadPicture if there is none."""
    found = [file_of(picture) for picture in pictures]
    if not found:
        raise BadPicture("Received no picture at all.")
    return found


def png_of(height: int, width: int, channels: int, pixels: bytes) -> bytes:
    """Return the PNG file of pixels: rows from the top, `channels` bytes each (PNG specification, 3rd edition, section 11)."""
    row = width * channels
    lines = b"".join(b"\x00" + pixels[start : start + row] for start in range(0, row * height, row))
    header = struct.pack(">IIBBBBB", width, height, 8, PNG_COLOURS[channels], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )


def _saved(picture: PillowImage) -> bytes:
    buffer = io.BytesIO()
    # PNG has no CMYK and no YCbCr: those go as TIFF, which has everything.
    picture.save(buffer, "PNG" if picture.mode in {"1", "L", "LA", "P", "RGB", "RGBA", "I", "I;16"} else "TIFF")
    return buffer.getvalue()


def _encoded(array: Any) -> bytes:  # noqa: ANN401 - NumPy's, which need not be installed
    shape: tuple[int, ...] = tuple(array.shape)
    channels = shape[2] if len(shape) == 3 else 1
    if len(shape) not in {2, 3} or channels not in PNG_COLOURS or 0 in shape:
        raise BadPicture(
            f"Received an array of the shape {shape}. One picture is (height, width) or (height, width, 1, 3 or 4); "
            "give several as a list: list(images)"
        )
    return png_of(shape[0], shape[1], channels, cast("bytes", _as_bytes(array).tobytes()))


def _as_bytes(array: Any) -> Any:  # noqa: ANN401
    """Return the array as uint8 in 0..255."""
    kind = array.dtype.kind
    if kind not in "biuf":
        raise BadPicture(f"Received an array of {array.dtype}; a picture is made of uint8, bool or floats.")
    if kind == "b":
        return array.astype("uint8") * 255
    least, most = float(array.min()), float(array.max())
    if kind == "f" and 0 <= least <= most <= 1:
        return (array * 255).round().astype("uint8")
    if kind in "iu" and 0 <= least <= most <= 255:
        return array.astype("uint8")
    wanted = "floats of a picture lie in 0..1" if kind == "f" else "whole numbers of a picture lie in 0..255"
    raise BadPicture(f"Received an array of {array.dtype} between {least:g} and {most:g}; {wanted}.")
