"""Many small pictures on one sheet, each enlarged above its caption.

One array holds the whole sheet and all pictures are laid into it at once; only the captions are written one by one.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from service.pictures import fonts, style
from service.pictures.drawings import Drawing, drawing

LONGEST_SIDE: Final = 84  # pixels, of a picture on the sheet
GAP: Final = 12
MARGIN: Final = 24
TITLE: Final = 22
SUBTITLE: Final = 14
CAPTION: Final = 14
LINE: Final = 18
HEADING: Final = 84
BREAK: Final = ":"  # where a caption is broken in two when it is too wide

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class ContactSheet:
    """n pictures, (n, height, width, channels) with 1 or 3 channels, and a caption for each; with none, what to say instead."""

    title: str
    subtitle: str
    pixels: Pixels
    captions: tuple[str, ...]
    columns: int
    instead: str = ""

    @property
    def alternative(self) -> str:
        """In words, what is to be seen."""
        return f"{self.title}. {self.subtitle}"

    def as_png(self) -> Drawing:
        """Return the sheet as PNG."""
        return drawing("contact-sheet.png", self, lambda: _draw(self))


@dataclass(frozen=True)
class Layout:
    """The sizes of a sheet, in pixels; `lines` is how many a caption has."""

    columns: int
    rows: int
    tall: int
    wide: int
    slot: int
    lines: int

    @property
    def height(self) -> int:
        """Of a row."""
        return self.tall + self.lines * LINE + GAP


def layout(sheet: ContactSheet) -> Layout:
    """Return a layout in which the captions have room."""
    count, tall, wide, _ = sheet.pixels.shape
    columns = max(1, min(sheet.columns, count))
    factor = max(1, LONGEST_SIDE // max(tall, wide))
    tall, wide = tall * factor, wide * factor
    whole = max((fonts.width(text, CAPTION) for text in sheet.captions), default=0)
    lines = 1 if whole <= wide + 20 else 2
    parts = [part for text in sheet.captions for part in broken(text, lines)]
    widest = max((fonts.width(part, CAPTION) for part in parts), default=0)
    slot = max(wide, min(math.ceil(widest), 2 * wide)) + GAP
    return Layout(columns, math.ceil(count / columns), tall, wide, slot, lines if any(parts) else 0)


def broken(caption: str, lines: int) -> list[str]:
    """Return the lines of a caption: `true:` above `predicted`."""
    if lines == 1 or BREAK not in caption:
        return [caption]
    first, _, second = caption.partition(BREAK)
    return [first + BREAK, second]


def fitted(pixels: Pixels) -> Pixels:
    """Return pictures that fit on a sheet: those that are larger are made smaller, all by the same measure."""
    _, tall, wide, channels = pixels.shape
    if max(tall, wide) <= LONGEST_SIDE:
        return pixels
    scale = LONGEST_SIDE / max(tall, wide)
    size = (max(1, round(wide * scale)), max(1, round(tall * scale)))
    smaller = [np.asarray(_image(one).resize(size, Image.Resampling.LANCZOS)) for one in pixels]
    return np.stack(smaller).reshape(len(pixels), size[1], size[0], channels)


def _image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def _draw(sheet: ContactSheet) -> bytes:
    pixels = fitted(sheet.pixels)
    sheet = ContactSheet(sheet.title, sheet.subtitle, pixels, sheet.captions, sheet.columns, sheet.instead)
    place = layout(sheet)
    heading = max(fonts.width(sheet.title, TITLE, "-Bold"), fonts.width(sheet.subtitle, SUBTITLE))
    width = max(2 * MARGIN - GAP + place.columns * place.slot, math.ceil(heading) + 2 * MARGIN)
    rows = place.rows * place.height if len(pixels) else 60
    picture = Image.new(
        "L" if pixels.shape[3] == 1 else "RGB", (width, HEADING + rows + MARGIN - GAP // 2), style.PAPER
    )
    if len(pixels):
        picture.paste(_image(_laid_out(pixels, place)), (MARGIN - GAP // 2, HEADING))
    _write(ImageDraw.Draw(picture), sheet, place)
    return style.png(picture, sheet.alternative)


def _laid_out(pixels: Pixels, place: Layout) -> Pixels:
    """Return all pictures enlarged and in their places, (rows x height, columns x slot, channels) on white."""
    count, tall, _, channels = pixels.shape
    factor = place.tall // tall
    slots = place.rows * place.columns
    whole = np.full((slots, place.height, place.slot, channels), 255, np.uint8)
    left = (place.slot - place.wide) // 2
    whole[:count, : place.tall, left : left + place.wide] = pixels.repeat(factor, axis=1).repeat(factor, axis=2)
    in_rows = whole.reshape(place.rows, place.columns, place.height, place.slot, channels).transpose(0, 2, 1, 3, 4)
    return in_rows.reshape(place.rows * place.height, place.columns * place.slot, channels)


def _write(draw: ImageDraw.ImageDraw, sheet: ContactSheet, place: Layout) -> None:
    draw.text((MARGIN, 36), sheet.title, fill=style.INK, font=fonts.font(TITLE, "-Bold"), anchor="ls")
    draw.text((MARGIN, 62), sheet.subtitle, fill=style.MUTED, font=fonts.font(SUBTITLE), anchor="ls")
    if not len(sheet.pixels):
        draw.text((MARGIN, HEADING + 22), sheet.instead, fill=style.INK, font=fonts.font(SUBTITLE), anchor="ls")
    for index, caption in enumerate(sheet.captions):
        row, column = divmod(index, place.columns)
        middle = MARGIN - GAP // 2 + (column + 0.5) * place.slot
        top = HEADING + row * place.height + place.tall + 3
        for number, line in enumerate(broken(caption, place.lines)):
            text = fonts.shortened(line, CAPTION, place.slot - 4)
            draw.text((middle, top + number * LINE), text, fill=style.INK, font=fonts.font(CAPTION), anchor="ma")
