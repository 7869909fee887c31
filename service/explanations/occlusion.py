"""Which parts of a picture speak for a class, found by hiding them.

M. D. Zeiler, R. Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, section 4.2: a patch of background
slides over the picture, and the network is asked again at every place. Nothing but its answers is needed, so this works with
any network that can be run.

Zeiler and Fergus draw the probability of the class. A network that is sure says 1.000 whatever small part is hidden, and the
map would be empty just where people are most curious. Here it is the log-odds, log(p / (1 - p)): their fall tells how much
evidence was taken away, as in M. Robnik-Sikonja, I. Kononenko, "Explaining Classifications For Individual Instances",
IEEE TKDE 20(5), 2008.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]
Answer = Callable[[Images], NDArray[np.float32]]
"""`(n, height, width, channels)` float32 in 0..1 -> `(n, classes)` probabilities."""

MOST_PASSES: Final = 400
_PATCHES_A_SIDE: Final = 5
_STEPS_A_PATCH: Final = 3
_CHUNK: Final = 32  # pictures made at a time …
_CHUNK_BYTES: Final = 16 << 20  # … and not more than fit in here
# A float32 softmax answers exactly 0 below some e-45; what is smaller than this is as good as nothing.
_LEAST: Final = 1e-30
# A border is background where most of it differs less than this from its median.
_ALIKE: Final = 0.1


@dataclass(frozen=True, eq=False)
class Saliency:
    """What hiding has shown.

    evidence: `(height, width)` float32, the mean fall of the class's log-odds (natural logarithm) over all patches that hid a
        pixel, those weighing most that had it in their middle: above 0 what is there speaks for the class, below 0 against it.
    patch, stride: `(height, width)` of a patch and of a step, pixels.
    passes: how often the network was asked.
    """

    evidence: NDArray[np.float32]
    patch: tuple[int, int]
    stride: tuple[int, int]
    passes: int


@dataclass(frozen=True, eq=False)
class _Span:
    """Neighbouring pixels of a side, and how much what happened to the patch says of each: most in its middle."""

    pixels: slice
    weights: NDArray[np.float64]


def occlude(answer: Answer, image: NDArray[np.float32], class_index: int) -> Saliency:
    """Hide each part of `image`, `(height, width, channels)`, and return what became of the class.

    The network is asked at most `MOST_PASSES` times, whatever the size of the picture.
    """
    patch, stride = _sizes(*image.shape[:2])
    places = list(product(*(_spans(*side) for side in zip(image.shape[:2], patch, stride, strict=True))))
    before = float(log_odds(answer(image[np.newaxis]), class_index)[0])
    evidence, weights = np.zeros(image.shape[:2]), np.zeros(image.shape[:2])
    paper = background(image)
    size = max(1, min(_CHUNK, _CHUNK_BYTES // image.nbytes))
    for start in range(0, len(places), size):
        some = places[start : start + size]
        hidden = np.repeat(image[np.newaxis], len(some), axis=0)
        for picture, (rows, columns) in zip(hidden, some, strict=True):
            picture[rows.pixels, columns.pixels] = paper
        for (rows, columns), after in zip(some, log_odds(answer(hidden), class_index), strict=True):
            weight = np.outer(rows.weights, columns.weights)
            evidence[rows.pixels, columns.pixels] += (before - after) * weight
            weights[rows.pixels, columns.pixels] += weight
    return Saliency((evidence / weights).astype(np.float32), patch, stride, len(places) + 1)


def log_odds(probabilities: NDArray[np.float32], class_index: int) -> NDArray[np.float64]:
    """Return the log-odds of a class for each of `(n, classes)` probabilities.

    The other classes are summed: 1 - p would be 0 long before they are.
    """
    exact = probabilities.astype(np.float64)
    own = exact[:, class_index]
    others = np.delete(exact, class_index, axis=1).sum(axis=1)
    odds: NDArray[np.float64] = np.log(np.maximum(own, _LEAST)) - np.log(np.maximum(others, _LEAST))
    return odds


def background(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the `(channels,)` that a part is hidden with: paper where the picture has an even border, else its mean colour."""
    border = np.concatenate([image[0], image[-1], image[1:-1, 0], image[1:-1, -1]])
    paper = np.median(border, axis=0)
    is_even = np.mean(np.abs(border - paper).max(axis=1) < _ALIKE) > 0.5
    chosen: NDArray[np.float32] = paper if is_even else image.mean(axis=(0, 1))
    return chosen.astype(np.float32)


def _sizes(height: int, width: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return patch and stride: a fifth of a side and a third of that, coarser steps where those would be too many."""
    sides = (height, width)
    patch = tuple(max(1, round(side / _PATCHES_A_SIDE)) for side in sides)
    stride = tuple(-(-side // _STEPS_A_PATCH) for side in patch)
    return (patch[0], patch[1]), (stride[0], stride[1])


def _spans(side: int, patch: int, stride: int) -> Iterator[_Span]:
    """Give the stretches of a side that a sliding patch hides, cut off at both ends: pixels there are hidden as often."""
    tent = 1 - np.abs(np.arange(patch) - (patch - 1) / 2) / ((patch + 1) / 2)
    for start in range(stride - patch, side, stride):
        first, end = max(start, 0), min(start + patch, side)
        yield _Span(slice(first, end), tent[first - start : end - start])
