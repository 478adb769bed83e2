"""Times to an event from life tables: censored on purpose, on the project's own buckets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from calibration.cells import Cell, cell, misses
from calibration.fixed import at
from python_stats.estimators import time_quantiles
from python_stats.estimators.comparison import compare
from python_stats.estimators.log_rank import log_rank
from python_stats.estimators.moments import Sample
from python_stats.estimators.survival import (
    bucket_times,
    doubting_few,
    during_bucket,
    last_supported,
    sample_of_restricted_means,
)

HOUR, DAY = 3600.0, 86400.0
# macros/handover/life_table.sql: a minute up to an hour, an hour up to 30 days
EDGES = np.concatenate([np.arange(0, HOUR, 60), np.arange(HOUR, 14 * DAY + 1, HOUR)])
TIMES = bucket_times(EDGES[:-1], EDGES[1:])
ROWS = 1000  # experiments at a time


@dataclass(frozen=True)
class Waiting:
    """A distribution of times: its survival function."""

    name: str
    survival: Callable[[np.ndarray], np.ndarray]


def exponential(mean: float) -> Waiting:
    return Waiting("exponential", lambda t: np.exp(-t / mean))


def lognormal(median: float, sigma: float) -> Waiting:
    def survival(t: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return 1 - ndtr(np.log(t / median) / sigma)

    return Waiting(f"lognormal σ={sigma:g}", survival)


def arms(rng: np.random.Generator, experiments: int, cases: int, waiting: Waiting, censored: Waiting | None) -> tuple[np.ndarray, ...]:
    """Life tables (at risk on average, events, censored) of shape (experiments, buckets), drawn exactly as multinomial counts.

    A case ends by what comes first, its event or its censoring, in one of the buckets; who is left after the last is censored there.
    """
    fine = np.linspace(EDGES[:-1], EDGES[1:], 21, axis=1)  # within a bucket the two are drawn apart by a fine grid
    s, g = waiting.survival(fine), np.ones_like(fine) if censored is None else censored.survival(fine)
    event = ((s[:, :-1] - s[:, 1:]) * (g[:, :-1] + g[:, 1:]) / 2).sum(axis=1)
    lost = ((g[:, :-1] - g[:, 1:]) * (s[:, :-1] + s[:, 1:]) / 2).sum(axis=1)
    chances = np.concatenate([event, lost])
    counts = rng.multinomial(cases, np.append(chances, max(0.0, 1 - chances.sum())), experiments).astype(float)
    events, gone = counts[:, : event.size], counts[:, event.size : -1]
    gone = gone + np.eye(1, event.size, event.size - 1) * counts[:, -1:]
    ended = events + gone
    left = np.cumsum(ended[:, ::-1], axis=1)[:, ::-1]
    return during_bucket(left, gone, EDGES[:-1], EDGES[1:]), events, gone


def restricted_truth(waiting: Waiting) -> tuple[np.ndarray, np.ndarray]:
    """∫₀^t S on a fine grid."""
    grid = np.linspace(0, EDGES[-1], 200_001)
    survival = waiting.survival(grid)
    area = np.concatenate([[0.0], np.cumsum((survival[1:] + survival[:-1]) / 2 * np.diff(grid))])
    return grid, area


def censoring(waiting: Waiting, share: float) -> Waiting | None:
    """Exponential censoring that takes about this share of the cases before their event."""
    if share == 0:
        return None
    low, high = np.log(60.0), np.log(1000 * DAY)
    fine = np.linspace(0, EDGES[-1], 20_001)
    s = waiting.survival(fine)
    for _ in range(60):
        middle = (low + high) / 2
        g = np.exp(-fine / np.exp(middle))
        lost = ((g[:-1] - g[1:]) * (s[1:] + s[:-1]) / 2).sum() + g[-1] * s[-1]
        low, high = (middle, high) if lost > share else (low, middle)
    return exponential(float(np.exp(middle)))


CORNERS = [
    (waiting, share, sizes)
    for waiting in (exponential(20 * HOUR), lognormal(6 * HOUR, 1.5))
    for share in (0.0, 0.4, 0.8)
    for sizes in ((20, 20), (200, 200), (2000, 2000), (180, 20), (900, 100))
]
LARGE = [(exponential(20 * HOUR), 0.4, (1_000_000, 1_000_000))]




Tables = tuple[np.ndarray, ...]  # at risk on average, events, censored


def pairs_of_tables(
    rng: np.random.Generator, experiments: int, sizes: tuple[int, int], waiting: Waiting, variant: Waiting, lost: Waiting | None
) -> Iterator[tuple[Tables, Tables]]:
    """Control and variant in batches."""
    for start in range(0, experiments, ROWS):
        rows = min(ROWS, experiments - start)
        yield arms(rng, rows, sizes[0], waiting, lost), arms(rng, rows, sizes[1], variant, lost)


def sped_up(waiting: Waiting) -> Waiting:
    """Everything a fifth faster."""
    return Waiting(waiting.name, lambda t: waiting.survival(t * 1.25))


def mean_arm(table: Tables, horizon: np.ndarray) -> tuple[Sample, Sample]:
    """An arm as the product makes it, and without its warning."""
    at_risk, events, gone = table
    sample = sample_of_restricted_means(TIMES, at_risk, events, (events + gone).sum(axis=1), horizon)
    return doubting_few(sample, TIMES, events, horizon), sample


def restricted_means(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Difference in restricted mean time: no effect, and a fifth faster."""
    for waiting, share, (n_control, n_variant) in [*CORNERS, *LARGE]:
        lost, corner = censoring(waiting, share), f"{waiting.name}, {100 * share:g} % censored, n {n_control}/{n_variant}"
        for variant, is_null in ((waiting, True), (sped_up(waiting), False)):
            (grid, area), (_, area_variant) = restricted_truth(waiting), restricted_truth(variant)
            parts: list[list[np.ndarray]] = []
            for tables in pairs_of_tables(rng, experiments, (n_control, n_variant), waiting, variant, lost):
                horizon = np.minimum(*(last_supported(TIMES, table[0]) for table in tables))
                both = [mean_arm(table, horizon) for table in tables]
                level = at(0.05, horizon.size)
                found, bare = (compare(both[0][which], both[1][which], level, normal=True) for which in (0, 1))
                before, after = np.interp(horizon, grid, area), np.interp(horizon, grid, area_variant)
                with np.errstate(invalid="ignore"):
                    wrong = bare.p_value < 0.05 if is_null else misses(bare.ci_low, bare.ci_high, after - before)
                    relative = misses(bare.relative_low, bare.relative_high, (after - before) / before)
                parts.append([wrong, relative, found.status, np.isfinite(bare.effect)])
            wrong, relative, status, shown = (np.concatenate(part) for part in zip(*parts, strict=True))
            if is_null:
                yield cell("Restricted mean time", "p < 5 %", corner, 0.05, wrong, status=status, shown=shown)
                continue
            name = f"{corner}, a fifth faster"
            yield cell("Restricted mean time", "absolute interval 95 %", name, 0.05, wrong, status=status, shown=shown)
            yield cell("Restricted mean time, Fieller", "relative interval 95 %", name, 0.05, relative, status=status, shown=shown)


