"""Simulated experiments as sufficient statistics: arrays with one element per experiment, drawn in chunks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from python_stats.estimators.moments import Sample, sample_of_means, sample_of_ratios
from python_stats.estimators.shares import sample_of_shares
from python_stats.estimators.skewness import skewness_of_means, skewness_of_ratios

CHUNK = 2_000_000  # persons at a time

Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]
Pairs = Callable[[np.random.Generator, tuple[int, int]], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Population:
    """A distribution of one value per person, with its mean."""

    name: str
    mean: float
    draw: Draw
    pivot: float = 0.0


def lognormal(sigma: float) -> Population:
    """exp(N(0, σ²))."""
    return Population(f"lognormal σ={sigma:g}", float(np.exp(sigma**2 / 2)), lambda rng, shape: rng.lognormal(0.0, sigma, shape))


def pareto(index: float) -> Population:
    """Pareto from 1 up; no variance for an index of 2 or less."""
    return Population(f"Pareto {index:g}", index / (index - 1), lambda rng, shape: 1 + rng.pareto(index, shape))


def money(buyers: float) -> Population:
    """Nothing for most, a lognormal amount for the few who buy."""

    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
        return np.where(rng.random(shape) < buyers, rng.lognormal(3.0, 1.0, shape), 0.0)

    return Population(f"money, {100 * buyers:g} % buy", buyers * float(np.exp(3.5)), draw)


NORMAL = Population("normal", 10.0, lambda rng, shape: rng.normal(10.0, 3.0, shape), pivot=10.0)
SHIFTED = Population("mean/sd 10⁸", 1e8, lambda rng, shape: rng.normal(0.0, 1.0, shape) + 1e8, pivot=1e8)
NEAR_ZERO = Population("mean 0.05 sd", 0.05, lambda rng, shape: rng.normal(0.05, 1.0, shape))
NEGATIVE = Population("below 0", -5.0, lambda rng, shape: rng.normal(-5.0, 3.0, shape), pivot=-5.0)
EXPONENTIAL = Population("exponential", 1.0, lambda rng, shape: rng.exponential(1.0, shape))


def sums(rng: np.random.Generator, experiments: int, persons: int, draw: Callable[..., tuple[np.ndarray, ...]]) -> np.ndarray:
    """Sums over persons of whatever columns `draw` makes: shape (columns, experiments)."""
    rows = max(1, CHUNK // persons)
    parts = []
    for start in range(0, experiments, rows):
        columns = draw(rng, (min(rows, experiments - start), persons))
        parts.append(np.array([column.sum(axis=1) for column in columns]))
    return np.concatenate(parts, axis=1)


def powers(values: np.ndarray) -> tuple[np.ndarray, ...]:
    """y, y², y³."""
    squares = values * values
    return values, squares, squares * values


def means(rng: np.random.Generator, experiments: int, persons: int, population: Population, factor: float = 1.0) -> Sample:
    """Arms whose persons follow a population, times `factor`; with their tails."""
    size, pivot = np.full(experiments, float(persons)), np.full(experiments, population.pivot)

    def draw(generator: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, ...]:
        return powers(factor * population.draw(generator, shape) - population.pivot)

    first, second, third = sums(rng, experiments, persons, draw)
    return sample_of_means(size, pivot, first, second, skewness_of_means(size, first, second, np.ones(experiments), third))


def shares(rng: np.random.Generator, experiments: int, persons: int, share: float | np.ndarray) -> tuple[np.ndarray, Sample]:
    """Successes and arms of 0s and 1s: exact binomial counts, whatever the number of persons."""
    successes = rng.binomial(persons, share, experiments).astype(float)
    size, pivot = np.full(experiments, float(persons)), np.full(experiments, 0.1)
    # Σ(y − p) = x − n p and Σ(y − p)² = x (1 − 2p) + n p²
    return successes, sample_of_shares(size, pivot, successes - persons * 0.1, successes * 0.8 + persons * 0.01)


def ratios(rng: np.random.Generator, experiments: int, persons: int, pairs: Pairs, truth: float) -> Sample:
    """Arms of persons with a numerator and a denominator each, correlated as `pairs` draws them.

    Args:
        truth: the ratio with which the tails are measured; in the marts it is that of all variants together.
    """
    size, pivot, unit = np.full(experiments, float(persons)), np.zeros(experiments), np.ones(experiments)

    def draw(generator: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, ...]:
        y, d = pairs(generator, shape)
        return y, d, y * y, d * d, y * d, (y - truth * d) ** 3

    *moments, cubes = sums(rng, experiments, persons, draw)
    tail = skewness_of_ratios(size, pivot, pivot, *moments, np.full(experiments, truth), unit, cubes)
    return sample_of_ratios(size, pivot, pivot, *moments, tail)


def unchecked(arm: Sample) -> Sample:
    """The same without what warnings are given for, so that no comparison is withheld."""
    return replace(arm, skewness=None, is_share=False, support=None)
