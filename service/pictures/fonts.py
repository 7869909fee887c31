"""The typeface of all pictures: DejaVu Sans, which comes with the plotting library and has most of the world's letters."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

from PIL import ImageFont

Weight = Literal["", "-Bold"]

FAMILIES: Final = ("DejaVu Sans", "Verdana", "Arial", "Helvetica")
"""In an SVG the first of them that the reader has."""


def path(weight: Weight = "") -> Path:
    """Return the typeface's file. The library itself is not imported for it."""
    spec = find_spec("matplotlib")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / f"DejaVuSans{weight}.ttf"


@cache
def font(size: int, weight: Weight = "") -> ImageFont.FreeTypeFont:
    """Return the typeface at `size` pixels."""
    return ImageFont.truetype(path(weight), size)


def width(text: str, size: int, weight: Weight = "") -> float:
    """Return how many pixels `text` is wide."""
    return font(size, weight).getlength(text)


def shortened(text: str, size: int, most: float) -> str:
    """Return `text`, its end cut off so that it is at most `most` pixels wide."""
    if width(text, size) <= most:
        return text
    end = len(text)
    while end > 1 and width(text[:end] + "…", size) > most:
        end -= 1
    return text[:end].rstrip() + "…"
