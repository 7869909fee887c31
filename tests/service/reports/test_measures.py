"""How sure an accuracy is, and how far confidence can be trusted: against other people's arithmetic."""

import numpy as np
import pytest
from scipy.stats import binomtest

from service.reports.measures import Answers, calibration, wilson


def answers(right: list[bool], confidence: list[float]) -> Answers:
    true = np.zeros(len(right), np.uint16)
    return Answers(true, np.where(right, 0, 1).astype(np.uint16), np.array(confidence, np.float32))


@pytest.mark.parametrize(
    ("right", "count"), [(974, 1000), (9963, 10_000), (1, 3), (0, 10), (10, 10), (10_000, 10_000), (1, 1)]
)
def test_the_interval_is_scipys_wilson_interval(right: int, count: int) -> None:
    expected = binomtest(right, count).proportion_ci(0.95, method="wilson")

    found = wilson(right, count)

    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= found.low <= right / count <= found.high <= 1


def test_a_network_that_is_as_right_as_it_is_sure_has_no_calibration_error() -> None:
    found = calibration(answers([True] * 3 + [False], [0.75] * 4))

    assert found.expected_error == pytest.approx(0.0)
    assert [one.count for one in found.bins] == [0] * 11 + [4] + [0] * 3


def test_the_calibration_error_is_the_mean_distance_of_confidence_and_accuracy() -> None:
    found = calibration(answers([True, False, True, True], [0.95, 0.95, 0.55, 0.55]))

    # Half of the answers are 45 % too sure, half 45 % not sure enough.
    assert found.expected_error == pytest.approx(0.45)
    full = [one for one in found.bins if one.count]
    assert [(one.confidence, one.accuracy) for one in full] == [(pytest.approx(0.55), 1.0), (pytest.approx(0.95), 0.5)]


def test_the_bins_are_those_of_a_plain_loop_and_hold_every_answer() -> None:
    rng = np.random.default_rng(5)
    sure = rng.random(2000).astype(np.float32)
    sure[:3] = 0.0, 1.0, np.float32(0.2)
    right = rng.random(2000) < sure
    expected = 0.0
    for m in range(15):
        inside = (sure.astype(float) > m / 15) & (sure.astype(float) <= (m + 1) / 15)
        if inside.any():
            expected += inside.mean() * abs(right[inside].mean() - sure[inside].astype(float).mean())

    found = calibration(answers(right.tolist(), sure.tolist()))

    assert found.expected_error == pytest.approx(expected, abs=1e-3)  # the loop leaves out a confidence of exactly 0
    assert sum(one.count for one in found.bins) == 2000
    assert (found.bins[0].low, found.bins[-1].high) == (0.0, 1.0)


def test_bins_without_answers_say_nothing() -> None:
    empty = calibration(answers([True], [1.0])).bins[0]

    assert (empty.count, empty.confidence, empty.accuracy) == (0, None, None)
