"""Is an effect found as often as it was planned, at the planned sample?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from calibration.cells import POWER, Cell, cell
from calibration.draws import EXPONENTIAL, NORMAL, Population, means, money, shares
from calibration.fixed import at
from calibration.sequential import DAYS, crossings, days_of_shares, looks_of, statistics
from calibration.times import HOUR, TIMES, Waiting, arms, censoring, exponential
from python_stats.estimators.comparison import compare
from python_stats.estimators.planning import power, sample_size, with_hazard_ratio
from python_stats.estimators.spending import SPENDING, boundaries, required_drift
from python_stats.estimators.survival import sample_of_restricted_means


def _needed(effect: float, v_control: float, v_variant: float, quota: float, target: float, **more: object) -> tuple[int, int]:
    """Whole persons an arm; `quota`: control per variant person. Rounding them up adds to the power where they are few."""
    plan = sample_size(*(np.array([x]) for x in (effect, v_control, v_variant, quota, 1.0, 0.05, target)), **more)  # type: ignore[arg-type]
    return int(np.ceil(plan.control[0])), int(np.ceil(plan.variant[0]))


def _promised(effect: float, v_control: float, v_variant: float, n: int, m: int) -> float:
    """The power that the plan states for whole persons."""
    return float(power(*(np.array([float(x)]) for x in (effect, v_control, v_variant, n, m, 0.05)))[0])


def planned(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Shares and means with Welch's t."""
    for share, lifted, quota, target in (
        (0.04, 0.044, 1, 0.8), (0.04, 0.044, 1, 0.9), (0.5, 0.6, 1, 0.8), (0.001, 0.0013, 1, 0.8), (0.1, 0.12, 9, 0.8), (0.5, 0.9, 1, 0.8),
    ):
        variances = share * (1 - share), lifted * (1 - lifted)
        n, m = _needed(lifted - share, *variances, quota, target)
        promised = _promised(lifted - share, *variances, n, m)
        found = compare(shares(rng, experiments, n, share)[1], shares(rng, experiments, m, lifted)[1], at(0.05, experiments))
        name = f"share {100 * share:g} % → {100 * lifted:g} %, n {n}/{m}"
        yield cell("Power at the planned sample", f"power {target:.0%}", name, promised, found.p_value < 0.05, kind=POWER)
    populations: tuple[tuple[Population, float, float], ...] = (
        (NORMAL, 9.0, 1.1), (NORMAL, 9.0, 1.4), (EXPONENTIAL, 1.0, 1.2), (money(0.3), 0.3 * np.exp(8) - 0.09 * np.exp(7), 1.25),
    )
    for population, variance, factor in populations:
        effect = (factor - 1) * population.mean
        n, m = _needed(effect, variance, factor**2 * variance, 1, 0.8)
        promised = _promised(effect, variance, factor**2 * variance, n, m)
        control, variant = means(rng, experiments, n, population), means(rng, experiments, m, population, factor)
        found = compare(control, variant, at(0.05, experiments))
        name = f"{population.name}, {factor - 1:.0%} more, n {n}/{m}"
        yield cell("Power at the planned sample", "power 80%", name, promised, found.p_value < 0.05, kind=POWER)


def planned_looks(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Shares looked at early, with the sample grown for it."""
    for spending in SPENDING:
        for looks in ("5 looks", "every day"):
            fractions = looks_of(looks) / DAYS
            drift = required_drift(fractions, boundaries(fractions, 0.05, spending).z, 0.8)
            fixed = required_drift(np.ones(1), boundaries(np.ones(1), 0.05, spending).z, 0.8)
            n, _ = _needed(0.02, 0.09, 0.1056, 1, 0.8, inflation=(drift / fixed) ** 2)
            daily = -(-n // DAYS)
            arms_by_day = days_of_shares(rng, experiments, daily, 0.1), days_of_shares(rng, experiments, daily, 0.12)
            wrong = crossings(statistics(*arms_by_day), looks_of(looks), spending, 0.05)
            name = f"share 10 % → 12 %, {spending}, {looks}, n {daily * DAYS}"
            yield cell("Power at the planned sample", "power 80%", name, 0.8, wrong, kind=POWER)


def planned_times(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Restricted means to 48 hours, under a hazard a quarter higher."""
    waiting, hazard_ratio, horizon = exponential(20 * HOUR), 1.25, 48 * HOUR
    faster = Waiting(waiting.name, lambda t: waiting.survival(t) ** hazard_ratio)
    for share in (0.0, 0.4):
        lost = censoring(waiting, share)
        at_risk, events, _ = arms(rng, 1, 1_000_000, waiting, lost)
        base = with_hazard_ratio(TIMES, at_risk, events, np.array([1e6]), np.array([horizon]), np.array([hazard_ratio]))
        effect = float(base.variant[0] - base.value[0])
        n, m = _needed(effect, float(base.variance_control[0]), float(base.variance_variant[0]), 1, 0.8, normal=True)
        tables = arms(rng, experiments, n, waiting, lost), arms(rng, experiments, m, faster, lost)
        samples = [
            sample_of_restricted_means(TIMES, table[0], table[1], table[0][:, 0], np.full(experiments, horizon)) for table in tables
        ]
        found = compare(*samples, at(0.05, experiments), normal=True)
        name = f"restricted mean, hazard × 1.25, {100 * share:g} % censored, n {n}/{m}"
        yield cell("Power at the planned sample", "power 80%", name, 0.8, found.p_value < 0.05, kind=POWER)
