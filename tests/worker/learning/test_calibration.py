"""Temperature, thresholds and risks from what a network says of held-out images."""

import numpy as np
import pytest
from numpy.typing import NDArray

from worker.learning import calibration


def overconfident(count: int, sharpness: float, seed: int = 3) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return (n, 4) probabilities that are true once they are raised to 1/`sharpness`, and labels drawn from those."""
    rng = np.random.default_rng(seed)
    true = rng.dirichlet(np.ones(4), count)
    labels = (rng.random((count, 1)) > true.cumsum(axis=1)).sum(axis=1).clip(0, 3)
    sharp = true**sharpness
    return (sharp / sharp.sum(axis=1, keepdims=True)).astype(np.float32), labels


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_what_made_the_probabilities_too_sharp_or_too_dull(sharpness: float) -> None:
    probabilities, labels = overconfident(20_000, sharpness)

    assert calibration.temperature(probabilities, labels) == pytest.approx(sharpness, rel=0.05)


def test_probabilities_of_nought_are_no_trouble() -> None:
    probabilities = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]

    assert np.isfinite(calibration.temperature(probabilities, np.array([0, 1, 2, 1])))


def test_of_a_thousand_answers_at_most_four_are_sure_and_wrong() -> None:
    confidence = np.linspace(0.9, 1, 1000, dtype=np.float32)
    is_right = np.ones(1000, bool)
    is_right[[10, 500, 600, 700, 800, 900]] = False

    least = calibration.least_sure(confidence, is_right)

    assert ((confidence >= least) & ~is_right).sum() == 4  # (4 + 1) / 1001 is below 0.5 %, (5 + 1) / 1001 is not


def test_where_all_are_right_nothing_below_nine_tenths_is_sure() -> None:
    assert calibration.least_sure(np.linspace(0.3, 1, 500, dtype=np.float32), np.ones(500, bool)) == 0.9


def test_too_few_images_promise_nothing() -> None:
    assert calibration.least_sure(np.ones(150, np.float32), np.ones(150, bool)) == calibration.NEVER


def test_the_expected_error_is_the_gap_between_confidence_and_accuracy() -> None:
    confidence = np.array([0.8, 0.8, 0.8, 0.8, 0.3, 0.3], np.float32)
    is_right = np.array([True, True, False, False, False, True])

    assert calibration.expected_error(confidence, is_right) == pytest.approx((4 * 0.3 + 2 * 0.2) / 6, abs=1e-6)


def test_risk_falls_from_that_of_all_answers_to_that_of_the_surest() -> None:
    confidence = np.linspace(0, 1, 200, dtype=np.float32)
    is_right = confidence > 0.25

    points = calibration.risk_coverage(confidence, is_right)

    assert (points[0].coverage, points[0].risk) == (1.0, pytest.approx(0.25))
    assert points[-1].risk == 0
    assert points[-1].coverage == pytest.approx(0.05)
