"""What a client sends to be named: a picture's file, or its pixels; and how either becomes what a network sees."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from service.errors import CyfraError, Fault, Unprocessable
from service.images.decoding import Limits, decode
from service.images.expectation import Expectation, Normalize, prepare, prepare_pixels


@dataclass(frozen=True)
class Picture:
    """Bytes that came in, the name they had, and where in a JSON body they stood (a JSON pointer)."""

    content: bytes
    filename: str | None = None
    pointer: str | None = None


@dataclass(frozen=True, eq=False)
class Pixels:
    """`(height, width, channels)` uint8, 1 or 3 channels, and where in a JSON body they stood."""

    values: NDArray[np.uint8]
    pointer: str | None = None
    filename: str | None = None


Sent = Picture | Pixels


def prepared(
    sent: Sent, number: int, expects: Expectation, limits: Limits, normalize: Normalize = "auto"
) -> NDArray[np.float32]:
    """Return what a network sees of the `number`th thing that came in, `(height, width, channels)` float32 in 0..1.

    Raise what is wrong with it: UnreadableImage, ImageTooLarge, BlankImage, each saying which one it is.
    """
    try:
        if isinstance(sent, Pixels):
            if sent.values.shape == (expects.height, expects.width, expects.channels):
                return prepare_pixels(sent.values, expects, normalize)
            return prepare(as_picture(sent.values), expects, normalize)
        return prepare(decode(sent.content, limits), expects, normalize)
    except Unprocessable as error:
        raise naming(error, sent, number) from error


def as_picture(values: NDArray[np.uint8]) -> Image.Image:
    """Return pixels as a picture."""
    return Image.fromarray(np.ascontiguousarray(values[:, :, 0] if values.shape[2] == 1 else values))


def naming(error: Unprocessable, sent: Sent, number: int) -> CyfraError:
    """Return the error, saying which of several things that came in it is about."""
    faults = () if sent.pointer is None else (Fault(sent.pointer, error.detail),)
    name = sent.pointer if sent.filename is None else f"Image {number} ({sent.filename[:100]!r})"
    return type(error)(f"{name}: {error.detail}" if name else error.detail, faults=faults)
