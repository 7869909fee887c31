"""The sevens and ones that the bench writes in code: what they are, and what the normalisation makes of them."""

import numpy as np
import pytest

from service.images.decoding import Limits, decode
from service.images.handwriting import normalise
from tests.continental import HANDS


def seen(hand: str, count: int = 40) -> np.ndarray:
    _, write = HANDS[hand]
    rng = np.random.default_rng(11)
    return np.stack([normalise(decode(write(rng), Limits())) for _ in range(count)])


@pytest.mark.parametrize("hand", HANDS)
def test_no_two_are_alike_and_each_is_laid_out_as_in_mnist(hand: str):
    found = seen(hand)

    rows = np.arange(28)
    middles = [(image.sum(axis=1) @ rows) / image.sum() for image in found.astype(float)]
    assert len({image.tobytes() for image in found}) == len(found)
    assert abs(np.array(middles) - 14).max() < 0.6
    assert ((found > 40).any(axis=2).sum(axis=1) >= 19).all()


def test_a_bar_goes_through_the_sevens_and_a_flag_hangs_left_of_the_ones():
    sevens, ones = seen("crossed sevens") > 100, seen("ones with a flag") > 100

    widths = [[np.ptp(np.flatnonzero(row)) if row.any() else 0 for row in image] for image in sevens]
    assert np.mean([max(width[11:19]) > 1.5 * np.median(width[20:23]) for width in widths]) > 0.9
    heads = [(np.flatnonzero(image[6:14].any(axis=0))[0], np.flatnonzero(image[17])) for image in ones]
    assert np.mean([stem.size > 0 and first < stem[0] for first, stem in heads]) > 0.8
