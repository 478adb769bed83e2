"""How many units a month an experiment saw: persons, units of a ratio's denominator, or cases of a time.

Persons enter at some pace, and each brings so much in as long as the experiment ran. In a window of days, what a person brings is told
by those whose window has passed. In the window `all` persons are watched until `as_of`, and units go on and on where the pace of persons
stands still: there, what a person brings in as long as the experiment ran is read off the line through what they brought in each window
and until `as_of`. So it does not matter when one asks, whether units come all at once, at a steady pace, or some of both.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from python_stats.designs import DAYS_A_MONTH, Design

Row = Mapping[str, Any]
Point = tuple[float, float]  # months watched, units a person

WINDOWS = {"7": 7, "30": 30, "90": 90}
_CELL = ("experiment_id", "metric_window", "segment")


@dataclass(frozen=True)
class Traffic:
    """What a month brings, measured while the experiment ran; all variants together, for all would get what is shipped.

    Args:
        design: the experiment.
        traffic: rows of `experiment_traffic`.
        daily_traffic: rows of `experiment_traffic_daily`.
        stats: rows of `experiment_metric_stats`.
        life_tables: rows of `experiment_life_tables`.
        as_of: by the clock of `reporting_timezone`, as designs' days are.
    """

    design: Design
    traffic: Sequence[Row]
    daily_traffic: Sequence[Row]
    stats: Sequence[Row]
    life_tables: Sequence[Row]
    as_of: datetime

    def units_per_month(self, result: Row) -> float | None:
        """Persons a month for means and shares, denominators a month for ratios, cases a month for times; None if unknown."""
        months = self.design.months_run(self.as_of)
        exposed = self._exposed()
        if months <= 0 or exposed == 0:
            return None
        if result["metric_kind"] in ("share", "mean"):
            return float(exposed) / months
        units = self._units_a_person(result, exposed)
        watched = self._months_watched() if result["metric_window"] == "all" else None
        if units is not None and watched is not None:
            units = brought_in(months, [*self._in_windows(result, exposed), (watched, units)])
        return None if units is None else units * exposed / months

    def _exposed(self) -> int:
        return sum(row["exposed"] for row in self.traffic if row["experiment_id"] == self.design.experiment_id)

    def _units_a_person(self, result: Row, exposed: int) -> float | None:
        # In a window, only people whose window has passed are in; the rate per person is theirs, the people are everybody.
        if result["metric_kind"] == "time":
            cases = sum(row["events"] + row["censored"] for row in self.life_tables if _is_of(row, result))
            return cases / (self._passed(result) or exposed) if cases else None
        cells = [row for row in self.stats if _is_of(row, result) and row["persons"]]
        persons, units = sum(row["persons"] for row in cells), sum(row["denominator"] or 0.0 for row in cells)
        return units / persons if persons and units else None

    def _passed(self, result: Row) -> int:
        """Persons whose window has passed, as its metrics say: a life table holds cases. 0 where there is none."""
        found: dict[str, int] = {}
        for row in self.stats:
            if _is_of(row, result, _CELL) and row["persons"]:
                found[row["variant_id"]] = max(row["persons"], found.get(row["variant_id"], 0))
        return sum(found.values())

    def _in_windows(self, result: Row, exposed: int) -> list[Point]:
        """What a person brought in each window that half of the persons have passed."""
        found = []
        for window, days in WINDOWS.items():
            place = {**result, "metric_window": window}
            units = self._units_a_person(place, exposed)
            if units is not None and 2 * self._passed(place) >= self._passed(result):
                found.append((days / DAYS_A_MONTH, units))
        return found

    def _months_watched(self) -> float | None:
        """How long a person has been watched on average, who entered at noon of some day; None where no days are known."""
        today = datetime.combine(self.as_of.date(), time.min)
        rows = [row for row in self.daily_traffic if row["experiment_id"] == self.design.experiment_id and row["day"] <= today.date()]
        persons = sum(row["exposed"] for row in rows if row["day"] == today.date())
        if persons == 0:
            return None
        # who is in at a day's end is watched all of the next day, and today's morning is all that there is of today
        days = sum(row["exposed"] for row in rows if row["day"] < today.date()) / persons + (self.as_of - today) / timedelta(days=1) - 0.5
        return days / DAYS_A_MONTH if days > 0 else None


def brought_in(months: float, points: Sequence[Point]) -> float:
    """What a person brings in some months, from what they brought in others: on straight lines between them.

    Beyond the last on the line from the first to it, which neither falls nor rises faster than from nothing. Before the first as much
    as in the first.
    """
    points = sorted(points)
    (first, least), (last, most) = points[0], points[-1]
    if months > last:
        pace = (most - least) / (last - first) if last > first else 0.0
        return most + min(max(pace, 0.0), most / last) * (months - last)
    for (earlier, less), (later, more) in itertools.pairwise(points):
        if earlier <= months <= later:
            return less + (more - less) * (months - earlier) / (later - earlier) if later > earlier else more
    return least


def _is_of(row: Row, result: Row, names: Sequence[str] = (*_CELL, "metric_id")) -> bool:
    return all(row[name] == result[name] for name in names)
