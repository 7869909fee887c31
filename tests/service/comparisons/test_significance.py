"""McNemar's test and Holm's correction: against scipy, and against figures from books."""

import math

import pytest
from scipy.stats import binomtest, chi2

from service.comparisons.significance import holm, mcnemar


@pytest.mark.parametrize(("only_a", "only_b"), [(14, 3), (0, 1), (1, 1), (12, 12), (24, 0), (7, 11), (0, 24)])
def test_below_25_images_it_is_scipys_exact_binomial_test(only_a: int, only_b: int) -> None:
    found = mcnemar(only_a, only_b)

    assert found.method == "exact"
    assert found.p_value == pytest.approx(binomtest(only_a, only_a + only_b, 0.5).pvalue, rel=1e-12)
    assert found == mcnemar(only_b, only_a)


@pytest.mark.parametrize(("only_a", "only_b"), [(25, 0), (101, 59), (13, 12), (20, 5), (4000, 3800), (250, 1000)])
def test_from_25_images_on_it_is_chi_square_with_continuity_correction(only_a: int, only_b: int) -> None:
    found = mcnemar(only_a, only_b)

    assert found.method == "chi-square"
    assert found.statistic == pytest.approx((abs(only_a - only_b) - 1) ** 2 / (only_a + only_b))
    assert found.p_value == pytest.approx(chi2.sf(found.statistic, 1), rel=1e-10)
    assert found == mcnemar(only_b, only_a)


def test_the_known_example_of_agresti_comes_out() -> None:
    """Approval of a prime minister, asked twice: A. Agresti, Categorical Data Analysis (1990), table 10.1; R's mcnemar.test."""
    found = mcnemar(150, 86)

    assert found.statistic == pytest.approx(16.8178, abs=1e-4)
    assert found.p_value == pytest.approx(4.115e-05, rel=1e-3)


def test_two_that_never_differ_are_equally_good() -> None:
    assert (mcnemar(0, 0).p_value, mcnemar(0, 0).method) == (1.0, "exact")


@pytest.mark.parametrize("each", [13, 5000])
def test_two_that_are_wrong_equally_often_are_not_different_either(each: int) -> None:
    assert (mcnemar(each, each).statistic, mcnemar(each, each).p_value) == (0.0, 1.0)


@pytest.mark.parametrize("count", [2000, 10**6, 10**12])
def test_however_large_the_difference_the_p_value_is_a_number(count: int) -> None:
    found = mcnemar(count, 0)

    assert math.isfinite(found.statistic)
    assert found.p_value < 1e-300


def test_the_p_value_keeps_its_digits_where_one_minus_a_probability_would_be_zero() -> None:
    assert mcnemar(200, 20).p_value == pytest.approx(chi2.sf((180 - 1) ** 2 / 220, 1), rel=1e-9)


def test_holms_correction_is_that_of_his_method() -> None:
    """As R's p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") says."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_one_test_needs_no_correction_and_no_correction_leaves_0_to_1() -> None:
    assert holm([0.04]) == [0.04]
    assert holm([0.9, 0.8, 1.0]) == [1.0, 1.0, 1.0]
    assert holm([]) == []
