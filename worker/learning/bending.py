"""Elastic bends, as hands differ from one another: a smooth random displacement of every point of an image.

P. Simard, D. Steinkraus and J. Platt, "Best Practices for Convolutional Neural Networks Applied to Visual Document Analysis"
(ICDAR 2003), smooth white noise with a Gaussian. Here the displacement is a uniform cubic B-spline through a few random knots,
which is as smooth, and two small matrix products.
"""

import numpy as np
from numpy.typing import NDArray

_SPANS = 3
"""Pieces of the spline along each side: a bend is about a third of a digit long."""
_KNOTS = _SPANS + 3


def draw_knots(shape: tuple[int, ...], elastic: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Random knots for images of shape (n, height, width, channels): (n, 2, 6, 6), x then y, uniform in ±`elastic` times that
    side, in pixels. No point moves farther than the farthest knot, for a B-spline lies in the hull of its knots.
    """
    count, height, width, _ = shape
    knots = rng.uniform(-elastic, elastic, (count, 2, _KNOTS, _KNOTS))
    scaled: NDArray[np.float32] = (knots * np.array([width, height])[:, None, None]).astype(np.float32)
    return scaled


def bends(knots: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """How far every point is moved, in pixels: (n, 2, 6, 6) -> (n, 2, height, width)."""
    moved: NDArray[np.float32] = np.matmul(np.matmul(_weights(height), knots), _weights(width).T)
    return moved


def _weights(side: int) -> NDArray[np.float32]:
    """What each knot counts for each pixel: (side, 6), each row sums to 1; the uniform cubic B-spline's four pieces."""
    place: NDArray[np.float64] = np.linspace(0, _SPANS, side)
    span = np.minimum(place.astype(np.intp), _SPANS - 1)
    t = place - span
    pieces = [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]
    weights: NDArray[np.float64] = np.zeros((side, _KNOTS))
    for offset, piece in enumerate(pieces):
        weights[np.arange(side), span + offset] = piece / 6
    return weights.astype(np.float32)
