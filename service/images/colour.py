"""Every pixel mode that Pillow opens -> 8 bits of grey ("L") or of colour ("RGB"), each conversion spelt out."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_GREY = frozenset({"1", "L", "LA"})


def to_grey_or_colour(image: Image.Image) -> Image.Image:
    """Convert a loaded picture to mode "L" when its source is grey, else "RGB".

    Alpha is laid over white paper. 16-bit grey is scaled (65,535 -> 255), where Pillow's own `convert` would clip. CMYK,
    palettes, YCbCr and 1-bit go through Pillow; of CIE LAB the lightness is kept.

    Raises ValueError for a mode that has no conversion.
    """
    if image.mode.startswith("I;16"):
        return _grey(np.asarray(image), full_scale=65_535.0)
    if image.mode in {"I", "F"}:
        pixels = np.nan_to_num(np.asarray(image, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
        return _grey(pixels, full_scale=_full_scale(image, pixels))
    if image.mode == "LAB":
        return image.getchannel(0)
    if image.has_transparency_data:
        return _over_white(image)
    return image.convert("L" if image.mode in _GREY else "RGB")


def _over_white(image: Image.Image) -> Image.Image:
    paper = Image.new("RGBA", image.size, "white")
    paper.alpha_composite(image.convert("RGBA"))
    return paper.convert("L" if image.mode in _GREY else "RGB")


def _full_scale(image: Image.Image, pixels: NDArray[np.float32]) -> float | None:
    """The value that means white, or None where the values fit no usual range and are to be stretched.

    Pillow opens a PPM of more than 8 bits as 0..65,535 (PpmImagePlugin). 32-bit integers and floats carry no range of
    their own: the narrowest usual one that holds every value is taken.
    """
    if image.format == "PPM" and image.mode == "I":
        return 65_535.0
    lowest, highest = float(pixels.min()), float(pixels.max())
    if lowest < 0:
        return None
    usual = (1.0, 255.0, 65_535.0) if image.mode == "F" else (255.0, 65_535.0)
    return next((white for white in usual if highest <= white), None)


def _grey(pixels: NDArray[np.generic], full_scale: float | None) -> Image.Image:
    """Scale to 0..255: by `full_scale`, or from the lowest value to the highest."""
    values = np.asarray(pixels, dtype=np.float32)
    if full_scale is None:
        # Halved, for the range of two floats can be more than a float holds.
        lowest, highest = float(values.min()) / 2, float(values.max()) / 2
        values = values * np.float32(0.5) - np.float32(lowest)
        full_scale = (highest - lowest) or 1.0
    return Image.fromarray(np.clip(np.rint(values * (255.0 / full_scale)), 0, 255).astype(np.uint8))
