"""How a relative effect changed between two windows of the same persons."""

from __future__ import annotations

import numpy as np
import pytest

from python_stats.estimators.cuped import Arm, covariance_of_means
from python_stats.estimators.durability import change_of_lift
from python_stats.estimators.moments import sample_of_means

RNG = np.random.default_rng(2026)


def arm(late: np.ndarray, early: np.ndarray) -> Arm:
    """Sums over persons (the last axis) of the later and the earlier window."""
    n, zero = np.full(late.shape[:-1], float(late.shape[-1])), np.zeros(late.shape[:-1])
    y, x = late.sum(axis=-1), early.sum(axis=-1)
    return Arm(
        sample_of_means(n, zero, y, (late**2).sum(axis=-1)),
        sample_of_means(n, zero, x, (early**2).sum(axis=-1)),
        covariance_of_means(n, y, x, (late * early).sum(axis=-1)),
    )


def spending(rounds: int, persons: int, early_lift: float, later_lift: float) -> tuple[Arm, Arm]:
    """Purchases in a week, and in a month that holds that week; the effect on the rest of the month may be another."""
    arms = []
    for first, rest in ((0.0, 0.0), (early_lift, later_lift)):
        taste = RNG.gamma(2.0, 0.5, (rounds, persons))
        week = RNG.poisson(taste * (1 + first)).astype(float)
        arms.append(arm(week + RNG.poisson(3 * taste * (1 + rest)), week))
    return arms[0], arms[1]


@pytest.mark.parametrize("lift", [0.0, 0.2, -0.3])
def test_an_effect_that_lasts_is_called_changed_no_more_often_than_alpha(lift: float) -> None:
    rounds = 10_000
    found = change_of_lift(*spending(rounds, 150, lift, lift), np.full(rounds, 0.05))
    assert set(found.status) == {"ok"}
    assert np.mean(found.p_value < 0.05) == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / rounds))


def test_the_interval_holds_a_change_that_is_there() -> None:
    """A week of +40 %, the rest of the month +10 %: the month has (1 × 0.4 + 3 × 0.1) / 4 = +17.5 %, a change of −22.5 points."""
    rounds = 4_000
    found = change_of_lift(*spending(rounds, 400, 0.4, 0.1), np.full(rounds, 0.05))
    covered = np.mean((found.ci_low < -0.225) & (found.ci_high > -0.225))
    assert covered == pytest.approx(0.95, abs=0.012)
    assert np.mean(found.p_value < 0.05) > 0.5


def test_ignoring_that_windows_share_people_would_be_far_too_wide() -> None:
    control, variant = spending(1, 5_000, 0.1, 0.1)
    found = change_of_lift(control, variant, np.array([0.05]))
    apart = [sum(part.variance / part.value**2 for part in (one.value, one.covariate)) for one in (control, variant)]
    assert found.standard_error[0] < 0.8 * np.sqrt(sum(apart))[0]


def test_windows_that_are_the_same_have_no_change_and_say_so() -> None:
    week = RNG.poisson(1.0, (2, 1, 500)).astype(float)
    found = change_of_lift(arm(week[0], week[0]), arm(week[1], week[1]), np.array([0.05]))
    assert (found.status[0], found.change[0]) == ("unchanged", 0.0)
    assert np.isnan(found.p_value[0])


@pytest.mark.parametrize(
    ("late", "early", "status"),
    [
        (np.zeros((1, 50)), np.zeros((1, 50)), "unbounded"),
        (RNG.poisson(0.02, (1, 50)).astype(float) + np.eye(1, 50), np.eye(1, 50), "unbounded"),
        (np.ones((1, 1)), np.ones((1, 1)), "too_few_persons"),
        (np.ones((1, 0)), np.ones((1, 0)), "no_persons"),
    ],
)
def test_corners_are_named(late: np.ndarray, early: np.ndarray, status: str) -> None:
    found = change_of_lift(arm(late, early), arm(late, early), np.array([0.05]))
    assert found.status[0] == status
    assert np.isnan(found.p_value[0])
