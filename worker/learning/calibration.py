"""From what a network says of images it has not learned from: a temperature, and from when on it is sure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

LEAST_IMAGES = 200
"""With fewer to validate on, one mistake more or less would decide."""

SURE_RISK = 0.005
"""How many of all answers may be both sure and wrong."""

SURE_CONFIDENCE = 0.9
"""Nobody calls less than this sure, however often it is right."""

NEVER = 2.0
_COLDEST, _HOTTEST = 0.05, 20.0
_FLOOR = 1e-12


@dataclass(frozen=True)
class Point:
    """Answering only what is at least this confident: the share that is answered, and the share of wrong ones in it."""

    threshold: float
    coverage: float
    risk: float


def temperature(probabilities: NDArray[np.float32], labels: NDArray[np.integer]) -> float:
    """The T that gives the true classes of n images the highest likelihood, when (n, k) probabilities are raised to 1/T and
    made to add up to 1. Guo et al. 2017 (arXiv:1706.04599), section 4.2: they divide logits, which is the same.
    """
    logs = np.log(np.maximum(probabilities.astype(np.float64), _FLOOR))

    def loss(log_temperature: float) -> float:
        scaled = logs / np.exp(log_temperature)
        scaled -= scaled.max(axis=1, keepdims=True)
        normaliser = np.log(np.exp(scaled).sum(axis=1))
        return float((normaliser - scaled[np.arange(len(labels)), labels]).mean())

    found = minimize_scalar(loss, bounds=(np.log(_COLDEST), np.log(_HOTTEST)), method="bounded")
    return float(np.exp(found.x))


def least_sure(confidence: NDArray[np.float32], is_right: NDArray[np.bool_]) -> float:
    """The lowest confidence from which on an answer is sure, such that of n + 1 exchangeable answers less than `SURE_RISK` are
    expected to be sure and wrong: conformal risk control (A. Angelopoulos et al. 2022, arXiv:2208.02814). At least
    `SURE_CONFIDENCE`; `NEVER` where there are too few images to promise it.
    """
    allowed = int(np.floor(SURE_RISK * (len(confidence) + 1) - 1))
    if allowed < 0:
        return NEVER
    wrong = np.sort(confidence[~is_right])[::-1]
    above = 0.0 if len(wrong) <= allowed else float(np.nextafter(wrong[allowed], np.float32(NEVER)))
    return max(SURE_CONFIDENCE, above)


def expected_error(confidence: NDArray[np.float32], is_right: NDArray[np.bool_], bins: int = 15) -> float:
    """Expected calibration error (Guo et al. 2017, equation 3) over bins of equal width."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(float(confidence[place == one].mean()) - float(is_right[place == one].mean()))
        * float((place == one).mean())
        for one in np.unique(place)
    ]
    return sum(gaps)


def risk_coverage(confidence: NDArray[np.float32], is_right: NDArray[np.bool_], points: int = 20) -> list[Point]:
    """Risk against coverage (Y. Geifman and R. El-Yaniv 2017, arXiv:1705.08500), from all answers to the surest ones."""
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum(~is_right[order])
    counts = np.unique(np.ceil(np.linspace(1, 1 / points, points) * len(confidence)).astype(int))[::-1]
    return [
        Point(float(confidence[order[count - 1]]), count / len(confidence), float(wrong[count - 1] / count))
        for count in counts.tolist()
    ]
