"""Verdicts of experiments that are followed from day to day, through the whole path: nothing changed, and somebody looks every day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np

from calibration.cells import Cell, cell, percent
from calibration.verdicts import ALPHA, SOUND, aims, design, share_cell
from python_stats.analysis import Options, analyze
from python_stats.monitoring import compare_daily, judge
from python_stats.verdicts import Verdict

START, DAYS, BATCH = date(2026, 1, 1), 10, 200
WAYS = {
    "fixed": {"monitoring": "fixed"},
    "O'Brien–Fleming, 5 looks": {"monitoring": "group_sequential", "looks": 5, "spending": "obrien_fleming"},
    "Pocock, 5 looks": {"monitoring": "group_sequential", "looks": 5, "spending": "pocock"},
    "always valid": {"monitoring": "always_valid"},
}


def followed(rng: np.random.Generator, experiments: int, way: dict[str, object], daily: int) -> list[Verdict]:
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


def monitored(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Ships, and rolls back, without any effect; no lift is asked for and no harm allowed, the hardest case."""
    for name, way in WAYS.items():
        found = followed(rng, experiments, way, 200)
        corner = f"{name}, judged daily for {DAYS} days, share 20 %, 200 a day"
        for promise, nominal, is_wrong in (
            ("ship without an effect", ALPHA / 2, [verdict.verdict == "ship" for verdict in found]),
            ("roll back for the primary, no harm", ALPHA / 2, [verdict.reason == "primary_harm" for verdict in found]),
            ("roll back for the guardrail, no harm", ALPHA / 2, [verdict.reason == "guardrail_harm" for verdict in found]),
        ):
            yield cell("Verdicts, followed daily", f"{promise}, {percent(nominal)}", corner, nominal, np.array(is_wrong))
