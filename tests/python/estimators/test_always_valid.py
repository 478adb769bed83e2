from __future__ import annotations

import numpy as np
import pytest

from python_stats.estimators import always_valid


def test_p_value_and_boundary_agree() -> None:
    fraction = np.array([0.01, 0.3, 1.0, 4.0])
    for alpha in (0.05, 0.001):
        edge = always_valid.boundary(fraction, np.array(alpha))
        assert always_valid.p_value(edge, fraction, np.array(alpha)) == pytest.approx(np.full(4, alpha))
        assert (always_valid.p_value(edge * 1.01, fraction, np.array(alpha)) < alpha).all()
        assert (always_valid.p_value(edge * 0.99, fraction, np.array(alpha)) > alpha).all()
    assert always_valid.p_value(np.array([0.0, 1e5]), np.array([1.0, 1.0]), np.array(0.05)).tolist() == [1.0, 0.0]


def test_it_is_tightest_near_the_planned_sample() -> None:
    """As an interval's width, boundary ÷ √n against √n: least where it was tuned, in the units of the fixed interval."""
    fractions = np.geomspace(0.01, 100, 401)
    narrowest = fractions[np.argmin(always_valid.boundary(fractions, np.array(0.05)))]
    assert 0.8 < narrowest < 1.25
    assert always_valid.boundary(np.array([0.0]), np.array(0.05))[0] == np.inf


def test_looking_every_day_stays_within_alpha() -> None:
    """400 looks at random walks of no effect; the true error at an endless horizon is alpha, so less here."""
    generator = np.random.default_rng(3)
    steps = generator.normal(size=(4000, 400)).cumsum(axis=1)
    looks = np.arange(1, 401)
    edge = always_valid.boundary(looks / 200, np.array(0.05))
    crossed = (np.abs(steps) / np.sqrt(looks) >= edge).any(axis=1).mean()
    assert 0.005 < crossed <= 0.05
