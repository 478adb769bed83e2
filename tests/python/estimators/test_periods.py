"""Counts per day or week: paired days, before and after, difference in differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from python_stats.estimators.periods import Series, before_and_after, difference_in_differences, side_by_side

ALPHA = np.array([0.05])
RNG = np.random.default_rng(42)
ROUNDS = 10_000


def series(numerator: list[float], denominator: list[float] | None = None) -> Series:
    y = np.array([numerator], dtype=float)
    return Series(y, np.ones(y.shape) if denominator is None else np.array([denominator], dtype=float))


def test_means_per_day_are_the_paired_t_test() -> None:
    """With a denominator of 1 nothing is linear but the mean: SciPy's paired test, to the last digits."""
    a, b = [3.0, 5.0, 4.0, 8.0, 6.0], [4.0, 5.5, 5.0, 9.0, 6.5]
    _, _, found = side_by_side(series(a), series(b), ALPHA)
    right = stats.ttest_rel(b, a)
    assert found.p_value[0] == pytest.approx(right.pvalue, rel=1e-12)
    assert [found.ci_low[0], found.ci_high[0]] == pytest.approx(list(right.confidence_interval()), rel=1e-12)
    assert found.df[0] == 4


def test_before_and_after_is_welch() -> None:
    y = [3.0, 5.0, 4.0, 8.0, 6.0, 7.0, 9.0]
    _, _, found = before_and_after(series(y), np.arange(7) >= 4, ALPHA)
    right = stats.ttest_ind(y[4:], y[:4], equal_var=False)
    assert found.p_value[0] == pytest.approx(right.pvalue, rel=1e-12)
    assert found.relative[0] == pytest.approx((np.mean(y[4:]) - 5) / 5)


def test_difference_in_differences_is_welch_on_the_gaps() -> None:
    y1, y0 = np.array([3.0, 5, 4, 8, 6, 7, 9]), np.array([2.0, 4, 4, 6, 5, 5, 6])
    _, _, found = difference_in_differences(series(list(y1)), series(list(y0)), np.arange(7) >= 3, ALPHA)
    gaps = y1 - y0
    right = stats.ttest_ind(gaps[3:], gaps[:3], equal_var=False)
    assert found.effect[0] == pytest.approx(gaps[3:].mean() - gaps[:3].mean())
    assert found.p_value[0] == pytest.approx(right.pvalue, rel=1e-12)


def test_a_day_that_one_arm_lacks_counts_for_neither() -> None:
    nan = np.nan
    whole = side_by_side(series([10, 12, 9], [100, 110, 90]), series([12, 15, 11], [100, 105, 95]), ALPHA)
    gappy = side_by_side(series([10, 12, 9, nan, 5], [100, 110, 90, 80, 70]), series([12, 15, 11, 9, 8], [100, 105, 95, 80, nan]), ALPHA)
    for one, other in zip(
        (whole[0].value, whole[1].value, whole[2].p_value), (gappy[0].value, gappy[1].value, gappy[2].p_value), strict=True
    ):
        assert one[0] == other[0]


def daily(days: int, effect: float = 0.0, swing: float = 0.3) -> tuple[Series, Series]:
    """Two arms with a common mood of the day, far larger than the noise of either, and uneven visitors."""
    mood = np.exp(RNG.normal(0, swing, (ROUNDS, days)))
    arms = []
    for shift in (0.0, effect):
        visitors = RNG.poisson(1000 * np.exp(RNG.normal(0, 0.2, (ROUNDS, days)))).astype(float)
        arms.append(Series(RNG.binomial(visitors.astype(int), np.clip(0.1 * mood + shift, 0, 1)).astype(float), visitors))
    return arms[0], arms[1]


@pytest.mark.parametrize("days", [7, 14, 37])
def test_side_by_side_keeps_its_error_rate(days: int) -> None:
    """Within three standard errors of 5 %; seven days with uneven visitors may be a little off either way."""
    found = side_by_side(*daily(days), np.full(ROUNDS, 0.05))[2]
    assert np.mean(found.p_value < 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / ROUNDS)


def test_pairing_takes_out_the_mood_of_the_day() -> None:
    control, variant = daily(21)
    paired = side_by_side(control, variant, np.full(ROUNDS, 0.05))[2]
    apart = [part.variance for part in side_by_side(control, variant, np.full(ROUNDS, 0.05))[:2]]
    assert np.median(paired.standard_error) < 0.75 * np.median(np.sqrt(apart[0] + apart[1]))


@pytest.mark.parametrize("with_group", [False, True])
def test_observational_intervals_keep_their_error_rate(with_group: bool) -> None:
    control, variant = daily(16)
    after = np.arange(16) >= 8
    alpha = np.full(ROUNDS, 0.05)
    found = (difference_in_differences(variant, control, after, alpha) if with_group else before_and_after(variant, after, alpha))[2]
    assert np.mean(found.p_value < 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / ROUNDS)


@pytest.mark.parametrize(
    "control,variant,status",
    [
        (series([1.0], [10.0]), series([2.0], [10.0]), "too_few_periods"),
        (series([0.0, 0.0], [0.0, 0.0]), series([1.0, 2.0], [10.0, 10.0]), "zero_denominator"),
        (series([1.0, 2.0], [10.0, 20.0]), series([2.0, 4.0], [10.0, 20.0]), "zero_variance"),
        (series([np.nan, np.nan]), series([1.0, 2.0]), "too_few_periods"),
    ],
)
def test_corners_are_named(control: Series, variant: Series, status: str) -> None:
    found = side_by_side(control, variant, ALPHA)[2]
    assert found.status[0] == status
    assert np.isnan(found.p_value[0])
