import time
from dataclasses import replace

import numpy as np
import pytest

from worker.learning.augmentation import Warps, augment, draw, warp
from worker.learning.datasets import LabelledImages
from worker.learning.recipes import AugmentationSpec

LECTURE = AugmentationSpec(rotation=10, zoom=0.1, shift=0.1)


def by(**parameters: float) -> np.ndarray:
    """The map of one warp, everything at rest but what is said."""
    rest = {"angle": 0.0, "zoom_x": 1.0, "zoom_y": 1.0, "shift_x": 0.0, "shift_y": 0.0, "shear": 0.0}
    return Warps(**{name: np.array([value]) for name, value in (rest | parameters).items()}).maps()


def arrow() -> np.ndarray:
    """A 7x7 image with no symmetry: a bar from the centre to the right, one bright dot below its end."""
    image = np.zeros((1, 7, 7, 1), np.uint8)
    image[0, 3, 3:6, 0] = 100
    image[0, 4, 5, 0] = 200
    return image


def test_with_all_parameters_zero_every_image_stays_as_it_is(digits: LabelledImages):
    warped = augment(digits.images, AugmentationSpec(), np.random.default_rng(1))

    assert np.array_equal(warped, digits.images)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_positive_angle_turns_counter_clockwise(turns: int):
    turned = warp(arrow(), by(angle=turns * np.pi / 2))

    assert np.array_equal(turned[0], np.rot90(arrow()[0], turns))  # rot90 turns counter-clockwise


def test_a_positive_shift_moves_right_and_down():
    moved = warp(arrow(), by(shift_x=1.0, shift_y=2.0))

    assert np.array_equal(moved[0, 2:, 1:], arrow()[0, :-2, :-1])


def test_half_a_pixel_is_the_mean_of_two():
    moved = warp(arrow(), by(shift_x=0.5))

    assert moved[0, 3, :, 0].tolist() == [0, 0, 0, 50, 100, 100, 50]


def test_beyond_the_border_the_border_goes_on():
    image = np.arange(16, dtype=np.uint8).reshape(1, 4, 4, 1)

    moved = warp(image, by(shift_x=2.0))

    assert moved[0, 0, :, 0].tolist() == [0, 0, 0, 1]


def test_a_zoom_above_one_makes_larger():
    larger = warp(arrow(), by(zoom_x=2.0, zoom_y=2.0))

    assert larger[0, 3, :, 0].tolist() == [0, 0, 50, 100, 100, 100, 100]
    assert larger.sum(dtype=int) > 2 * arrow().sum(dtype=int)


def test_a_positive_shear_moves_the_lower_part_left_and_the_upper_right():
    bar = np.zeros((1, 5, 5, 1), np.uint8)
    bar[0, :, 2, 0] = 90

    sheared = warp(bar, by(shear=1.0))

    assert sheared[0, :, :, 0].argmax(axis=1).tolist() == [4, 3, 2, 1, 0]


def test_only_flips_mirror_left_and_right_about_half_of_the_images():
    images = np.repeat(arrow(), 1000, axis=0)

    flipped = augment(images, AugmentationSpec(horizontal_flip=True), np.random.default_rng(1))

    mirrored = (flipped == arrow()[:, :, ::-1]).all(axis=(1, 2, 3))
    assert 430 < mirrored.sum() < 570
    assert np.array_equal(flipped[~mirrored], images[~mirrored])


def test_vertical_flips_turn_about_half_of_the_images_upside_down():
    images = np.repeat(arrow(), 1000, axis=0)

    flipped = augment(images, AugmentationSpec(vertical_flip=True), np.random.default_rng(1))

    turned = (flipped == arrow()[:, ::-1]).all(axis=(1, 2, 3))
    assert 430 < turned.sum() < 570
    assert np.array_equal(flipped[~turned], images[~turned])


