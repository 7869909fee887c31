"""How large the pictures of a set become, and whether they are grey: what most of them are, as a sample of them tells."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from PIL import Image

from service.errors import RefusedDataset
from service.images.expectation import Expectation
from service.images.intake.collection import Collection
from service.images.intake.options import SMALLEST_SIDE, IntakeLimits, Options

SAMPLE: Final = 512
COMMON: Final = 0.5
"""So large a part of the pictures has one size: then that is the size."""

_COLOURFUL_PICTURES: Final = 0.05
_COLOURFUL_PIXELS: Final = 0.01
_LEAST_SPREAD: Final = 24  # between the channels of a pixel; JPEG gives grey paper a tint of a few levels
_LOOKED_AT: Final = 64


def choose(collection: Collection, options: Options, limits: IntakeLimits) -> Expectation:
    """Return the form that every picture gets; raise RefusedDataset if none of the sample can be read."""
    if options.size is not None and options.colour is not None:
        channels = 1 if options.colour == "grey" else 3
        return Expectation(*options.size, channels, options.handwriting)
    found = _sample(collection)
    if not found:
        first = collection.name(0)
        raise RefusedDataset("no-pictures", "None of the pictures could be read.", [first])
    height, width = options.size or _size(found, limits.side)
    is_colour = options.colour == "colour" if options.colour else _is_colour(found)
    return Expectation(height, width, 3 if is_colour else 1, options.handwriting)


def _sample(collection: Collection) -> list[Image.Image]:
    """Return some pictures, evenly spread."""
    indices = np.unique(np.linspace(0, len(collection) - 1, SAMPLE).astype(np.int64))
    found = []
    for _, decode in collection.batches(indices):
        for taken in decode():
            if taken.picture is not None:
                size = taken.picture.size
                taken.picture.thumbnail((_LOOKED_AT, _LOOKED_AT))
                taken.picture.info["size"] = size
                found.append(taken.picture)
    return found


def _size(pictures: Sequence[Image.Image], longest: int) -> tuple[int, int]:
    """Return (height, width): of most pictures if they have one, else the medians; scaled down to `longest`."""
    sizes = [picture.info["size"] for picture in pictures]
    (width, height), count = Counter(sizes).most_common(1)[0]
    if count < COMMON * len(sizes):
        width, height = (int(np.median([size[side] for size in sizes])) for side in (0, 1))
        if 0.75 <= width / height <= 4 / 3:  # photos of all proportions: a square crops the least of them
            width = height = min(width, height)
    factor = min(1.0, longest / max(width, height))
    return max(SMALLEST_SIDE, round(height * factor)), max(SMALLEST_SIDE, round(width * factor))


def _is_colour(pictures: Sequence[Image.Image]) -> bool:
    return sum(map(_is_colourful, pictures)) >= _COLOURFUL_PICTURES * len(pictures)


def _is_colourful(picture: Image.Image) -> bool:
    """Whether a picture has colours, or is only stored as if it had."""
    if picture.mode != "RGB":
        return False
    spread = np.ptp(np.asarray(picture), axis=2)
    return bool((spread > _LEAST_SPREAD).mean() > _COLOURFUL_PIXELS)
