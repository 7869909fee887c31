"""What follows from the answers that a report keeps: how sure its accuracy is, and how far its confidence can be trusted.

Everything here is derived when it is asked for, from bytes that every report has had from the first version on.
"""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

LEVEL: Final = 0.95
BINS: Final = 15
"""As in Guo et al.'s tables."""


@dataclass(frozen=True)
class Answers:
    """What a network answered about each test image, and what it should have: n images, in the test set's order."""

    true: NDArray[np.uint16]
    """(n,) class indices."""
    predicted: NDArray[np.uint16]
    """(n,) class indices."""
    confidence: NDArray[np.float32]
    """(n,) the predicted class's probability."""

    @property
    def right(self) -> NDArray[np.bool_]:
        """(n,) whether the answer was right."""
        return np.equal(self.true, self.predicted)


@dataclass(frozen=True)
class Interval:
    """Where a share lies with the probability `level`."""

    level: float
    low: float
    high: float


@dataclass(frozen=True)
class Bin:
    """The answers whose confidence lies above `low` and up to `high`; the two means are None where there are none."""

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True)
class Calibration:
    """How far confidence and accuracy lie apart: `expected_error` is a mean over answers, 0 at best."""

    expected_error: float
    bins: tuple[Bin, ...]


def wilson(right: int, count: int, level: float = LEVEL) -> Interval:
    """Return the score interval of the share `right / count` (`count` > 0).

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American Statistical
    Association 22 (1927), 209-212. Unlike the share plus and minus its standard error it keeps its level near 1, where
    classifiers are, and at 100 % right does not shrink to nothing (L. D. Brown, T. T. Cai, A. DasGupta, "Interval estimation
    for a binomial proportion", Statistical Science 16 (2001), 101-133).
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = right / count
    shrunk = 1 + z**2 / count
    centre = (share + z**2 / (2 * count)) / shrunk
    half = z / shrunk * (share * (1 - share) / count + z**2 / (4 * count**2)) ** 0.5
    # The bounds at 0 and 1 are exact; rounding must not put the share outside its own interval.
    return Interval(level, 0.0 if right == 0 else centre - half, 1.0 if right == count else centre + half)


def calibration(answers: Answers, bins: int = BINS) -> Calibration:
    """Return the expected calibration error over bins of equal width, and the bins, from which to draw a reliability diagram.

    The error is the sum over bins of (share of the answers) x |accuracy - mean confidence|; bin m holds the confidences in
    ((m - 1) / bins, m / bins]. C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks", ICML
    2017 (arXiv:1706.04599), equations 2 and 3.
    """
    confidence, right = answers.confidence.astype(np.float64), answers.right
    edges = np.arange(bins + 1) / bins
    place = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    confident = np.bincount(place, weights=confidence, minlength=bins)
    correct = np.bincount(place, weights=right, minlength=bins)
    return Calibration(
        expected_error=float(np.abs(correct - confident).sum() / max(1, len(right))),
        bins=tuple(
            Bin(
                low=float(edges[m]),
                high=float(edges[m + 1]),
                count=int(counts[m]),
                confidence=float(confident[m] / counts[m]) if counts[m] else None,
                accuracy=float(correct[m] / counts[m]) if counts[m] else None,
            )
            for m in range(bins)
        ),
    )
