"""The public face: its examples run, it loads nothing heavy, and it says what the estimators say."""

from __future__ import annotations

import doctest
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import python_stats
from python_stats import library

DOCS = Path(__file__).resolve().parents[2] / "docs" / "library.md"


def test_every_docstring_example_runs() -> None:
    found = doctest.testmod(library)
    assert (found.failed, found.attempted >= 8) == (0, True)


def test_the_documentation_runs() -> None:
    found = doctest.testfile(str(DOCS), module_relative=False)
    assert (found.failed, found.attempted >= 8) == (0, True)


def test_the_package_has_what_the_library_has() -> None:
    assert python_stats.__all__ == library.__all__
    assert all(getattr(python_stats, name) is getattr(library, name) for name in library.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = python_stats.nonsense


def test_nothing_heavy_is_loaded() -> None:
    """NumPy and scipy.special are all it takes: no scipy.stats, no DuckDB, no command line."""
    code = (
        "import python_stats as ps, sys; ps.compare_shares(1, 10, 2, 10); ps.plan_share(0.1, 0.1); ps.sample_ratio([1, 2], [1, 1]);"
        "ps.worth(1.0, 1.0, 1.0, 1.0, value_low=0.5, value_high=1.5);"
        "print([m for m in ('scipy.stats', 'scipy.optimize', 'duckdb', 'click', 'yaml', 'jinja2', 'dbt') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_ratios_from_the_persons_themselves() -> None:
    """Delta method by hand, on the linearised values of every person."""
    rng = np.random.default_rng(11)
    sums, values, spreads = [], [], []
    for rate in (0.2, 0.25):
        d = rng.poisson(4, 800).astype(float) + 1
        y = rng.binomial(d.astype(int), rate).astype(float)
        sums.append(library.RatioSums(800, y.sum(), d.sum(), (y**2).sum(), (d**2).sum(), (y * d).sum()))
        values.append(y.sum() / d.sum())
        spreads.append(np.var((y - values[-1] * d) / d.mean(), ddof=1) / 800)
    found = library.compare_ratios(*sums)
    assert found.effect == pytest.approx(values[1] - values[0], rel=1e-12)
    assert found.standard_error == pytest.approx(np.sqrt(sum(spreads)), rel=1e-9)


def test_means_are_welchs() -> None:
    found = library.compare_means(10.0, 4.0, 100, 11.5, 5.0, 120)
    assert found.p_value == pytest.approx(stats.ttest_ind_from_stats(11.5, 5.0, 120, 10.0, 4.0, 100, equal_var=False).pvalue, rel=1e-12)


def test_shapes_follow_the_input() -> None:
    one, many = library.compare_shares(10, 100, 12, 100), library.compare_shares([[10], [20]], 100, [12, 13, 14], 100)
    assert np.ndim(one.effect) == 0
    assert many.effect.shape == many.status.shape == (2, 3)
    assert many.effect[1, 2] == pytest.approx(-0.06)


@pytest.mark.parametrize("n,y,status", [(0, 0, "no_persons"), (1, 1, "too_few_persons"), (10, 0, "zero_variance"), (10**12, 10**11, "ok")])
def test_corners(n: float, y: float, status: str) -> None:
    assert library.compare_shares(y, n, y, n).status == status


def test_what_a_share_cannot_reach() -> None:
    size = library.plan_share([0.95, 0.5, 0.5], [0.1, 0.1, 0.0])
    assert list(size.status) == ["unreachable", "ok", "no_effect"]
    assert list(np.isnan(size.variant)) == [True, False, True]


@pytest.mark.parametrize(
    "change",
    [
        {"units_per_month": -1.0}, {"value_per_unit": -1.0}, {"standard_error": -0.001}, {"value_low": 4.0}, {"value_high": 2.0},
        {"value_low": -1.0}, {"df": 0.0}, {"df": np.nan}, {"effect": np.inf}, {"units_per_month": np.nan}, {"monthly_run_cost": np.nan},
    ],
)  # fmt: skip
def test_what_cannot_be_valued_has_no_amount(change: dict[str, float]) -> None:
    found = library.worth(**{"effect": 0.004, "standard_error": 0.001, "units_per_month": 100.0, "value_per_unit": 3.0, **change})
    assert np.isnan([found.per_month, found.low, found.high, found.first_year, found.probability_pays]).all()


COUNTS, MEANS = (400, 1000, 450, 1000), (1.0, 1.0, 100, 1.2, 1.0, 100)
SUMS = library.RatioSums(500, 505, 2010, 1200, 9000, 2300)
TIMES = ([1, 2, 3, 4], [200, 150, 90, 40], [50, 60, 50, 40], [200, 110, 50, 10], [90, 60, 40, 10])
ASKS_ALPHA: dict[str, Callable[..., Any]] = {
    "shares": lambda **more: library.compare_shares(*COUNTS, **more),
    "means": lambda **more: library.compare_means(*MEANS, **more),
    "ratios": lambda **more: library.compare_ratios(SUMS, SUMS, **more),
    "times": lambda **more: library.compare_times(*TIMES, horizon=4, **more),
    "plan_share": lambda **more: library.plan_share(0.04, 0.1, **more),
    "plan_mean": lambda **more: library.plan_mean(1.0, 1.0, 0.1, **more),
    "worth": lambda **more: library.worth(0.004, 0.001, 20_000, 300, **more),
}


@pytest.mark.parametrize("function", ASKS_ALPHA)
@pytest.mark.parametrize("alpha", [0.0, 1.0, 2.0, -0.1, np.nan, np.inf])
def test_an_error_rate_lies_between_0_and_1(function: str, alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha must lie between 0 and 1, both excluded; it is"):
        ASKS_ALPHA[function](alpha=alpha)


@pytest.mark.parametrize("function", ["plan_share", "plan_mean"])
@pytest.mark.parametrize("more", [{"power": 1.0}, {"power": [0.8, np.nan]}, {"variant_share": 0.0}, {"variant_share": 1.2}])
def test_so_do_a_power_and_a_share_of_the_traffic(function: str, more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(more))} must lie between 0 and 1"):
        ASKS_ALPHA[function](**more)


def test_several_levels_at_once() -> None:
    for function in ("shares", "means", "times"):
        found = ASKS_ALPHA[function](alpha=[0.05, 0.01])
        assert found.ci_low.shape == (2,) and found.ci_low[1] < found.ci_low[0]


def test_shapes_that_do_not_fit_are_named() -> None:
    with pytest.raises(ValueError, match=r"these shapes do not fit each other: \(2,\), \(3,\)"):
        library.compare_shares([1, 2], [10, 10, 10], 5, 10)
    with pytest.raises(ValueError, match="do not fit each other"):
        library.compare_times(TIMES[0], [TIMES[1]] * 2, TIMES[2], [TIMES[3]] * 3, TIMES[4], horizon=4)


def test_what_no_persons_can_give_is_invalid() -> None:
    for found in (
        library.compare_shares(5, np.inf, 450, 1000),
        library.compare_shares(1200, 1000, 450, 1000),
        library.compare_means(1e200, 1e199, 100, 1.1e200, 1e199, 100),
        library.plan_mean(1.0, -1.0, 0.1),
        library.plan_mean(np.inf, 1.0, 0.1),
        library.plan_share(1.1, -0.1),
    ):
        assert found.status == "invalid_input"


@pytest.mark.parametrize("observed", [[np.nan, 100], [np.inf, 100], [-100, 1000]])
def test_a_split_of_nobody_knows_how_many_is_not_sound(observed: list[float]) -> None:
    found = library.sample_ratio(observed, [0.5, 0.5])
    assert (found.status, found.is_sound, found.p_value, found.chi_square) == ("invalid_input", False, None, None)


@pytest.mark.parametrize("observed,shares", [([1, 2, 3], [0.5, 0.5]), ([100], [0.5, 0.5]), ([1, 2], [-0.5, 1.5]), ([1, 2], [np.inf, 0.5])])
def test_shares_that_no_split_can_have(observed: list[float], shares: list[float]) -> None:
    with pytest.raises(ValueError, match=r"^(observed and )?shares must be"):
        library.sample_ratio(observed, shares)


def test_arms_keep_their_own_flags() -> None:
    """150 and 250 durations with 250 and 150 flags are as many in all, and no arm's."""
    with pytest.raises(ValueError, match=r"is_event_control has the shape \(250,\), and its durations have \(150,\)"):
        library.life_tables(np.ones(150), np.ones(250, bool), np.ones(250), np.ones(150, bool))
    with pytest.raises(ValueError, match="true or false"):
        library.life_tables([1.0, 2.0], [True, True], [1.0, 2.0], [1.0, np.nan])
    with pytest.raises(ValueError, match="at most 1e\\+11 seconds"):
        library.life_tables([1.7e12], [True], [1.0], [True])
    assert library.life_tables([1.0, 2.0], [1, 0], [1.0, 2.0], [0.0, 1.0]).events_control.sum() == 1


def test_a_life_table_that_no_cases_give() -> None:
    for arms in ({1: [200, 150, 90, np.inf]}, {2: [50, -60, 50, 40]}, {2: [50, 60, 50, 41]}, {4: [90, np.nan, 40, 10]}):
        tables = [arms.get(place, part) for place, part in enumerate(TIMES)]
        assert library.compare_times(*tables, horizon=4).status == "invalid_input"
    for times in ([4, 3, 2, 1], [-1, 2, 3, 4], [1, 2, 3, np.nan], [1, 2, 3]):
        with pytest.raises(ValueError, match="times"):
            library.compare_times(times, *TIMES[1:], horizon=4)
    for horizon in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="horizon must be above 0"):
            library.compare_times(*TIMES, horizon=horizon)


# Weeks in remission of 42 children with leukaemia (Freireich et al. 1963; Klein & Moeschberger 2003, § 1.2): all on placebo, and 6-MP.
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
RELAPSED, STILL_WELL = [6, 6, 6, 7, 10, 13, 16, 22, 23], [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]


@pytest.mark.parametrize("horizon,status", [(16, "few_ended"), (23, "few_ended"), (35, "not_reached"), (36, "not_reached")])
def test_a_mean_time_ends_where_cases_were_watched(horizon: float, status: str) -> None:
    """At 16 weeks eleven are at risk under 6-MP, at 23 six, at 35 the last one. All on placebo relapsed: to 23 or beyond 8.667 is their mean."""
    treated = RELAPSED + STILL_WELL, [1] * 9 + [0] * 12
    found = library.compare_times(*library.life_tables(PLACEBO, [1] * 21, *treated, is_exact=True), horizon=horizon)
    assert found.status == status and np.isnan(found.variant) == (status == "not_reached")
    assert found.control == pytest.approx(np.minimum(PLACEBO, horizon).mean())


def test_an_arm_watched_for_less_long_is_not_carried_on() -> None:
    """The same times in both arms, four cases of the variant watched to 30 and the others to 5: to 30 there is no answer, to 5 there is."""
    generator = np.random.default_rng(0)
    arms = []
    for end in (np.full(4000, 30.0), np.where(np.arange(4000) % 1000, 5.0, 30.0)):
        waited = generator.exponential(10, 4000)
        arms += [np.minimum(waited, end), waited < end]
    tables = library.life_tables(*arms, is_exact=True)
    far, near = (library.compare_times(*tables, horizon=horizon) for horizon in (30.0, 5.0))
    assert far.status == "not_reached" and np.isnan([far.effect, far.p_value, far.variant]).all()
    assert near.status == "ok" and near.p_value > 0.01


def test_who_was_watched_to_the_horizon_counts_however_few_are_left() -> None:
    """Sixty cases watched for an hour, fourteen of them to its end, in buckets that count those for half; and sixty that all ended."""
    waited = np.concatenate([np.linspace(100, 3500, 46), np.full(14, 7000.0)])
    watched = np.minimum(waited, 3600.0)
    for is_exact in (False, True):
        tables = library.life_tables(watched, waited <= 3600, waited, np.ones(60, bool), is_exact=is_exact)
        found = library.compare_times(*tables, horizon=3600.0)
        assert found.status == "ok" and abs(float(found.effect)) < 1.0
        assert float(found.control) == pytest.approx(watched.mean(), rel=0.01)


def test_times_from_raw_durations() -> None:
    """Nobody is lost before the horizon: the restricted mean is the mean of what each case waited up to it. And half of them lost on the way."""
    generator, horizon = np.random.default_rng(7), 2 * 86400
    arms = [generator.exponential(mean * 3600, 20_000) for mean in (20, 16)]
    watched = [np.minimum(seconds, 3 * 86400) for seconds in arms]
    found = library.compare_times(*library.life_tables(watched[0], arms[0] <= 3 * 86400, watched[1], arms[1] <= 3 * 86400), horizon=horizon)
    means = [np.minimum(seconds, horizon).mean() for seconds in arms]
    assert (float(found.control), float(found.variant)) == pytest.approx(means, rel=2e-3)
    error = np.hypot(*(np.minimum(seconds, horizon).std() / 20_000**0.5 for seconds in arms))
    assert float(found.standard_error) == pytest.approx(error, rel=0.02) and str(found.status) == "ok"
    lost = [generator.exponential(mean * 3600, 20_000) for mean in (20, 16)]
    cut = [(np.minimum(seconds, end), seconds <= end) for seconds, end in zip(arms, lost, strict=True)]
    fewer = library.compare_times(*library.life_tables(*cut[0], *cut[1]), horizon=horizon)
    assert float(fewer.control) == pytest.approx(means[0], rel=0.03) and float(fewer.variant) == pytest.approx(means[1], rel=0.03)
    exact = library.compare_times(*library.life_tables(*cut[0], *cut[1], is_exact=True), horizon=horizon)
    assert float(exact.effect) == pytest.approx(float(fewer.effect), rel=0.02)
    assert str(library.compare_times(*library.life_tables([], [], [60.0], [True]), horizon=60).status) == "no_persons"
    for is_exact in (True, False):
        with pytest.raises(ValueError, match="0 or more"):
            library.life_tables([-1.0], [True], [1.0], [True], is_exact=is_exact)
