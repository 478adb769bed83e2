"""Factorial effects against a regression on the same cells, and their intervals against planted effects."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from estimators.sums import arm_of_means

from python_stats.estimators import comparison, cuped, factorial
from python_stats.estimators.moments import Sample
from python_stats.estimators.shares import sample_of_shares
from python_stats.estimators.status import MISSING_VARIANT, OK

TWO = [{"copy": c, "timing": t} for t, c in product(("late", "prompt"), ("plain", "warm"))]
THREE = [{"a": a, "b": b, "c": c} for a, b, c in product("01", "012", "01")]


def test_every_effect_is_there_once() -> None:
    assert [effect.moved for effect in factorial.effects(TWO, TWO[0])] == [
        {"copy": "warm"},
        {"timing": "prompt"},
        {"copy": "warm", "timing": "prompt"},
    ]
    names = [tuple(effect.moved.items()) for effect in factorial.effects(THREE, THREE[0])]
    assert len(names) == len(set(names)) == 11  # as many as cells, less the mean


def test_a_design_that_is_not_crossed_has_no_effects() -> None:
    assert factorial.effects(TWO[:3], TWO[0]) == []
    assert factorial.effects([*TWO, TWO[0]], TWO[0]) == []


def test_effects_are_the_coefficients_of_a_saturated_regression() -> None:
    means = np.random.default_rng(1).normal(10, 2, len(THREE))
    samples = [Sample(*(np.array([value]) for value in (50.0, mean, 0.1)), np.array([OK], dtype=object)) for mean in means]
    for effect in factorial.effects(THREE, THREE[0]):
        columns = []
        for cell in THREE:
            # coded against the base inside the effect; outside it, levels are centred, so that all weigh the same
            parts = []
            for factor, levels in (("a", "01"), ("b", "012"), ("c", "01")):
                centre = 0 if factor in effect.moved else 1 / len(levels)
                parts.append([1.0, *(float(cell[factor] == level) - centre for level in levels[1:])])
            columns.append([math.prod(combination) for combination in product(*parts)])
        coefficients = np.linalg.solve(np.array(columns), means)
        wanted = tuple(effect.moved.get(factor, "") for factor in "abc")
        position = list(product(("", "1"), ("", "1", "2"), ("", "1"))).index(wanted)
        assert factorial.estimate(samples, effect).contrast.effect[0] == pytest.approx(coefficients[position], abs=1e-9), effect.moved


def test_a_missing_cell_has_a_status() -> None:
    values = np.array([[2.0, 1, 1, 1, 1]])
    full, missing = arm_of_means(values, values).value, Sample(*(np.array([math.nan]),) * 3, np.array([MISSING_VARIANT], dtype=object))
    for effect in factorial.effects(TWO, TWO[0]):
        assert factorial.estimate([full, full, full, missing], effect).status[0] == MISSING_VARIANT


def test_intervals_cover_what_was_planted() -> None:
    """4,000 experiments, cells of different size and spread: absolute and relative intervals of all three effects cover in 95 %."""
    generator = np.random.default_rng(2)
    repeats, truth = 4000, (10.0, 10.6, 10.3, 11.4)
    samples = [
        arm_of_means(part, part).value
        for mean, n, spread in zip(truth, (60, 80, 70, 90), (3, 4, 3, 5), strict=True)
        for part in [generator.normal(mean, spread, (repeats, n))]
    ]
    planted = {"copy": (0.85, 10.15), "timing": (0.55, 10.3), "copytiming": (0.5, 10.0)}
    for effect in factorial.effects(TWO, TWO[0]):
        found = factorial.estimate(samples, effect)
        result = comparison.compare_contrast(found.contrast, found.df, np.full(repeats, 0.05), found.status, np.full(repeats, np.nan))
        value, base = planted["".join(effect.moved)]
        noise = 4 * math.sqrt(0.05 * 0.95 / repeats)
        assert abs(float(np.mean((result.ci_low <= value) & (result.ci_high >= value))) - 0.95) < noise
        relative = value / base
        assert abs(float(np.mean((result.relative_low <= relative) & (result.relative_high >= relative))) - 0.95) < noise


def crossed_shares(generator: np.random.Generator, repeats: int, shares: tuple[float, ...], sizes: tuple[int, ...]) -> list[Sample]:
    counts = [generator.binomial(n, share, repeats).astype(float) for n, share in zip(sizes, shares, strict=True)]
    return [sample_of_shares(np.full(repeats, float(n)), 0 * count, count, count) for n, count in zip(sizes, counts, strict=True)]


@pytest.mark.parametrize(
    ("shares", "sizes"),
    [
        ((0.06, 0.002, 0.06, 0.002), (1000,) * 4),  # without the check: 9.7 % missed
        ((0.004, 0.001, 0.004, 0.001), (1000,) * 4),  # 13.6 %
        ((0.02, 0.001, 0.02, 0.005), (4000, 4000, 1000, 1000)),  # 8.0 %
        ((0.01, 0.0025, 0.01, 0.0025), (1000,) * 4),  # 7.2 %
    ],
)
def test_relative_intervals_of_few_events_are_left_out(shares: tuple[float, ...], sizes: tuple[int, ...]) -> None:
    """50,000 experiments: what is shown of a warm copy's relative effect misses in 5 % at most, and nothing falls by more than 100 %."""
    found = factorial.estimate(crossed_shares(np.random.default_rng(5), 50_000, shares, sizes), factorial.effects(TWO, TWO[0])[0])
    result = comparison.compare_contrast(found.contrast, found.df, np.full(50_000, 0.05), found.status, found.skewness, found.few_events)
    shown = result.relative_status == OK
    assert 0.02 < shown.mean() < 0.98 and np.all(result.relative_low[shown] > -1)
    relative = (shares[1] + shares[3]) / (shares[0] + shares[2]) - 1
    assert np.mean((result.relative_low > relative)[shown] | (result.relative_high < relative)[shown]) < 0.055


