"""CUPED against the values it was summed from, by other ways to the same number."""

from __future__ import annotations

import math

import numpy as np
import pytest
from estimators.sums import arm_of_means, arm_of_ratios, one
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from python_stats.estimators import comparison, cuped, moments
from python_stats.estimators.contrast import side_of, statistic_at
from python_stats.estimators.status import OK


def compared(adjusted: cuped.Adjusted, alpha: float = 0.05) -> comparison.Comparison:
    size = adjusted.theta.shape
    return comparison.compare_contrast(
        adjusted.contrast, adjusted.df, np.full(size, alpha), np.full(size, OK, dtype=object), np.full(size, np.nan)
    )


def test_means_are_welch_on_the_adjusted_values() -> None:
    generator = np.random.default_rng(1)
    x0, x1 = generator.gamma(2, 5, 700), generator.gamma(2, 5, 900)
    y0, y1 = 0.6 * x0 + generator.normal(3, 4, 700), 0.6 * x1 + generator.normal(3.5, 5, 900)
    adjusted = cuped.adjust(arm_of_means(y0, x0, 9.0, 10.0), arm_of_means(y1, x1, 9.0, 10.0))
    x, y = np.concatenate([x0, x1]), np.concatenate([y0, y1])
    theta = np.cov(y, x)[0, 1] / np.var(x, ddof=1)
    a0, a1 = y0 - theta * x0, y1 - theta * x1
    assert adjusted.usable[0]
    assert adjusted.theta[0] == pytest.approx(theta, rel=1e-12)
    assert adjusted.contrast.effect[0] == pytest.approx(a1.mean() - a0.mean(), rel=1e-10)
    assert adjusted.contrast.variance[0] == pytest.approx(a0.var(ddof=1) / 700 + a1.var(ddof=1) / 900, rel=1e-10)
    assert adjusted.variance_reduction[0] == pytest.approx(np.corrcoef(x, y)[0, 1] ** 2, rel=1e-10)
    assert adjusted.contrast.control[0] == pytest.approx(y0.mean())
    # cov(effect, control mean), from the values: the slope takes it apart
    together = -(y0.var(ddof=1) - theta * np.cov(y0, x0)[0, 1]) / 700
    assert adjusted.contrast.slope[0] * y0.var(ddof=1) / 700 == pytest.approx(together, rel=1e-10)


def test_ratios_are_means_of_the_linearised_values() -> None:
    generator = np.random.default_rng(2)
    raw = []
    for n, rate in ((600, 0.3), (800, 0.35)):
        habit = generator.beta(3, 6, n)
        z, d = generator.poisson(4, n) + 1.0, generator.poisson(3, n) + 1.0
        x = generator.binomial(z.astype(int), habit).astype(float)
        y = generator.binomial(d.astype(int), np.clip(habit + rate - 0.3, 0, 1)).astype(float)
        raw.append((y, d, x, z))
    adjusted = cuped.adjust(arm_of_ratios(*raw[0]), arm_of_ratios(*raw[1]))
    lines = []
    for y, d, x, z in raw:
        value, before = y.sum() / d.sum(), x.sum() / z.sum()
        lines.append((value, before, (y - value * d) / d.mean(), (x - before * z) / z.mean()))
    (r0, q0, ly0, lx0), (r1, q1, ly1, lx1) = lines
    ly, lx = np.concatenate([r0 + ly0, r1 + ly1]), np.concatenate([q0 + lx0, q1 + lx1])
    theta = np.cov(ly, lx)[0, 1] / np.var(lx, ddof=1)
    assert adjusted.theta[0] == pytest.approx(theta, rel=1e-9)
    assert adjusted.contrast.effect[0] == pytest.approx(r1 - r0 - theta * (q1 - q0), rel=1e-9)
    expected = (ly0 - theta * lx0).var(ddof=1) / 600 + (ly1 - theta * lx1).var(ddof=1) / 800
    assert adjusted.contrast.variance[0] == pytest.approx(expected, rel=1e-9)


