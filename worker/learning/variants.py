"""Digits as other schools teach them: a seven with a bar through its stem, a one with a flag and perhaps a foot.

MNIST's writers were Americans; few of them crossed a seven, or began a one with an upstroke. Here a stroke is added to what
they wrote, where its geometry says that it belongs: across the stem of the seven, at the ends of the one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ONE, SEVEN = 1, 7

_BLOCK = 256
"""Images at a time: what lies in a core's cache is faster."""
_INK = 0.4
"""What is brighter than this share of white belongs to a stroke."""
_SOFT = 1.4
"""Pixels over which a stroke's edge fades, as in MNIST, whose images were scaled down."""
_PARTS = 5
"""Straight pieces of a bowed stroke."""
_FOOTED = 0.4
"""Share of the flagged ones that get a foot as well."""

_MOST_ASLANT = -0.6
"""Radians from upright: a one that leans more is a mere dash, and with a flag it would be a seven."""

Planes = NDArray[np.float32]  # (n, height, width) in 0..1
Numbers = NDArray[np.float32]  # (n,)
Points = NDArray[np.float32]  # (n, 2): x to the right, y down, in pixels from the first pixel's centre


@dataclass(frozen=True)
class Strokes:
    """n strokes, each bowed by a quadratic Bézier curve from `start` to `end`."""

    start: Points
    end: Points
    bow: Numbers
    """Pixels that the middle is off the straight line."""
    width: Numbers
    """Pixels; where it is not positive nothing is drawn."""
    level: Numbers
    """0..1"""


