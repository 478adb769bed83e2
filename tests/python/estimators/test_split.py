from __future__ import annotations

import math

import numpy as np
import pytest

from python_stats.estimators.split import daily_sample_ratio, log_bayes_factor, sample_ratio


def test_split(  # one table, one meaning per line
) -> None:
    table = [
        ([5000, 5100], [0.5, 0.5], "ok", True),
        ([5000, 6000], [0.5, 0.5], "sample_ratio_mismatch", False),
        ([9000, 1000], [0.9, 0.1], "ok", True),
        ([5000, 5000, 0], [0.5, 0.5, 0.0], "ok", True),
        ([5000, 5000, 1], [0.5, 0.5, math.nan], "undeclared_variant", True),
        ([5000, 5000, 100], [0.5, 0.5, math.nan], "undeclared_variant", False),
        ([450, 450, 1], [0.5, 0.5, math.nan], "undeclared_variant", True),
        ([450, 450, 4], [0.5, 0.5, math.nan], "undeclared_variant", True),
        ([450, 450, 5], [0.5, 0.5, math.nan], "undeclared_variant", False),
        ([20, 20, 1], [0.5, 0.5, math.nan], "undeclared_variant", False),
        ([0, 0], [0.5, 0.5], "no_persons", True),
        ([10], [1.0], "one_arm", True),
    ]
    for observed, shares, status, is_sound in table:
        found = sample_ratio(np.array(observed, dtype=float), np.array(shares))
        assert (found.status, found.is_sound) == (status, is_sound), observed


def test_shares_are_rescaled() -> None:
    halves, percents = (sample_ratio(np.array([500.0, 560.0]), np.array(shares)) for shares in ([0.5, 0.5], [50.0, 50.0]))
    assert halves.p_value == pytest.approx(percents.p_value)


def test_false_alarms_are_rare() -> None:
    generator = np.random.default_rng(5)
    alarms = sum(
        not sample_ratio(generator.multinomial(3000, [0.3, 0.7]).astype(float), np.array([0.3, 0.7])).is_sound for _ in range(3000)
    )
    assert alarms <= 12


@pytest.mark.parametrize("shares", [(0.9, 0.1), (0.99, 0.01), (0.4, 0.3, 0.2, 0.05, 0.05)])
def test_small_arms_raise_no_more_alarms(shares: tuple[float, ...]) -> None:
    """100 persons, ten of them or one expected in the smallest arm: the chi-square alone alarms in 0.2 to 0.35 %."""
    generator = np.random.default_rng(6)
    counts = generator.multinomial(100, shares, 20_000).astype(float)
    alarms = sum(not sample_ratio(row, np.array(shares)).is_sound for row in counts)
    assert alarms <= 20 + 4 * math.sqrt(20)
    assert not sample_ratio(np.array([60.0, 40.0]), np.array([0.9, 0.1])).is_sound


def test_exact_is_the_binomial() -> None:
    found = sample_ratio(np.array([17.0, 3.0]), np.array([0.5, 0.5]))
    assert found.p_value == pytest.approx(2 * sum(math.comb(20, k) for k in range(4)) / 2**20)
    assert sample_ratio(np.array([10.0, 10.0]), np.array([0.5, 0.5])).p_value == 1.0
    assert sample_ratio(np.array([20.0, 0.0]), np.array([0.5, 0.5])).p_value == pytest.approx(2 / 2**20)


def test_looking_every_day_raises_few_alarms_and_finds_a_broken_split() -> None:
    """200 days of 60 persons, 4,000 sound experiments: at 0.05 at most 0.05 of them; a chi-square each day would alarm in over 0.3."""
    generator = np.random.default_rng(8)
    shares = np.array([0.5, 0.3, 0.2])
    days = generator.multinomial(60, shares, (4000, 200)).cumsum(axis=1).astype(float)
    alarms = np.mean([daily_sample_ratio(found, shares)[-1] < 0.05 for found in days])
    assert 0 < alarms <= 0.05
    broken = generator.multinomial(60, [0.46, 0.34, 0.2], (50, 200)).cumsum(axis=1).astype(float)
    assert np.mean([daily_sample_ratio(found, shares)[-1] < 0.001 for found in broken]) > 0.9


def test_an_alarm_stays() -> None:
    observed = np.array([[10.0, 0.0], [100.0, 0.0], [110.0, 90.0], [5000.0, 5000.0]])
    found = daily_sample_ratio(observed, np.array([0.5, 0.5]))
    assert (np.diff(found) <= 0).all() and found[-1] == found[1] < 1e-20
    assert daily_sample_ratio(observed, np.array([1.0, math.nan])).tolist() == [1.0] * 4
    assert np.isfinite(daily_sample_ratio(observed * 1e11, np.array([0.5, 0.5]))).all()


def test_a_day_hangs_on_no_other_day() -> None:
    """To the last bit, whatever the number of days: a day that is told again in a longer series is told the same."""
    generator = np.random.default_rng(3)
    observed = np.cumsum(generator.integers(0, 90, (40, 3)), axis=0).astype(float)
    whole = log_bayes_factor(observed, np.array([0.5, 0.3, 0.2]))
    for days in range(1, 41):
        assert log_bayes_factor(observed[:days], np.array([0.5, 0.3, 0.2])).tolist() == whole[:days].tolist()
