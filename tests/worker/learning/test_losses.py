"""Losses against their formulas in NumPy, and each makes a network learn."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.worker.learning.conftest import LINEAR, to_unit
from worker.learning.compiling import loss
from worker.learning.datasets import LabelledImages
from worker.learning.recipes import LOSSES, LossSpec
from worker.learning.training import Job, fit

TRUE = np.array([[1, 0, 0], [0, 0, 1], [0, 0.75, 0.25]], np.float32)
GIVEN = np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4], [0.1, 0.6, 0.3]], np.float32)


def formula(spec: LossSpec) -> float:
    smoothing, k = spec.label_smoothing, TRUE.shape[1]
    smoothed = TRUE * (1 - smoothing) + smoothing / k
    match spec.name:
        case "categorical_crossentropy":
            each = -(smoothed * np.log(GIVEN)).sum(axis=1)
        case "categorical_focal_crossentropy":
            gamma, alpha = 2.0 if spec.gamma is None else spec.gamma, 0.25 if spec.alpha is None else spec.alpha
            each = -(alpha * (1 - GIVEN) ** gamma * smoothed * np.log(GIVEN)).sum(axis=1)
        case "mean_squared_error":
            each = ((TRUE - GIVEN) ** 2).mean(axis=1)
        case "categorical_hinge":
            each = np.maximum(0, 1 + ((1 - TRUE) * GIVEN).max(axis=1) - (TRUE * GIVEN).sum(axis=1))
        case "kl_divergence":
            each = np.where(TRUE > 0, TRUE * np.log(np.maximum(TRUE, 1e-9) / GIVEN), 0).sum(axis=1)
    return float(each.mean())


@pytest.mark.parametrize(
    "spec",
    [
        *(LossSpec(name) for name in LOSSES if name != "hinge"),
        LossSpec("categorical_crossentropy", 0.2),
        LossSpec("categorical_focal_crossentropy", 0.1, gamma=0.5, alpha=1.0),
        LossSpec("categorical_focal_crossentropy", gamma=0.0, alpha=1.0),
    ],
)
def test_a_loss_is_its_formula(spec: LossSpec):
    assert float(loss(spec)(TRUE, GIVEN)) == pytest.approx(formula(spec), rel=1e-5)


def test_hinge_is_its_formula_of_one_hot_labels():
    one_hot, given = TRUE[:2], GIVEN[:2]

    expected = np.maximum(0, 1 - (2 * one_hot - 1) * given).mean()

    assert float(loss(LossSpec("hinge"))(one_hot, given)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_makes_a_network_learn_real_digits(
    name: str, job: Callable[..., Job], train: LabelledImages, test: LabelledImages
):
    adam = {"name": "adam", "learning_rate": 0.02, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0}
    learning = job(
        layers=LINEAR, epochs=3, augmentation=None, optimizer=adam, loss={"name": name, "label_smoothing": 0.0}
    )

    fitted = fit(learning, train, test, to_unit)

    assert fitted.epochs[-1].loss < fitted.epochs[0].loss
    assert fitted.epochs[-1].accuracy > 0.6  # 0.1 is chance
