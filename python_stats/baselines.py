"""What a metric looks like without the change: value and spread per person, from the marts' own figures.

In this order: the control arm in the window of the verdict; before any of its persons was watched for that long, what all persons of
the experiment did before their exposure; for an experiment that has not started, people who would have entered it
(`experiment_baselines`).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from python_stats import metrics
from python_stats.analysis.persons import Cells, arm_of, overall_ratio
from python_stats.designs import Design
from python_stats.estimators import planning
from python_stats.estimators.moments import Sample, sample_of_means, sample_of_ratios
from python_stats.estimators.status import OK, Floats
from python_stats.estimators.survival import bucket_times, during_bucket, last_supported, sample_of_restricted_means

Row = Mapping[str, Any]

CONTROL, BEFORE, PSEUDO = "control", "pre_exposure", "baseline_period"
NO_BASELINE = "no_baseline"
LEAST = 20  # persons, or cases: a spread from fewer is no ground to plan on


@dataclass(frozen=True)
class TimeTable:
    """A control's life table on its own grid of times, shape (1, times); at risk is on average in a bucket."""

    times: Floats
    at_risk: Floats
    events: Floats
    cases: Floats
    horizon: Floats


@dataclass(frozen=True)
class Baseline:
    """One metric as it is.

    Attributes:
        kind: share, mean, ratio or time.
        source: `control`, `pre_exposure` or `baseline_period`.
        n: persons (time: cases) it is known from.
        value: mean, share, ratio or restricted mean.
        variance: of one person's (case's) value.
        units_per_person: 1; for a time the cases a person brings.
        status: `ok`, or why there is no baseline.
        table: for a time.
        skewness: of one person's value (a ratio's: linearised); `nan` where it is unknown, as it is before the experiment.
        may_be_negative: can a person's value lie below 0?
        is_part: is it a ratio whose numerator is part of its denominator?
    """

    kind: str
    source: str
    n: float
    value: float
    variance: float
    units_per_person: float
    status: str
    table: TimeTable | None = None
    skewness: float = math.nan
    may_be_negative: bool = False
    is_part: bool = False

    def variances(self, effect: float) -> tuple[float, float]:
        """Variance of a person's value in the control, and in a variant with this effect; `nan` where it cannot be.

        A share's follows from its value; means and ratios that cannot be below 0 vary with what there is of them, others keep their spread.
        """
        if self.kind == "share":
            changed = self.value + effect
            return self.value * (1 - self.value), changed * (1 - changed) if 0 <= changed <= 1 else math.nan
        if self.may_be_negative or self.value <= 0:
            return self.variance, self.variance
        if self.is_part and self.value < 1:
            part = planning.variance_of_more_of_all(np.array(self.variance), np.array(self.value), np.array(effect / self.value))
            return self.variance, float(part)
        return self.variance, float(planning.variance_of_more(np.array(self.variance), np.array(effect / self.value)))

    def hazard_ratio(self, effect: float) -> float:
        """A time: the proportional hazards that give this effect within the baseline's own horizon; `nan` where none do."""
        assert self.table is not None
        table, relative = self.table, np.array([effect / self.value])
        return float(planning.hazard_ratio_for(table.times, table.at_risk, table.events, table.cases, table.horizon, relative)[0])

    def times_of(self, hazard_ratio: float, n_control: float, n_variant: float) -> planning.TimeAlternative:
        """A time: both arms under proportional hazards, within the horizon that such samples reach (endless ones: the baseline's)."""
        assert self.table is not None
        table, ratio = self.table, np.array([hazard_ratio])
        far = planning.with_hazard_ratio(table.times, table.at_risk, table.events, table.cases, table.horizon, ratio)
        if math.isinf(n_control):
            return far
        horizon = planning.reached_horizon(table.times, far, n_control, n_variant, table.horizon)
        return planning.with_hazard_ratio(table.times, table.at_risk, table.events, table.cases, horizon, ratio)

    def limit(self, sign: int) -> float:
        """The largest effect in a direction that makes sense to look at."""
        if self.kind == "share":
            return 1 - self.value if sign > 0 else -self.value
        if self.kind == "time" and self.table is not None:
            table, far = self.table, np.array([1e-2 if sign > 0 else 1e2])
            found = planning.with_hazard_ratio(table.times, table.at_risk, table.events, table.cases, table.horizon, far)
            return 0.99 * (float(found.variant[0]) - self.value)
        reach = 10 * abs(self.value) + 100 * math.sqrt(self.variance)
        return sign * reach if reach > 0 else math.nan


