"""A small network that tells digits from everything else."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

HIDDEN = 32
PASSES = 30
WEIGHT_DECAY = 0.1
_LEAST_DEVIATION = 1e-2


@dataclass(frozen=True, eq=False)
class Perceptron:
    """One hidden layer of rectified units over d traits: (d, h), (h,), (h,) and a number; above 0 is a digit."""

    hidden: NDArray[np.float64]
    hidden_bias: NDArray[np.float64]
    output: NDArray[np.float64]
    output_bias: float


def tell_apart(digits: NDArray[np.float32], others: NDArray[np.float32], seed: int) -> Perceptron:
    """Learn to tell the traits (n, d) of digits from those (m, d) of other things; both count alike, however many there are.

    That a picture of something that was never shown is told apart, too, rests on there being many kinds of others (outlier
    exposure: D. Hendrycks et al. 2019, arXiv:1812.04606).
    """
    digits = digits[: max(len(others), 1) * 2]
    both = np.vstack([digits, others]).astype(np.float64)
    mean, deviation = both.mean(axis=0), both.std(axis=0) + _LEAST_DEVIATION
    learner = MLPClassifier((HIDDEN,), alpha=WEIGHT_DECAY, max_iter=PASSES, random_state=seed, tol=0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # so many passes are enough
        learner.fit((both - mean) / deviation, np.r_[np.ones(len(digits)), np.zeros(len(others))])
    (within, out), (within_bias, out_bias) = learner.coefs_, learner.intercepts_
    hidden = within / deviation[:, None]  # so that the traits need no standardising
    return Perceptron(hidden, within_bias - mean @ hidden, out[:, 0], float(out_bias[0]))
