"""From how many persons on a comparison is not refused: the limits of `compare` itself, found by brute force; published counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, poisson

from python_stats.estimators import judgeable
from python_stats.estimators.comparison import compare
from python_stats.estimators.doubts import doubts
from python_stats.estimators.moments import Sample


def at(value: float) -> np.ndarray:
    return np.array([float(value)])


def pair(quota: float, control: float, variant: float, persons: float = 1.0, **more: float) -> tuple[Sample, Sample]:
    """Two arms of shares as expected of so many persons in all; of means where a skewness is given."""
    if more:
        skewness, spread = at(more["skewness"]), more["variance"]
        return tuple(  # type: ignore[return-value]
            judgeable.expected_arm(at(persons * q), at(m), at(spread), skewness=skewness)
            for q, m in ((quota, control), (1 - quota, variant))
        )
    return tuple(  # type: ignore[return-value]
        judgeable.expected_arm(at(persons * q), at(p), at(p * (1 - p)), is_share=True) for q, p in ((quota, control), (1 - quota, variant))
    )


@settings(max_examples=60, deadline=None)
@given(quota=st.floats(0.02, 0.45), control=st.floats(1e-4, 0.3), lift=st.floats(1.05, 2.5))
def test_the_skewness_of_a_share_ends_where_it_is_said_to(quota: float, control: float, lift: float) -> None:
    """`compare` refuses just below, and not from there on; the plan keeps a tenth clear of it."""
    least = judgeable.least_for_skewness(*pair(quota, control, control * lift))[0] * judgeable.CLEAR**2
    for persons, is_refused in ((0.999 * least, True), (1.001 * least, False)):
        found = compare(*pair(quota, control, control * lift, persons), at(0.05))
        assert (abs(found.skewness[0]) > 0.1) == is_refused


def test_the_skewness_of_a_mean_is_that_of_its_values() -> None:
    """κ = γ (n₀ − n₁) / √(n₀ n₁ N) with equal spreads: exponential, nine to one, (2 · 0.8 / 0.3 / 0.09)² persons."""
    found = judgeable.least_for_skewness(*pair(0.1, 1.0, 1.0, skewness=2.0, variance=1.0))
    assert found[0] == pytest.approx((2 * 0.8 / 0.3 / 0.09) ** 2)
    assert judgeable.least_for_skewness(*pair(0.1, 1.0, 1.0, skewness=np.nan, variance=1.0))[0] == 0  # unknown
    assert judgeable.least_for_skewness(*pair(0.5, 1.0, 1.0, skewness=9.0, variance=1.0))[0] == 0  # equal arms


@settings(max_examples=60, deadline=None)
@given(quota=st.floats(0.05, 0.95), control=st.floats(0.001, 0.9), lift=st.floats(0.5, 1.1))
def test_events_are_enough_from_where_it_is_said(quota: float, control: float, lift: float) -> None:
    """The limit of `doubts` itself lies at (5 − ½) ÷ the events to expect."""
    least = judgeable.least_for_events(*pair(quota, control, control * lift))[0] * 4.5 / judgeable.with_at_least(5)
    assert doubts(pair(quota, control, control * lift, 0.999 * least))[0] == "too_few_events"
    assert doubts(pair(quota, control, control * lift, 1.001 * least))[0] == "ok"


@pytest.mark.parametrize("count", [5, 30])
def test_so_many_are_expected_that_the_least_is_nearly_always_seen(count: int) -> None:
    """30 are seen in 97.5 % where 41.65 are expected: the upper end of Garwood's interval for 29, χ²₀.₉₇₅(60) ÷ 2."""
    assert count != 30 or judgeable.with_at_least(count) == pytest.approx(41.65, abs=0.005)
    expected = judgeable.with_at_least(count)
    assert poisson.sf(count - 1, expected) == pytest.approx(judgeable.SURE)
    assert poisson.ppf(0.025, expected) <= count


def test_chance_to_see_at_least_so_many_cases() -> None:
    for cases, share in ((30, 0.9), (64, 0.6), (29, 1.0), (500, 0.08)):
        found = judgeable.sees_at_least(30, at(cases), at(share))[0]
        assert found == pytest.approx(binom.sf(29, cases, share), abs=1e-12)
