"""Verdicts of experiments that are followed from day to day, through the whole path: nothing changed, and somebody looks every day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from calibration.cells import Cell, cell, percent
from calibration.verdicts import ALPHA, SOUND, aims, design, share_cell
from python_stats.analysis import Options, analyze
from python_stats.monitoring import compare_daily, judge
from python_stats.verdicts import Verdict

START, DAYS, BATCH, DAILY = date(2026, 1, 1), 20, 200, 200
LOOKS = 5


def followed(rng: np.random.Generator, experiments: int, way: dict[str, Any], daily: int) -> list[Verdict]:
    """The verdict of each experiment after its last day, at which the planned sample is in."""
    verdicts: list[Verdict] = []
    plan = design(
        **way, started_on=START, ended_on=None, planned_sample_per_variant=daily * DAYS, objectives=aims(0.0, 0.0, 0.0),
    )
    as_of = datetime(START.year, START.month, START.day) + timedelta(days=DAYS)
    for first in range(0, experiments, BATCH):
        count = min(BATCH, experiments - first)
        draws = {
            metric: np.cumsum(rng.binomial(daily, share, (count, DAYS, 2)), axis=1) for metric, share in (("conversion", 0.2), ("refund_rate", 0.1))
        }
        plans = [replace(plan, experiment_id=f"{index:04d}") for index in range(count)]
        rows = [
            share_cell(one.experiment_id, variant, metric, daily * (min(day, DAYS - 1) + 1), float(made[index, min(day, DAYS - 1), arm]))
            | {"day": START + timedelta(days=day)}
            for index, one in enumerate(plans)
            for metric, made in draws.items()
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


def _judged(rng: np.random.Generator, experiments: int, title: str, **way: Any) -> Iterator[Cell]:
    """Ships, and rolls back, without any effect; no lift is asked for and no harm allowed, the hardest case."""
    found = followed(rng, experiments, way, DAILY)
    corner = f"{title}, judged daily for {DAYS} days, share 20 %, guardrail 10 %, {DAILY} a day"
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
