"""Arms too small to show their spread: no interval; by every outcome there can be, not by simulation."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

import python_stats as ps
from python_stats.estimators import comparison
from python_stats.estimators.shares import sample_of_shares
from python_stats.estimators.status import OK, TOO_FEW_EVENTS

SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.95)
SMALL, LARGE = (2, 3, 5, 8, 10, 12, 15, 18, 20, 25, 30, 40, 50), (20, 50, 100, 300, 1000)


def outcomes(n: int, m: int) -> tuple[np.ndarray, np.ndarray, comparison.Comparison]:
    """Every pair of counts that two arms of n and m persons can have, compared."""
    a, b = (counts.ravel().astype(float) for counts in np.meshgrid(np.arange(n + 1), np.arange(m + 1), indexing="ij"))
    arms = [sample_of_shares(np.full(a.shape, float(size)), a * 0, count, count) for size, count in ((n, a), (m, b))]
    return a, b, comparison.compare(*arms, np.full(a.shape, 0.05))


@pytest.mark.parametrize("n", SMALL)
def test_a_small_arm_gives_no_more_false_alarms_than_promised(n: int) -> None:
    """Of all results, and of those with an interval wherever half of them have one. Before, 2 against 1,000 at 50 %: 50 %."""
    for m in LARGE:
        a, b, found = outcomes(n, m)
        claims, ok = (found.p_value < 0.05), found.status == OK
        for share in SHARES:
            chance = stats.binom.pmf(a, n, share) * stats.binom.pmf(b, m, share)
            wrong, judged = chance[claims].sum(), chance[ok].sum()
            assert wrong < 1.2 * 0.05, (m, share)
            assert judged < 0.5 or wrong / judged < 1.3 * 0.05, (m, share)


def test_the_interval_of_a_small_arm_holds_a_true_difference() -> None:
    """5 % to 95 % in either arm, whichever is the small one."""
    for n, m in product((5, 12, 20, 30, 40), (50, 300)):
        a, b, found = outcomes(n, m)
        for p, q in product(SHARES, SHARES):
            chance = stats.binom.pmf(a, n, p) * stats.binom.pmf(b, m, q)
            missed = (found.ci_low > q - p) | (found.ci_high < q - p)
            assert chance[missed].sum() < 1.4 * 0.05, (n, m, p, q)


@pytest.mark.parametrize(
    "counts,status",
    [
        ((0, 2, 500, 1000), TOO_FEW_EVENTS),
        ((500, 1000, 2, 2), TOO_FEW_EVENTS),
        ((0, 20, 500, 1000), TOO_FEW_EVENTS),
        ((0, 100_000, 4, 100_000), TOO_FEW_EVENTS),
        ((0, 100_000, 5, 100_000), OK),
        ((0, 100_000, 500, 100_000), OK),
        ((99_995, 100_000, 100_000, 100_000), OK),
        ((20, 50, 400, 1000), OK),
    ],
)
def test_what_is_refused_and_what_is_not(counts: tuple[int, int, int, int], status: str) -> None:
    found = ps.compare_shares(*counts)
    assert found.status == status
    assert np.isfinite(found.effect) and np.isfinite(found.p_value) == (status == OK)


def test_means_of_people_who_all_have_the_same() -> None:
    """Three people of one mind are no arm without chance; 5,000 without a purchase are, beside 5,000 of whom 50 bought."""
    assert ps.compare_means(5, 0, 3, 4.2, 1, 300).status == TOO_FEW_EVENTS
    assert ps.compare_means(4.2, 1, 300, 5, 0, 3).status == TOO_FEW_EVENTS
    assert ps.compare_means(5, 0.1, 3, 4.2, 1, 300).status == OK
    spread = np.sqrt(0.01 * 0.99 * 5000 / 4999)
    assert ps.compare_means(0, 0, 5000, 0.01, spread, 5000).status == OK
    both_alike = ps.compare_means(5, 0, 3, 4, 0, 300)
    assert both_alike.status == "zero_variance" and np.isnan(both_alike.effect)


@pytest.mark.parametrize("price", [1.0, 24.99, -3.0])
@pytest.mark.parametrize("counts", [(0, 20, 40, 1000), (0, 300, 8, 300), (0, 300, 3, 300), (40, 40, 900, 1000), (0, 900, 9, 1000)])
def test_a_mean_of_two_values_is_judged_as_the_share_that_it_is(counts: tuple[int, int, int, int], price: float) -> None:
    x, n, y, m = counts
    shares = [x / n, y / m]
    spreads = [np.sqrt(p * (1 - p) * size / (size - 1)) for p, size in zip(shares, (n, m), strict=True)]
    means = ps.compare_means(shares[0] * price, abs(price) * spreads[0], n, shares[1] * price, abs(price) * spreads[1], m)
    assert (means.status == OK) == (ps.compare_shares(*counts).status == OK)


def test_ratios_of_people_who_all_have_the_same() -> None:
    same = ps.RatioSums(persons=3, y=3, d=3, yy=3, dd=3, yd=3)
    many = ps.RatioSums(persons=500, y=505, d=2010, yy=1200, dd=9000, yd=2300)
    assert ps.compare_ratios(same, many).status == ps.compare_ratios(many, same).status == TOO_FEW_EVENTS
