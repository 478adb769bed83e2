"""Fixed-horizon comparisons of two arms: Welch, Fieller, Newcombe, delta-method ratios."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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
    unchecked,
)
from python_stats.estimators.comparison import Comparison, compare
from python_stats.estimators.moments import Sample
from python_stats.estimators.shares import newcombe
from python_stats.estimators.status import UNBOUNDED

ALPHAS = (0.05, 0.01)
LIFT = 1.1


def at(alpha: float, experiments: int) -> np.ndarray:
    return np.full(experiments, alpha)


def promises(
    method: str, corner: str, found: Comparison, bare: Comparison, alpha: float, effect: float, relative: float
) -> Iterator[Cell]:
    """p-value (where there is no effect) or both intervals (where there is) of a set of comparisons with a known effect.

    Without an effect both intervals say the same as the p-value: tests/python/test_no_contradiction.py.

    Args:
        found: as the product shows them.
        bare: the same without the warning, for the rate among all.
        effect, relative: the truth.
    """
    shown = np.isfinite(bare.effect)
    if effect == 0:
        with np.errstate(invalid="ignore"):
            yield cell(method, f"p < {percent(alpha)}", corner, alpha, bare.p_value < alpha, status=found.status, shown=shown)
        return
    absolute = misses(bare.ci_low, bare.ci_high, effect)
    yield cell(method, f"absolute interval {percent(1 - alpha)}", corner, alpha, absolute, status=found.status, shown=shown)
    # `unbounded` promises nothing, so it breaks nothing; it stays in the denominator, where Fieller's promise is made.
    ratio = misses(bare.relative_low, bare.relative_high, relative)
    status = np.where(found.relative_status == UNBOUNDED, found.status, found.relative_status)
    yield cell(f"{method}, Fieller", f"relative interval {percent(1 - alpha)}", corner, alpha, ratio, status=status, shown=shown)


def compared(
    method: str, corner: str, arms: tuple[Sample, Sample], effect: float = 0.0, relative: float = 0.0, alphas: tuple[float, ...] = ALPHAS
) -> Iterator[Cell]:
    """Two arms by Welch's t, at several error rates."""
    for alpha in alphas:
        level = at(alpha, arms[0].value.size)
        found, bare = compare(*arms, level), compare(*(unchecked(arm) for arm in arms), level)
        yield from promises(method, corner, found, bare, alpha, effect, relative)


SIZES = ((5, 5), (20, 20), (200, 200), (1000, 1000), (180, 20), (900, 100), (4500, 500), (500, 4500))


def welch(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Means: no effect, and 10 % more in every person."""
    populations = (NORMAL, SHIFTED, NEAR_ZERO, NEGATIVE, EXPONENTIAL, lognormal(1.0), lognormal(2.0), pareto(3.5), pareto(2.5), money(0.03))
    for population in populations:
        sizes = SIZES[2:4] if population in (SHIFTED, NEAR_ZERO, NEGATIVE) else SIZES
        for n_control, n_variant in sizes:
            corner = f"{population.name}, n {n_control}/{n_variant}"
            control = means(rng, experiments, n_control, population)
            yield from compared("Welch", corner, (control, means(rng, experiments, n_variant, population)))
            if population is not SHIFTED:
                more = means(rng, experiments, n_variant, population, LIFT)
                effect = (LIFT - 1) * population.mean
                arms = control, more
                yield from compared("Welch", f"{corner}, 10 % more", arms, effect, effect / abs(population.mean), (0.05,))


SHARE_SIZES = (
    (10, 10), (50, 50), (200, 200), (1000, 1000), (10_000, 10_000), (1_000_000, 1_000_000), (900, 100), (9000, 1000), (90_000, 10_000),
    (10_000, 90_000),
)


def proportions(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Shares from 0.1 % to 99 %: no effect, and a fifth more."""
    for share in (0.001, 0.01, 0.1, 0.5, 0.99):
        for n_control, n_variant in SHARE_SIZES:
            lifted = min(1.2 * share, 0.995)
            corner = f"share {100 * share:g} %, n {n_control}/{n_variant}"
            x_control, control = shares(rng, experiments, n_control, share)
            x_same, same = shares(rng, experiments, n_variant, share)
            x_more, more = shares(rng, experiments, n_variant, lifted)
            yield from compared("Welch on shares", corner, (control, same))
            effect = lifted - share
            yield from compared("Welch on shares", f"{corner}, to {100 * lifted:g} %", (control, more), effect, effect / share, (0.05,))
            for name, successes, arm, truth in ((corner, x_same, same, 0.0), (f"{corner}, to {100 * lifted:g} %", x_more, more, effect)):
                low, high = newcombe(x_control, control.persons, successes, arm.persons, at(0.05, experiments))
                yield cell("Newcombe–Wilson", "absolute interval 95 %", name, 0.05, misses(low, high, truth))


def few_events(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Equal arms of 1,000 with few events, more and less of them in the variant."""
    for expected in (1, 3, 5, 10, 20):
        for factor in (0.25, 0.5, 2.0, 4.0):
            share = expected / 1000
            arms = shares(rng, experiments, 1000, share)[1], shares(rng, experiments, 1000, factor * share)[1]
            corner = f"{expected:g} events expected in the control, {factor * expected:g} in the variant, n 1000/1000"
            yield from compared("Welch on shares", corner, arms, (factor - 1) * share, factor - 1, (0.05,))


def _clicks(slope: float, rate: float, deliveries: Callable[[np.random.Generator, tuple[int, int]], np.ndarray]) -> Pairs:
    """Messages per person, and clicks on them; with a slope above 0, who gets more messages clicks a smaller share of them."""

    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        d = deliveries(rng, shape)
        chance = np.clip(rate * rng.gamma(2, 0.5, shape) * (d / 4) ** -slope, 0, 1)
        return rng.binomial(d.astype(np.int64), chance).astype(float), d

    return draw


def _few(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return 1.0 + rng.poisson(3, shape)


def _heavy(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return 1 + np.floor(rng.pareto(2.5, shape) * 3)


def delta(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Ratios of sums per person with correlated parts: no effect, and a quarter more clicks."""
    for name, slope, rate, deliveries in (
        ("parts rise together", -0.5, 0.1, _few),
        ("parts against each other", 0.7, 0.2, _few),
        ("0.1 % clicks", 0.0, 0.001, _few),
        ("heavy deliveries", 0.0, 0.2, _heavy),
    ):
        pairs, more_pairs = _clicks(slope, rate, deliveries), _clicks(slope, 1.25 * rate, deliveries)
        truth, more_truth = (_ratio(rng, kind) for kind in (pairs, more_pairs))
        for n_control, n_variant in ((20, 20), (50, 50), (200, 200), (1000, 1000), (180, 20), (900, 100), (4500, 500)):
            corner = f"clicks per delivery, {name}, n {n_control}/{n_variant}"
            control, same = (ratios(rng, experiments, n, pairs, truth) for n in (n_control, n_variant))
            yield from compared("Delta ratio", corner, (control, same))
            more = ratios(rng, experiments, n_variant, more_pairs, truth)
            effect = more_truth - truth
            yield from compared("Delta ratio", f"{corner}, a quarter more", (control, more), effect, effect / truth, (0.05,))


def _ratio(rng: np.random.Generator, pairs: Pairs) -> float:
    """The true ratio, from 20 million persons."""
    y, d = (sum(parts) for parts in zip(*((part.sum() for part in pairs(rng, (1000, 1000))) for _ in range(20)), strict=True))
    return float(y / d)
