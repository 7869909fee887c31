"""Mixup, and how much an example counts."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.worker.learning.conftest import LINEAR, to_unit
from worker.learning.datasets import LabelledImages, TrainingBatches
from worker.learning.mixing import mix
from worker.learning.training import Job, fit
from worker.learning.weighting import class_weights

MakeJob = Callable[..., Job]
STILL = {"rotation": 0, "zoom": 0, "shift": 0, "shear": 0, "horizontal_flip": False}


def batches(job: Job, examples: LabelledImages) -> list[tuple[np.ndarray, ...]]:
    with TrainingBatches(examples, job.recipe, to_unit, job.seed) as found:
        return [found[index] for index in range(len(found))]


def test_images_and_labels_are_blended_by_the_same_share(digits: LabelledImages):
    images, labels = to_unit(digits.images[:200]), np.eye(10, dtype=np.float32)[digits.labels[:200]]
    rng = np.random.default_rng(3)
    partners = np.random.default_rng(3).permutation(200)

    mixed, targets = mix(images, labels, 1.0, rng)

    differs = digits.labels[:200] != digits.labels[:200][partners]
    share = targets[np.arange(200), digits.labels[:200]][:, None, None, None]
    expected = share * images + (1 - share) * images[partners]
    np.testing.assert_allclose(mixed[differs], expected[differs], atol=1e-6)
    np.testing.assert_allclose(targets.sum(axis=1), 1, atol=1e-6)
    assert differs.sum() > 150


@pytest.mark.parametrize("alpha", [1e-300, 0.01, 0.2, 1.0, 10.0])
def test_shares_follow_the_beta_distribution(alpha: float):
    ones = np.ones((20_000, 1, 1, 1), np.float32)
    labels = np.tile(np.eye(2, dtype=np.float32), (10_000, 1))

    _, targets = mix(ones, labels, alpha, np.random.default_rng(1))

    shares = targets[:, 0]
    assert ((shares >= 0) & (shares <= 1)).all()
    assert shares.mean() == pytest.approx(0.5, abs=0.02)
    # Half of the pairs are of one class, and stay; the others have the variance of Beta(a, a), 1 / (4 (2 a + 1)).
    of_pairs = 1 / (4 * (2 * alpha + 1))
    assert shares.var() == pytest.approx(0.5 * 0.25 + 0.5 * of_pairs, abs=0.01)


def test_a_mixed_batch_follows_from_seed_epoch_and_place_alone(job: MakeJob, train: LabelledImages):
    mixing = job(augmentation={**STILL, "mixup": 0.4})

    first, again = batches(mixing, train), batches(mixing, train)
    other = batches(job(augmentation={**STILL, "mixup": 0.4}, seed=2), train)

    for one, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(one[0], same[0])
        np.testing.assert_array_equal(one[1], same[1])
    assert not np.array_equal(first[0][1], other[0][1])
    assert not np.array_equal(first[0][1], first[1][1])


def test_without_mixup_batches_are_those_of_before(job: MakeJob, train: LabelledImages):
    plain, mixed = batches(job(augmentation=STILL), train), batches(job(augmentation={**STILL, "mixup": 1e-300}), train)

    for one, other in zip(plain, mixed, strict=True):  # shares of 0 and 1 only: the same images, some in other places
        assert set(map(bytes, other[0])) <= set(map(bytes, one[0]))


def test_a_network_learns_from_mixed_digits(job: MakeJob, train: LabelledImages, test: LabelledImages):
    adam = {"name": "adam", "learning_rate": 0.02, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0}
    mixing = job(layers=LINEAR, epochs=4, optimizer=adam, augmentation={**STILL, "mixup": 0.2, "cutout": 0.2})

    fitted = fit(mixing, train, test, to_unit)

    assert fitted.epochs[-1].accuracy > 0.6


def test_balanced_classes_count_alike():
    labels = np.repeat([0, 1, 2], [60, 30, 10])

    weights = class_weights("balanced", labels, 4)

    assert weights[:3].tolist() == pytest.approx([100 / 240, 100 / 120, 100 / 40])
    assert np.isfinite(weights).all()


def test_an_example_counts_what_its_class_does(job: MakeJob, train: LabelledImages):
    weighing = job(class_weight={"3": 0.0, "7": 2.5}, augmentation=None)

    for _, targets, weights in batches(weighing, train):
        labels = targets.argmax(axis=1)
        np.testing.assert_allclose(weights, np.where(labels == 7, 2.5, np.where(labels == 3, 0.0, 1.0)))


def test_a_class_that_counts_nothing_is_not_learned_and_one_that_counts_much_is(
    job: MakeJob, train: LabelledImages, test: LabelledImages
):
    adam = {"name": "adam", "learning_rate": 0.02, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0}
    weighing = job(layers=LINEAR, epochs=3, optimizer=adam, augmentation=None, class_weight={"3": 0.0, "7": 50.0})

    fitted = fit(weighing, train, test, to_unit)

    predicted = fitted.model.predict(to_unit(test.images), verbose=0).argmax(axis=1)
    assert (predicted[test.labels == 3] == 3).mean() < 0.2
    assert (predicted[test.labels == 7] == 7).mean() > 0.9


def test_balanced_weights_are_those_of_the_images_that_are_trained_on(
    job: MakeJob, train: LabelledImages, test: LabelledImages
):
    uneven = LabelledImages(
        train.images, train.labels, 10, np.flatnonzero((train.labels != 4) | (train.images[:, 14, 14, 0] > 99))
    )

    for _, targets, weights in batches(job(class_weight="balanced", augmentation=None), uneven):
        counts = np.bincount(uneven.labels[uneven.order], minlength=10)
        np.testing.assert_allclose(weights, (len(uneven) / (10 * counts))[targets.argmax(axis=1)], rtol=1e-5)
