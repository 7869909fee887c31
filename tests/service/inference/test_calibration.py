"""What is kept in a model's file comes back as it was, and says what answers are worth."""

import numpy as np
import pytest

from service.inference.calibration import Calibration, Likeness, rounded, traits


def some_likeness(least: float = 0.0) -> Likeness:
    rng = np.random.default_rng(0)
    hidden = rounded(rng.normal(size=(12, 3)))
    return Likeness(hidden, np.array([0.1, 0.2, 0.3], np.float32), np.array([1, -2, 0.5], np.float32), 0.25, least)


def test_it_comes_back_as_it_was_written() -> None:
    kept = Calibration(1.7, 0.93, some_likeness())

    back = Calibration.from_text(kept.as_text())

    assert (back.temperature, back.least_sure) == (1.7, 0.93)
    given = np.random.default_rng(1).random((5, 12), np.float32)
    assert back.likeness is not None
    assert kept.likeness is not None
    assert np.array_equal(back.likeness.scores(given), kept.likeness.scores(given))


def test_calibrated_probabilities_add_up_and_keep_their_order() -> None:
    raw = np.array([[0.7, 0.2, 0.1], [0, 1, 0]], np.float32)

    calibrated = Calibration(2.0, 0.9).calibrated(raw)

    assert calibrated.sum(axis=1) == pytest.approx([1, 1], abs=1e-6)
    assert calibrated[0] == pytest.approx(np.sqrt(raw[0]) / np.sqrt(raw[0]).sum(), abs=1e-6)
    assert np.array_equal(calibrated.argmax(axis=1), raw.argmax(axis=1))


@pytest.mark.parametrize(
    ("confidence", "likeness", "verdict"),
    [(0.95, 1.0, "sure"), (0.89, 1.0, "unsure"), (0.99, -0.1, "not-a-digit"), (0.95, None, "sure")],
)
def test_a_verdict_follows_from_confidence_and_likeness(
    confidence: float, likeness: float | None, verdict: str
) -> None:
    assert Calibration(1.0, 0.9, some_likeness()).verdict(confidence, likeness) == verdict


def test_traits_hold_features_logits_and_a_coarse_picture() -> None:
    images = np.zeros((2, 28, 28, 1), np.float32)
    images[1, :2, 2:4] = 1
    logits = np.array([[3, 1], [0, 2]], np.float32)

    found = traits(images, logits, np.array([[7], [8]], np.float32))

    assert found.shape == (2, 1 + 2 + 2 + 14 * 14)
    assert found[0, :5].tolist() == [7, 3, 1, 1, 3]
    assert found[1, 5:].nonzero()[0].tolist() == [1]
