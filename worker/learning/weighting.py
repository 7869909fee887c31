"""How much an example counts, by its class."""

import numpy as np
from numpy.typing import NDArray

from worker.learning.recipes import BALANCED


def class_weights(
    class_weight: str | tuple[float, ...], labels: NDArray[np.integer], classes: int
) -> NDArray[np.float32]:
    """(classes,) the weight of each class.

    Args:
        class_weight: a weight for each class, or `BALANCED`: n / (k * n_c) for a class with n_c of n examples, one of k
            classes, so that every class counts alike and the mean over all examples is 1 (King & Zeng 2001; as
            scikit-learn's `balanced`).
        labels: (n,) the class indices of the examples to train on.
        classes: k.
    """
    if class_weight != BALANCED:
        return np.array(class_weight, np.float32)
    counts = np.bincount(labels, minlength=classes)
    return (len(labels) / (classes * np.maximum(counts, 1))).astype(np.float32)
