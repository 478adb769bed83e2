"""Is an effect found as often as it was planned, at the planned sample?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from calibration.cells import POWER, Cell, cell
from calibration.draws import EXPONENTIAL, NORMAL, Population, means, money, ratios, shares
from calibration.fixed import at
from calibration.sequential import DAYS, crossings, days_of_shares, looks_of, statistics
from calibration.times import DAY, HOUR, TIMES, Waiting, arms, censoring, exponential, pairs_of_tables
from calibration.verdicts import design
from python_stats.baselines import CONTROL, Baseline, TimeTable
from python_stats.designs import Objective, Variant
from python_stats.estimators.comparison import Comparison, compare
from python_stats.estimators.planning import power, sample_size
from python_stats.estimators.spending import SPENDING, boundaries, required_drift
from python_stats.estimators.survival import last_supported, sample_of_restricted_means
from python_stats.planning import plan


def _needed(effect: float, v_control: float, v_variant: float, quota: float, target: float, **more: object) -> tuple[int, int]:
    """Whole persons an arm; `quota`: control per variant person. Rounding them up adds to the power where they are few."""
    plan = sample_size(*(np.array([x]) for x in (effect, v_control, v_variant, quota, 1.0, 0.05, target)), **more)  # type: ignore[arg-type]
    return int(np.ceil(plan.control[0])), int(np.ceil(plan.variant[0]))


def _planned(metric: str, baseline: Baseline, relative: float, quota: float = 1, target: float = 0.8) -> tuple[int, int, float]:
    """Persons an arm that `plan` says the effect takes, from the control's figures alone, and the power that it states for them."""
    arms = (Variant("old", True, quota / (quota + 1), {}), Variant("new", False, 1 / (quota + 1), {}))
    aim = Objective(metric, "primary", "increase", relative, 0.0, 0.05)
    told = plan(
        design(planned_sample_per_variant=None, ended_on=None, power=target, variants=arms, objectives=(aim,)), {metric: baseline}, 1000.0
    )
    smaller = told.metrics[0]["needed_to_show"]
    n, m = round(smaller * quota), smaller
    effect = relative * baseline.value
    return n, m, float(power(*(np.array([float(x)]) for x in (effect, *baseline.variances(effect), n, m, 0.05)))[0])


