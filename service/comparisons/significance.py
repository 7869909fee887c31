"""Whether the difference between two classifiers that answered the same test images can be chance."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

EXACT_BELOW: Final = 25
"""So many images that exactly one of the two got right: from here on the chi-square approximation is good enough."""

LIKELY_REAL_BELOW: Final = 0.05


@dataclass(frozen=True)
class McNemar:
    """The test's result. `statistic` is the smaller of the two counts (exact) or chi-square with one degree of freedom."""

    method: Literal["exact", "chi-square"]
    statistic: float
    p_value: float


def mcnemar(only_a_right: int, only_b_right: int) -> McNemar:
    """Test whether two classifiers are equally good, from the test images that exactly one of them got right.

    Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages", Psychometrika 12
    (1947), 153-157: of the images that one of them got right and the other wrong, each would get half if they were equally
    good. T. G. Dietterich, "Approximate statistical tests for comparing supervised classification learning algorithms", Neural
    Computation 10 (1998), 1895-1923, finds that of the tests that need only one training each it is the one with an acceptable
    share of false alarms.

    Below `EXACT_BELOW` such images: the two-sided binomial test. Else chi-square with the continuity correction of A. L.
    Edwards, "Note on the 'correction for continuity' in testing the significance of the difference between correlated
    proportions", Psychometrika 13 (1948), 185-187; its upper tail with one degree of freedom is erfc(sqrt(x / 2)), which
    is accurate to the last digits where 1 - erf would be 0, and becomes 0 itself above a statistic of about 1,480.
    """
    count = only_a_right + only_b_right
    if count < EXACT_BELOW:
        fewer = min(only_a_right, only_b_right)
        tail = sum(math.comb(count, k) for k in range(fewer + 1)) / 2**count
        return McNemar("exact", float(fewer), min(1.0, 2 * tail))
    apart = max(0, abs(only_a_right - only_b_right) - 1)
    statistic = apart**2 / count
    return McNemar("chi-square", statistic, math.erfc(math.sqrt(statistic / 2)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values as they count when so many tests are made at once, in the same order.

    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979), 65-70: the
    smallest of m counts m times, the next m - 1 times, and none less than one before it. The chance that any of the pairs
    is called different without being so then stays below the level of one test.
    """
    adjusted = [0.0] * len(p_values)
    so_far = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        so_far = max(so_far, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = so_far
    return adjusted
