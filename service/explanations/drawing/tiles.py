"""Many small pictures on one sheet, with their numbers: filters, channels, units."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

MOST_TILES: Final = 1024
SHEET_WIDTH: Final = 900
MARGIN, GAP, TITLE_SIZE, NUMBER_SIZE = 16, 4, 26, 20
_INK, _QUIET, _BEHIND = "#222222", "#5f6368", (232, 234, 237)
_COLUMNS: Final = (1, 2, 4, 8, 16, 32)

Pixels = NDArray[np.uint8]


def sheet(tiles: Pixels, title: str, scale: Pixels, ends: tuple[str, str]) -> Image.Image:
    """Return all tiles in their order, the title above, and below the colours that their numbers have.

    Args:
        tiles: `(n, height, width, 3)`; at most `MOST_TILES` are shown, and the title should say so.
        title: one line; what does not fit is drawn smaller.
        scale: `(m, 3)` the colours from the lowest value to the highest.
        ends: what the two ends of the scale mean.
    """
    shown = tiles[:MOST_TILES]
    columns = _columns(len(shown), shown.shape[1], shown.shape[2])
    room = (SHEET_WIDTH - 2 * MARGIN - _row_label(len(shown), columns)) // columns - GAP
    factor = max(1, room / shown.shape[2]) if room < shown.shape[2] else room // shown.shape[2]
    wide, tall = (
        min(room, int(shown.shape[2] * factor)),
        max(1, int(min(room, shown.shape[2] * factor) * shown.shape[1] / shown.shape[2])),
    )
    under = 0 if _row_label(len(shown), columns) else NUMBER_SIZE + 4
    left, top = MARGIN + _row_label(len(shown), columns), MARGIN + TITLE_SIZE + 16
    rows = -(-len(shown) // columns)
    height = top + rows * (tall + under + GAP) + 8 + 18 + NUMBER_SIZE + MARGIN + 6
    page = Image.new("RGB", (SHEET_WIDTH, height), "white")
    draw = ImageDraw.Draw(page)
    _title(draw, title)
    font = ImageFont.load_default(size=NUMBER_SIZE)
    for number, tile in enumerate(shown):
        x, y = left + number % columns * (room + GAP), top + number // columns * (tall + under + GAP)
        page.paste(Image.fromarray(tile).resize((wide, tall), Image.Resampling.NEAREST), (x, y))
        draw.rectangle((x - 1, y - 1, x + wide, y + tall), outline=_BEHIND)
        if under:
            draw.text((x + wide / 2, y + tall + 2), str(number), fill=_QUIET, font=font, anchor="ma")
        elif number % columns == 0:
            draw.text((left - 8, y + tall / 2), str(number), fill=_QUIET, font=font, anchor="rm")
    _scale(page, draw, scale, ends)
    return page


def coloured(values: NDArray[np.float32], lowest: float, highest: float, colours: Pixels) -> Pixels:
    """Return values of any shape as colours, `lowest` the first of the `(m, 3)` colours and `highest` the last."""
    share = (values - lowest) / (highest - lowest) if highest > lowest else np.zeros_like(values)
    return colours[np.rint(np.clip(share, 0, 1) * (len(colours) - 1)).astype(np.intp)]


def _columns(count: int, height: int, width: int) -> int:
    """Return how many tiles stand beside each other: the sheet about as high as wide, and numbers that help to count."""
    wanted = math.sqrt(count * height / width)
    return max(1, next((columns for columns in _COLUMNS if columns >= min(wanted, count)), _COLUMNS[-1]))


def _row_label(count: int, columns: int) -> int:
    """Return the room for numbers left of the rows; 0 where each tile has its own number below."""
    return 0 if columns <= 8 else 14 + 12 * len(str(count - 1))


def _title(draw: ImageDraw.ImageDraw, title: str) -> None:
    size = TITLE_SIZE
    while size > 12 and draw.textlength(title, font=ImageFont.load_default(size=size)) > SHEET_WIDTH - 2 * MARGIN:
        size -= 1
    draw.text((MARGIN, MARGIN - 2), title, fill=_INK, font=ImageFont.load_default(size=size))


def _scale(page: Image.Image, draw: ImageDraw.ImageDraw, colours: Pixels, ends: Sequence[str]) -> None:
    bottom = page.height - MARGIN
    bar = Image.fromarray(colours[np.newaxis]).resize((SHEET_WIDTH - 2 * MARGIN, 18), Image.Resampling.BILINEAR)
    page.paste(bar, (MARGIN, bottom - NUMBER_SIZE - 4 - 18))
    font = ImageFont.load_default(size=NUMBER_SIZE)
    draw.text((MARGIN, bottom - NUMBER_SIZE), ends[0], fill=_INK, font=font)
    draw.text((SHEET_WIDTH - MARGIN, bottom - NUMBER_SIZE), ends[1], fill=_INK, font=font, anchor="ra")
