from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from python_stats.estimators import shares


@given(st.integers(1, 10**6), st.data())
def test_intervals_stay_inside(n, data) -> None:
    x = data.draw(st.integers(0, n))
    low, high = shares.wilson(np.array([float(x)]), np.array([float(n)]), np.array([0.05]))
    assert 0 <= low[0] <= x / n + 1e-12 and x / n - 1e-12 <= high[0] <= 1


def test_an_empty_arm_has_no_interval() -> None:
    low, high = shares.newcombe(*(np.array([value]) for value in (0.0, 0.0, 5.0, 10.0, 0.05)))
    assert np.isnan(low[0]) and np.isnan(high[0])


@pytest.mark.parametrize(("control", "variant", "ratio"), [((16, 1000), (3, 1000), 0.5), ((2, 900), (40, 100), 1.2), ((0, 50), (0, 60), 0.7), ((4, 10), (0, 10), 1.0)])
def test_tails_of_a_ratio_are_those_of_the_binomial_test(control, variant, ratio) -> None:
    """Of all events the variant has its share, larger by the ratio: SciPy's test of one share says how likely that few, or that many, are."""
    share = variant[1] * ratio / (variant[1] * ratio + control[1])
    below, above = shares.rate_ratio_tails(*map(float, (*control, *variant)), ratio)
    if events := control[0] + variant[0]:
        assert below == pytest.approx(stats.binomtest(variant[0], events, share, alternative="less").pvalue)
        assert above == pytest.approx(stats.binomtest(variant[0], events, share, alternative="greater").pvalue)
    else:
        assert (below, above) == (1.0, 1.0)


def test_a_ratio_of_nothing_or_less_is_exceeded_by_any_event() -> None:
    assert shares.rate_ratio_tails(9.0, 100.0, 1.0, 100.0, -0.5) == (1.0, 0.0)
