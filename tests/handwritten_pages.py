"""Pages with many digits, made in code: what is on them, and where, is known.

Digits are MNIST's own strokes, enlarged as in `tests.degraded`, put on a page in a layout, and written with a pen on paper.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from PIL import Image

from tests import degraded

Glyphs = Sequence[tuple[np.ndarray, int]]
"""28x28 uint8 digits, light on dark, and what they are."""


@dataclass(eq=False)
class Sheet:
    """A page in the making: ink, the digits' boxes (left, top, right, bottom) and labels, and the text, line by line."""

    ink: np.ndarray
    boxes: list[tuple[int, int, int, int]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def put(self, glyph: np.ndarray, label: int, left: int, top: int) -> int:
        """Write a digit, (h, w) in 0..1 and cropped to its ink; return where it ends."""
        height, width = glyph.shape
        place = self.ink[top : top + height, left : left + width]
        np.maximum(place, glyph[: place.shape[0], : place.shape[1]], out=place)
        self.boxes.append((left, top, left + width, top + height))
        self.labels.append(str(label))
        return left + width

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(self.lines)


def stroke(digit: np.ndarray, height: int) -> np.ndarray:
    """Return a digit's ink with crisp edges, cropped, such that a digit of 20 pixels would be `height` tall."""
    large = degraded.enlarged(digit, 8)
    rows, columns = np.flatnonzero((large > 0.5).any(axis=1)), np.flatnonzero((large > 0.5).any(axis=0))
    cropped = large[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    size = max(2, round(cropped.shape[1] * height / 160)), max(2, round(cropped.shape[0] * height / 160))
    scaled = Image.fromarray(cropped.astype(np.float32)).resize(size, Image.Resampling.BOX)
    return np.clip(np.asarray(scaled), 0, 1)


def _row(
    sheet: Sheet,
    glyphs: Glyphs,
    left: int,
    middle: int,
    height: int,
    gaps: Callable[[], float],
    rng: np.random.Generator,
) -> None:
    """Write digits one beside the other, around a line that they leave a little."""
    for digit, label in glyphs:
        ink = stroke(digit, height)
        top = middle - ink.shape[0] // 2 + round(float(rng.normal(0, 0.04)) * height)
        left = sheet.put(ink, label, left, top) + round(gaps() * height)


def postcode(glyphs: Glyphs, rng: np.random.Generator) -> Sheet:
    """Five digits, now closer, now wider apart, on a slip of paper."""
    sheet = Sheet(np.zeros((240, 640), np.float32))
    _row(sheet, glyphs[:5], 50, 120, 90, lambda: rng.uniform(0.12, 0.4), rng)
    sheet.lines.append("".join(sheet.labels))
    return sheet


def touching(glyphs: Glyphs, rng: np.random.Generator) -> Sheet:
    """Four digits of which two touch."""
    sheet = Sheet(np.zeros((240, 560), np.float32))
    gaps = iter([0.25, -0.04, 0.25, 0.25])
    _row(sheet, glyphs[:4], 60, 120, 90, lambda: next(gaps), rng)
    sheet.lines.append("".join(sheet.labels))
    return sheet


def column(glyphs: Glyphs, rng: np.random.Generator) -> Sheet:
    """A column of six numbers with one to four digits each."""
    sheet = Sheet(np.zeros((900, 520), np.float32))
    left = iter(glyphs)
    for line in range(6):
        count = int(rng.integers(1, 5))
        chosen = [next(left) for _ in range(count)]
        before = len(sheet.labels)
        _row(sheet, chosen, 60 + 90 * (4 - count), 90 + 140 * line, 80, lambda: rng.uniform(0.12, 0.3), rng)
        sheet.lines.append("".join(sheet.labels[before:]))
    return sheet


def cells(glyphs: Glyphs, rng: np.random.Generator) -> Sheet:
    """A sheet of ruled cells, a digit in each: eight rows of ten, their frame within the page."""
    side, margin = 90, 60
    sheet = Sheet(np.zeros((8 * side + 2 * margin, 10 * side + 2 * margin), np.float32))
    for line in range(8):
        before = len(sheet.labels)
        for place in range(10):
            digit, label = glyphs[(10 * line + place) % len(glyphs)]
            ink = stroke(digit, 52)
            left = margin + side * place + (side - ink.shape[1]) // 2 + int(rng.integers(-6, 7))
            sheet.put(ink, label, left, margin + side * line + (side - ink.shape[0]) // 2 + int(rng.integers(-6, 7)))
        # A cell is as wide as two digits: each is a number of its own.
        sheet.lines.append(" ".join(sheet.labels[before:]))
    for line in range(9):
        sheet.ink[margin + side * line : margin + side * line + 2, margin : margin + 10 * side] = 0.55
    for place in range(11):
        sheet.ink[margin : margin + 8 * side, margin + side * place : margin + side * place + 2] = 0.55
    return sheet


def ruled(glyphs: Glyphs, rng: np.random.Generator) -> Sheet:
    """Ten lines of two numbers with three digits each, on ruled paper."""
    sheet = Sheet(np.zeros((1000, 800), np.float32))
    left = iter(glyphs)
    for line in range(10):
        before = len(sheet.labels)
        for start in (60, 440):
            _row(sheet, [next(left) for _ in range(3)], start, 70 + 92 * line, 62, lambda: rng.uniform(0.12, 0.3), rng)
        labels = sheet.labels[before:]
        sheet.lines.append(f"{''.join(labels[:3])} {''.join(labels[3:])}")
    for line in range(11):
        sheet.ink[24 + 92 * line : 26 + 92 * line] = np.maximum(sheet.ink[24 + 92 * line : 26 + 92 * line], 0.3)
    return sheet


LAYOUTS: Final[dict[str, Callable[[Glyphs, np.random.Generator], Sheet]]] = {
    "postcode": postcode,
    "two that touch": touching,
    "column of numbers": column,
    "sheet of cells": cells,
    "ruled page": ruled,
}


def photographed(sheet: Sheet, rng: np.random.Generator, *, is_scan: bool) -> Image.Image:
    """Write a sheet with a pen on paper: scanned as it lies, or taken in uneven light with grain and JPEG's traces."""
    page = degraded.on_page(sheet.ink, colour=degraded.BLUE)
    if not is_scan:
        page = degraded.noisy(degraded.in_light(page, rng, 0.5), rng, 0.03)
    return degraded.as_picture(page)
