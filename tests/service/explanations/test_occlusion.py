"""Occlusion finds what matters, with the right sign, whatever the picture's shape."""

import numpy as np
import pytest

from service.explanations.graphs import open_graph
from service.explanations.occlusion import MOST_PASSES, Answer, background, log_odds, occlude
from tests.service.explanations.networks import linear


def watching(weights: np.ndarray) -> Answer:
    return open_graph(linear(weights)).probabilities


def bright_spots(height: int, width: int, channels: int = 1) -> np.ndarray:
    """A dark picture with something to hide everywhere but on its border."""
    image = np.zeros((height, width, channels), np.float32)
    image[1:-1, 1:-1] = 0.8
    return image


@pytest.mark.parametrize("corner", [np.s_[2:8, 2:8], np.s_[2:8, -8:-2], np.s_[-8:-2, 2:8], np.s_[-8:-2, -8:-2]])
@pytest.mark.parametrize("channels", [1, 3])
def test_what_the_network_looks_at_is_what_the_map_shows(corner: tuple[slice, slice], channels: int):
    weights = np.zeros((28, 28, channels))
    weights[corner] = 0.3

    evidence = occlude(watching(weights), bright_spots(28, 28, channels), 1).evidence

    strongest = np.unravel_index(evidence.argmax(), evidence.shape)
    inside = np.zeros((28, 28), bool)
    inside[corner] = True
    assert inside[strongest]
    assert evidence[inside].mean() > 20 * np.abs(evidence[~inside]).mean()


def test_what_speaks_for_one_class_speaks_against_the_other():
    weights = np.zeros((28, 28, 1))
    weights[4:10, 4:10], weights[18:24, 18:24] = 0.2, -0.2
    answer, image = watching(weights), bright_spots(28, 28)

    of_one, of_other = occlude(answer, image, 1).evidence, occlude(answer, image, 0).evidence

    assert of_one[7, 7] > 0.5
    assert of_one[21, 21] < -0.5
    assert of_other == pytest.approx(-of_one, abs=1e-3)


def test_evidence_of_two_parts_adds_up_where_the_network_adds():
    left, right = np.zeros((28, 28, 1)), np.zeros((28, 28, 1))
    left[10:16, 2:8], right[10:16, 20:26] = 0.1, 0.3
    image = bright_spots(28, 28)

    both = occlude(watching(left + right), image, 1).evidence

    apart = occlude(watching(left), image, 1).evidence + occlude(watching(right), image, 1).evidence
    assert both == pytest.approx(apart, abs=1e-3)


def test_a_network_that_is_as_sure_as_float32_can_be_still_shows_why():
    weights = np.zeros((28, 28, 1))
    weights[10:16, 10:16] = 1.2
    answer, image = watching(weights), bright_spots(28, 28)
    assert answer(image[np.newaxis])[0, 1] == 1.0

    evidence = occlude(answer, image, 1).evidence

    assert evidence[13, 13] > 5


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_picture_of_one_colour_has_an_empty_map(value: float):
    image = np.full((28, 28, 1), value, np.float32)

    evidence = occlude(watching(np.random.default_rng(1).normal(size=(28, 28, 1))), image, 1).evidence

    assert np.abs(evidence).max() < 1e-5


@pytest.mark.parametrize(
    "shape",
    [(1, 1, 1), (1, 50, 1), (50, 1, 3), (7, 13, 1), (8, 8, 1), (17, 17, 1), (28, 100, 3), (2, 300, 1), (65, 64, 3)],
)
def test_any_shape_is_covered_whole_at_a_bounded_cost(shape: tuple[int, int, int]):
    image = np.random.default_rng(2).random(shape, dtype=np.float32)
    asked = 0
    answer = watching(np.random.default_rng(3).normal(size=shape) / 10)

    def counting(images: np.ndarray) -> np.ndarray:
        nonlocal asked
        asked += len(images)
        return answer(images)

    found = occlude(counting, image, 1)

    assert found.evidence.shape == shape[:2]
    assert np.isfinite(found.evidence).all()
    assert asked == found.passes <= MOST_PASSES


def test_no_side_needs_more_passes_than_are_allowed():
    passes = {side: occlude(undecided, np.zeros((side, side, 1), np.float32), 0).passes for side in range(1, 130)}

    assert max(passes.values()) <= MOST_PASSES
    assert min(passes[side] for side in range(12, 130)) > 100  # fine enough to show something


def undecided(images: np.ndarray) -> np.ndarray:
    return np.full((len(images), 2), 0.5, np.float32)


def test_a_large_picture_is_hidden_a_few_copies_at_a_time():
    most = 0

    def watched(images: np.ndarray) -> np.ndarray:
        nonlocal most
        most = max(most, images.nbytes)
        return undecided(images)

    occlude(watched, np.zeros((1000, 1000, 3), np.float32), 0)

    assert most <= 16 << 20


def test_the_log_odds_of_what_cannot_be_are_finite():
    odds = log_odds(np.array([[1, 0], [0, 1], [0.5, 0.5], [0, 0]], np.float32), 0)

    assert np.isfinite(odds).all()
    assert odds[0] > 60
    assert odds[1] < -60
    assert odds[2] == 0


def test_an_even_border_is_the_paper_and_else_the_mean_colour_is():
    digit = bright_spots(28, 28)
    photo = np.random.default_rng(4).random((32, 32, 3), dtype=np.float32)

    assert background(digit) == 0
    assert background(1 - digit) == 1
    assert background(photo) == pytest.approx(photo.mean(axis=(0, 1)))
