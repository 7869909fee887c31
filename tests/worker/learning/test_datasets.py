import threading
from pathlib import Path

import numpy as np
import pytest

from tests.worker.learning.conftest import to_unit
from worker.learning.datasets import LabelledImages, OrderedBatches, TrainingBatches, split_validation
from worker.learning.errors import InvalidRecipe
from worker.learning.recipes import AugmentationSpec, OptimizerSpec, Recipe

ADAM = OptimizerSpec("adam", 0.01)


def numbered(count: int) -> LabelledImages:
    """Images whose first two pixels tell their index, so that a batch says which it holds."""
    images = np.zeros((count, 2, 2, 1), np.uint8)
    images[:, 0, 0, 0], images[:, 0, 1, 0] = np.arange(count) % 256, np.arange(count) // 256
    return LabelledImages(images, np.arange(count) % 10, 10)


def unscaled(images: np.ndarray) -> np.ndarray:
    return images.astype(np.float32)


def indices_in(batches: TrainingBatches | OrderedBatches) -> list[int]:
    images = np.concatenate([batches[index][0] for index in range(len(batches))])
    return (images[:, 0, 0, 0] + 256 * images[:, 0, 1, 0]).astype(int).tolist()


def augmentation_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("augmentation")]


def test_a_validation_split_takes_its_fraction_of_every_class_and_loses_nothing():
    labels = np.repeat([0, 1, 2], [100, 50, 11])

    train, validation = split_validation(labels, 0.1, seed=1)

    assert np.bincount(labels[validation]).tolist() == [10, 5, 1]
    assert sorted([*train, *validation]) == list(range(161))
    assert sorted(train) == train.tolist()


def test_a_validation_split_follows_from_its_seed():
    labels = np.arange(1000) % 10

    first, same, other = (split_validation(labels, 0.1, seed)[1].tolist() for seed in (1, 1, 2))

    assert first == same
    assert first != other


def test_a_class_of_a_single_image_is_trained_on():
    train, validation = split_validation(np.array([0, 0, 0, 1]), 0.5, seed=1)

    assert 3 in train
    assert len(validation) == 2


@pytest.mark.parametrize("fraction", [0.0, 1.0, float("nan")])
def test_a_fraction_that_leaves_one_part_empty_is_refused(fraction: float):
    with pytest.raises(ValueError, match="between 0 and 1"):
        split_validation(np.zeros(10, int), fraction, seed=1)


def test_ordered_batches_hold_every_image_once_in_order_with_its_label():
    batches = OrderedBatches(numbered(25), 10, unscaled)

    assert [len(batches[index][0]) for index in range(len(batches))] == [10, 10, 5]
    assert indices_in(batches) == list(range(25))
    assert batches[2][1].argmax(axis=1).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("drop_remainder", "sizes"), [(True, [10, 10]), (False, [10, 10, 5])])
def test_the_last_batch_is_left_out_or_kept_small_as_the_recipe_says(drop_remainder: bool, sizes: list[int]):
    recipe = Recipe(1, 10, ADAM, drop_remainder=drop_remainder)

    with TrainingBatches(numbered(25), recipe, unscaled, seed=1) as batches:
        assert [len(batches[index][0]) for index in range(len(batches))] == sizes


def test_an_epoch_has_the_lectures_117_steps_of_512_in_mnists_60000():
    examples = LabelledImages(np.zeros((60_000, 1, 1, 1), np.uint8), np.zeros(60_000, int), 10)

    with TrainingBatches(examples, Recipe(3, 512, ADAM, drop_remainder=True), unscaled, seed=1) as batches:
        assert len(batches) == 117


def test_a_batch_larger_than_the_data_is_refused_when_the_remainder_is_dropped():
    with pytest.raises(InvalidRecipe, match="batch_size must be at most 25"):
        TrainingBatches(numbered(25), Recipe(1, 26, ADAM, drop_remainder=True), unscaled, seed=1)


def test_every_epoch_has_every_image_once_in_an_order_of_its_own():
    with TrainingBatches(numbered(6000), Recipe(2, 100, ADAM), unscaled, seed=1) as batches:
        first = indices_in(batches)
        batches.start_epoch(1)
        second = indices_in(batches)

    assert sorted(first) == sorted(second) == list(range(6000))
    assert first != second != list(range(6000))


def test_only_the_indices_that_count_are_trained_on():
    examples = LabelledImages(numbered(100).images, numbered(100).labels, 10, np.arange(0, 100, 2))

    with TrainingBatches(examples, Recipe(1, 10, ADAM), unscaled, seed=1) as batches:
        assert sorted(indices_in(batches)) == list(range(0, 100, 2))


def test_a_batch_follows_from_seed_epoch_and_index_whatever_was_asked_for_before(train: LabelledImages):
    recipe = Recipe(3, 50, ADAM, augmentation=AugmentationSpec(rotation=10, shift=0.1))

    with (
        TrainingBatches(train, recipe, to_unit, seed=7) as batches,
        TrainingBatches(train, recipe, to_unit, 7) as again,
    ):
        in_turn = []
        for epoch in range(3):
            batches.start_epoch(epoch)
            in_turn.append([batches[index][0] for index in range(len(batches))])
        for epoch, index in [(2, 8), (0, 3), (2, 0), (1, 8)]:
            again.start_epoch(epoch)
            assert np.array_equal(again[index][0], in_turn[epoch][index])


def test_images_stay_on_disk_and_reach_the_network_as_floats_from_0_to_1(train: LabelledImages, tmp_path: Path):
    np.save(tmp_path / "images.npy", train.images)
    mapped = LabelledImages(np.load(tmp_path / "images.npy", mmap_mode="r"), train.labels, 10)

    with TrainingBatches(mapped, Recipe(1, 50, ADAM), to_unit, seed=1) as batches:
        images, labels = batches[0]

    assert images.dtype == labels.dtype == np.float32
    assert images.min() == 0.0
    assert images.max() == 1.0
    assert labels.sum(axis=1).tolist() == [1.0] * 50


def test_closing_ends_the_thread_and_batches_are_refused_afterwards():
    batches = TrainingBatches(numbered(100), Recipe(5, 10, ADAM), unscaled, seed=1)
    batches[0]
    assert augmentation_threads()

    batches.close()

    assert not augmentation_threads()
    with pytest.raises(RuntimeError):
        batches[1]
