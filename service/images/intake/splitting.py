"""A part to test with, where none was sent."""

import numpy as np
from numpy.typing import NDArray


def split(labels: NDArray[np.int64], digests: NDArray[np.void], fraction: float, seed: int) -> NDArray[np.bool_]:
    """Say which pictures are to test with: of each class about the `fraction`, at least one, and one at least stays.

    Pictures of a class with the same pixels stay together, so that none is tested with that was trained on.

    Args:
        labels: (n,) class indices.
        digests: (n,) what tells pictures with other pixels apart.
        fraction: of each class, between 0 and 1.
        seed: of NumPy's PCG64; decides which.

    Returns:
        (n,) True for those to test with.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    is_test = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        _, first, group = np.unique(digests[members], return_index=True, return_inverse=True)
        # Groups in the order of their first picture, whatever their digests are.
        rank = np.empty(len(first), np.int64)
        rank[np.argsort(first)] = np.arange(len(first))
        group = rank[group]
        sizes = np.bincount(group)
        order = generator.permutation(len(sizes))
        wanted = max(1, round(fraction * len(members)))
        before = np.cumsum(sizes[order]) - sizes[order]
        chosen = order[(before < wanted) & (np.arange(len(order)) < len(order) - 1)]
        is_test[members[np.isin(group, chosen)]] = True
    return is_test