def read_baselines(
    design: Design,
    stats: Iterable[Row],
    life_tables: Iterable[Row],
    pseudo: Iterable[Row],
    pseudo_tables: Iterable[Row],
    persons: Mapping[str, int],
    rmst_horizon_days: float,
) -> dict[str, Baseline]:
    """A baseline for each metric of a design that has one.

    Args:
        design: as declared.
        stats, life_tables: this experiment's rows of `experiment_metric_stats` and `experiment_life_tables`.
        pseudo, pseudo_tables: its rows of `experiment_baselines` and `experiment_baseline_life_tables`.
        persons: exposed persons per variant; under '' those of the baseline period. What a time's cases are divided by where no other
            metric says whose window has passed.
        rmst_horizon_days: to where restricted means are taken, and no further than the decision window, nor than ten cases are at
            risk: as in the results.
    """
    control = design.control.variant_id if design.control else None
    window = design.decision_window
    horizon_days = min(rmst_horizon_days, design.decision_window_days or math.inf)
    found: dict[str, Baseline] = {}
    own = [row for row in stats if row["segment"] == "all" and row["metric_window"] == window]
    for row in own:
        if row["variant_id"] == control and (row["persons"] or 0) >= LEAST:
            arms = [other for other in own if other["metric_id"] == row["metric_id"]]
            found[row["metric_id"]] = replace(_of_sums(row, CONTROL), skewness=_skewness(row, arms))
    if control is not None:
        watched = _most(row for row in own if row["variant_id"] == control) or persons.get(control, 0)
        for metric_id, table in _by_metric(row for row in life_tables if _is_of(row, window) and row["variant_id"] == control).items():
            if (cell := _of_table(table, CONTROL, watched, horizon_days)).n >= LEAST:
                found[metric_id] = cell
    for metric_id, rows in _by_metric(row for row in stats if _is_of(row, "all")).items():
        if metric_id not in found and sum(row["persons"] or 0 for row in rows) >= LEAST and design.covariate_window_days:
            found[metric_id] = _of_sums(_before(rows), BEFORE)
    before_the_start = [row for row in pseudo if row["metric_window"] == window]
    for row in before_the_start:
        if row["metric_id"] not in found:
            found[row["metric_id"]] = _of_sums(row, PSEUDO)
    watched = _most(before_the_start) or persons.get("", 0)
    for metric_id, table in _by_metric(row for row in pseudo_tables if row["metric_window"] == window).items():
        if metric_id not in found:
            found[metric_id] = _of_table(table, PSEUDO, watched, horizon_days)
    return found


def _most(rows: Iterable[Row]) -> int:
    """Persons whose window has passed, from whatever metrics there are: a life table holds cases. 0 where there is none."""
    return max((int(row["persons"] or 0) for row in rows), default=0)


def _is_of(row: Row, window: str) -> bool:
    return bool(row["metric_window"] == window and row["segment"] == "all")


def _by_metric(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["metric_id"], []).append(row)
    return found


def _before(rows: Sequence[Row]) -> dict[str, Any]:
    """The pre-exposure values of all variants together, in the place of the values: one pivot, so sums add up."""
    names = {"sum_x": "sum_y", "sum_z": "sum_d", "sum_xx": "sum_yy", "sum_zz": "sum_dd", "sum_xz": "sum_yd"}
    together: dict[str, Any] = {new: sum(row[old] or 0.0 for row in rows) for old, new in names.items()}
    return {
        **together,
        "metric_id": rows[0]["metric_id"],
        "metric_kind": rows[0]["metric_kind"],
        "persons": sum(row["persons"] or 0 for row in rows),
        "pivot_y": rows[0]["pivot_x"],
        "pivot_d": rows[0]["pivot_z"],
    }


def _of_sums(row: Row, source: str) -> Baseline:
    def at(name: str) -> Floats:
        return np.array([math.nan if row[name] is None else float(row[name])])

    kind = str(row["metric_kind"])
    names = "persons pivot_y pivot_d sum_y sum_d sum_yy sum_dd sum_yd" if kind == "ratio" else "persons pivot_y sum_y sum_yy"
    sample: Sample = (sample_of_ratios if kind == "ratio" else sample_of_means)(*(at(name) for name in names.split()))
    n, value, variance = float(sample.persons[0]), float(sample.value[0]), float(sample.variance[0])
    signed, is_part = metrics.may_be_negative(row["metric_id"]), kind == "ratio" and metrics.metric(row["metric_id"]).unit == "share"
    return Baseline(kind, source, n, value, variance * n, 1.0, str(sample.status[0]), may_be_negative=signed, is_part=is_part)


def _skewness(row: Row, arms: Sequence[Row]) -> float:
    """Of the control's values, from its cubes, which are summed with the ratio over all variants; `nan` where there are none."""
    kind, overall = str(row["metric_kind"]), overall_ratio(arms) if row["metric_kind"] == "ratio" else math.nan
    found = arm_of(kind, Cells([row]), np.array([overall])).value.skewness
    return math.nan if found is None else float(found[0])


def _of_table(rows: Sequence[Row], source: str, persons: int, rmst_horizon_days: float) -> Baseline:
    ordered = sorted(rows, key=lambda row: row["bucket_start_s"])
    start = np.array([row["bucket_start_s"] for row in ordered], dtype=float)
    end = np.array([math.nan if row["bucket_end_s"] is None else row["bucket_end_s"] for row in ordered], dtype=float)
    times = bucket_times(start, end)
    at_risk, events, censored = (np.array([[float(row[name]) for row in ordered]]) for name in ("at_risk", "events", "censored"))
    cases = (events + censored).sum(axis=1)
    latest = rmst_horizon_days * 86400
    at_risk = during_bucket(at_risk, censored, start, end, latest)
    horizon = np.minimum(last_supported(times, at_risk), latest)
    sample = sample_of_restricted_means(times, at_risk, events, cases, horizon)
    n, value, variance = float(cases[0]), float(sample.value[0]), float(sample.variance[0])
    status = str(sample.status[0])
    if status == OK and not value > 0:
        status = NO_BASELINE
    table = TimeTable(times, at_risk, events, cases, horizon)
    return Baseline("time", source, n, value, variance * n, n / persons if persons > 0 else math.nan, status, table)
