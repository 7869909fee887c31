"""A confusion matrix as shares instead of counts."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.reports.schemas import Normalize


def normalized(matrix: Sequence[Sequence[int]], normalize: Normalize | None) -> NDArray[np.float64]:
    """Return a (k, k) matrix in which each row (`true`), column (`pred`) or everything (`all`) adds up to 1; None: as it is.

    As scikit-learn's `confusion_matrix(normalize=…)`: where there is nothing to divide by, the share is 0.
    """
    counts = np.array(matrix, np.float64).reshape(len(matrix), len(matrix))
    if normalize is None:
        return counts
    axis = {"true": 1, "pred": 0, "all": None}[normalize]
    total = counts.sum(axis=axis, keepdims=True)
    shares = np.zeros_like(counts)
    np.divide(counts, total, out=shares, where=total > 0)
    return shares
