"""Do two weekly series move together: against SciPy where weeks do not remember, and how often chance is taken for it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from python_stats.estimators.association import NO_CHANGE, TOO_FEW_WEEKS, associate


def test_the_interval_is_fishers_for_one_lag() -> None:
    rng = np.random.default_rng(7)
    steps = rng.normal(size=(2, 80))
    steps[1] += 0.6 * steps[0]
    found = associate(np.cumsum(steps[0]), np.cumsum(steps[1]), most_lags=0)
    known = stats.pearsonr(steps[0][1:], steps[1][1:])
    low, high = known.confidence_interval(0.95)
    assert found.correlation == pytest.approx(known.statistic, rel=1e-12)
    # memories of one sign widen it a little, others are not used to narrow it
    assert found.low <= low + 1e-12 and found.high >= high - 1e-12
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.05)


def test_the_lag_is_found() -> None:
    rng = np.random.default_rng(8)
    child = np.cumsum(rng.normal(size=60))
    parent = np.concatenate([rng.normal(size=3), -child[:-3]]) + 0.1 * rng.normal(size=60)
    found = associate(child, parent)
    assert found.lag == 3 and found.correlation < -0.9 and found.high < 0


@pytest.mark.parametrize("remember", [0.0, 1.0])
def test_chance_is_seldom_taken_for_an_association(remember: float) -> None:
    """Independent weeks, also such whose level is noise (their changes remember each other): at most one in twenty."""
    rng = np.random.default_rng(9)
    alarms, rounds = 0, 2000
    for _ in range(rounds):
        first, second = rng.normal(size=(2, 40))
        if not remember:
            first, second = np.cumsum(first), np.cumsum(second)
        found = associate(first, second)
        alarms += found.low * found.high > 0
    assert alarms / rounds <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / rounds)


def test_gaps_and_constants() -> None:
    weeks = np.arange(30.0)
    assert associate(weeks[:8], weeks[:8]).status == TOO_FEW_WEEKS
    assert associate(np.full(30, 3.0), np.random.default_rng(1).normal(size=30)).status == NO_CHANGE
    with_gap = np.random.default_rng(2).normal(size=40)
    with_gap[10:14] = np.nan
    assert associate(with_gap, with_gap, most_lags=0).weeks == 34
    with pytest.raises(ValueError, match="different lengths"):
        associate(weeks, weeks[1:])
