"""Sevens with a bar and ones with a flag, as continental Europeans write them: strokes of a pen, nothing of MNIST in them.

Made apart from `worker.learning.variants`, which adds strokes to MNIST's digits, so that a network that learned from those is
measured with others. Coordinates are shares of the digit's height, x to the right and y down; a stroke is a chain of cubic
Bézier curves along which the pen's pressure changes.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from tests.degraded import BLACK, BLUE, Plane, file, on_page

LARGE: Final = 1200
SIDE: Final = 400

Path = np.ndarray  # (n, 2)


def crossed_seven(rng: np.random.Generator) -> list[Path]:
    """A top line, level or wavy and perhaps with a hook at its left end, a stem, and a bar through it."""
    wide = rng.uniform(0.45, 0.75)
    left, right = (0.0, rng.uniform(0, 0.1)), (wide, rng.uniform(-0.03, 0.06))
    wave = rng.uniform(-0.08, 0.08)
    top = curve(left, (wide * 0.35, left[1] + wave), (wide * 0.7, right[1] - wave), right)
    if rng.random() < 0.4:
        top = np.vstack([[left[0] + rng.uniform(-0.04, 0.04), left[1] + rng.uniform(0.08, 0.18)], top])
    sole = (wide * rng.uniform(0.2, 0.6), 1.0)
    bulge = rng.uniform(-0.12, 0.03)
    stem = curve(
        right,
        (right[0] + 0.67 * (sole[0] - right[0]) * 0.5 + bulge, 0.33),
        (sole[0] + 0.33 * (right[0] - sole[0]) + bulge / 2, 0.67),
        sole,
    )
    x, y = stem[int(len(stem) * rng.uniform(0.42, 0.62))]
    before, after = rng.uniform(0.12, 0.26, 2)
    rise, wave = rng.uniform(-0.08, 0.12), rng.uniform(-0.04, 0.04)
    bar = curve((x - before, y + rise), (x - before / 3, y + wave), (x + after / 3, y - wave), (x + after, y - rise))
    return [np.vstack([top, stem]), bar]


def flagged_one(rng: np.random.Generator) -> list[Path]:
    """An upstroke, long or short, straight or hollow, the stem in the same go, and for half of them a line to stand on."""
    head, sole = (0.0, 0.0), (rng.uniform(-0.1, 0.06), 1.0)
    tail = (-rng.uniform(0.16, 0.42), rng.uniform(0.2, 0.48))
    hollow = rng.uniform(-0.03, 0.09)
    up = curve(tail, (tail[0] * 0.6, tail[1] * 0.65 + hollow), (tail[0] * 0.25, tail[1] * 0.3 + hollow), head)
    sway = rng.uniform(-0.04, 0.04)
    down = curve(head, (sway, 0.33), (sole[0] + sway, 0.67), sole)
    strokes = [np.vstack([up, down])]
    if rng.random() < 0.5:
        left, right = rng.uniform(0.1, 0.3, 2)
        slope, wave = rng.uniform(-0.04, 0.04), rng.uniform(-0.03, 0.03)
        strokes.append(
            curve(
                (sole[0] - left, 1 + slope),
                (sole[0] - left / 3, 1 + wave),
                (sole[0] + right / 3, 1 - wave),
                (sole[0] + right, 1 - slope),
            )
        )
    return strokes


def curve(*points: tuple[float, float]) -> Path:
    """A cubic Bézier curve through 60 points."""
    t = np.linspace(0, 1, 60)[:, None]
    a, b, c, d = (np.array(point) for point in points)
    return (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d


def inked(strokes: Sequence[Path], rng: np.random.Generator) -> Plane:
    """How much ink covers each point of a page: the strokes slanted, turned, trembling, by a pen of some width."""
    slant, turn = rng.uniform(-0.08, 0.3), rng.uniform(-0.1, 0.1)
    bend = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ [[1, -slant], [0, 1]]
    moved = [stroke @ bend.T for stroke in strokes]
    everything = np.vstack(moved)
    low, high = everything.min(axis=0), everything.max(axis=0)
    size = LARGE * rng.uniform(0.4, 0.6) / (high - low).max()
    shift = (LARGE - (high - low) * size) / 2 + rng.uniform(-0.08, 0.08, 2) * LARGE - low * size
    pen = size * rng.uniform(0.05, 0.13) / 2
    page = Image.new("L", (LARGE, LARGE))
    draw = ImageDraw.Draw(page)
    for stroke in moved:
        steps = np.linspace(0, 1, len(stroke))
        pressure = 1 + 0.15 * np.sin(2 * np.pi * (rng.uniform(0.3, 1.5) * steps + rng.uniform()))
        tremble = np.cumsum(rng.normal(0, 0.0015, stroke.shape), axis=0)
        line = (stroke + tremble - tremble.mean(axis=0)) * size + shift
        for (x, y), radius in zip(line, pen * pressure, strict=True):
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), 255)
        for one, following, press in zip(line, line[1:], pressure, strict=False):
            draw.line([tuple(one), tuple(following)], 255, round(2 * pen * press))
    return np.asarray(page.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32) / 255


def written(write: Callable[[np.random.Generator], list[Path]], rng: np.random.Generator) -> bytes:
    """A file of one digit on white paper, in black or blue."""
    return file(on_page(inked(write(rng), rng), colour=(BLACK, BLUE)[rng.integers(2)]))


HANDS: Final[dict[str, tuple[int, Callable[[np.random.Generator], bytes]]]] = {
    "crossed sevens": (7, lambda rng: written(crossed_seven, rng)),
    "ones with a flag": (1, lambda rng: written(flagged_one, rng)),
}
"""For each way of writing the digit that is written, and a function that gives a file's bytes."""
