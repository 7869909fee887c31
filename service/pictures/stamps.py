"""What is put on a finished picture: where there are hundreds of texts, far faster than as objects of a figure."""

from dataclasses import dataclass
from html import escape
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from service.pictures import fonts

Across = Literal["left", "center", "right"]
Down = Literal["baseline", "center", "top"]

ANCHORS: Final = {"left": "l", "center": "m", "right": "r", "baseline": "s", "top": "a"}
SVG_ANCHORS: Final = {"left": "start", "center": "middle", "right": "end", "baseline": "start", "top": "end"}
BELOW: Final = {"baseline": 0.0, "center": 0.36, "top": 0.76, "left": 0.76, "right": 0.0}
"""How far the baseline lies below the named point, in heights of the text: half of a capital of DejaVu Sans, or all of it."""
FAMILY: Final = ", ".join([*(f"'{family}'" for family in fonts.FAMILIES), "sans-serif"])


@dataclass(frozen=True)
class Stamp:
    """A text of `size` pixels, one of whose points lies at (x, y): in the pixels that a figure is laid out in."""

    x: float
    y: float
    text: str
    size: float
    colour: str
    at: tuple[Across, Down]
    is_upright: bool = False  # read from below
    is_bold: bool = False

    def press(self, picture: Image.Image, sharpness: float) -> None:
        """Put it on an RGB picture that has `sharpness` pixels for each of the layout's."""
        font = fonts.font(max(1, round(self.size * sharpness)), "-Bold" if self.is_bold else "")
        x, y = self.x * sharpness, self.y * sharpness
        if not self.is_upright:
            anchor = ANCHORS[self.at[0]] + ANCHORS[self.at[1]]
            ImageDraw.Draw(picture).text((x, y), self.text, self.colour, font, anchor)
            return
        left, top, right, bottom = (round(edge) for edge in font.getbbox(self.text))
        mask = Image.new("L", (max(1, right), max(1, bottom)))
        ImageDraw.Draw(mask).text((0, 0), self.text, 255, font)
        turned = mask.crop((left, top, max(left + 1, right), max(top + 1, bottom))).transpose(Image.Transpose.ROTATE_90)
        corner_x = {"left": x, "center": x - turned.width / 2, "right": x - turned.width}[self.at[0]]
        corner_y = {"top": y, "center": y - turned.height / 2, "baseline": y - turned.height}[self.at[1]]
        picture.paste(self.colour, (round(corner_x), round(corner_y)), turned)

    def as_svg(self, unit: float) -> str:
        """Return it as an element of an SVG that has `unit` of its own units for each of the layout's pixels."""
        along, across = (self.at[1], self.at[0]) if self.is_upright else self.at
        weight = " font-weight: bold;" if self.is_bold else ""
        turn = " rotate(-90)" if self.is_upright else ""
        return (
            f'<text style="font-size: {self.size * unit:g}px; font-family: {FAMILY};{weight} '
            f'text-anchor: {SVG_ANCHORS[along]}; fill: {self.colour}" dy="{BELOW[across]}em" '
            f'transform="translate({self.x * unit:.2f} {self.y * unit:.2f}){turn}">'
            f"{escape(self.text)}</text>"
        )


@dataclass(frozen=True, eq=False)
class Tile:
    """(h, w, 4) uint8 pixels, RGBA, each of them a rectangle of a box."""

    left: float
    top: float
    wide: float
    tall: float
    pixels: NDArray[np.uint8]

    def press(self, picture: Image.Image, sharpness: float) -> None:
        """Put it on an RGB picture that has `sharpness` pixels for each of the layout's."""
        size = round(self.wide * sharpness), round(self.tall * sharpness)
        large = Image.fromarray(self.pixels).resize(size, Image.Resampling.NEAREST)
        picture.paste(large, (round(self.left * sharpness), round(self.top * sharpness)), large)
