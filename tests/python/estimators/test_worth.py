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


@pytest.mark.parametrize("effect", [-0.004, 0.0, 0.004])
@pytest.mark.parametrize("standard_error", [0.0, 0.002])
@pytest.mark.parametrize(("low", "high"), [(100.0, 500.0), (300.0, 500.0), (300.0, 300.0)])
def test_a_quantile_never_falls_and_gives_back_its_probability(effect: float, standard_error: float, low: float, high: float) -> None:
    gain = Worth(effect, standard_error, np.inf, 2e4, unit_values(300.0, low, high, 0.05))
    amounts = [gain.quantile(tail) for tail in (0.025, 0.2, 0.5, 0.8, 0.975)]
    assert amounts == sorted(amounts)
    if standard_error > 0:
        assert 1 - gain.probability_above(amounts[1]) == pytest.approx(0.2, abs=1e-3)


@pytest.mark.parametrize(("effect", "expected"), [(0.004, (8_000, 40_000)), (-0.004, (-40_000, -8_000))])
def test_a_certain_effect_at_an_uncertain_value(effect: float, expected: tuple[float, float]) -> None:
    """0.004 of 20,000 at 100 to 500 each: 8,000 to 40,000, of a gain as of a loss."""
    gain = Worth(effect, 0.0, np.inf, 2e4, unit_values(300.0, 100.0, 500.0, 0.05))
    assert (gain.quantile(0.025), gain.quantile(0.975)) == pytest.approx(expected, rel=2e-3)
