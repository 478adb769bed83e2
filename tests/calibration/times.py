"""Times to an event from life tables: censored on purpose, on the project's own buckets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from calibration.cells import Cell, cell, misses
from calibration.fixed import at
from python_stats.estimators.comparison import compare
from python_stats.estimators.survival import bucket_times, longest_observed, sample_of_restricted_means

HOUR, DAY = 3600.0, 86400.0
# macros/handover/life_table.sql: a minute up to an hour, an hour up to 30 days
EDGES = np.concatenate([np.arange(0, HOUR, 60), np.arange(HOUR, 14 * DAY + 1, HOUR)])
TIMES = bucket_times(EDGES[:-1], EDGES[1:])
ROWS = 2000  # experiments at a time


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
    """Life tables (at risk, events, censored) of shape (experiments, buckets), drawn exactly as multinomial counts.

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
    return np.cumsum(ended[:, ::-1], axis=1)[:, ::-1], events, gone


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


def restricted_means(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Difference in restricted mean time: no effect, and a fifth faster."""
    for waiting, share, (n_control, n_variant) in CORNERS:
        lost = censoring(waiting, share)
        faster = Waiting(waiting.name, lambda t, slow=waiting.survival: slow(t * 1.25))
        corner = f"{waiting.name}, {100 * share:g} % censored, n {n_control}/{n_variant}"
        grid, area = restricted_truth(waiting)
        _, faster_area = restricted_truth(faster)
        found: dict[str, list[np.ndarray]] = {"p": [], "status": [], "wrong": [], "relative": [], "effect_status": []}
        for start in range(0, experiments, ROWS):
            rows = min(ROWS, experiments - start)
            control = arms(rng, rows, n_control, waiting, lost)
            for variant, is_null in ((arms(rng, rows, n_variant, waiting, lost), True), (arms(rng, rows, n_variant, faster, lost), False)):
                horizon = np.minimum(*(longest_observed(TIMES, events + gone) for _, events, gone in (control, variant)))
                samples = [
                    sample_of_restricted_means(TIMES, at_risk, events, (events + gone).sum(axis=1), horizon)
                    for at_risk, events, gone in (control, variant)
                ]
                result = compare(*samples, at(0.05, rows), normal=True)
                if is_null:
                    found["p"].append(result.p_value < 0.05)
                    found["status"].append(result.status)
                else:
                    before, after = np.interp(horizon, grid, area), np.interp(horizon, grid, faster_area)
                    found["wrong"].append(misses(result.ci_low, result.ci_high, after - before))
                    found["relative"].append(misses(result.relative_low, result.relative_high, (after - before) / before))
                    found["effect_status"].append(result.status)
        joined = {name: np.concatenate(parts) for name, parts in found.items()}
        yield cell("Restricted mean time", "p < 5 %", corner, 0.05, joined["p"], status=joined["status"])
        name = f"{corner}, a fifth faster"
        yield cell("Restricted mean time", "absolute interval 95 %", name, 0.05, joined["wrong"], status=joined["effect_status"])
        yield cell("Restricted mean time, Fieller", "relative interval 95 %", name, 0.05, joined["relative"], status=joined["effect_status"])
