"""Other people's handwriting, made in code: an MNIST digit as somebody else would have written, taken and sent it.

Each way is a function of a digit (28x28 uint8, light on dark) and a generator of random numbers, and gives a file's bytes.
The digit is enlarged to a stroke with crisp edges, written with another pen on a page, and the page is taken under a light.
"""

import io
from collections.abc import Callable
from typing import Final

import numpy as np
from PIL import Image, ImageFilter

Plane = np.ndarray  # (h, w) float32 in 0..1
Page = np.ndarray  # (h, w, 3) float32 in 0..1
Way = Callable[[np.ndarray, np.random.Generator], bytes]

SIDE: Final = 400
WHITE: Final = (0.95, 0.95, 0.93)
BLACK: Final = (0.12, 0.12, 0.14)
BLUE: Final = (0.15, 0.2, 0.55)
PENCIL: Final = (0.62, 0.62, 0.63)
TABLE: Final = (0.35, 0.24, 0.16)


def written(
    digit: np.ndarray, rng: np.random.Generator, side: int = SIDE, share: float = 0.75, pen: float = 0.0
) -> Plane:
    """How much ink covers each point of a page: the digit's 28 pixels take `share` of it, near the middle.

    pen: 0 is MNIST's own stroke, else the width of the pen, in pixels of the 28, that follows the stroke's middle line.
    """
    stroke = enlarged(digit, 8)
    if pen:
        line = Image.fromarray(_thinned(stroke > 0.5)).convert("L")
        radius = max(1, round(pen * 4))
        y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
        stroke = _spread(np.asarray(line) > 0, x * x + y * y <= radius * radius)
    size = round(side * share)
    ink = Image.fromarray(stroke.astype(np.float32)).resize((size, size), Image.Resampling.BICUBIC)
    left, top = (int(rng.integers(int(0.3 * (side - size)), int(0.7 * (side - size)) + 1)) for _ in range(2))
    page = np.zeros((side, side), np.float32)
    page[top : top + size, left : left + size] = np.clip(np.asarray(ink), 0, 1)
    return page


def enlarged(digit: np.ndarray, times: int) -> Plane:
    """Return a digit so many times as large, with crisp edges."""
    size = 28 * times
    large = Image.fromarray(digit).resize((size, size), Image.Resampling.BICUBIC)
    grey = np.asarray(large.filter(ImageFilter.GaussianBlur(times / 4)), np.float32) / 255
    return np.clip((grey - 0.38) / 0.2, 0, 1)


def _spread(mask: np.ndarray, pen: np.ndarray) -> Plane:
    radius = pen.shape[0] // 2
    spread, padded = np.zeros(mask.shape, bool), np.pad(mask, radius)
    for down, right in np.argwhere(pen):
        spread |= padded[down : down + mask.shape[0], right : right + mask.shape[1]]
    return spread.astype(np.float32)


def _thinned(mask: np.ndarray) -> np.ndarray:
    """The middle line of each stroke: T. Y. Zhang and C. Y. Suen, Comm. ACM 27(3), 1984."""
    mask = mask.copy()
    while True:
        before = int(mask.sum())
        for odd in (True, False):
            p = np.pad(mask, 1)
            around = [
                *(p[:-2, 1:-1], p[:-2, 2:], p[1:-1, 2:], p[2:, 2:]),
                *(p[2:, 1:-1], p[2:, :-2], p[1:-1, :-2], p[:-2, :-2]),
            ]
            north, east, south, west = around[0], around[2], around[4], around[6]
            count = np.sum(around, axis=0)
            turns = np.sum(
                [~one & following for one, following in zip(around, [*around[1:], around[0]], strict=True)], axis=0
            )
            sides = ~(north & east & south) & ~(east & south & west)
            if not odd:
                sides = ~(north & east & west) & ~(north & south & west)
            mask &= ~((count >= 2) & (count <= 6) & (turns == 1) & sides)
        if int(mask.sum()) == before:
            return mask


def on_page(ink: Plane, paper: tuple[float, ...] = WHITE, colour: tuple[float, ...] = BLACK) -> Page:
    cover = ink[:, :, None]
    return (np.asarray(paper) * (1 - cover) + np.asarray(colour) * cover).astype(np.float32)


