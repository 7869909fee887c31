"""Bends and pens: what other people's handwriting does to a digit."""

from dataclasses import replace

import numpy as np

from worker.learning.augmentation import augment
from worker.learning.bending import bends, draw_knots
from worker.learning.datasets import LabelledImages
from worker.learning.pens import redraw
from worker.learning.recipes import AugmentationSpec

HANDS = AugmentationSpec(rotation=10, elastic=0.08, stroke_width=1.5)


def bar(width: int) -> np.ndarray:
    image = np.zeros((1, 21, 21, 1), np.uint8)
    image[0, :, 8 : 8 + width] = 200
    return image


def width_of(image: np.ndarray) -> float:
    return float(image[0, 10, :, 0].sum(dtype=int)) / 200


def test_strokes_grow_and_shrink_by_the_pixels_that_are_said():
    for growth in (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0):
        drawn = redraw(bar(5), np.array([growth], np.float32))

        assert abs(width_of(drawn) - (5 + growth)) < 0.05


def test_each_image_has_a_pen_of_its_own_and_none_is_changed_in_place():
    images = np.repeat(bar(5), 600, axis=0)
    before = images.copy()

    drawn = redraw(images, np.linspace(-2, 2, 600, dtype=np.float32))

    widths = drawn[:, 10, :, 0].sum(axis=1, dtype=int) / 200
    assert np.array_equal(images, before)
    assert (np.diff(widths) >= 0).all()
    assert (widths.min(), widths.max()) == (3, 7)


def test_a_bend_moves_no_point_farther_than_its_limit_and_is_smooth():
    shape = (500, 28, 40, 1)

    moved = bends(draw_knots(shape, 0.1, np.random.default_rng(1)), 28, 40)

    assert moved.shape == (500, 2, 28, 40)
    assert 2.0 < abs(moved[:, 0]).max() <= 4.0
    assert 1.4 < abs(moved[:, 1]).max() <= 2.8
    assert abs(np.diff(moved, axis=3)).max() < 0.8
    assert abs(np.diff(moved, axis=2)).max() < 0.8


def test_equal_knots_move_every_point_alike():
    assert np.allclose(bends(np.full((1, 2, 6, 6), 1.5, np.float32), 28, 20), 1.5)


def test_the_same_seed_gives_the_same_hands_and_nothing_said_changes_nothing(digits: LabelledImages):
    first, same = (augment(digits.images, HANDS, np.random.default_rng(1)) for _ in range(2))
    plain, bent = (
        augment(digits.images, replace(HANDS, stroke_width=0, elastic=share), np.random.default_rng(1))
        for share in (0, 1e-9)
    )

    assert np.array_equal(first, same)
    assert np.array_equal(plain, bent)
    assert (first != plain).any()
