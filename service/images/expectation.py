"""What a network expects of a picture, and the one path that leads there, in training and in prediction."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from service.errors import UnreadableImage
from service.images.handwriting import SIDE, lay_out, normalise, refuse_tiny

Normalize = Literal["auto", "always", "never"]
"""Whether a handwritten digit is laid out as in MNIST: unless it is 28x28 already, in any case, or never."""


@dataclass(frozen=True)
class Expectation:
    """The input of a network: `(height, width, channels)`, and whether the pictures are handwritten digits as in MNIST."""

    height: int
    width: int
    channels: int
    handwriting: bool


def scale(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return uint8 pixels of any shape as float32 in 0..1: the only place where one becomes the other."""
    return np.multiply(pixels, np.float32(1 / 255), dtype=np.float32)


def prepare_pixels(
    pixels: NDArray[np.uint8], expects: Expectation, normalize: Normalize = "auto"
) -> NDArray[np.float32]:
    """Return what a network expects of pixels that have its form: as `prepare` does of a file that holds the same ones.

    Args:
        pixels: `(height, width, channels)` uint8.
        expects: the network's input, of the same shape.

    Returns:
        `(height, width, channels)` float32 in 0..1.

    Raises:
        BlankImage: nothing is written on a picture that should hold a digit.
    """
    if _is_laid_out_as_mnist(expects):
        return prepare(Image.fromarray(pixels[:, :, 0]), expects, normalize)
    return scale(pixels)


def prepare(picture: Image.Image, expects: Expectation, normalize: Normalize = "auto") -> NDArray[np.float32]:
    """Return what a network expects of a decoded picture (mode "L" or "RGB", upright): that of `fitted` in 0..1.

    Returns:
        `(height, width, channels)` float32 in 0..1.

    Raises:
        BlankImage: nothing is written on a picture that should hold a digit.
        UnreadableImage: the picture is too small to show anything.
    """
    return scale(fitted(picture, expects, normalize))


def fitted(picture: Image.Image, expects: Expectation, normalize: Normalize = "auto") -> NDArray[np.uint8]:
    """Return the pixels of a decoded picture in the form that a network expects; what data sets are made of, too.

    A handwritten digit is laid out as MNIST does, unless `normalize` says `never`; any other picture is cropped at its centre
    to the expected proportions and scaled, anti-aliased. A picture that has the expected form already keeps its pixels, but
    with `always`.

    Returns:
        `(height, width, channels)` uint8.

    Raises:
        BlankImage: nothing is written on a picture that should hold a digit.
        UnreadableImage: the picture is too small to show anything.
    """
    if _is_laid_out_as_mnist(expects) and normalize != "never":
        return (lay_out(picture) if normalize == "always" else normalise(picture))[:, :, np.newaxis]
    refuse_tiny(picture)
    mode = {1: "L", 3: "RGB"}.get(expects.channels)
    if mode is None:
        raise UnreadableImage(f"The model expects {expects.channels} channels, and a picture has 1 or 3.")
    size = (expects.width, expects.height)
    found = picture.convert(mode)
    if found.size != size:
        found = ImageOps.fit(found, size, Image.Resampling.LANCZOS)
    return np.asarray(found).reshape(expects.height, expects.width, expects.channels)


def _is_laid_out_as_mnist(expects: Expectation) -> bool:
    return expects.handwriting and (expects.height, expects.width, expects.channels) == (SIDE, SIDE, 1)
