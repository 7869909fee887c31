"""Ink -> parts -> rows, numbers and cuts."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from service.errors import BlankImage, CrowdedImage, UnreadableImage
from service.images.segmentation import cuts, page, parts, rows
from service.images.segmentation.parts import Part

Box = tuple[int, int, int, int]


def drawn(*strokes: tuple[int, ...], size: tuple[int, int] = (600, 300), width: int = 7) -> Image.Image:
    """Return white paper with lines from point to point."""
    picture = Image.new("L", size, 250)
    pen = ImageDraw.Draw(picture)
    for points in strokes:
        pen.line(points, fill=20, width=width)
    return picture


def ones(*places: tuple[int, int], height: int = 60) -> list[tuple[int, ...]]:
    """Return a stroke downwards at each place."""
    return [(x, y, x, y + height) for x, y in places]


def part(left: int, top: int, width: int, height: int) -> Part:
    return Part(left, top, left + width, top + height, np.ones((height, width), bool))


def found(picture: Image.Image) -> list[Part]:
    return parts.parts(page.read(picture))[0]


def test_every_stroke_is_a_part_and_is_where_it_was_drawn() -> None:
    one, other = sorted(found(drawn(*ones((100, 100), (300, 120)))), key=lambda one: one.left)

    assert (one.left, one.top) == pytest.approx((97, 100), abs=2)
    assert (one.right, one.bottom) == pytest.approx((104, 161), abs=2)
    assert other.left == pytest.approx(297, abs=2)


def test_a_large_picture_is_made_smaller_and_says_by_how_much() -> None:
    read = page.read(drawn(*ones((1000, 1000), height=600), size=(3200, 2400), width=60))

    assert read.ink.shape == (1200, 1600)
    assert read.scale == pytest.approx(2.0)


def test_frames_and_ruled_lines_are_no_parts() -> None:
    grid = [(40, y, 560, y) for y in (40, 140, 240)] + [(x, 40, x, 240) for x in (40, 170, 300, 430, 560)]
    picture = drawn(*ones((100, 60), (230, 65), (360, 160)), width=8)
    pen = ImageDraw.Draw(picture)
    for line in grid:
        pen.line(line, fill=120, width=2)

    assert len(found(picture)) == 3


def test_what_was_broken_is_one_part_again() -> None:
    five = [(100, 100, 100, 130, 130, 140, 130, 160, 100, 165), (112, 98, 140, 98)]

    assert len(found(drawn(*five, *ones((250, 100), (300, 100))))) == 3


def test_blank_paper_tiny_pictures_and_textures_are_refused() -> None:
    with pytest.raises(BlankImage):
        page.read(Image.new("L", (400, 300), 240))
    with pytest.raises(UnreadableImage):
        page.read(Image.new("L", (400, 3), 240))
    noise = np.random.default_rng(1).integers(0, 255, (900, 900)).astype(np.uint8)
    with pytest.raises(CrowdedImage):
        found(Image.fromarray(noise))


def test_rows_are_read_from_top_to_bottom_and_left_to_right_also_on_a_page_that_is_turned() -> None:
    slope = 0.08
    given = [part(50 + 60 * x, round(40 + 100 * y + slope * 60 * x), 30, 50) for y in range(3) for x in range(8)]
    shuffled = [given[index] for index in np.random.default_rng(2).permutation(len(given))]

    read = rows.rows(shuffled, 50)

    assert [one for row in read for one in row] == given


def test_spaces_and_lines_part_numbers() -> None:
    row = [part(x, 10, 30, 50) for x in (0, 40, 80, 200, 240)]
    lines = np.zeros((80, 300), bool)

    assert rows.numbers(row, 50, lines) == [0, 0, 0, 1, 1]
    lines[:, 75] = True
    assert rows.numbers(row, 50, lines) == [0, 0, 1, 2, 2]


def test_evenly_spaced_digits_are_one_number() -> None:
    row = [part(x, 10, 30, 50) for x in (0, 75, 150, 225)]

    assert rows.numbers(row, 50, np.zeros((80, 300), bool)) == [0, 0, 0, 0]


def touching_ones() -> NDArray[np.bool_]:
    """Two strokes that a thin bridge holds together."""
    mask = np.zeros((60, 70), bool)
    mask[:, 5:13] = mask[:, 55:63] = True
    mask[28:31, 5:63] = True
    return mask


def test_a_wide_part_is_cut_where_a_pen_is_thin_and_pieces_put_together_again_are_all_of_it() -> None:
    mask = touching_ones()
    wide = cuts.cut(Part(100, 20, 170, 80, mask), height=60)

    assert wide.stretches > 1
    whole = max(wide.pieces, key=lambda piece: piece.last - piece.first)
    assert (whole.first, whole.last) == (0, wide.stretches)
    singles = {piece.first: piece.part for piece in wide.pieces if piece.last == piece.first + 1}
    ink = sum(int(one.mask.sum()) for one in singles.values())
    assert ink <= mask.sum()
    assert any(piece.part.width < 40 and piece.part.mask.sum() > 480 for piece in wide.pieces), "a stroke by itself"


def test_a_narrow_part_stays_whole() -> None:
    assert cuts.cut(part(0, 0, 30, 60), height=60).stretches == 1
