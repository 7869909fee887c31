"""Sevens with a bar and ones with a flag: strokes where the digit's own geometry says that they belong."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from worker.learning.augmentation import augment
from worker.learning.datasets import LabelledImages, TrainingBatches
from worker.learning.errors import InvalidRecipe
from worker.learning.recipes import AugmentationSpec
from worker.learning.training import Job
from worker.learning.variants import vary

STILL = {"rotation": 0, "zoom": 0, "shift": 0, "shear": 0, "horizontal_flip": False}


def line(*points: tuple[float, float], width: int = 10) -> np.ndarray:
    """Strokes in 28ths of a picture, drawn large and made small: (1, 28, 28, 1)."""
    large = Image.new("L", (112, 112))
    ImageDraw.Draw(large).line([(4 * x, 4 * y) for x, y in points], 255, width, "curve")
    return np.asarray(large.resize((28, 28), Image.Resampling.BOX))[None, :, :, None]


SEVEN = line((7, 5), (20, 5), (12, 24))
ONE = line((14, 4), (14, 24))


def many(image: np.ndarray, digit: int, share: float = 1.0, count: int = 300) -> np.ndarray:
    return vary(np.repeat(image, count, axis=0), np.full(count, digit), share, np.random.default_rng(1))[..., 0]


def test_a_seven_gets_a_bar_on_both_sides_of_the_middle_of_its_stem():
    added = many(SEVEN, 7).astype(int) - SEVEN[..., 0]

    # The stem passes x = 16 at y = 14.5; whole-pixel shifts for the centre of mass move it by one at most.
    middle = (added[:, 10:20] > 100).any(axis=1)
    assert middle[:, 8:14].any(axis=1).mean() > 0.9
    assert middle[:, 18:24].any(axis=1).mean() > 0.9
    assert (added[:, :3] > 100).sum() == 0
    assert (added[:, 26:] > 100).sum() == 0


def test_a_one_gets_a_flag_to_the_left_of_its_head_and_sometimes_a_foot():
    drawn = many(ONE, 1)
    x = np.arange(28)
    stem = (drawn[:, 19].astype(float) @ x) / drawn[:, 19].sum(axis=1)
    left = np.array([(row[4:14, : int(at) - 1] > 80).any() for row, at in zip(drawn, stem, strict=True)])
    right = np.array([(row[5:14, int(at) + 5 :] > 100).any() for row, at in zip(drawn, stem, strict=True)])
    footed = np.array([(row[21:27, int(at) + 4 :] > 100).any() for row, at in zip(drawn, stem, strict=True)])

    assert left.mean() > 0.95  # a short steep one is hardly more than a thicker head
    assert not right.any()
    assert 0.25 < footed.mean() < 0.45


def test_what_is_drawn_stays_where_mnist_centres_it(digits: LabelledImages):
    varied = vary(digits.images, digits.labels, 1.0, np.random.default_rng(1))

    for axis in (1, 2):
        profiles = [images[..., 0].sum(axis=3 - axis, dtype=float) for images in (digits.images, varied)]
        before, after = (profile @ np.arange(28) / profile.sum(axis=1) for profile in profiles)
        assert abs(after - before).max() < 0.75


def test_a_crossed_seven_a_flagged_one_and_every_other_digit_stay(digits: LabelledImages):
    crossed = np.maximum(SEVEN, line((10, 14), (22, 14)))
    flagged = np.maximum(ONE, line((14, 4), (7, 12)))
    others = ~np.isin(digits.labels, [1, 7])

    varied = vary(digits.images, digits.labels, 1.0, np.random.default_rng(1))

    assert (many(crossed, 7) == crossed[..., 0]).all()
    assert (many(flagged, 1) == flagged[..., 0]).all()
    assert np.array_equal(varied[others], digits.images[others])
    assert (varied[~others] != digits.images[~others]).any(axis=(1, 2, 3)).mean() > 0.7


def test_the_share_is_a_probability_and_the_stroke_is_as_wide_and_bright_as_the_digits():
    drawn = many(SEVEN // 2, 7, share=0.25, count=2000)
    changed = (drawn != SEVEN[..., 0] // 2).any(axis=(1, 2))

    assert 0.21 < changed.mean() < 0.29
    assert drawn.max() <= SEVEN.max() // 2


@pytest.mark.parametrize("digit", [1, 7])
@pytest.mark.parametrize("image", [np.zeros((1, 28, 28, 1), np.uint8), np.full((1, 28, 28, 1), 255, np.uint8)])
@pytest.mark.filterwarnings("error")
def test_an_image_without_a_stroke_stays(digit: int, image: np.ndarray):
    assert (many(image, digit, count=3) == image[..., 0]).all()


def test_the_same_seed_gives_the_same_variants_and_the_images_given_stay(digits: LabelledImages):
    before = digits.images.copy()

    first, same, other = (vary(digits.images, digits.labels, 0.5, np.random.default_rng(seed)) for seed in (1, 1, 2))

    assert np.array_equal(first, same)
    assert (first != other).any()
    assert np.array_equal(digits.images, before)


def test_a_training_varies_what_its_classes_call_seven_whatever_their_order(
    job: Callable[..., Job], digits: LabelledImages
):
    augmentation = {**STILL, "variants": 1.0}
    sevens = digits.images[digits.labels == 7]
    examples = LabelledImages(sevens, np.zeros(len(sevens), np.int64), 2)

    changed = {}
    for classes in ("71", "01"):
        recipe = replace(
            job(batch_size=10, augmentation=None).recipe,
            augmentation=AugmentationSpec.from_json(augmentation, classes),
        )
        with TrainingBatches(examples, recipe, lambda images: images.astype(np.float32), 1) as batches:
            seen = np.concatenate([batches[index][0] for index in range(len(batches))])
        plain = {image.tobytes() for image in sevens.astype(np.float32)}
        changed[classes] = np.mean([image.tobytes() not in plain for image in seen])

    assert changed["71"] > 0.6
    assert changed["01"] == 0


def test_variants_need_to_know_the_digits(digits: LabelledImages):
    spec = AugmentationSpec(variants=0.5, digits=tuple(range(10)))

    with pytest.raises(ValueError, match="digits must be given"):
        augment(digits.images, spec, np.random.default_rng(1))
    for classes in (("cat", "dog"), ()):
        with pytest.raises(InvalidRecipe, match="every class must be one of 0 to 9"):
            AugmentationSpec.from_json({**STILL, "variants": 0.5}, classes)
