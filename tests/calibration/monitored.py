"""Verdicts of experiments that are followed from day to day, through the whole path: nothing changed, and somebody looks every day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from calibration.cells import Cell, cell, percent
from calibration.verdicts import ALPHA, SOUND, aims, design, mean_cell, share_cell
from python_stats.analysis import Options, analyze
from python_stats.monitoring import compare_daily, judge
from python_stats.verdicts import Verdict

START, DAYS, BATCH, DAILY = date(2026, 1, 1), 20, 200, 200
LOOKS = 5


Days = Callable[[str, str, int, int, int], dict[str, Any]]  # experiment, variant, its index, day, arm -> a row


def shares(metric: str, share: float) -> Callable[[np.random.Generator, int, int], Days]:
    """A metric of 0s and 1s, as it stands at the end of each day."""

    def draw(rng: np.random.Generator, count: int, daily: int) -> Days:
        made = np.cumsum(rng.binomial(daily, share, (count, DAYS, 2)), axis=1)
        return lambda experiment, variant, index, day, arm: share_cell(experiment, variant, metric, daily * (day + 1), float(made[index, day, arm]))

    return draw


def amounts(metric: str, sigma: float) -> Callable[[np.random.Generator, int, int], Days]:
    """A metric of lognormal amounts, with the third moments that the marts carry."""

    def draw(rng: np.random.Generator, count: int, daily: int) -> Days:
        each = rng.lognormal(0.0, sigma, (count, DAYS, 2, daily)) - 1
        sums = [np.cumsum((each**power).sum(axis=3), axis=1) for power in (1, 2, 3)]
        return lambda experiment, variant, index, day, arm: mean_cell(
            experiment, variant, metric, daily * (day + 1), *(float(total[index, day, arm]) for total in sums)
        )

    return draw


METRICS = (shares("conversion", 0.2), shares("refund_rate", 0.1))


def followed(rng: np.random.Generator, experiments: int, way: dict[str, Any], daily: int, metrics: Sequence[Any] = METRICS) -> list[Verdict]:
    """The verdict of each experiment after its last day, at which the planned sample is in."""
    verdicts: list[Verdict] = []
    plan = design(
        **way, started_on=START, ended_on=None, planned_sample_per_variant=daily * DAYS, objectives=aims(0.0, 0.0, 0.0),
    )
    as_of = datetime(START.year, START.month, START.day) + timedelta(days=DAYS)
    for first in range(0, experiments, BATCH):
        count = min(BATCH, experiments - first)
        draws = [metric(rng, count, daily) for metric in metrics]
        plans = [replace(plan, experiment_id=f"{index:04d}") for index in range(count)]
        rows = [
            made(one.experiment_id, variant, index, min(day, DAYS - 1), arm) | {"day": START + timedelta(days=day)}
            for index, one in enumerate(plans)
            for made in draws
            for day in range(DAYS + 1)  # the day of as_of is not over
            for arm, variant in enumerate(("old", "new"))
        ]
        now = [row for row in rows if row["day"] == as_of.date()]
        results: dict[str, list[dict[str, object]]] = {one.experiment_id: [] for one in plans}
        for row in analyze(plans, now, [], Options()):
            results[row["experiment_id"]].append(row)
        by_day = compare_daily(plans, rows, Options())
        verdicts += [judge(one, results[one.experiment_id], by_day, SOUND, [], as_of).verdict for one in plans]
    return verdicts


def _judged(
    rng: np.random.Generator, experiments: int, title: str, metrics: Sequence[Any] = METRICS, kind: str = "share 20 %", **way: Any
) -> Iterator[Cell]:
    """Ships, and rolls back, without any effect; no lift is asked for and no harm allowed, the hardest case."""
    found = followed(rng, experiments, way, DAILY, metrics)
    corner = f"{title}, judged daily for {DAYS} days, {kind}, guardrail 10 %, {DAILY} a day"
    for promise, is_wrong in (
        ("ship without an effect", [verdict.verdict == "ship" for verdict in found]),
        ("roll back for the primary, no harm", [verdict.reason == "primary_harm" for verdict in found]),
        ("roll back for the guardrail, no harm", ["harmed" in verdict.guardrails for verdict in found]),
    ):
        yield cell("Verdicts, followed daily", f"{promise}, {percent(ALPHA / 2)}", corner, ALPHA / 2, np.array(is_wrong))


def fixed(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Judged at the end; before it only strong harm counts."""
    yield from _judged(rng, experiments, "fixed horizon with the daily watch for harm", monitoring="fixed")


def obrien_fleming(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Five looks."""
    yield from _judged(rng, experiments, f"O'Brien–Fleming, {LOOKS} looks", monitoring="group_sequential", looks=LOOKS, spending="obrien_fleming")


def pocock(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Five looks."""
    yield from _judged(rng, experiments, f"Pocock, {LOOKS} looks", monitoring="group_sequential", looks=LOOKS, spending="pocock")


def always_valid(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Every day may be the last."""
    yield from _judged(rng, experiments, "always valid", monitoring="always_valid")


def followed_amounts(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """The primary metric is an amount with a long tail."""
    for title, way in (
        (f"O'Brien–Fleming, {LOOKS} looks", {"monitoring": "group_sequential", "looks": LOOKS, "spending": "obrien_fleming"}),
        ("always valid", {"monitoring": "always_valid"}),
    ):
        yield from _judged(rng, experiments, title, (amounts("conversion", 1.0), METRICS[1]), "lognormal amounts σ=1", **way)
