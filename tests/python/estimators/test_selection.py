"""Effects drawn together against a published case, against plain quadrature, and against truths that are known."""

from __future__ import annotations

import numpy as np
import pytest

from python_stats.estimators.selection import FEWEST, SPREAD_OF_MEAN, shrink

# Efron & Morris (1975), "Data analysis using Stein's estimator", table 1: hits of 18 players in their first 45 times at bat.
HITS = np.array([18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7])


def test_batting_averages_are_drawn_together_as_published() -> None:
    """On their scale of variance 1 they keep 0.209 of a player's distance from the mean, by the James–Stein rule."""
    z = np.sqrt(45) * np.arcsin(2 * HITS / 45 - 1)
    away = z - z.mean()
    assert float(away @ away) == pytest.approx(18.96, abs=0.01)
    kept = shrink(away).expected / away
    assert kept == pytest.approx(np.full(18, 0.209), abs=0.03)


def test_against_quadrature_over_mean_and_share() -> None:
    z, weights = np.array([2.6, 0.3, -0.8, 1.4, 2.1, -0.2]), np.array([3.0, 0, 0, 0, 1.0, 0])
    share, mean = np.meshgrid((np.arange(300) + 0.5) / 300, np.linspace(-4, 4, 801), indexing="ij")
    density = np.exp(-0.5 * (mean / SPREAD_OF_MEAN) ** 2)
    for value in z:
        density = density * np.sqrt(1 - share) * np.exp(-0.5 * (value - mean) ** 2 * (1 - share))
    density /= density.sum()
    centre = sum(weight * (mean + share * (value - mean)) for weight, value in zip(weights, z, strict=True))
    expected = float((density * centre).sum())
    spread = float((density * (share * (weights**2).sum() + (centre - expected) ** 2)).sum())
    found = shrink(z)
    assert float(found.expected @ weights) == pytest.approx(expected, abs=2e-3)
    assert found.standard_error(weights) == pytest.approx(np.sqrt(spread), rel=2e-3)


@pytest.mark.parametrize("spread", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("effects", [5, 40])
def test_the_sum_of_what_was_chosen_holds_the_truth(effects: int, spread: float) -> None:
    """True effects around 0, those at z > 1.96 chosen: their plain sum misses in 10 to 100 %, what is expected of it in about 5 %."""
    rng, missed, plain, chosen = np.random.default_rng(7), 0, 0, 0
    for _ in range(2000 if effects == 5 else 700):
        truth = spread * rng.standard_normal(effects)
        z = truth + rng.standard_normal(effects)
        kept = (z > 1.96).astype(float)
        if not kept.any():
            continue
        drawn = shrink(z)
        chosen += 1
        missed += abs(float((drawn.expected - truth) @ kept)) > 1.96 * drawn.standard_error(kept)
        plain += abs(float((z - truth) @ kept)) > 1.96 * np.sqrt(kept.sum())
    assert missed / chosen <= 0.07 + 3 * np.sqrt(0.07 * 0.93 / chosen)
    assert plain / chosen > 0.08


def test_too_few_or_broken_estimates_are_refused() -> None:
    for z in (np.ones(FEWEST - 1), np.array([1.0, 2.0, 0.0, -1.0, np.nan])):
        with pytest.raises(ValueError, match="at least 5 finite"):
            shrink(z)
