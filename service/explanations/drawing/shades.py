"""Colours of a map that speaks for and against: vermilion and blue, which everybody can tell apart.

M. Okabe, K. Ito, "Color Universal Design" (2008), https://jfly.uni-koeln.de/color/.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FOR: Final = (213, 94, 0)
AGAINST: Final = (0, 114, 178)
PAPER: Final = (255, 255, 255)
LEAST_FULL: Final = 1.0
"""The evidence, in log-odds, that is drawn in full colour even if nothing on the map is stronger: a flat map stays pale."""

LONGEST_SIDE: Final = 280
_OPAQUE: Final = 0.9
# The picture below the map: dark enough to be seen, and never so dark that colours drown in it.
_DARKEST: Final = 150

Plane = NDArray[np.float32]
Pixels = NDArray[np.uint8]


def full_colour(evidence: Plane) -> float:
    """Return the evidence that is drawn in full colour: the strongest on the map, and at least `LEAST_FULL`."""
    return max(float(np.abs(evidence).max()), LEAST_FULL)


def map_picture(evidence: Plane) -> Image.Image:
    """Return the map alone, on white."""
    strength = _enlarged(evidence / full_colour(evidence))
    return Image.fromarray(tinted(np.full((*strength.shape, 3), PAPER, np.float32), strength))


def overlay_picture(image: NDArray[np.float32], evidence: Plane) -> Image.Image:
    """Return the map over the picture in pale grey, ink dark on white paper however it lay; `image` is float32 in 0..1."""
    strength = _enlarged(evidence / full_colour(evidence))
    size = strength.shape[1], strength.shape[0]
    is_dark = float(np.median(image)) < 0.25
    grey = image @ np.array([0.299, 0.587, 0.114], np.float32) if image.shape[2] == 3 else image[:, :, 0]
    enlarged = np.asarray(Image.fromarray(grey.astype(np.float32)).resize(size, Image.Resampling.NEAREST))
    light = 1 - enlarged if is_dark else enlarged
    levels = _DARKEST + np.clip(light, 0, 1) * (255 - _DARKEST)
    return Image.fromarray(tinted(np.repeat(levels[:, :, np.newaxis], 3, axis=2), strength))


def enlarged_size(height: int, width: int) -> tuple[int, int]:
    """Return the (width, height) at which a picture is shown: a whole factor, so that pixels stay squares of one size."""
    factor = max(1, LONGEST_SIDE // max(height, width))
    return width * factor, height * factor


def _enlarged(strength: Plane) -> Plane:
    """Return the map at the size it is shown at, smooth between pixels, within -1..1."""
    size = enlarged_size(*strength.shape)
    smooth = Image.fromarray(strength.astype(np.float32)).resize(size, Image.Resampling.BICUBIC)
    return np.clip(np.asarray(smooth, dtype=np.float32), -1, 1)


def tinted(below: NDArray[np.float32], strength: Plane) -> Pixels:
    """Lay the colours over `(height, width, 3)` levels in 0..255, the more opaque the stronger."""
    colour = np.where(strength[:, :, np.newaxis] > 0, np.array(FOR, np.float32), np.array(AGAINST, np.float32))
    opacity = np.abs(strength)[:, :, np.newaxis] * _OPAQUE
    return np.rint(below * (1 - opacity) + colour * opacity).astype(np.uint8)
