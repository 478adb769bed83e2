"""Times until: log-rank, quantiles and their differences, curves, and the way there from raw durations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from python_stats.estimators import durations, survival
from python_stats.estimators.log_rank import log_rank
from python_stats.estimators.time_quantiles import QuantileDifference, Steps, difference, interval, steps_of

# Freireich et al. (1963): weeks to relapse on placebo and on 6-MP
PLACEBO = np.array([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23.0])
DRUG = np.array([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35.0])
RELAPSED = np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]) == 1


def tables(control: np.ndarray, is_event: np.ndarray, variant: np.ndarray, is_event_too: np.ndarray, make=durations.exact):
    group = np.repeat([0, 1], [control.size, variant.size])
    return make(np.concatenate([control, variant]), np.concatenate([is_event, is_event_too]).astype(bool), group)


def arms(table: durations.LifeTables, probability: float = 0.5) -> list[Steps]:
    return [steps_of(table.start, table.end, table.at_risk[arm], table.events[arm], probability) for arm in (0, 1)]


def ranked(table: durations.LifeTables):
    return log_rank(table.at_risk[:1], table.events[:1], table.at_risk[1:], table.events[1:])


FREIREICH = tables(PLACEBO, np.ones(21), DRUG, RELAPSED)


def test_published_intervals_of_the_median() -> None:
    """On the log-log scale: 8 weeks (4 to 11) on placebo, 23 (13 to beyond what was observed) on 6-MP, as R and SAS print them."""
    placebo, drug = arms(FREIREICH)
    assert (placebo.value, *interval(placebo, 0.05)) == (8.0, 4.0, 11.0)
    assert (drug.value, *interval(drug, 0.05)) == (23.0, 13.0, None)
    found = difference(placebo, drug, 0.05)
    assert found.effect == 15.0 and found.ci_low > 0 and found.ci_high is None and found.p_value < 0.05


def test_interval_of_a_curve_is_the_one_on_the_log_log_scale() -> None:
    """S(10) of 6-MP is 0.7529 with 0.5032 to 0.8894 (log-log scale)."""
    curve = survival.kaplan_meier(FREIREICH.start, FREIREICH.at_risk, FREIREICH.events)
    low, high = survival.log_log_interval(curve, 0.05)
    at = int(np.flatnonzero(FREIREICH.start == 10)[0])
    assert [curve.survival[1, at], low[1, at], high[1, at]] == pytest.approx([0.7529, 0.5032, 0.8894], abs=5e-5)
    assert ((low >= 0) & (low <= curve.survival) & (curve.survival <= high) & (high <= 1)).all()
    assert low[0, -1] == 0.0  # everybody relapsed


def brute_force(control: Steps, variant: Steps, limit: float) -> tuple[float, float]:
    pairs = [
        (variant.low[j] - control.high[i], variant.high[j] - control.low[i])
        for i in range(control.low.size)
        for j in range(variant.low.size)
        if control.distance[i] + variant.distance[j] <= limit
    ]
    return min(low for low, _ in pairs), max(high for _, high in pairs)


@given(
    st.integers(2, 60),
    st.integers(2, 60),
    st.integers(0, 2**32 - 1),
    st.floats(0.0, 1.0),
    st.sampled_from([0.1, 0.5, 0.9]),
    st.booleans(),
    st.sampled_from([0.05, 0.2]),
)
@settings(max_examples=150, deadline=None)
def test_quantiles_do_not_contradict_themselves(
    n: int, m: int, seed: int, censored: float, probability: float, in_buckets: bool, alpha: float
) -> None:
    generator = np.random.default_rng(seed)
    times = [np.ceil(generator.exponential(4000 * scale, size)) for scale, size in ((1.0, n), (generator.uniform(0.2, 3), m))]
    events = [generator.random(size) >= censored for size in (n, m)]
    control, variant = arms(
        tables(times[0], events[0], times[1], events[1], durations.bucketed if in_buckets else durations.exact), probability
    )
    found = difference(control, variant, alpha)
    figures = [value for value in vars(found).values() if isinstance(value, float)]
    assert np.isfinite(figures).all()
    if found.status != "ok":
        assert found.effect is None and found.p_value is None
        return
    low = -np.inf if found.ci_low is None else found.ci_low
    high = np.inf if found.ci_high is None else found.ci_high
    assert (low, high) == pytest.approx(brute_force(control, variant, 3.841458820694124 if alpha == 0.05 else 1.642374415149818))
    assert low <= found.effect <= high
    assert (low > 0 or high < 0) is (found.p_value <= alpha)
    if found.relative_low is not None and found.relative_low > 1e-12:
        assert low > 0
    if found.relative_high is not None and found.relative_high < -1e-12:
        assert high < 0
    swapped = difference(variant, control, alpha)
    assert (swapped.effect, swapped.p_value) == (pytest.approx(-found.effect), pytest.approx(found.p_value))
    for arm in (control, variant):
        bottom, top = interval(arm, alpha)
        assert bottom <= arm.value <= (np.inf if top is None else top)


def test_corners_have_names() -> None:
    """No events, all censored, one case, everything in one bucket, and a curve that never gets half-way down."""
    few, many = np.array([100.0, 200.0, 300.0]), np.arange(1.0, 41.0) * 100
    corners: list[tuple[np.ndarray, np.ndarray, str, str]] = [
        (np.zeros(0), np.zeros(0), "no_persons", "no_persons"),
        (few, np.zeros(3), "no_events", "ok"),
        (few[:1], np.ones(1), "too_few_persons", "ok"),
        (np.full(40, 7.0), np.ones(40), "ok", "ok"),
        (many, np.arange(40) < 10, "not_reached", "ok"),
    ]
    for times, is_event, median, rank in corners:
        for make in (durations.exact, durations.bucketed):
            table = tables(many, np.ones(40), times, is_event, make)
            found = difference(*arms(table), 0.05)
            assert found.status == median, (median, found)
            assert ranked(table).status[0] == rank
            assert (found.effect is None) is (median != "ok")
            curve = survival.kaplan_meier(table.start, table.at_risk, table.events)
            assert np.isfinite(survival.log_log_interval(curve, 0.05)).all()
    nothing = tables(few, np.zeros(3), few, np.zeros(3))
    assert ranked(nothing).status[0] == "no_events" and np.isnan(ranked(nothing).p_value[0])
    same = tables(np.full(5, 7.0), np.ones(5), np.full(5, 7.0), np.ones(5))
    assert ranked(same).status[0] == "zero_variance"  # all at one time: there is nothing to rank
    assert isinstance(difference(*arms(same), 0.05), QuantileDifference) and difference(*arms(same), 0.05).effect == 0.0


def test_log_rank_of_large_counts_and_of_many_at_once() -> None:
    """SciPy's own overflows past 1e5 cases. Chi-square grows with the counts; swapping the arms changes nothing."""
    big = 1e10
    found = log_rank(FREIREICH.at_risk[:1] * big, FREIREICH.events[:1] * big, FREIREICH.at_risk[1:] * big, FREIREICH.events[1:] * big)
    small = ranked(FREIREICH)
    assert found.status[0] == "ok" and found.chi_square[0] == pytest.approx(small.chi_square[0] * big, rel=0.1)
    both = [np.concatenate([part, part[::-1]]) for part in (FREIREICH.at_risk, FREIREICH.events)]
    pairs = log_rank(both[0][[0, 1]], both[1][[0, 1]], both[0][[1, 0]], both[1][[1, 0]])
    assert pairs.chi_square == pytest.approx(np.full(2, small.chi_square[0])) and pairs.surplus[0] == pytest.approx(-pairs.surplus[1])
    missing = log_rank(FREIREICH.at_risk[:1], FREIREICH.events[:1], FREIREICH.at_risk[1:] * np.nan, FREIREICH.events[1:])
    assert missing.status[0] == "missing_variant"


