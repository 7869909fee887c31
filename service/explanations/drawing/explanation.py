"""One figure that explains an answer: what the network saw, what speaks for a class and what against, the likeliest classes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from service.explanations.drawing import shades
from service.explanations.drawing.figures import INK, QUIET, blank, png, shortened
from service.images.showing import as_picture

TITLE, WORDS, SMALL = 13, 12, 10  # points: at a phone's 360 pixels WORDS is 10 high
WIDTH, HEIGHT, SIDE = 6.0, 2.95, 1.9  # inches
MOST_BARS: Final = 6  # more would not be legible
_OTHER_BAR: Final = "#9aa0a6"
_FOR, _AGAINST = (tuple(part / 255 for part in colour) for colour in (shades.FOR, shades.AGAINST))


@dataclass(frozen=True, eq=False)
class Explained:
    """What the figure shows.

    image: `(height, width, 1 or 3)` float32 in 0..1.
    evidence: `(height, width)`, log-odds for `explained`, the class that the map is about.
    true: the right class where it is known.
    likeliest: names and probabilities, best first.
    """

    image: NDArray[np.float32]
    evidence: NDArray[np.float32]
    explained: str
    true: str | None
    likeliest: Sequence[tuple[str, float]]


def explanation_png(explained: Explained) -> bytes:
    """Return the figure: 900 pixels wide."""
    figure = blank(WIDTH, HEIGHT)
    seen, overlay = (figure.add_axes((left, 0.21, SIDE / WIDTH, SIDE / HEIGHT)) for left in (0.012, 0.345))
    bars = figure.add_axes((0.685, 0.21, 0.303, SIDE / HEIGHT))
    _picture(seen, np.asarray(as_picture(explained.image)), "What it saw")
    _picture(overlay, np.asarray(shades.overlay_picture(explained.image, explained.evidence)), _why(explained))
    _bars(bars, explained)
    if explained.true is not None:
        words = f"truly: {shortened(explained.true)}"
        figure.text(0.012 + SIDE / WIDTH / 2, 0.135, words, size=WORDS, color=INK, ha="center", va="top")
    _legend(figure, 0.345, SIDE / WIDTH, explained)
    return png(figure)


def _why(explained: Explained) -> str:
    return f"Why {shortened(explained.explained, 11)}?"


def _picture(axes: Axes, pixels: NDArray[np.uint8], title: str) -> None:
    axes.imshow(pixels, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_title(title, size=TITLE, color=INK, pad=8, weight="bold")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color("#bdbdbd")


def _bars(axes: Axes, explained: Explained) -> None:
    names, values = zip(*explained.likeliest, strict=True)
    places = range(len(names))
    colours = [_FOR if name == explained.explained else _OTHER_BAR for name in names]
    axes.barh(places, values, color=colours, height=0.34)
    axes.set_ylim(max(len(names), 3) - 0.5, -0.75)
    axes.set_xlim(0, 1)
    axes.axis("off")
    axes.set_title("Its answer", size=TITLE, color=INK, pad=8, weight="bold", loc="left")
    for place, name, value in zip(places, names, values, strict=True):
        weight = "bold" if place == 0 else "normal"
        mark = " (true)" if name == explained.true else ""
        axes.text(0, place - 0.24, shortened(name) + mark, size=WORDS, color=INK, va="bottom", weight=weight)
        axes.text(1, place - 0.24, percent(value), size=WORDS, color=INK, va="bottom", ha="right", weight=weight)


def _legend(figure: Figure, left: float, width: float, explained: Explained) -> None:
    """Draw the colours from against to for, and in words what the full colour means."""
    axes = figure.add_axes((left, 0.15, width, 0.03))
    strength = np.linspace(-1, 1, 201, dtype=np.float32)[np.newaxis]
    axes.imshow(np.asarray(shades.tinted(np.full((*strength.shape, 3), 255, np.float32), strength)), aspect="auto")
    axes.axis("off")
    speaks_for = f"speaks for {explained.explained}" if len(explained.explained) <= 2 else "speaks for it"
    figure.text(left, 0.135, "against", size=WORDS, color=_AGAINST, va="top")
    figure.text(left + width, 0.135, shortened(speaks_for), size=WORDS, color=_FOR, va="top", ha="right")
    text = f"full colour: hiding it changes the odds {times(shades.full_colour(explained.evidence))}"
    figure.text(0.988, 0.045, text, size=SMALL, color=QUIET, va="center", ha="right")


def percent(value: float) -> str:
    """Return a probability as people read it; what is not certain never reads as 100 %."""
    if 0.999 <= value < 1:
        return "99.9 %"
    return "<0.1 %" if value < 0.001 else f"{100 * value:.1f} %"


def times(log_odds: float) -> str:
    """Return by which factor odds change: `12-fold`, `10⁸-fold`."""
    if log_odds < math.log(1000):
        factor = math.exp(log_odds)
        return f"{factor:.1f}-fold" if factor < 10 else f"{factor:.0f}-fold"
    return f"$10^{{{round(log_odds / math.log(10))}}}$-fold"
