"""Units a month do not depend on the day on which they are asked for."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import pytest
from test_verdicts import design

from python_stats.designs import DAYS_A_MONTH
from python_stats.traffic import WINDOWS, Traffic, brought_in

PERSONS = 1_000
STARTED = date(2026, 2, 2)
KEY = {"experiment_id": "e", "segment": "all"}


def measured(run: int, entered: np.ndarray, at_once: float, a_month: float, as_of: datetime, kind: str, *, is_daily: bool = True) -> float | None:
    """Units a month of persons who entered at noon of some days, each of whom brings so much at once and so much a month from then on."""
    watched = (as_of - datetime.combine(STARTED, time.min)) / timedelta(days=1) - entered - 0.5
    cells: list[dict[str, Any]] = []
    for window, days in {**WINDOWS, "all": None}.items():
        inside = watched if days is None else np.full(int((watched >= days).sum()), float(days))
        units = at_once * len(inside) + a_month * inside.sum() / DAYS_A_MONTH
        for variant in ("old", "new"):
            row = {**KEY, "variant_id": variant, "metric_window": window, "persons": len(inside) / 2}
            cells += [row | {"metric_id": "rate", "denominator": units / 2}, row | {"metric_id": "wait", "events": units / 2, "censored": 0}]
    days_in = [STARTED + timedelta(days=number) for number in range((as_of.date() - STARTED).days + 1)]
    daily = [
        {"experiment_id": "e", "variant_id": variant, "day": day, "exposed": int((entered <= number).sum()) / 2}
        for number, day in enumerate(days_in)
        for variant in ("old", "new")
    ]
    plan = design(started_on=STARTED, ended_on=STARTED + timedelta(days=run - 1))
    traffic = [{"experiment_id": "e", "variant_id": variant, "exposed": PERSONS // 2} for variant in ("old", "new")]
    rates, waits = [[row for row in cells if row["metric_id"] == name] for name in ("rate", "wait")]
    found = Traffic(plan, traffic, daily if is_daily else [], rates, waits, as_of)
    metric_id = "wait" if kind == "time" else "rate"
    return found.units_per_month({**KEY, "metric_id": metric_id, "metric_kind": kind, "metric_window": "all"})


@pytest.mark.parametrize("kind", ["ratio", "time"])
@pytest.mark.parametrize(("at_once", "a_month"), [(0.0, 0.3), (1.0, 0.0), (1.0, 0.4)])
@pytest.mark.parametrize("run", [28, 61, 120])
@pytest.mark.parametrize("pace", ["even", "early", "late"])
def test_constant_traffic_is_the_same_at_every_as_of_after_the_end(kind: str, at_once: float, a_month: float, run: int, pace: str) -> None:
    share = (np.arange(PERSONS) + 0.5) / PERSONS
    entered = np.floor(run * {"even": share, "early": share**1.5, "late": share**0.8}[pace])
    truth = PERSONS * (at_once * DAYS_A_MONTH / run + a_month)
    end = datetime.combine(STARTED + timedelta(days=run), time.min)
    for later in (0, 1, 10.5, 40, 100, 365, 1000):
        found = measured(run, entered, at_once, a_month, end + timedelta(days=later), kind)
        assert found == pytest.approx(truth, rel=1e-9), later


def test_without_days_what_all_windows_hold_goes_on_growing() -> None:
    entered = np.floor(28 * np.arange(PERSONS) / PERSONS)
    month, year = (measured(28, entered, 0.0, 0.3, day, "ratio", is_daily=False) for day in (datetime(2026, 3, 2), datetime(2027, 3, 2)))
    assert month is not None and year is not None and year > 20 * month


def test_what_ceased_is_not_spread_over_the_time_since() -> None:
    """60 days of a run; 2 units a person in 30 days, 3 in 90, and nothing more: the same a year later and ten years later."""
    points = [(7.0, 1.0), (30.0, 2.0), (90.0, 3.0)]
    assert {brought_in(60.0, [*points, (watched, 3.0)]) for watched in (120.0, 400.0, 4000.0)} == {2.5}


def test_what_few_weeks_tell_is_stretched_no_further_than_a_steady_pace() -> None:
    assert brought_in(60.0, [(7.0, 1.0), (8.0, 3.0)]) == 3.0 * 60 / 8
    assert brought_in(60.0, [(7.0, 1.0), (8.0, 0.9)]) == 0.9
    assert brought_in(3.0, [(7.0, 1.0), (30.0, 2.0)]) == brought_in(3.0, [(7.0, 1.0)]) == 1.0
