from __future__ import annotations

import numpy as np
import pytest

from python_stats.estimators.worth import Worth, probability_above, quantile, unit_values


def test_a_certain_value_gives_the_effect_s_own_interval() -> None:
    gain = Worth(2.0, 0.5, np.inf, 10.0, np.array([3.0]))
    assert [gain.quantile(0.025), gain.quantile(0.975)] == pytest.approx([30 * (2 - 0.97998), 30 * (2 + 0.97998)], rel=1e-4)
    assert gain.probability_above(0) == pytest.approx(0.99996833, abs=1e-7)


def test_an_uncertain_value_against_simulation() -> None:
    values = unit_values(20.0, 12.0, 35.0, 0.05)
    gain = Worth(0.5, 0.2, np.inf, 1.0, values)
    generator = np.random.default_rng(1)
    z = generator.standard_normal(400_000)
    simulated = generator.normal(0.5, 0.2, z.size) * np.maximum(20 + z * np.where(z < 0, 8, 15) / 1.959964, 0)
    for probability in (0.025, 0.5, 0.975):
        assert gain.quantile(probability) == pytest.approx(np.quantile(simulated, probability), abs=0.12)
    assert gain.probability_above(5.0) == pytest.approx(np.mean(simulated > 5), abs=0.003)


def test_wider_values_never_narrow_the_interval() -> None:
    narrow, wide = (Worth(0.5, 0.1, np.inf, 1.0, unit_values(20.0, low, high, 0.05)) for low, high in ((20.0, 20.0), (10.0, 40.0)))
    assert wide.quantile(0.025) < narrow.quantile(0.025) < narrow.quantile(0.975) < wide.quantile(0.975)


def test_nothing_to_scale_and_no_uncertainty() -> None:
    assert Worth(0.5, 0.1, np.inf, 0.0, np.array([3.0])).probability_above(0) == 0.0
    certain = Worth(0.5, 0.0, np.inf, 2.0, np.array([3.0]))
    assert certain.quantile(0.025) == certain.quantile(0.975) == pytest.approx(3.0)
    assert certain.probability_above(2.9) == 1.0 and certain.probability_above(3.1) == 0.0


def test_parts_that_move_together() -> None:
    part = Worth(1.0, 0.5, np.inf, 1.0, np.array([1.0]))
    assert quantile([part, part], 0.1) == pytest.approx(2 * part.quantile(0.1))
    assert probability_above([part, part], 0.0) == pytest.approx(part.probability_above(0.0), abs=1e-6)