arms = st.tuples(st.integers(100, 10**6), st.floats(-1e3, 1e3), st.floats(1e-3, 1e4), st.floats(-1e3, 1e3), st.floats(1e-3, 1e4), st.floats(-0.999, 0.999))


def made(n: int, mean: float, spread: float, before: float, spread_before: float, correlation: float) -> cuped.Arm:
    value, covariate = (
        moments.sample_of_means(one(n), one(m), one(0), one((n - 1) * v)) for m, v in ((mean, spread), (before, spread_before))
    )
    return cuped.Arm(value, covariate, one(correlation * math.sqrt(spread * spread_before) / n))


@given(arms, arms, st.floats(-0.9, 2), st.sampled_from([0.001, 0.05, 0.2]))
@settings(max_examples=400, deadline=None)
def test_p_value_intervals_and_thresholds_agree(control, variant, threshold, alpha) -> None:
    adjusted = cuped.adjust(made(*control), made(*variant))
    assume(adjusted.usable[0])
    found = compared(adjusted, alpha)
    assert found.status[0] == OK
    intervals = [(0.0, found.ci_low[0], found.ci_high[0])]
    if found.relative_status[0] == OK:
        intervals += [(theta, found.relative_low[0], found.relative_high[0]) for theta in (0.0, threshold)]
    for theta, low, high in intervals:
        statistic = statistic_at(found.contrast, one(theta))[0]
        # at the very edge the last digit of rounding decides; there is nothing to contradict there
        assume(abs(abs(statistic) / found.critical[0] - 1) > 1e-6)
        side = side_of(found.contrast, one(theta), found.critical)[0]
        assert side == (1 if low > theta else -1 if high < theta else 0)
        if theta == 0.0:
            assert (side != 0) == (found.p_value[0] < alpha)


def test_nothing_to_adjust_with_is_not_used() -> None:
    generator = np.random.default_rng(3)
    y = generator.normal(5, 1, 300)
    x = generator.normal(5, 1, 300)
    nothing = np.zeros(300)
    assert cuped.adjust(arm_of_means(y, x), arm_of_means(y, x)).usable[0]
    assert not cuped.adjust(arm_of_means(y, nothing), arm_of_means(y, nothing)).usable[0]
    assert not cuped.adjust(arm_of_means(y[:50], x[:50]), arm_of_means(y, x)).usable[0]
    assert not cuped.adjust(arm_of_means(x, x), arm_of_means(2 + x, x)).usable[0], "a covariate that is the value itself leaves no error"
    empty = cuped.adjust(arm_of_ratios(y, x, x, nothing), arm_of_ratios(y, x, x, nothing))
    assert not empty.usable[0], "no denominators before the exposure"


def test_it_is_calibrated_and_halves_the_variance() -> None:
    """4,000 experiments with a true lift of 10 %: the relative interval covers it in 95 %; the correlation of 0.71 halves the variance."""
    generator = np.random.default_rng(4)
    repeats, n = 4000, 300
    x0, x1 = generator.normal(10, 3, (2, repeats, n))
    y0, y1 = (10 + (x - 10) + generator.normal(0, 3, (repeats, n)) for x in (x0, x1))
    plain = comparison.compare(arm_of_means(y0, x0).value, arm_of_means(y1 + 1, x1).value, np.full(repeats, 0.05))
    found = compared(cuped.adjust(arm_of_means(y0, x0), arm_of_means(y1 + 1, x1)))
    noise = 4 * math.sqrt(0.05 * 0.95 / repeats)
    assert abs(float(np.mean((found.relative_low <= 0.1) & (found.relative_high >= 0.1))) - 0.95) < noise
    assert abs(float(np.mean((found.ci_low <= 1) & (found.ci_high >= 1))) - 0.95) < noise
    assert float(np.mean(found.standard_error**2 / plain.standard_error**2)) == pytest.approx(0.5, abs=0.01)
