from __future__ import annotations

import numpy as np
import pytest

from python_stats.estimators import survival


def test_without_censoring_it_is_the_mean_of_what_is_cut_at_the_horizon() -> None:
    generator = np.random.default_rng(2)
    times = np.sort(generator.exponential(10, 4000))
    at_risk = np.arange(times.size, 0, -1)[None, :].astype(float)
    value, variance = survival.restricted_mean(times, at_risk, np.ones_like(at_risk), np.array([20.0]))
    cut = np.minimum(times, 20)
    assert value[0] == pytest.approx(cut.mean(), rel=1e-9)
    assert variance[0] == pytest.approx(cut.var() / times.size, rel=1e-6)


def test_large_counts_do_not_overflow() -> None:
    times, at_risk, events = np.array([1.0, 2.0]), np.array([[3e9, 1e9]]), np.array([[2e9, 5e8]])
    value, variance = survival.restricted_mean(times, at_risk, events, np.array([3.0]))
    assert value[0] == pytest.approx(1 + 1 / 3 + 1 / 6)
    assert 0 < variance[0] < 1e-8


def test_middle_of_the_bucket_and_open_end() -> None:
    found = survival.bucket_times(np.array([0.0, 60.0]), np.array([60.0, np.nan]))
    assert found.tolist() == [30.0, 60.0]


def test_everybody_ends_and_nobody_came() -> None:
    times = np.array([5.0])
    sample = survival.sample_of_restricted_means(
        times, np.array([[4.0], [0.0], [1.0]]), np.array([[4.0], [0.0], [1.0]]), np.array([4.0, 0.0, 1.0]), np.array([5.0, 0.0, 5.0])
    )
    assert sample.status.tolist() == ["ok", "no_persons", "too_few_persons"]
    assert sample.value[0] == 5.0 and np.isnan(sample.value[1:]).all()
