from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from python_stats.estimators import shares


@given(st.integers(1, 10**6), st.data())
def test_intervals_stay_inside(n, data) -> None:
    x = data.draw(st.integers(0, n))
    low, high = shares.wilson(np.array([float(x)]), np.array([float(n)]), np.array([0.05]))
    assert 0 <= low[0] <= x / n + 1e-12 and x / n - 1e-12 <= high[0] <= 1


def test_an_empty_arm_has_no_interval() -> None:
    low, high = shares.newcombe(*(np.array([value]) for value in (0.0, 0.0, 5.0, 10.0, 0.05)))
    assert np.isnan(low[0]) and np.isnan(high[0])
