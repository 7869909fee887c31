"""Things that are no digits, as a pen might leave them: drawn in code, laid out as every picture of a digit is.

Letters and signs that may pass for a digit (O, l, S, Z, b, q) are not among them.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from service.images.handwriting import SIDE, lay_out_ink

LETTERS: Final = "ACEFHKLMNPRTUVWXYadefhkmnprtuvwxy"
SIGNS: Final = "@#&%?=+*$<>{}~"
CANVAS: Final = 112

Sheet = Image.Image
Draw = Callable[[np.random.Generator], Sheet]
Pictures = NDArray[np.uint8]


@cache
def imposters(count: int, seed: int) -> dict[str, Pictures]:
    """Return `count` pictures, `(count, 28, 28, 1)` uint8, light on dark, of each kind. The same seed gives the same."""
    return {
        kind: np.stack([_picture(draw, rng) for _ in range(count)])
        for kind, draw, rng in zip(KINDS, KINDS.values(), np.random.default_rng(seed).spawn(len(KINDS)), strict=True)
    }


def _picture(draw: Draw, rng: np.random.Generator) -> Pictures:
    sheet = draw(rng)
    if rng.random() < 0.5:
        sheet = sheet.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.2)))
    ink = np.asarray(sheet, np.float32) / np.float32(255)
    if not (ink > 0.5).any():
        ink = np.ones((SIDE, SIDE), np.float32)  # a texture that came out empty: a blot
    return lay_out_ink(ink)[:, :, None]


def _sheet() -> tuple[Sheet, ImageDraw.ImageDraw]:
    sheet = Image.new("L", (CANVAS, CANVAS), 0)
    return sheet, ImageDraw.Draw(sheet)


def _pen(rng: np.random.Generator) -> int:
    return int(rng.integers(3, 11))


def _written(text: str, size: int, rng: np.random.Generator) -> Sheet:
    """Write with an upright hand or a slanting one, on a line that may rise or fall."""
    sheet, drawing = _sheet()
    font = ImageFont.load_default(size)
    middle = CANVAS / 2
    drawing.text((middle, middle), text, fill=255, font=font, anchor="mm", stroke_width=int(rng.integers(0, 4)))
    slant = rng.uniform(-0.25, 0.25)
    sheet = sheet.transform(
        sheet.size, Image.Transform.AFFINE, (1, slant, -slant * middle, 0, 1, 0), Image.Resampling.BICUBIC
    )
    return sheet.rotate(rng.uniform(-15, 15), Image.Resampling.BICUBIC)


def _letter(rng: np.random.Generator) -> Sheet:
    return _written(str(rng.choice(list(LETTERS))), int(rng.integers(50, 84)), rng)


def _sign(rng: np.random.Generator) -> Sheet:
    return _written(str(rng.choice(list(SIGNS))), int(rng.integers(50, 84)), rng)


def _word(rng: np.random.Generator) -> Sheet:
    return _written("".join(rng.choice(list(LETTERS), int(rng.integers(2, 5)))), int(rng.integers(24, 36)), rng)


def _scribble(rng: np.random.Generator) -> Sheet:
    """Follow a smooth curve (Catmull-Rom) through points anywhere."""
    sheet, drawing = _sheet()
    points = rng.uniform(14, CANVAS - 14, (int(rng.integers(6, 16)), 2))
    points = np.vstack([points[:1], points, points[-1:]])
    steps = np.linspace(0, 1, 10, endpoint=False)[:, None]
    curve = [
        0.5 * (2 * b + (c - a) * steps + (2 * a - 5 * b + 4 * c - d) * steps**2 + (3 * b - a - 3 * c + d) * steps**3)
        for a, b, c, d in zip(points, points[1:], points[2:], points[3:], strict=False)
    ]
    drawing.line([tuple(point) for point in np.vstack(curve)], fill=255, width=_pen(rng), joint="curve")
    return sheet


def _shape(rng: np.random.Generator) -> Sheet:
    sheet, drawing = _sheet()
    left, top = rng.uniform(14, 36, 2)
    right, bottom = rng.uniform(76, 98, 2)
    pen, middle = _pen(rng), CANVAS / 2
    match int(rng.integers(6)):
        case 0:
            drawing.rectangle((left, top, right, bottom), outline=255, width=pen)
        case 1:
            drawing.polygon([(middle, top), (right, bottom), (left, bottom)], outline=255, width=pen)
        case 2:
            drawing.line((left, top, right, bottom), fill=255, width=pen)
            drawing.line((left, bottom, right, top), fill=255, width=pen)
        case 3:
            rays, turn = int(rng.integers(5, 8)), rng.uniform(0, math.tau)
            for ray in range(rays):
                angle = turn + ray * math.tau / rays
                end = middle + 42 * math.cos(angle), middle + 42 * math.sin(angle)
                drawing.line((middle, middle, *end), fill=255, width=pen)
        case 4:
            corners = np.linspace(left, right, int(rng.integers(5, 9)))
            zigzag = [(x, bottom if place % 2 else top) for place, x in enumerate(corners)]
            drawing.line(zigzag, fill=255, width=pen)
        case _:
            drawing.rectangle((left, top, right, bottom), fill=255)
    return sheet.rotate(rng.uniform(-20, 20))


def _dots(rng: np.random.Generator) -> Sheet:
    sheet, drawing = _sheet()
    for _ in range(int(rng.integers(3, 9))):
        (x, y), radius = rng.uniform(18, CANVAS - 18, 2), rng.uniform(3, 9)
        drawing.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return sheet


def _texture(rng: np.random.Generator) -> Sheet:
    """What is left of a photo: light and dark, coarse or fine, with soft edges or hard ones."""
    cells = int(rng.integers(3, 30))
    noise = Image.fromarray((rng.random((cells, cells)) * 255).astype(np.uint8))
    sheet = noise.resize((CANVAS, CANVAS), Image.Resampling.BICUBIC)
    return sheet.point(lambda level: 255 if level > 140 else 0) if rng.random() < 0.5 else sheet


KINDS: Final[dict[str, Draw]] = {
    "letters": _letter,
    "signs": _sign,
    "words": _word,
    "scribbles": _scribble,
    "shapes": _shape,
    "dots": _dots,
    "textures": _texture,
}