def planned(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Shares and means with Welch's t, by `plan` itself: it knows the control, and not how the variant varies."""
    for share, lifted, quota, target in (
        (0.04, 0.044, 1, 0.8), (0.04, 0.044, 1, 0.9), (0.5, 0.6, 1, 0.8), (0.001, 0.0013, 1, 0.8), (0.1, 0.12, 9, 0.8), (0.5, 0.9, 1, 0.8),
    ):
        baseline = Baseline("share", CONTROL, 1e6, share, share * (1 - share), 1.0, "ok")
        n, m, promised = _planned("conversion", baseline, lifted / share - 1, quota, target)
        found = compare(shares(rng, experiments, n, share)[1], shares(rng, experiments, m, lifted)[1], at(0.05, experiments))
        name = f"share {100 * share:g} % → {100 * lifted:g} %, n {n}/{m}"
        yield cell("Power at the planned sample", f"power {target:.0%}", name, promised, found.p_value < 0.05, kind=POWER)
    populations: tuple[tuple[Population, float, float], ...] = (
        (NORMAL, 9.0, 1.1), (NORMAL, 9.0, 1.4), (EXPONENTIAL, 1.0, 1.2), (money(0.3), 0.3 * np.exp(8) - 0.09 * np.exp(7), 1.25),
    )
    for population, variance, factor in populations:
        n, m, promised = _planned("revenue", Baseline("mean", CONTROL, 1e6, population.mean, variance, 1.0, "ok"), factor - 1)
        control, variant = means(rng, experiments, n, population), means(rng, experiments, m, population, factor)
        found = compare(control, variant, at(0.05, experiments))
        name = f"{population.name}, {factor - 1:.0%} more, n {n}/{m}"
        yield cell("Power at the planned sample", "power 80%", name, promised, found.p_value < 0.05, kind=POWER)


def visits(rng: np.random.Generator, shape: tuple[int, int], factor: float) -> np.ndarray:
    """Counts with a mean of `factor` and a variance of factor + 2 factor²: rates differ from person to person."""
    return rng.poisson(rng.gamma(0.5, 2 * factor, shape)).astype(float)


def clicks(rng: np.random.Generator, shape: tuple[int, int], factor: float) -> tuple[np.ndarray, np.ndarray]:
    """Clicks of messages, 5 % of them by people who differ, times `factor`."""
    messages = 1 + rng.poisson(3, shape)
    return rng.binomial(messages, np.minimum(rng.beta(0.5, 9.5, shape) * factor, 1.0)).astype(float), messages.astype(float)


def planned_with_reserve(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Counts and ratios of counts, which vary less than in proportion: the effect is missed no more often than planned."""
    for factor in (1.3, 1.5):
        n, m, _ = _planned("repeat_visits", Baseline("mean", CONTROL, 1e6, 1.0, 3.0, 1.0, "ok"), factor - 1)
        arms_of_counts = [
            means(rng, experiments, size, Population("", lift, lambda r, shape, lift=lift: visits(r, shape, lift)))  # type: ignore[misc]
            for size, lift in ((n, 1.0), (m, factor))
        ]
        found = compare(*arms_of_counts, at(0.05, experiments))
        name = f"counts, {factor - 1:.0%} more, n {n}/{m}"
        yield cell("Power at the planned sample", "missed, 20 %", name, 0.2, ~(found.p_value < 0.05))
    messages, each = 4.0, 0.05
    within = each * (1 - each) * (messages + (messages**2 + 3 - messages) / 11)  # beta-binomial: ρ = 1 / (α + β + 1) = 1/11
    for factor in (1.3, 1.5):
        n, m, _ = _planned("click_rate", Baseline("ratio", CONTROL, 1e6, each, within / messages**2, 1.0, "ok", is_part=True), factor - 1)
        arms_of_ratios = [
            ratios(rng, experiments, size, lambda r, shape, lift=lift: clicks(r, shape, lift), lift * each)  # type: ignore[misc]
            for size, lift in ((n, 1.0), (m, factor))
        ]
        found = compare(*arms_of_ratios, at(0.05, experiments))
        name = f"ratio 5 %, {factor - 1:.0%} more, n {n}/{m}"
        yield cell("Power at the planned sample", "missed, 20 %", name, 0.2, ~(found.p_value < 0.05))


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
    """Restricted means of a week's window by `plan` itself: each experiment is read to where ten of its own cases are left."""
    waiting = exponential(24 * HOUR)
    for share in (0.0, 0.4):
        lost = censoring(waiting, share)
        at_risk, events, _ = arms(rng, 1, 20_000, waiting, lost)
        horizon = np.minimum(last_supported(TIMES, at_risk), 7 * DAY)
        known = sample_of_restricted_means(TIMES, at_risk, events, np.array([20_000.0]), horizon)
        table = TimeTable(TIMES, at_risk, events, np.array([20_000.0]), horizon)
        variance = 20_000 * float(known.variance[0])
        baseline = Baseline("time", CONTROL, 20_000, float(known.value[0]), variance, 1.0, "ok", table)
        for shorter in (0.15, 0.25, 0.35):
            aim = Objective("resolution_time", "primary", "decrease", shorter, 0.0, 0.05)
            of = design(planned_sample_per_variant=None, ended_on=None, objectives=(aim,))
            n = plan(of, {aim.metric_id: baseline}, 1000.0).metrics[0]["needed_to_show"]
            hazard_ratio = baseline.hazard_ratio(-shorter * baseline.value)
            faster = Waiting(waiting.name, lambda t, power=hazard_ratio: waiting.survival(t) ** power)  # type: ignore[misc]
            found = np.concatenate(
                [
                    _as_in_results(*tables).p_value < 0.05
                    for tables in pairs_of_tables(rng, experiments, (n, n), waiting, faster, lost)
                ]
            )
            name = f"restricted mean, {shorter:.0%} shorter, {100 * share:g} % censored, n {n}/{n}"
            yield cell("Power at the planned sample", "power 80%", name, 0.8, found, kind=POWER)


def _as_in_results(control: tuple[np.ndarray, ...], variant: tuple[np.ndarray, ...]) -> Comparison:
    """Both arms to the horizon that both of them support, no further than a week."""
    supported = (last_supported(TIMES, table[0]) for table in (control, variant))
    horizon = np.minimum(np.minimum(*supported), 7 * DAY)
    samples = (sample_of_restricted_means(TIMES, table[0], table[1], table[0][:, 0], horizon) for table in (control, variant))
    return compare(*samples, at(0.05, horizon.size), normal=True)