def test_events_are_counted_on_either_side_of_a_ratio() -> None:
    """4 + 4 of 1,000 each are eight; 9 of 10,000 with 1 of 100 are hardly more than one; where there is none in a cell, it counts."""

    def is_few(counts: tuple[int, ...], sizes: tuple[int, ...] = (1000,) * 4) -> tuple[bool, ...]:
        cells = [sample_of_shares(*(np.array([float(part)]) for part in (n, 0, x, x))) for x, n in zip(counts, sizes, strict=True)]
        return tuple(bool(factorial.estimate(cells, effect).few_events[0]) for effect in factorial.effects(TWO, TWO[0]))

    assert is_few((40, 4, 40, 4)) == (False, False, False)
    assert is_few((40, 2, 40, 2)) == (True, False, False)
    assert is_few((2, 40, 2, 40)) == (True, False, True)
    assert is_few((40, 9, 40, 1), (10_000, 10_000, 100, 100)) == (True, False, False)
    assert is_few((40, 9, 40, 0), (10_000, 10_000, 100, 100)) == (True, False, False)


def with_past(generator: np.random.Generator, repeats: int, means: tuple[float, ...]) -> list[cuped.Arm]:
    """Cells of 100 to 400 persons and different spread; what people did before goes with what they do, in each cell differently."""
    arms = []
    for mean, n, spread in zip(means, (100, 400, 150, 250), (2, 3, 2, 4), strict=True):
        x = generator.normal(10, 3, (repeats, n))
        arms.append(arm_of_means(mean + 0.09 * mean * (x - 10) + generator.normal(0, spread, (repeats, n)), x))
    return arms


def test_adjusted_effects_are_contrasts_of_adjusted_values() -> None:
    """θ by regression of all persons stacked; then means, variances and covariances of y − θ x by cell."""
    generator = np.random.default_rng(6)
    xs = [generator.gamma(2, 5, n) for n in (120, 300, 150, 200)]
    ys = [0.6 * x + generator.normal(3 + cell, 2 + cell, x.size) for cell, x in enumerate(xs)]
    arms = [arm_of_means(y, x, 9.0, 10.0) for x, y in zip(xs, ys, strict=True)]
    slope = cuped.slope_over(arms)
    theta = np.polyfit(np.concatenate(xs), np.concatenate(ys), 1)[0]
    assert slope.usable[0] and slope.theta[0] == pytest.approx(theta, rel=1e-10)
    left = [y - theta * x for x, y in zip(xs, ys, strict=True)]
    for effect in factorial.effects(TWO, TWO[0]):
        contrast, df = factorial.adjust(arms, effect, slope)
        parts = [(weight**2 * value.var(ddof=1) / value.size, value.size) for weight, value in zip(effect.weights, left, strict=True)]
        spread = sum(part for part, _ in parts)
        assert contrast.effect[0] == pytest.approx(np.dot(effect.weights, [value.mean() for value in left]), rel=1e-10)
        assert contrast.variance[0] == pytest.approx(spread, rel=1e-10)
        assert df[0] == pytest.approx(spread**2 / sum(part**2 / (n - 1) for part, n in parts), rel=1e-10)
        assert contrast.control[0] == pytest.approx(np.dot(effect.base, [y.mean() for y in ys]))
        moves = zip(effect.weights, effect.base, left, ys, strict=True)
        together = sum(weight * part * np.cov(value, y)[0, 1] / y.size for weight, part, value, y in moves)
        assert contrast.slope[0] * contrast.control_variance[0] == pytest.approx(together, rel=1e-10)


def test_of_two_cells_it_is_the_comparison_of_two_variants() -> None:
    arms = with_past(np.random.default_rng(7), 20, (10.0, 10.6, 10.3, 11.4))[:2]
    (effect,) = factorial.effects([{"copy": "plain"}, {"copy": "warm"}], {"copy": "plain"})
    contrast, df = factorial.adjust(arms, effect, cuped.slope_over(arms))
    pair = cuped.adjust(*arms)
    for name in ("effect", "control", "control_variance", "slope", "rest_variance"):
        assert getattr(contrast, name) == pytest.approx(getattr(pair.contrast, name), rel=1e-9), name
    assert df == pytest.approx(pair.df, rel=1e-9)


def test_adjusted_intervals_cover_what_was_planted_and_are_narrower() -> None:
    """2,000 experiments of unequal cells: absolute and relative intervals of main effects and interaction cover in 95 %."""
    repeats, truth = 2000, (10.0, 10.6, 10.3, 11.4)
    arms = with_past(np.random.default_rng(8), repeats, truth)
    slope = cuped.slope_over(arms)
    assert slope.usable.all()
    noise = 4 * math.sqrt(0.05 * 0.95 / repeats)
    for effect in factorial.effects(TWO, TWO[0]):
        plain = factorial.estimate([arm.value for arm in arms], effect)
        contrast, df = factorial.adjust(arms, effect, slope)
        result = comparison.compare_contrast(contrast, df, np.full(repeats, 0.05), plain.status, np.full(repeats, np.nan))
        value, base = np.dot(effect.weights, truth), np.dot(effect.base, truth)
        assert abs(float(np.mean((result.ci_low <= value) & (result.ci_high >= value))) - 0.95) < noise
        held = (result.relative_low <= value / base) & (result.relative_high >= value / base)
        assert abs(float(np.mean(held)) - 0.95) < noise
        assert np.mean(contrast.variance / plain.contrast.variance) < 0.6