def test_error_rates_of_log_rank_and_median() -> None:
    """1,000 experiments without an effect, 40 % censored: at most alpha, but for three Monte-Carlo standard errors."""
    generator, wrong = np.random.default_rng(21), np.zeros(3)
    for _ in range(1000):
        times, limit = generator.exponential(1.0, 240), generator.uniform(0, 2.4, 240)
        table = durations.exact(np.minimum(times, limit), times <= limit, np.arange(240) % 2)
        found = [difference(*arms(table, probability), 0.05).p_value for probability in (0.5, 0.9)]
        wrong += [ranked(table).p_value[0] <= 0.05, *((p if p is not None else 1.0) <= 0.05 for p in found)]
    assert (wrong <= 50 + 3 * (1000 * 0.05 * 0.95) ** 0.5).all() and wrong[0] >= 50 - 3 * (1000 * 0.05 * 0.95) ** 0.5 and wrong[1] > 5


def test_buckets_are_those_of_the_marts() -> None:
    """Of a minute up to an hour, of an hour up to 30 days, of a day beyond (macros/handover/life_table.sql)."""
    seconds = np.array([0, 59.9, 60, 3599, 3600, 7199, 7200, 2591999, 2592000, 2678399, 2678400, 9e6])
    found = durations.bucketed(seconds, np.ones(12, dtype=bool), np.zeros(12, dtype=int), groups=1)
    had = found.events[0] > 0
    starts = [0, 60, 3540, 3600, 7200, 2588400, 2592000, 2678400, 8985600]
    assert found.start[had].tolist() == starts
    assert (found.end - found.start)[had].tolist() == [60, 60, 60, 3600, 3600, 3600, 86400, 86400, 86400]
    assert found.events[0, had].tolist() == [2, 1, 1, 2, 1, 1, 2, 1, 1] and found.at_risk[0, 0] == 12
    assert (found.start[1:] == found.end[:-1]).all()
    with pytest.raises(ValueError, match="0 or more"):
        durations.bucketed(np.array([-1.0]), np.array([True]), np.array([0]))


def test_buckets_change_the_answer_little() -> None:
    generator = np.random.default_rng(6)
    seconds, group = np.concatenate([generator.exponential(40_000, 5000), generator.exponential(50_000, 5000)]), np.repeat([0, 1], 5000)
    events = generator.random(10_000) < 0.8
    fine, coarse = durations.exact(seconds, events, group), durations.bucketed(seconds, events, group)
    assert ranked(coarse).chi_square[0] == pytest.approx(ranked(fine).chi_square[0], rel=0.02)
    near, exact = (difference(*arms(table), 0.05) for table in (coarse, fine))
    assert near.effect == pytest.approx(exact.effect, abs=900)
    assert near.ci_low <= exact.ci_low and near.ci_high >= exact.ci_high
