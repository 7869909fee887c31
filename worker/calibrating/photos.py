"""Photos of other things: pieces of the two that scikit-learn brings along. A calibration never sees them, only its test."""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_sample_image

from service.errors import BlankImage
from service.images.handwriting import lay_out

NAMES: Final = ("china.jpg", "flower.jpg")
SIDES: Final = (80, 320)
SHOWN: Final = 96  # pixels a side: what is seen of a piece does not hang on more


@cache
def pieces(count: int, seed: int) -> NDArray[np.uint8]:
    """Return `count` pieces as a digit's network sees them, `(count, 28, 28, 1)` uint8. The same seed gives the same."""
    rng = np.random.default_rng(seed)
    photos = [Image.fromarray(load_sample_image(name)) for name in NAMES]
    found: list[NDArray[np.uint8]] = []
    while len(found) < count:
        photo, side = photos[int(rng.integers(len(photos)))], int(rng.integers(*SIDES))
        left, top = int(rng.integers(photo.width - side)), int(rng.integers(photo.height - side))
        try:
            piece = photo.resize((SHOWN, SHOWN), Image.Resampling.BOX, (left, top, left + side, top + side))
            found.append(lay_out(piece)[:, :, None])
        except BlankImage:
            continue  # a piece of the sky: said to be blank, long before any network
    return np.stack(found)
