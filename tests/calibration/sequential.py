"""Looking early: every look of an experiment, under both sequential methods."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from calibration.cells import Cell, cell, percent
from calibration.draws import Population, lognormal, money, powers, sums
from python_stats.estimators.always_valid import boundary
from python_stats.estimators.comparison import compare
from python_stats.estimators.moments import Sample, sample_of_means
from python_stats.estimators.spending import SPENDING, boundaries

DAYS = 30


def days_of_shares(rng: np.random.Generator, experiments: int, persons: int, share: float, days: int = DAYS) -> Sample:
    """Arms as they stand at the end of each day, shape (experiments, days): exact binomial counts."""
    size = np.broadcast_to(persons * np.arange(1.0, days + 1), (experiments, days))
    successes = np.cumsum(rng.binomial(persons, share, (experiments, days)), axis=1).astype(float)
    return sample_of_means(size, np.zeros(size.shape), successes, successes)


def days_of_means(rng: np.random.Generator, experiments: int, persons: int, population: Population, days: int = DAYS) -> Sample:
    """The same for any value per person."""
    first, second, _ = sums(rng, experiments * days, persons, lambda generator, shape: powers(population.draw(generator, shape)))
    size = np.broadcast_to(persons * np.arange(1.0, days + 1), (experiments, days))
    first, second = (np.cumsum(total.reshape(experiments, days), axis=1) for total in (first, second))
    return sample_of_means(size, np.zeros(size.shape), first, second)


def statistics(control: Sample, variant: Sample, effect: float = 0.0) -> np.ndarray:
    """Z of each look about the true effect; 0 where there is none yet."""
    found = compare(control, variant, np.full(control.value.shape, 0.05))
    return np.nan_to_num((found.effect - effect) / found.standard_error)


def looks_of(name: str) -> np.ndarray:
    """Days looked at, from 1."""
    return {
        "every day": np.arange(1, DAYS + 1),
        "5 looks": np.arange(6, DAYS + 1, 6),
        "unequal looks, weekends skipped": np.array([day for day in range(2, DAYS + 1) if day % 7 not in (5, 6)]),
        "stopped at 60 %": np.arange(1, 19),
    }[name]


def crossings(statistic: np.ndarray, looks: np.ndarray, method: str, alpha: float, is_last: bool = False) -> np.ndarray:
    """Did any look cross its boundary? Shape (experiments,)."""
    fractions = looks / DAYS
    if method == "always_valid":
        limit = boundary(fractions, np.full(looks.shape, alpha))
    else:
        limit = boundaries(fractions, alpha, method, is_last=is_last).z
    return np.asarray((np.abs(statistic[:, looks - 1]) >= limit).any(axis=1))


def looking(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """No effect, looked at on many days: how often does any look find one?"""
    corners: list[tuple[str, int, float | Population]] = [
        ("share 50 %, 100 a day", 100, 0.5),
        ("share 10 %, 100 a day", 100, 0.1),
        ("share 1 %, 1000 a day", 1000, 0.01),
        ("share 0.1 %, 10000 a day", 10_000, 0.001),
        ("lognormal σ=1, 100 a day", 100, lognormal(1.0)),
        ("money, 3 % buy, 200 a day", 200, money(0.03)),
    ]
    for name, persons, population in corners:
        if isinstance(population, Population):
            arms = [days_of_means(rng, experiments, persons, population) for _ in range(2)]
        else:
            arms = [days_of_shares(rng, experiments, persons, population) for _ in range(2)]
        statistic = statistics(*arms)
        for looks in ("every day", "5 looks", "unequal looks, weekends skipped", "stopped at 60 %"):
            for method in (*SPENDING, "always_valid"):
                if method == "always_valid" and looks != "every day":
                    continue
                for alpha in (0.05, 0.01) if looks == "every day" else (0.05,):
                    wrong = crossings(statistic, looks_of(looks), method, alpha, looks == "stopped at 60 %")
                    title = "Always valid" if method == "always_valid" else f"Group sequential, {method}"
                    yield cell(title, f"any look {percent(alpha)}", f"{name}, {looks}", alpha, wrong)


def repeated_intervals(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """With an effect: do all looks' intervals hold it together?"""
    control, variant = days_of_shares(rng, experiments, 200, 0.1), days_of_shares(rng, experiments, 200, 0.12)
    statistic = statistics(control, variant, 0.02)
    for method in (*SPENDING, "always_valid"):
        title = "Always valid" if method == "always_valid" else f"Group sequential, {method}"
        wrong = crossings(statistic, looks_of("every day"), method, 0.05)
        yield cell(title, "all intervals together 95 %", "share 10 % → 12 %, 200 a day, every day", 0.05, wrong)