def test_brightness_multiplies_an_image_by_a_factor_of_its_own_up_to_white():
    images = np.tile(np.array([0, 100, 250], np.uint8).reshape(1, 1, 3, 1), (2000, 2, 1, 1))

    lit = augment(images, AugmentationSpec(brightness=0.4), np.random.default_rng(1))

    greys = lit[:, 0, 1, 0].astype(int)
    assert (greys.min(), greys.max()) == (60, 140)
    assert abs(greys.mean() - 100) < 2
    assert (lit[:, :, 0] == 0).all()
    assert (lit[greys > 102][:, :, 2] == 255).all()
    assert np.array_equal(lit[:, 0], lit[:, 1])


def test_cutout_blackens_one_square_that_may_reach_over_the_border():
    images = np.full((3000, 20, 30, 2), 200, np.uint8)

    cut = augment(images, AugmentationSpec(cutout=0.3), np.random.default_rng(1))

    black = (cut == 0).all(axis=3)
    assert set(np.unique(cut)) == {0, 200}
    assert black.any(axis=2).sum(axis=1).max() == black.any(axis=1).sum(axis=1).max() == 6
    assert black.sum(axis=(1, 2)).min() >= 3 * 3
    assert black.any(axis=0).all()  # everywhere, at some time


def test_what_is_added_leaves_the_draws_before_it_as_they_were(digits: LabelledImages):
    plain = augment(digits.images, LECTURE, np.random.default_rng(1))

    cut = augment(digits.images, replace(LECTURE, cutout=0.25), np.random.default_rng(1))

    assert np.array_equal(cut[cut > 0], plain[cut > 0])
    assert (cut != plain).any()


def test_colours_move_together(digits: LabelledImages):
    colours = digits.images[:20] // np.array([1, 2, 4], np.uint8)

    warped = augment(colours, LECTURE, np.random.default_rng(1)).astype(int)

    assert abs(warped[..., 0] - 2 * warped[..., 1]).max() <= 3  # halves round
    assert abs(warped[..., 0] - 4 * warped[..., 2]).max() <= 7


def test_the_same_seed_gives_the_same_images_and_another_gives_others(digits: LabelledImages):
    first, same, other = (augment(digits.images, LECTURE, np.random.default_rng(seed)) for seed in (1, 1, 2))

    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_draws_keep_to_the_limits_of_the_recipe_and_reach_them():
    spec = AugmentationSpec(rotation=10, zoom=0.2, shift=0.1, shear=0.3)

    warps = draw((20_000, 28, 40, 1), spec, np.random.default_rng(1))

    for values, middle, reach in [
        (np.rad2deg(warps.angle), 0, 10),
        (warps.zoom_x, 1, 0.2),
        (warps.zoom_y, 1, 0.2),
        (warps.shift_x, 0, 4.0),
        (warps.shift_y, 0, 2.8),
        (warps.shear, 0, 0.3),
    ]:
        assert abs(values - middle).max() <= reach
        assert abs(values - middle).max() > 0.99 * reach


def test_the_warp_agrees_with_a_plain_loop_to_one_grey_level(digits: LabelledImages):
    image = digits.images[:1]
    maps = by(angle=0.3, zoom_x=0.9, zoom_y=1.2, shift_x=1.3, shift_y=-2.1, shear=0.2)

    warped = warp(image, maps)[0, :, :, 0].astype(int)

    for row in range(28):
        for column in range(28):
            x, y = np.clip(maps[0] @ [column - 13.5, row - 13.5, 1] + 13.5, 0, 27)
            left, top = min(int(x), 26), min(int(y), 26)
            corners = image[0, top : top + 2, left : left + 2, 0]
            exact = np.array([1 - (y - top), y - top]) @ corners @ np.array([1 - (x - left), x - left])
            assert abs(warped[row, column] - exact) <= 1.5


def test_ten_thousand_digits_are_warped_within_a_second(digits: LabelledImages):
    images = np.resize(digits.images, (10_000, 28, 28, 1))

    started = time.process_time()
    augment(images, LECTURE, np.random.default_rng(1))

    assert time.process_time() - started < 1.0  # some 0.15 on an idle core
