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


def test_a_horizon_rests_on_ten_cases() -> None:
    """Ten at risk until 3; a curve of its own with six cases is followed to its last three."""
    times = np.array([1.0, 2.0, 3.0, 4.0])
    at_risk = np.array([[40.0, 20.0, 10.0, 9.0], [6.0, 4.0, 3.0, 2.0], [0.0, 0.0, 0.0, 0.0]])
    assert survival.last_supported(times, at_risk).tolist() == [3.0, 3.0, 0.0]


def test_censored_cases_are_at_risk_for_half_their_bucket() -> None:
    """Exponential times around 18 hours with 30 % censored, in hour buckets: the mean to 72 hours is 17.67 hours, not 1 % more."""
    generator = np.random.default_rng(4)
    event, lost = generator.exponential(18, 400_000), generator.exponential(46, 400_000)
    bucket, is_event = np.floor(np.minimum(event, lost)).astype(int), event <= lost
    events, ended = (np.bincount(bucket[part], minlength=bucket.max() + 1).astype(float)[None, :] for part in (is_event, is_event | True))
    at_risk = np.cumsum(ended[:, ::-1], axis=1)[:, ::-1]
    middle, truth = np.arange(ended.size) + 0.5, 18 * (1 - np.exp(-4))
    means = [survival.restricted_mean(middle, risk, events, np.array([72.0]))[0][0] for risk in (at_risk, survival.during_bucket(at_risk, ended - events, middle - 0.5, middle + 0.5))]
    assert means[0] / truth > 1.006 and means[1] == pytest.approx(truth, rel=0.004)
