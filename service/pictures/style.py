"""Colours that all pictures share, and how a figure becomes bytes.

The plotting library is imported when the first figure is made: see `service.pictures.warming`. It is not thread-safe
(its settings, its caches of fonts and texts), so one figure at a time is made and drawn: within `canvas`.
"""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from service.pictures import fonts
from service.pictures.stamps import Stamp, Tile

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# matplotlib is imported in the functions: an application that draws nothing need not wait for it.
# ruff: noqa: PLC0415

Format = Literal["png", "print", "svg", "inline"]
"""`inline` is SVG to be put into a page: no paper of its own, and the page's colours through CSS variables.
`print` is a PNG with as many pixels as a page of paper wants."""

PIXELS: Final = frozenset[Format]({"png", "print"})

PAPER: Final = "#ffffff"
INK: Final = "#1d2433"
MUTED: Final = "#626b7c"
LINE: Final = "#dde1e8"
EMPTY: Final = "#f2f4f7"  # a cell with nothing in it
BLUE: Final = "#0072b2"  # Okabe and Ito's palette: told apart with every kind of colour vision
VERMILLION: Final = "#d55e00"
GREEN: Final = "#009e73"
RIGHT_RAMP: Final = ("#dcebf6", "#74b1db", "#0072b2", "#00436a")
WRONG_RAMP: Final = ("#fde8d7", "#f3ac74", "#d55e00", "#7f3700")

PIXELS_AN_INCH: Final = 96  # of CSS; figures are laid out in such pixels
SHARPNESS: Final = 1.5  # pixels of a PNG for each of them
PRINTED: Final = 2.0  # the same, on paper: some 180 an inch over the width of A4
VARIABLES: Final = {INK: "--ink", MUTED: "--muted", LINE: "--line", EMPTY: "--empty"}

_LOCK: Final = RLock()
_SETTINGS: Final[dict[Any, Any]] = {
    "font.family": ["sans-serif"],
    "font.sans-serif": list(fonts.FAMILIES),
    "svg.fonttype": "none",  # text stays text: it can be read aloud, searched and copied
    "svg.hashsalt": "cyfra",
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.parse_math": False,  # a class may be called "$5" or "a_b"
    "axes.unicode_minus": False,
}


def points(pixels: float) -> float:
    """Return a size in points, as the plotting library wants fonts and lines."""
    return pixels * 72 / PIXELS_AN_INCH


@contextmanager
def canvas(width: float, height: float) -> Iterator["Figure"]:
    """Give an empty figure of so many pixels; nobody else draws until the block ends."""
    with _LOCK:
        import matplotlib
        from matplotlib.figure import Figure

        with matplotlib.rc_context(_SETTINGS):
            yield Figure(figsize=(width / PIXELS_AN_INCH, height / PIXELS_AN_INCH), dpi=PIXELS_AN_INCH, facecolor=PAPER)


def rendered(
    figure: "Figure",
    format_: Format,
    alternative: str,
    *,
    sharpness: float = SHARPNESS,
    tiles: Sequence[Tile] = (),
    stamps: Sequence[Stamp] = (),
) -> bytes:
    """Return the figure as a file, the same bytes each time; call it within `canvas`.

    `alternative` says in words what is to be seen; `tiles`, which only a
    PNG has, and `stamps` are put on top.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    if format_ in PIXELS:
        sharpness = PRINTED if format_ == "print" else sharpness
        figure.set_dpi(PIXELS_AN_INCH * sharpness)
        drawn = FigureCanvasAgg(figure)
        drawn.draw()  # type: ignore[no-untyped-call]
        pixels = np.asarray(drawn.buffer_rgba())  # type: ignore[no-untyped-call]
        picture = Image.fromarray(pixels).convert("RGB")
        pressed: Sequence[Tile | Stamp] = (*tiles, *stamps)
        for each in pressed:
            each.press(picture, sharpness)
        return png(picture, alternative)
    content = io.BytesIO()
    FigureCanvasSVG(figure)
    figure.patch.set_visible(format_ == "svg")
    figure.savefig(content, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    text = content.getvalue().decode()
    if stamps:
        text = text.replace("</svg>", "\n".join([*(stamp.as_svg(points(1)) for stamp in stamps), "</svg>"]))
    return (_inline(text, alternative) if format_ == "inline" else _described(text, alternative)).encode()


def png(picture: Image.Image, alternative: str) -> bytes:
    """Return a picture as a PNG that says what it shows; quickly made rather than as small as can be."""
    content = io.BytesIO()
    about = PngInfo()
    about.add_itxt("Title", alternative)
    picture.save(content, "PNG", pnginfo=about, compress_level=2)
    return content.getvalue()


def _described(svg: str, alternative: str) -> str:
    """Give the picture a name for screen readers."""
    label = escape(alternative)
    named = f'<svg role="img" aria-label="{label}" '
    return svg.replace("<svg ", named, 1)


def _inline(svg: str, alternative: str) -> str:
    """Take off what only a file needs; make ids the picture's own, and let the page choose the inks."""
    body = _described(svg[svg.index("<svg ") :], alternative)
    prefix = re.sub(r"[^a-z]+", "-", alternative.lower())[:20].strip("-")
    body = re.sub(r'\b(id="|href="#|url\(#)', rf"\g<1>{prefix}-", body)
    body = re.sub(r' (width|height)="[\d.]+pt"', "", body, count=2)
    for colour, variable in VARIABLES.items():
        body = body.replace(colour, f"var({variable})")
    return body


def ink_on(red: float, green: float, blue: float) -> str:
    """Return black or white, whichever has more contrast on a colour (0..1), by WCAG 2.2's relative luminance."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "#000000"
