"""The public face: its examples run, it loads nothing heavy, and it says what the estimators say."""

from __future__ import annotations

import doctest
import subprocess
import sys
from pathlib import Path

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


@pytest.mark.parametrize("change", [{"units_per_month": -1.0}, {"value_per_unit": -1.0}])
def test_what_cannot_be_valued_has_no_amount(change: dict[str, float]) -> None:
    found = library.worth(**{"effect": 0.004, "standard_error": 0.001, "units_per_month": 100.0, "value_per_unit": 3.0, **change})
    assert np.isnan([found.per_month, found.low, found.high, found.first_year, found.probability_pays]).all()


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
