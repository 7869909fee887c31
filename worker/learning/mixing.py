"""Mixup: batches whose images and labels are blends of two (Zhang et al. 2018, arXiv:1710.09412)."""

import numpy as np
from numpy.typing import NDArray


def mix(
    images: NDArray[np.float32], labels: NDArray[np.float32], alpha: float, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Blend each example with a partner: share * its own + (1 - share) * the partner's, images and labels alike.

    The partner is drawn from the batch without replacement, and the share for each example from Beta(alpha, alpha); the
    paper's code draws one for the batch.

    Args:
        images: (n, height, width, channels), scaled.
        labels: (n, classes) one-hot.
        alpha: above 0. Near 0 most examples stay nearly as they are, at 1 every share is as likely.
        rng: where the draws come from, in a fixed order.
    """
    partners = rng.permutation(len(images))
    share = rng.beta(alpha, alpha, len(images)).astype(np.float32)[:, np.newaxis]
    of_images = share[:, :, np.newaxis, np.newaxis]
    return (
        of_images * images + (1 - of_images) * images[partners],
        share * labels + (1 - share) * labels[partners],
    )
