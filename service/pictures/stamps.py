"""Short texts put on a finished picture: where there are hundreds of them, far faster than as objects of a figure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from PIL import Image, ImageDraw

from service.pictures import fonts

Across = Literal["left", "center", "right"]
Down = Literal["baseline", "center", "top"]

ANCHORS: Final = {"left": "l", "center": "m", "right": "r", "baseline": "s", "top": "a"}


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


def press(picture: Image.Image, stamps: Iterable[Stamp], sharpness: float) -> None:
    """Put the stamps on an RGB picture that has `sharpness` pixels for each of the layout's."""
    draw = ImageDraw.Draw(picture)
    for stamp in stamps:
        font = fonts.font(max(1, round(stamp.size * sharpness)), "-Bold" if stamp.is_bold else "")
        x, y = stamp.x * sharpness, stamp.y * sharpness
        if not stamp.is_upright:
            draw.text((x, y), stamp.text, stamp.colour, font, ANCHORS[stamp.at[0]] + ANCHORS[stamp.at[1]])
            continue
        left, top, right, bottom = (round(edge) for edge in font.getbbox(stamp.text))
        mask = Image.new("L", (max(1, right), max(1, bottom)))
        ImageDraw.Draw(mask).text((0, 0), stamp.text, 255, font)
        turned = mask.crop((left, top, max(left + 1, right), max(top + 1, bottom))).transpose(Image.Transpose.ROTATE_90)
        corner_x = {"left": x, "center": x - turned.width / 2, "right": x - turned.width}[stamp.at[0]]
        corner_y = {"top": y, "center": y - turned.height / 2, "baseline": y - turned.height}[stamp.at[1]]
        picture.paste(stamp.colour, (round(corner_x), round(corner_y)), turned)
