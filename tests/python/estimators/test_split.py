from __future__ import annotations

import math

import numpy as np
import pytest

from python_stats.estimators.split import sample_ratio


def test_split(  # one table, one meaning per line
) -> None:
    table = [
        ([5000, 5100], [0.5, 0.5], "ok", True),
        ([5000, 6000], [0.5, 0.5], "sample_ratio_mismatch", False),
        ([9000, 1000], [0.9, 0.1], "ok", True),
        ([5000, 5000, 0], [0.5, 0.5, 0.0], "ok", True),
        ([5000, 5000, 1], [0.5, 0.5, math.nan], "undeclared_variant", True),
        ([5000, 5000, 100], [0.5, 0.5, math.nan], "undeclared_variant", False),
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