def log_ranks(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """The log-rank test where both arms wait alike."""
    for waiting, share, (n_control, n_variant) in [*CORNERS, *LARGE]:
        lost = censoring(waiting, share)
        parts = []
        for control, variant in pairs_of_tables(rng, experiments, (n_control, n_variant), waiting, waiting, lost):
            found = log_rank(control[0], control[1], variant[0], variant[1])
            with np.errstate(invalid="ignore"):
                parts.append((found.p_value < 0.05, found.status))
        wrong, status = (np.concatenate(part) for part in zip(*parts, strict=True))
        corner = f"{waiting.name}, {100 * share:g} % censored, n {n_control}/{n_variant}"
        yield cell("Log-rank", "p < 5 %", corner, 0.05, wrong, status=status)


def quantiles(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Differences of medians and 90th percentiles: no effect, and a fifth faster."""
    waiting = exponential(20 * HOUR)
    start, end = EDGES[:-1], EDGES[1:]
    for probability, share, sizes in (
        (0.5, 0.0, (20, 20)), (0.5, 0.0, (200, 200)), (0.5, 0.4, (200, 200)), (0.5, 0.4, (900, 100)), (0.5, 0.8, (900, 100)),
        (0.9, 0.0, (200, 200)), (0.9, 0.4, (900, 100)),
    ):
        lost = censoring(waiting, share)
        name = "median" if probability == 0.5 else "90th percentile"
        for variant, is_null in ((waiting, True), (sped_up(waiting), False)):
            truth = 0.0 if is_null else (1 / 1.25 - 1) * -20 * HOUR * float(np.log(1 - probability))
            wrong, relative, status = [], [], []
            for tables in pairs_of_tables(rng, experiments, sizes, waiting, variant, lost):
                for index in range(tables[0][0].shape[0]):
                    curves = [
                        time_quantiles.steps_of(start, end, table[0][index], table[1][index], probability, cases)
                        for table, cases in zip(tables, sizes, strict=True)
                    ]
                    found = time_quantiles.difference(*curves, 0.05)
                    status.append(found.status)
                    wrong.append(_misses(found.ci_low, found.ci_high, truth))
                    relative.append(_misses(found.relative_low, found.relative_high, 0.0 if is_null else 1 / 1.25 - 1))
            corner = f"{name}, {100 * share:g} % censored, n {sizes[0]}/{sizes[1]}{'' if is_null else ', a fifth faster'}"
            words = np.array(status, dtype=object)
            yield cell("Quantile difference", "absolute interval 95 %", corner, 0.05, np.array(wrong), status=words)
            yield cell("Quantile difference", "relative interval 95 %", corner, 0.05, np.array(relative), status=words)


def _misses(low: float | None, high: float | None, truth: float) -> bool:
    """A bound that is not there lies beyond what was observed."""
    return (low is not None and low > truth) or (high is not None and high < truth)
