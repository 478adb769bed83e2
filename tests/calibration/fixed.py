"""Fixed-horizon comparisons: Welch, Fieller, Newcombe, delta-method ratios."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from calibration.cells import Cell, cell, misses, percent
from calibration.draws import (
    EXPONENTIAL,
    NEAR_ZERO,
    NEGATIVE,
    NORMAL,
    SHIFTED,
    Pairs,
    lognormal,
    means,
    money,
    pareto,
    ratios,
    shares,
)
from python_stats.estimators.comparison import Comparison, compare
from python_stats.estimators.shares import newcombe

ALPHAS = (0.05, 0.01)
LIFT = 1.1


def promises(method: str, corner: str, found: Comparison, alpha: float, effect: float, relative: float) -> Iterator[Cell]:
    """p-value (where there is no effect) and both intervals of one set of comparisons with a known effect."""
    shown = np.isfinite(found.effect)
    if effect == 0:
        with np.errstate(invalid="ignore"):
            yield cell(method, f"p < {percent(alpha)}", corner, alpha, found.p_value < alpha, status=found.status, shown=shown)
        return  # both intervals say the same as the p-value (tests/python/test_no_contradiction.py)
    absolute = misses(found.ci_low, found.ci_high, effect)
    yield cell(method, f"absolute interval {percent(1 - alpha)}", corner, alpha, absolute, status=found.status, shown=shown)
    # `unbounded` promises nothing, so it breaks nothing; it stays in the denominator, where Fieller's promise is made.
    ratio = misses(found.relative_low, found.relative_high, relative)
    yield cell(f"{method}, Fieller", f"relative interval {percent(1 - alpha)}", corner, alpha, ratio, status=found.status, shown=shown)


def at(alpha: float, experiments: int) -> np.ndarray:
    return np.full(experiments, alpha)


SIZES = ((5, 5), (20, 20), (200, 200), (1000, 1000), (180, 20), (900, 100), (4500, 500))


def welch(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Means: no effect, and 10 % more in every person."""
    populations = (NORMAL, SHIFTED, NEAR_ZERO, NEGATIVE, EXPONENTIAL, lognormal(1.0), lognormal(2.0), pareto(3.5), pareto(2.5), money(0.03))
    for population in populations:
        sizes = SIZES[2:4] if population in (SHIFTED, NEAR_ZERO, NEGATIVE) else SIZES
        for n_control, n_variant in sizes:
            corner = f"{population.name}, n {n_control}/{n_variant}"
            control = means(rng, experiments, n_control, population)
            same = means(rng, experiments, n_variant, population)
            for alpha in ALPHAS:
                yield from promises("Welch", corner, compare(control, same, at(alpha, experiments)), alpha, 0.0, 0.0)
            if population is not SHIFTED:
                more = means(rng, experiments, n_variant, population, LIFT)
                effect = (LIFT - 1) * population.mean
                found = compare(control, more, at(0.05, experiments))
                yield from promises("Welch", f"{corner}, 10 % more", found, 0.05, effect, effect / abs(population.mean))


SHARE_SIZES = ((10, 10), (50, 50), (200, 200), (1000, 1000), (10_000, 10_000), (1_000_000, 1_000_000), (900, 100), (9000, 1000), (90_000, 10_000))


def proportions(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Shares from 0.1 % to 99 %: no effect, and a fifth more."""
    for share in (0.001, 0.01, 0.1, 0.5, 0.99):
        for n_control, n_variant in SHARE_SIZES:
            lifted = min(1.2 * share, 0.995)
            corner = f"share {100 * share:g} %, n {n_control}/{n_variant}"
            x_control, control = shares(rng, experiments, n_control, share)
            x_same, same = shares(rng, experiments, n_variant, share)
            x_more, more = shares(rng, experiments, n_variant, lifted)
            for alpha in ALPHAS:
                yield from promises("Welch on shares", corner, compare(control, same, at(alpha, experiments)), alpha, 0.0, 0.0)
            for name, successes, arm, effect in ((corner, x_same, same, 0.0), (f"{corner}, a fifth more", x_more, more, lifted - share)):
                low, high = newcombe(x_control, control.persons, successes, arm.persons, at(0.05, experiments))
                yield cell("Newcombe–Wilson", "absolute interval 95 %", name, 0.05, misses(low, high, effect))
                if effect:
                    found = compare(control, arm, at(0.05, experiments))
                    yield from promises("Welch on shares", name, found, 0.05, effect, effect / share)


def _clicks(spread: float, rate: float, heavy: bool) -> Pairs:
    """Messages per person, and clicks on them; who gets more messages clicks less often (or more, where spread is below 0)."""

    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        d = 1 + (np.floor(rng.pareto(2.5, shape) * 3) if heavy else rng.poisson(3, shape))
        chance = np.clip(rate * rng.gamma(2, 0.5, shape) * d**-spread / _level(spread, heavy), 0, 1)
        return rng.binomial(d.astype(np.int64), chance).astype(float), d.astype(float)

    return draw


def _level(spread: float, heavy: bool) -> float:
    """Keeps the clicks in the same order of size."""
    return 4.0**-spread


def delta(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Ratios of sums per person with correlated parts, no effect; the truth of a ratio is its own in both arms."""
    for name, pairs in (
        ("clicks/delivery, parts rise together", _clicks(-0.5, 0.1, False)),
        ("clicks/delivery, parts against each other", _clicks(0.7, 0.3, False)),
        ("clicks/delivery 0.1 %", _clicks(0.0, 0.001, False)),
        ("clicks/delivery, heavy deliveries", _clicks(0.0, 0.2, True)),
    ):
        for n_control, n_variant in ((20, 20), (200, 200), (1000, 1000), (180, 20), (900, 100), (4500, 500)):
            corner = f"{name}, n {n_control}/{n_variant}"
            control, variant = (ratios(rng, experiments, n, pairs) for n in (n_control, n_variant))
            for alpha in ALPHAS:
                yield from promises("Delta ratio", corner, compare(control, variant, at(alpha, experiments)), alpha, 0.0, 0.0)
