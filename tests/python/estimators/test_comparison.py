"""Two arms against each other: nothing may contradict anything, and bad input has a status."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import python_stats as ps
from python_stats.estimators import comparison, moments
from python_stats.estimators.contrast import side_of
from python_stats.estimators.moments import Sample
from python_stats.estimators.status import OK, STATUSES, UNBOUNDED, WARNINGS


def at(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


arms = st.tuples(st.integers(2, 10**6), st.floats(-1e6, 1e6), st.floats(1e-6, 1e9))


@given(arms, arms, st.sampled_from([0.001, 0.01, 0.05, 0.2]))
@settings(max_examples=400, deadline=None)
def test_p_value_and_both_intervals_agree(control, variant, alpha) -> None:
    samples = [Sample(at(n), at(mean), at(spread / n), np.array([OK], dtype=object)) for n, mean, spread in (control, variant)]
    found = comparison.compare(*samples, at(alpha))
    assume(found.status[0] == OK)
    # At the very edge the last digit of rounding decides; there is nothing to contradict there.
    edge = abs(abs(found.effect[0]) / (found.critical[0] * found.standard_error[0]) - 1)
    assume(edge > 1e-7)
    by_p = found.p_value[0] < alpha
    assert by_p == (found.ci_low[0] > 0 or found.ci_high[0] < 0)
    if found.relative_status[0] == OK:
        assert by_p == (found.relative_low[0] > 0 or found.relative_high[0] < 0)
        assert found.relative_low[0] <= found.relative[0] + 1e-9 * abs(found.relative[0])
        assert found.relative[0] <= found.relative_high[0] + 1e-9 * abs(found.relative[0])
        assert np.sign(found.relative[0]) == np.sign(found.effect[0])
    else:
        assert found.relative_status[0] == UNBOUNDED
    side = side_of(found.contrast, at(0), found.critical)
    assert (side[0] != 0) == by_p


@given(arms, arms, st.floats(-0.9, 2))
@settings(max_examples=300, deadline=None)
def test_beyond_is_the_relative_interval(control, variant, threshold) -> None:
    samples = [Sample(at(n), at(mean), at(spread / n), np.array([OK], dtype=object)) for n, mean, spread in (control, variant)]
    found = comparison.compare(*samples, at(0.05))
    assume(found.relative_status[0] == OK)
    low, high = found.relative_low[0], found.relative_high[0]
    assume(min(abs(low - threshold), abs(high - threshold)) > 1e-6 * max(1, abs(low), abs(high)))
    side = side_of(found.contrast, at(threshold), found.critical)
    assert side[0] == (1 if low > threshold else -1 if high < threshold else 0)


odd = st.one_of(st.just(math.nan), st.sampled_from([0.0, 1.0, 2.0, 3.0, 1e9]), st.floats(allow_nan=True, allow_infinity=True))


@given(st.lists(st.tuples(odd, odd, odd, odd), min_size=2, max_size=2))
@settings(max_examples=400, deadline=None)
def test_bad_input_has_a_status_and_no_exception(rows) -> None:
    samples = [moments.sample_of_means(*(at(value) for value in row)) for row in rows]
    found = comparison.compare(*samples, at(0.05))
    assert found.status[0] in STATUSES
    is_ok = found.status[0] == OK
    assert np.isfinite(found.effect[0]) == (is_ok or found.status[0] in WARNINGS)
    for name in ("standard_error", "p_value"):
        assert np.isfinite(getattr(found, name)[0]) == is_ok, name


@pytest.mark.parametrize(
    ("control", "variant", "status"),
    [
        ((math.nan, math.nan, math.nan, math.nan), (9, 0, 1, 2), "missing_variant"),
        ((0, 0, 0, 0), (9, 0, 1, 2), "no_persons"),
        ((9, 0, 1, 2), (1, 0, 1, 2), "too_few_persons"),
        ((9, 0, 0, 0), (9, 0, 9, 9), "zero_variance"),
        ((10_000, 0.1, -1000, 100.00000000000001), (10_000, 0.1, -1000, 100.00000000000001), "zero_variance"),
        ((9, 0, math.inf, 1), (9, 0, 9, 9), "invalid_input"),
        ((9, 0, 9, 8), (9, 0, 9, 12), "invalid_input"),  # Σy² is at least (Σy)² / n
        ((9, 0, 9, 12), (9, 0, 9, 8.999), "invalid_input"),
        ((9, 0, 0, -1), (9, 0, 9, 12), "invalid_input"),
        ((9, 0, 9, 8), (1, 0, 1, 1), "invalid_input"),
    ],
)
def test_statuses(control, variant, status) -> None:
    found = comparison.compare(*(moments.sample_of_means(*(at(value) for value in arm)) for arm in (control, variant)), at(0.05))
    assert found.status[0] == status
    assert np.isnan(found.effect[0]) and np.isnan(found.p_value[0]) and np.isnan(found.ci_low[0])


@given(st.integers(2, 10**7), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
@settings(max_examples=200, deadline=None)
def test_rounding_of_a_constant_is_no_invalid_input(n, constant, pivot) -> None:
    """n times the same number, from whatever pivot, summed in floating point."""
    u = constant - pivot
    arm = moments.sample_of_means(at(n), at(pivot), at(n * u), at(n * (u * u)))
    assert arm.status[0] == OK and arm.variance[0] == 0


@pytest.mark.parametrize("changed", [{"yy": 100.0}, {"dd": 100.0}, {"yd": 20_000.0}, {"yy": -1.0}])
def test_ratios_of_sums_that_cannot_be(changed) -> None:
    """Σy² below (Σy)² / n = 510.05, Σd² below 8,080.2, or Σyd beyond what Σy² and Σd² allow."""
    good = {"persons": 500.0, "y": 505.0, "d": 2010.0, "yy": 1200.0, "dd": 9000.0, "yd": 2300.0}
    assert ps.compare_ratios(ps.RatioSums(**good), ps.RatioSums(**good)).status == OK
    for arms in ((good, good | changed), (good | changed, good)):
        found = ps.compare_ratios(*(ps.RatioSums(**arm) for arm in arms))
        assert found.status == "invalid_input" and np.isnan(found.effect) and np.isnan(found.p_value)


def test_ratio_without_spread_is_no_invalid_input() -> None:
    """Everybody clicks on half of what they get: the linearised values are 0, and their sums a difference of large numbers."""
    rng = np.random.default_rng(8)
    for scale in (1.0, 1e3, 1e6):
        d = rng.normal(1000, 0.1, 400) * scale
        sums = [(d / 2).sum(), d.sum(), (d * d / 4).sum(), (d * d).sum(), (d * d / 2).sum()]
        arm = moments.sample_of_ratios(at(400), at(0), at(0), *(at(value) for value in sums))
        assert arm.status[0] == OK


@pytest.mark.parametrize("counts", [(-5, 100, 50, 100), (50, 100, -1, 100), (101, 100, 50, 100), (50, 100, 150, 100)])
def test_counts_that_are_no_share(counts) -> None:
    found = ps.compare_shares(*counts)
    assert found.status == "invalid_input"
    assert all(np.isnan(getattr(found, name)) for name in ("effect", "p_value", "ci_low", "ci_high", "score_low", "score_high"))


def test_a_standard_deviation_below_0() -> None:
    for sds in ((-1.0, 1.0), (1.0, -1.0)):
        found = ps.compare_means(5.0, sds[0], 100, 4.0, sds[1], 100)
        assert found.status == "invalid_input" and np.isnan(found.p_value)


def test_ratio_without_denominator() -> None:
    empty = moments.sample_of_ratios(*(at(value) for value in (5, 0, 0, 0, 0, 0, 0, 0)))
    assert empty.status[0] == "zero_denominator" and np.isnan(empty.value[0])


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
@settings(max_examples=100, deadline=None)
def test_pivot_does_not_show(pivot_y, pivot_d) -> None:
    generator = np.random.default_rng(3)
    d = generator.poisson(3, 500) + 1.0
    y = generator.binomial(d.astype(int), 0.4) * 1.0

    def at_pivot(p: float, q: float) -> Sample:
        u, v = y - p, d - q
        sums = (p, q, u.sum(), v.sum(), (u * u).sum(), (v * v).sum(), (u * v).sum())
        return moments.sample_of_ratios(at(y.size), *(at(value) for value in sums))

    plain, shifted = at_pivot(0, 0), at_pivot(pivot_y, pivot_d)
    assert shifted.value[0] == pytest.approx(plain.value[0], rel=1e-9)
    assert shifted.variance[0] == pytest.approx(plain.variance[0], rel=1e-4)


def test_control_without_conversions_is_unbounded_not_certain() -> None:
    control, variant = (moments.sample_of_means(at(5000), at(0), at(x), at(x)) for x in (0, 50))
    found = comparison.compare(control, variant, at(0.05))
    assert found.relative_status[0] == UNBOUNDED and np.isnan(found.relative_low[0])
    assert 0 < found.p_value[0] < 1e-10
    side = side_of(found.contrast, at(0.5), found.critical)
    assert side[0] == 1


def test_negative_control_keeps_the_sign_of_the_effect() -> None:
    control, variant = (Sample(at(1000), at(mean), at(0.01), np.array([OK], dtype=object)) for mean in (-10.0, -8.0))
    found = comparison.compare(control, variant, at(0.05))
    assert found.relative[0] == pytest.approx(0.2)
    assert 0 < found.relative_low[0] < 0.2 < found.relative_high[0]


def test_coverage_and_false_positives() -> None:
    """4,000 simulated experiments with a true lift of 0: 5 % false positives; a ratio's interval covers its truth in 95 %."""
    generator = np.random.default_rng(11)
    n, repeats = 400, 4000
    clicks = []
    for _ in range(2):
        d = generator.poisson(4, (repeats, n)) + 1.0
        rate = generator.beta(2, 8, (repeats, n))
        y = generator.binomial(d.astype(int), rate).astype(float)
        sums = ((y - 1).sum(1), (d - 5).sum(1), ((y - 1) ** 2).sum(1), ((d - 5) ** 2).sum(1), ((y - 1) * (d - 5)).sum(1))
        size = np.full(repeats, float(n))
        clicks.append(moments.sample_of_ratios(size, size * 0 + 1, size * 0 + 5, *sums))
    found = comparison.compare(*clicks, np.full(repeats, 0.05))
    false_positives = float(np.mean(found.p_value < 0.05))
    assert abs(false_positives - 0.05) < 4 * math.sqrt(0.05 * 0.95 / repeats)
    covered = float(np.mean((found.relative_low <= 0) & (found.relative_high >= 0)))
    assert covered == pytest.approx(1 - false_positives)


def test_thousands_at_once() -> None:
    size = 20_000
    control = moments.sample_of_means(*(np.full(size, value) for value in (1000.0, 0.1, 3.0, 95.0)))
    found = comparison.compare(control, control, np.full(size, 0.05))
    assert found.status.tolist() == [OK] * size