def vary(
    images: NDArray[np.uint8], digits: NDArray[np.integer], share: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Give about `share` of the sevens a bar and of the ones a flag, unless they have such a stroke already.

    Args:
        images: (n, height, width, channels) uint8, light on dark; not changed.
        digits: (n,), which digit each image shows.
        share: 0..1, the probability for each image.
        rng: where lengths, angles and places are drawn from.

    Returns:
        (n, height, width, channels) uint8. What was redrawn is moved by whole pixels to keep its centre of mass, as MNIST's
        digits are centred by theirs.
    """
    varied = images.copy()
    taken = rng.random(len(images)) < share
    for digit, redraw in ((SEVEN, _crossed), (ONE, _flagged)):
        chosen = np.flatnonzero(taken & (digits == digit))
        for start in range(0, len(chosen), _BLOCK):
            block = chosen[start : start + _BLOCK]
            before = images[block].max(axis=3).astype(np.float32) / np.float32(255)
            after = redraw(before, rng)
            levels = np.rint(after * 255).astype(np.uint8)[..., None]
            varied[block] = _moved_back(np.maximum(images[block], levels), before, after)
    return varied


def _crossed(planes: Planes, rng: np.random.Generator) -> Planes:
    """Sevens with a bar, roughly level, through the middle of the stem."""
    n, height, width = planes.shape
    y, x = np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32)
    written = planes > _INK
    inked: NDArray[np.bool_] = np.max(written, axis=2)
    top, bottom = inked.argmax(axis=1), height - 1 - inked[:, ::-1].argmax(axis=1)
    tall = (bottom - top).astype(np.float32)
    mass = (planes * written).sum(axis=2)
    middle = (planes * written) @ x / np.maximum(mass, 1e-6)
    share = (y - top[:, None]) / np.maximum(tall, 1)[:, None]
    thick = _median_where(mass, (share > 0.5) & (share < 0.9) & (mass > 0))
    widest = np.where((share > 0.38) & (share < 0.75), mass, 0).max(axis=1)
    # The stem near the bar as a straight line: x = at + lean * (y - down), least squares with weights that fall off.
    down = top + _uniform(rng, n, 0.42, 0.6) * tall
    away = y - down[:, None]
    near = np.exp(-0.5 * (away / np.maximum(0.11 * tall, 1)[:, None]) ** 2) * (mass > 0)
    total = np.maximum(near.sum(axis=1), 1e-6)
    off, at = (near * away).sum(axis=1) / total, (near * middle).sum(axis=1) / total
    spread = np.maximum((near * (away - off[:, None]) ** 2).sum(axis=1), 1e-6)
    lean = (near * (away - off[:, None]) * middle).sum(axis=1) / spread
    at = at - lean * off
    pen = thick / np.sqrt(1 + lean**2)
    half, tilt = tall * _uniform(rng, n, 0.14, 0.28), _uniform(rng, n, -0.4, 0.25)
    along = np.stack([np.cos(tilt), np.sin(tilt)], axis=1)
    centre = np.stack([at, down], axis=1) + along * (half * _uniform(rng, n, -0.3, 0.3))[:, None]
    bar = Strokes(
        centre - along * half[:, None],
        centre + along * half[:, None],
        half * _uniform(rng, n, -0.15, 0.15),
        np.where(widest < 1.8 * thick, pen * _uniform(rng, n, 0.7, 1.05), 0),  # else it has a bar, or is no plain seven
        planes.max(axis=(1, 2)) * _uniform(rng, n, 0.85, 1.0),
    )
    return _drawn(planes, bar)


def _flagged(planes: Planes, rng: np.random.Generator) -> Planes:
    """Ones with an upstroke before the stem, some with a line to stand on."""
    n, height, width = planes.shape
    y, x = np.meshgrid(np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32), indexing="ij")
    mass = np.maximum(planes.sum(axis=(1, 2)), 1e-6)
    centre = np.stack([(planes * x).sum(axis=(1, 2)) / mass, (planes * y).sum(axis=(1, 2)) / mass], axis=1)
    x_off, y_off = x - centre[:, 0, None, None], y - centre[:, 1, None, None]
    xx, yy, xy = ((planes * one).sum(axis=(1, 2)) / mass for one in (x_off**2, y_off**2, x_off * y_off))
    turn = 0.5 * np.arctan2(2 * xy, yy - xx)  # of the principal axis from upright, in (-90, 90] degrees
    axis = np.stack([np.sin(turn), np.cos(turn)], axis=1)  # downwards
    along = x_off * axis[:, 0, None, None] + y_off * axis[:, 1, None, None]
    aside = x_off * axis[:, 1, None, None] - y_off * axis[:, 0, None, None]
    written = planes > _INK
    low, high = np.where(written, along, np.inf).min(axis=(1, 2)), np.where(written, along, -np.inf).max(axis=(1, 2))
    tall = np.where(mass > 1, high - low, 1).astype(np.float32)
    pen = mass / (tall + 1)
    narrow = np.sqrt((planes * aside**2).sum(axis=(1, 2)) / mass) < 0.29 * pen + 0.6
    plain = narrow & (tall > 3 * pen) & (mass > 1) & (turn > _MOST_ASLANT) & (turn < -_MOST_ASLANT)

    def end(edge: Numbers, inwards: float) -> Points:
        near = planes * (np.abs(along - edge[:, None, None]) < np.maximum(pen, 2)[:, None, None])
        beside = (near * aside).sum(axis=(1, 2)) / np.maximum(near.sum(axis=(1, 2)), 1e-6)
        across = np.stack([axis[:, 1], -axis[:, 0]], axis=1)
        point: Points = centre + axis * (edge + inwards * pen / 2)[:, None] + across * beside[:, None]
        return point

    tip, sole = end(np.where(plain, low, 0), 1), end(np.where(plain, high, 0), -1)
    # Before an aslant stem the flag stays steep, or the one would be a seven.
    angle = np.maximum(turn - _uniform(rng, n, 0.4, 0.95), np.minimum(turn - 0.4, -1.0))
    reach = tall * _uniform(rng, n, 0.25, 0.65)
    level = planes.max(axis=(1, 2))
    flag = Strokes(
        tip,
        tip + np.stack([np.sin(angle), np.cos(angle)], axis=1) * reach[:, None],
        reach * _uniform(rng, n, -0.12, 0.12),
        np.where(plain, pen * _uniform(rng, n, 0.7, 1.05), 0),
        level * _uniform(rng, n, 0.85, 1.0),
    )
    half, tilt = tall * _uniform(rng, n, 0.13, 0.32), _uniform(rng, n, -0.25, 0.15)
    level_line = np.stack([np.cos(tilt), np.sin(tilt)], axis=1)
    middle = sole + level_line * (half * _uniform(rng, n, -0.3, 0.3))[:, None]
    foot = Strokes(
        middle - level_line * half[:, None],
        middle + level_line * half[:, None],
        half * _uniform(rng, n, -0.1, 0.1),
        np.where(plain & (rng.random(n) < _FOOTED), pen * _uniform(rng, n, 0.7, 1.05), 0),
        level * _uniform(rng, n, 0.85, 1.0),
    )
    return _drawn(_drawn(planes, flag), foot)


def _drawn(planes: Planes, strokes: Strokes) -> Planes:
    """The planes with a stroke on each, anti-aliased; where strokes lie on one another the brighter one is seen."""
    _, height, width = planes.shape
    y, x = np.meshgrid(np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32), indexing="ij")
    limits = np.array([width - 2, height - 2], np.float32)
    start, end = np.clip(strokes.start, 1, limits), np.clip(strokes.end, 1, limits)
    step = end - start
    length = np.maximum(np.hypot(step[:, 0], step[:, 1]), 1e-3)
    normal = np.stack([-step[:, 1], step[:, 0]], axis=1) / length[:, None]
    share = np.linspace(0, 1, _PARTS + 1, dtype=np.float32)
    path = start[:, None] + step[:, None] * share[:, None]
    path = path + normal[:, None] * (strokes.bow[:, None] * 4 * share * (1 - share))[..., None]
    nearest = np.full(planes.shape, np.inf, np.float32)
    for part in range(_PARTS):
        x0, y0 = path[:, part, 0, None, None], path[:, part, 1, None, None]
        dx, dy = path[:, part + 1, 0, None, None] - x0, path[:, part + 1, 1, None, None] - y0
        place = np.clip(((x - x0) * dx + (y - y0) * dy) / np.maximum(dx * dx + dy * dy, 1e-6), 0, 1)
        nearest = np.minimum(nearest, (x - x0 - place * dx) ** 2 + (y - y0 - place * dy) ** 2)
    cover = np.clip((strokes.width[:, None, None] / 2 - np.sqrt(nearest)) / _SOFT + 0.5, 0, 1)
    ink = cover * np.where(strokes.width > 0, strokes.level, 0)[:, None, None]
    drawn: Planes = np.maximum(planes, ink).astype(np.float32)
    return drawn


def _moved_back(images: NDArray[np.uint8], before: Planes, after: Planes) -> NDArray[np.uint8]:
    """Each image moved by whole pixels so that the centre of mass of `after` comes near that of `before`; black comes in."""
    moved = images
    for axis in (1, 2):
        side = images.shape[axis]
        shift = np.rint(_centre(before, axis) - _centre(after, axis)).astype(np.intp)
        source = np.arange(side) - shift[:, None]
        inside = (source >= 0) & (source < side)
        shape = (len(images), side, 1, 1) if axis == 1 else (len(images), 1, side, 1)
        moved = np.take_along_axis(moved, np.clip(source, 0, side - 1).reshape(shape), axis=axis)
        moved = np.where(inside.reshape(shape), moved, 0).astype(np.uint8)
    return moved


def _centre(planes: Planes, axis: int) -> Numbers:
    profile = planes.sum(axis=3 - axis)
    found: Numbers = profile @ np.arange(profile.shape[1], dtype=np.float32) / np.maximum(profile.sum(axis=1), 1e-6)
    return found


def _median_where(values: NDArray[np.float32], chosen: NDArray[np.bool_]) -> Numbers:
    """The median of the chosen values of each row; 0 where none is chosen."""
    ordered = np.sort(np.where(chosen, values, np.inf), axis=1)
    middle = np.take_along_axis(ordered, (np.maximum(chosen.sum(axis=1), 1)[:, None] - 1) // 2, axis=1)[:, 0]
    found: Numbers = np.where(np.isfinite(middle), middle, 0).astype(np.float32)
    return found


def _uniform(rng: np.random.Generator, count: int, low: float, high: float) -> Numbers:
    return rng.uniform(low, high, count).astype(np.float32)
