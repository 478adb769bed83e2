"""Factorial effects against a regression on the same cells, and their intervals against planted effects."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from estimators.sums import arm_of_means

from python_stats.estimators import comparison, factorial
from python_stats.estimators.moments import Sample
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