def ruled(page: Page, rng: np.random.Generator, *, squared: bool, strength: float = 0.35) -> Page:
    """Draw the lines of a school book, under what is written, at a slight slope."""
    side = page.shape[0]
    gap, slope = side * float(rng.uniform(0.1, 0.2)), float(rng.uniform(-0.03, 0.03))
    width, start = side / 250, float(rng.uniform(0, 1)) * gap
    y, x = np.mgrid[:side, :side].astype(np.float32)
    drawn = np.zeros((side, side), np.float32)
    for along, across in [(x, y), (y, -x)] if squared else [(x, y)]:
        away = np.abs((across + slope * along + start) % gap - gap / 2)
        drawn = np.maximum(drawn, np.clip(width / 2 + 0.5 - away, 0, 1))
    faded = np.asarray((0.9, 0.55, 0.25)) * strength  # light blue: red is taken away most
    return page * (1 - drawn[:, :, None] * faded)


def in_light(page: Page, rng: np.random.Generator, darkest: float = 0.35) -> Page:
    """Light that falls off across the page."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : page.shape[0] * 1j, -1 : 1 : page.shape[1] * 1j]
    along = (x * np.cos(angle) + y * np.sin(angle)) / np.sqrt(2)
    return page * (1 - (1 - darkest) * (along + 1) / 2)[:, :, None]


def in_shadow(page: Page, rng: np.random.Generator, darkness: float = 0.45) -> Page:
    """The shadow of a hand: a straight edge, a few pixels soft, through the middle of the page."""
    angle, side = rng.uniform(0, 2 * np.pi), page.shape[0]
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    within = np.clip((x * np.cos(angle) + y * np.sin(angle) - rng.uniform(-0.3, 0.3)) * side / 16, 0, 1)
    return page * (1 - darkness * within)[:, :, None]


def tilted(page: Page, rng: np.random.Generator, reach: float = 0.1) -> Page:
    """Seen from aside: each corner moves inwards, the page goes on beyond it."""
    side = page.shape[0]
    corners = np.array([(0, 0), (0, side), (side, side), (side, 0)], float)
    moved = corners + rng.uniform(0, reach * side, (4, 2)) * np.where(corners == 0, 1, -1)
    rows = [
        row
        for (x, y), (u, v) in zip(corners, moved, strict=True)
        for row in ([x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y])
    ]
    coefficients = np.linalg.solve(np.array(rows), moved.ravel())
    picture = as_picture(page).transform(
        (side, side), Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC
    )
    return np.asarray(picture, np.float32) / 255


def on_table(page: Page, rng: np.random.Generator) -> Page:
    """A dark table shows along one or two edges of the photo."""
    page, side = page.copy(), page.shape[0]
    y, x = np.mgrid[:side, :side].astype(np.float32)
    for distance in [
        (x, y, side - 1 - x, side - 1 - y)[edge] for edge in rng.choice(4, rng.integers(1, 3), replace=False)
    ]:
        across = y if distance is x else x
        slope = rng.uniform(-0.05, 0.05)
        page[distance < rng.uniform(0.04, 0.1) * side + slope * across] = TABLE
    return page


def noisy(page: Page, rng: np.random.Generator, strength: float = 0.06) -> Page:
    return page + rng.normal(0, strength, page.shape).astype(np.float32)


def blurred(page: Page, radius: float) -> Page:
    return np.asarray(as_picture(page).filter(ImageFilter.GaussianBlur(radius)), np.float32) / 255


def speckled(page: Page, rng: np.random.Generator) -> Page:
    page = page.copy()
    for _ in range(25):
        top, left = rng.integers(0, page.shape[0] - 6, 2)
        page[top : top + rng.integers(2, 6), left : left + rng.integers(2, 6)] = BLACK
    return page


def as_picture(page: Page) -> Image.Image:
    return Image.fromarray(np.rint(np.clip(page, 0, 1) * 255).astype(np.uint8))


def file(page: Page, kind: str = "PNG", **options: object) -> bytes:
    content = io.BytesIO()
    as_picture(page).save(content, kind, **options)
    return content.getvalue()


def photo(page: Page, quality: int = 60) -> bytes:
    return file(page, "JPEG", quality=quality)


def _page(digit: np.ndarray, rng: np.random.Generator, colour: tuple[float, ...] = BLACK) -> Page:
    return on_page(written(digit, rng), colour=colour)


def _coloured(digit: np.ndarray, rng: np.random.Generator) -> bytes:
    paper = [(0.98, 0.93, 0.55), (0.75, 0.88, 0.98), (0.98, 0.75, 0.8), (0.78, 0.68, 0.5)][rng.integers(4)]
    return file(on_page(written(digit, rng), paper, [BLACK, BLUE, (0.6, 0.1, 0.1)][rng.integers(3)]))


def _off_centre(digit: np.ndarray, rng: np.random.Generator) -> bytes:
    page = on_page(written(digit, rng, 320, 0.98))
    wide = np.empty((600, 800, 3), np.float32)
    wide[:] = WHITE
    top, left = rng.choice([0, 280]), rng.choice([0, 480])
    wide[top : top + 320, left : left + 320] = page
    return file(wide)


def _turned_by_exif(digit: np.ndarray, rng: np.random.Generator) -> bytes:
    orientation = int(rng.choice([3, 6, 8]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.rot90(_page(digit, rng), {3: 2, 6: 1, 8: 3}[orientation])
    return file(stored, "JPEG", quality=85, exif=exif.tobytes())


def _transparent(digit: np.ndarray, rng: np.random.Generator) -> bytes:
    ink = written(digit, rng)
    picture = Image.new("RGBA", ink.shape, (0, 0, 0, 0))
    picture.putalpha(Image.fromarray(np.rint(ink * 255).astype(np.uint8)))
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


def _phone(digit: np.ndarray, rng: np.random.Generator) -> bytes:
    page = ruled(on_page(written(digit, rng, pen=1.6), colour=BLUE), rng, squared=bool(rng.integers(2)))
    return photo(noisy(in_light(tilted(page, rng), rng, 0.5), rng, 0.03), 40)


def _pencil_squared(digit: np.ndarray, rng: np.random.Generator) -> bytes:
    page = ruled(on_page(written(digit, rng, pen=1.4), colour=PENCIL), rng, squared=True, strength=0.25)
    return photo(noisy(in_light(page, rng, 0.7), rng, 0.015), 60)


def _phone_table(digit: np.ndarray, rng: np.random.Generator) -> bytes:
    page = on_table(tilted(on_page(written(digit, rng, share=0.5)), rng), rng)
    return photo(noisy(in_light(page, rng, 0.5), rng, 0.03), 40)


WAYS: Final[dict[str, Way]] = {
    "black pen on white": lambda digit, rng: file(_page(digit, rng)),
    "coloured paper and ink": _coloured,
    "pencil, grey": lambda digit, rng: file(noisy(_page(digit, rng, PENCIL), rng, 0.015)),
    "pencil, faint": lambda digit, rng: file(noisy(_page(digit, rng, (0.78, 0.78, 0.78)), rng, 0.015)),
    "ball-pen, thin": lambda digit, rng: file(on_page(written(digit, rng, pen=0.7), colour=BLUE)),
    "marker, thick": lambda digit, rng: file(on_page(written(digit, rng, pen=4.0))),
    "light that falls off": lambda digit, rng: file(in_light(_page(digit, rng), rng)),
    "hard shadow": lambda digit, rng: file(in_shadow(_page(digit, rng), rng)),
    "ruled lines": lambda digit, rng: file(ruled(_page(digit, rng), rng, squared=False)),
    "ruled lines, dark, thin pen": lambda digit, rng: file(
        ruled(on_page(written(digit, rng, pen=1.2), colour=BLUE), rng, squared=False, strength=0.8)
    ),
    "squared paper": lambda digit, rng: file(ruled(_page(digit, rng), rng, squared=True)),
    "perspective": lambda digit, rng: file(tilted(_page(digit, rng), rng, 0.15)),
    "JPEG, quality 20": lambda digit, rng: photo(_page(digit, rng), 20),
    "blur": lambda digit, rng: file(blurred(_page(digit, rng), 6)),
    "noise": lambda digit, rng: file(noisy(_page(digit, rng), rng, 0.12)),
    "specks": lambda digit, rng: file(speckled(_page(digit, rng), rng)),
    "in a corner": _off_centre,
    "small on a large sheet": lambda digit, rng: file(on_page(written(digit, rng, 1200, 0.08))),
    "chalk: inverted": lambda digit, rng: file(on_page(written(digit, rng), (0.15, 0.22, 0.18), (0.9, 0.9, 0.88))),
    "turned by EXIF": _turned_by_exif,
    "transparent": _transparent,
    "edge of a table": lambda digit, rng: file(on_table(on_page(written(digit, rng, share=0.6)), rng)),
    "phone photo, lines, ball-pen": _phone,
    "phone photo, pencil, squared": _pencil_squared,
    "phone photo, table": _phone_table,
}
