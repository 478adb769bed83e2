from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from python_stats.estimators import spending

QUARTERS = np.array([0.25, 0.5, 0.75, 1.0])


def total(fractions: np.ndarray, z: np.ndarray, drift: float = 0.0) -> float:
    return float(sum(side.sum() for side in spending.crossing_probabilities(fractions, z, drift)))


@given(
    st.lists(st.floats(0.02, 0.5), min_size=1, max_size=7),
    st.floats(0.001, 0.2),
    st.sampled_from(spending.SPENDING),
)
@settings(max_examples=40, deadline=None)
def test_any_looks_spend_what_is_due_and_no_more(steps: list[float], alpha: float, kind: str) -> None:
    fractions = np.cumsum(steps)
    found = spending.boundaries(fractions, alpha, kind)
    assert total(fractions, found.z) == pytest.approx(float(spending.spent(fractions[-1:], alpha, kind)[0]), rel=1e-8)
    assert total(fractions, spending.boundaries(fractions, alpha, kind, is_last=True).z) == pytest.approx(alpha, rel=1e-8)
    assert (np.diff(found.spent, prepend=0) >= 0).all() and (found.nominal <= alpha * (1 + 1e-9)).all()


def test_one_look_is_the_fixed_test() -> None:
    for fraction in (0.4, 1.0, 1.7):
        found = spending.boundaries(np.array([fraction]), 0.05, is_last=True)
        assert found.z[0] == pytest.approx(1.959963984540054, abs=1e-12) and found.nominal[0] == pytest.approx(0.05)


def test_the_end_is_overrun_or_falls_short() -> None:
    over, short = (spending.boundaries(np.array([0.5, end]), 0.05, is_last=True) for end in (1.3, 0.8))
    assert over.spent[-1] == short.spent[-1] == 0.05
    # the further the last look lies from the first, the less the two have in common
    assert over.z[-1] > short.z[-1] > 1.959963984540054
    after = spending.boundaries(np.array([0.5, 1.0, 1.2]), 0.05)
    assert after.z[-1] == np.inf and after.nominal[-1] == 0.0


def test_an_early_look_with_nothing_to_spend_is_no_look() -> None:
    early = spending.boundaries(np.array([0.01, 0.5, 1.0]), 0.05)
    assert early.z[0] == np.inf
    assert early.z[1:] == pytest.approx(spending.boundaries(np.array([0.5, 1.0]), 0.05).z, abs=1e-9)


def test_two_looks_close_together() -> None:
    """A last look without new information lowers the boundary to what is left of alpha: there, the fixed test's."""
    again = spending.boundaries(np.array([0.5, 0.5]), 0.05, "pocock", is_last=True)
    assert again.z[0] > again.z[1] and again.z[1] == pytest.approx(1.96, abs=0.01)
    near, nearer = (spending.boundaries(np.array([0.5, 0.5 + gap, 1.0]), 0.05, "pocock").z for gap in (1e-4, 6e-5))
    assert near == pytest.approx(nearer, abs=1e-2)


def test_boundaries_hold_in_simulated_walks() -> None:
    """Unequal looks, against random walks: 200,000 of them, within 4 Monte-Carlo standard errors."""
    fractions = np.array([0.2, 0.3, 0.7, 1.1])
    walks = np.random.default_rng(11).normal(size=(200_000, 4)) * np.sqrt(np.diff(fractions, prepend=0))
    z = walks.cumsum(axis=1) / np.sqrt(fractions)
    for kind in spending.SPENDING:
        crossed = (np.abs(z) >= spending.boundaries(fractions, 0.05, kind).z).any(axis=1).mean()
        assert abs(crossed - 0.05) <= 4 * np.sqrt(0.05 * 0.95 / 200_000)


def test_power() -> None:
    """Jennison & Turnbull (2000), table 2.2: five looks, alpha 0.05, power 0.9: inflation 1.026 (O'Brien–Fleming), 1.207
    (Pocock), for their own constants 2.040 √(5/k) and 2.413."""
    fifths = np.arange(1, 6) / 5
    fixed = 1.959963984540054 + 1.2815515655446004
    for z, inflation in ((2.0400731747973144 * np.sqrt(1 / fifths), 1.026), (np.full(5, 2.4131762200609814), 1.207)):
        drift = spending.required_drift(fifths, z, 0.9)
        assert (drift / fixed) ** 2 == pytest.approx(inflation, abs=5e-4)


def test_repeated_p_value_agrees_with_the_boundary() -> None:
    for kind in spending.SPENDING:
        for looks in (1, 2, 4):
            fractions = QUARTERS[:looks]
            edge = float(spending.boundaries(fractions, 0.05, kind).z[-1])
            for size in (edge * 0.7, edge - 1e-9, edge, edge + 1e-9, edge * 1.4):
                found = spending.repeated_p_value(-size, fractions, 0.05, kind)
                assert (found <= 0.05) is bool(size >= edge) and 0 < found <= 1
            assert spending.repeated_p_value(edge, fractions, 0.05, kind) == pytest.approx(0.05, rel=1e-5)
    assert spending.repeated_p_value(0.0, QUARTERS[:1], 0.05) == 1.0
    assert spending.repeated_p_value(2.5, np.array([1.0]), 0.05) == pytest.approx(0.012419330651552265, rel=1e-5)


def test_boundaries_of_a_smaller_alpha_lie_outside() -> None:
    """What makes the repeated p-value one number."""
    levels = np.geomspace(1e-10, 0.9, 30)
    for kind in spending.SPENDING:
        for fractions in (QUARTERS, np.array([0.4, 0.45, 1.0]), np.array([0.1, 0.95, 1.4])):
            z = np.array([spending.boundaries(fractions, level, kind).z for level in levels])
            assert (z[1:] <= z[:-1] + 1e-9).all()


def test_wrong_input_is_named() -> None:
    for fractions in ([0.5, 0.4], [0.0, 0.4], [np.nan]):
        with pytest.raises(ValueError, match="never fall"):
            spending.boundaries(np.array(fractions), 0.05)
    with pytest.raises(ValueError, match="spending is 'linear'"):
        spending.boundaries(np.array([0.5]), 0.05, "linear")
