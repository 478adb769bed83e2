"""Time metrics from life tables to the tables written back."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
from test_verdicts import design

from python_stats.analysis import Options, analyze
from python_stats.analysis.time_effects import MOST_POINTS, survival_curves, time_effects
from python_stats.designs import Objective
from python_stats.estimators import durations

PLAN = design(
    objectives=(
        Objective("resolution_time", "primary", "decrease", 0.1, 0.05, 0.05),
        Objective("refund_rate", "guardrail", "decrease", 0.1, 0.05, 0.5),
    )
)


def life_table(variant: str, seconds: np.ndarray, is_event: np.ndarray, segment: str = "all") -> list[dict[str, Any]]:
    """Rows of the mart: only buckets in which anything ended."""
    table = durations.bucketed(seconds, is_event, np.zeros(seconds.size, dtype=int), groups=1)
    ended = np.flatnonzero(table.events[0] + table.censored[0])
    return [
        {
            "experiment_id": "e", "variant_id": variant, "metric_id": "resolution_time", "metric_window": "all", "segment": segment,
            "bucket_start_s": int(table.start[at]), "bucket_end_s": int(table.end[at]), "at_risk": int(table.at_risk[0, at]),
            "events": int(table.events[0, at]), "censored": int(table.censored[0, at]),
        }
        for at in ended
    ]  # fmt: skip


def drawn(size: int, mean: float, seed: int, segment: str = "all", variant: str = "old", censored: float = 0.2) -> list[dict[str, Any]]:
    generator = np.random.default_rng(seed)
    return life_table(variant, generator.exponential(mean, size), generator.random(size) >= censored, segment)


def effects(tables: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    rows = time_effects([PLAN], analyze([PLAN], [], tables, Options()), tables, Options())
    for row in rows:
        assert not any(isinstance(value, float) and not math.isfinite(value) for value in row.values())
    keys = [tuple(row[name] for name in ("variant_id", "metric_id", "metric_window", "segment", "measure")) for row in rows]
    assert len(keys) == len(set(keys))
    return {(row["segment"], row["measure"]): row for row in rows}


def test_every_measure_sees_a_faster_variant() -> None:
    found = effects([*drawn(2000, 50_000, 1), *drawn(2000, 38_000, 2, variant="new")])
    assert set(found) == {("all", measure) for measure in ("log_rank", "median", "p90", "restricted_mean")}
    for (_, measure), row in found.items():
        assert row["status"] == "ok" and row["p_value"] < 0.05 and (row["n_control"], row["n_variant"]) == (2000, 2000)
        if measure != "log_rank":
            assert row["ci_low"] < row["effect"] < row["ci_high"] < 0 and row["relative_ci_low"] < row["relative_effect"] < row["relative_ci_high"] < 0
    assert found["all", "median"]["control_ci_low"] <= found["all", "median"]["control_value"] <= found["all", "median"]["control_ci_high"]
    assert found["all", "log_rank"]["chi_square"] > 50 and found["all", "log_rank"]["effect"] is None


def test_the_log_rank_counts_those_who_wait_in_buckets_of_the_other_arm_alone() -> None:
    """The mart has no row for a bucket in which nothing ended in an arm; the arm's cases are at risk there all the same."""
    generator = np.random.default_rng(9)
    seconds, is_event = [generator.integers(0, 3000, 25).astype(float) for _ in range(2)], [generator.random(25) < 0.7 for _ in range(2)]
    tables = [row for arm, variant in enumerate(("old", "new")) for row in life_table(variant, seconds[arm], is_event[arm])]
    whole = durations.bucketed(np.concatenate(seconds), np.concatenate(is_event), np.repeat([0, 1], 25))
    surplus = spread = 0.0
    for at in range(whole.start.size):  # the textbook's loop
        (n0, n1), (d0, d1) = whole.at_risk[:, at] - whole.censored[:, at] / 2, whole.events[:, at]
        n, d = n0 + n1, d0 + d1
        if n > 1:
            surplus += d1 - d * n1 / n
            spread += d * n1 * n0 * (n - d) / (n * n * (n - 1))
    assert abs(effects(tables)["all", "log_rank"]["chi_square"] - surplus**2 / spread) < 1e-9


def test_the_published_table_of_cutler_and_ederer() -> None:
    """126 patients by year of observation (Cutler & Ederer 1958, table 1): 60, 54, 50, 44 and 44 % survive; its standard error is 6.0 points.

    Four were still alive and watched after the fifth year.
    """
    deaths, lost, year = (47, 5, 2, 2, 0, 0), (19, 17, 15, 9, 6, 4), 365 * 86400
    rows = [
        {
            "experiment_id": "e", "variant_id": "old", "metric_id": "resolution_time", "metric_window": "all", "segment": "all",
            "bucket_start_s": at * year, "bucket_end_s": (at + 1) * year, "at_risk": sum(deaths[at:]) + sum(lost[at:]),
            "events": deaths[at], "censored": lost[at],
        }
        for at in range(6)
    ]  # fmt: skip
    curve = survival_curves([PLAN], rows)[:5]
    assert [row["at_risk"] for row in curve] == [126, 60, 38, 21, 10]
    assert [round(row["survival"], 2) for row in curve] == [0.60, 0.54, 0.50, 0.44, 0.44]
    log_log = [math.log(-math.log(curve[-1][name])) for name in ("ci_low", "ci_high")]
    last = curve[-1]["survival"]
    assert abs((log_log[0] - log_log[1]) / (2 * 1.96) * last * -math.log(last) - 0.060) < 0.0005


def young(size: int, mean: float, longest: float, generator: np.random.Generator, variant: str) -> list[dict[str, Any]]:
    """Exponential times (seconds) of cases that began evenly over the `longest` seconds up to now."""
    times, watched = generator.exponential(mean, size), generator.uniform(0, longest, size)
    return life_table(variant, np.minimum(times, watched), times <= watched)


HOUR = 3600.0


def misses(low: float | None, high: float | None, truth: float) -> bool:
    return (low is not None and low > truth) or (high is not None and high < truth)


def test_medians_of_cases_that_began_within_three_hours() -> None:
    """Half are there after 0.9 h and 1.9 h. Counting the censored for all of their hour gave a difference of 1.47 h and missed each time."""
    generator, missed, found = np.random.default_rng(3), 0, []
    for _ in range(60):
        tables = [row for variant, median in (("old", 0.9), ("new", 1.9)) for row in young(20_000, median * HOUR / math.log(2), 3 * HOUR, generator, variant)]
        (row,) = (row for row in time_effects([PLAN], [], tables, Options()) if row["measure"] == "median")
        missed += misses(row["ci_low"], row["ci_high"], HOUR) or misses(row["variant_ci_low"], row["variant_ci_high"], 1.9 * HOUR)
        found.append(row["effect"] / HOUR)
    assert missed <= 60 * 0.05 + 3 * (60 * 0.05 * 0.95) ** 0.5 and abs(np.mean(found) - 1) < 0.08


def test_quantiles_of_times_that_are_long_beside_their_buckets() -> None:
    """A mean of 20 hours, begun within four days: the arms' intervals hold the median and the 90th percentile."""
    generator, missed = np.random.default_rng(4), {"median": 0, "p90": 0}
    for _ in range(100):
        tables = [row for variant in ("old", "new") for row in young(2000, 20 * HOUR, 96 * HOUR, generator, variant)]
        for row in time_effects([PLAN], [], tables, Options()):
            if row["measure"] in missed:
                truth = 20 * HOUR * math.log(2 if row["measure"] == "median" else 10)
                missed[row["measure"]] += sum(misses(row[f"{arm}_ci_low"], row[f"{arm}_ci_high"], truth) for arm in ("control", "variant"))
    assert max(missed.values()) <= 200 * 0.05 + 3 * (200 * 0.05 * 0.95) ** 0.5


def test_the_log_rank_keeps_its_error_rate_where_one_arm_is_watched_for_longer() -> None:
    """Three hours against ten, the same times. Counting the censored for all of their hour gave 80 % false alarms."""
    generator, wrong = np.random.default_rng(5), 0
    for _ in range(200):
        tables = [row for variant, hours in (("old", 3), ("new", 10)) for row in young(2000, 2.74 * HOUR, hours * HOUR, generator, variant)]
        (row,) = (row for row in time_effects([PLAN], [], tables, Options()) if row["measure"] == "log_rank")
        wrong += row["p_value"] < 0.05
    assert wrong <= 200 * 0.05 + 3 * (200 * 0.05 * 0.95) ** 0.5


def test_the_curve_is_the_one_that_the_average_and_the_median_are_of() -> None:
    """The area under the printed curve up to the horizon is the restricted mean; half are left in the bucket of the median."""
    generator = np.random.default_rng(6)
    tables = [row for variant in ("old", "new") for row in young(20_000, 2.74 * HOUR, 3 * HOUR, generator, variant)]
    found, curve = effects(tables), [row for row in survival_curves([PLAN], tables) if row["variant_id"] == "old"]
    ends, left = (np.array([first, *(row[name] for row in curve)]) for first, name in ((0.0, "time_s"), (1.0, "survival")))
    horizon = found["all", "restricted_mean"]["horizon_s"]  # the middle of a bucket
    whole = int(np.searchsorted(ends, horizon)) - 1
    area = np.sum(np.diff(ends[: whole + 1]) * (left[1 : whole + 1] + left[:whole]) / 2) + left[whole] * (horizon - ends[whole])
    assert abs(area - found["all", "restricted_mean"]["control_value"]) < 1e-6
    assert abs(float(np.interp(-0.5, -left, ends)) - found["all", "median"]["control_value"]) < 1e-6
    assert abs(left[list(ends).index(2 * HOUR)] - math.exp(-2 / 2.74)) < 0.02


WINDOW = 7 * 86400.0


def watched_for_a_week(size: int, mean: float, variant: str) -> tuple[list[dict[str, Any]], np.ndarray]:
    """Life table of the 7-day window, and every case's time within it."""
    times = np.random.default_rng(size + len(variant)).exponential(mean, size)
    rows = life_table(variant, np.minimum(times, WINDOW), times < WINDOW)
    return [{**row, "metric_window": "7"} for row in rows], np.minimum(times, WINDOW)


def test_a_window_s_restricted_mean_ends_with_the_window() -> None:
    """Who is open at the window's end is censored there, in a bucket that reaches an hour further: the mean of min(time, 7 days)."""
    (old, control), (new, variant) = watched_for_a_week(20_000, 860_000, "old"), watched_for_a_week(15_000, 500_000, "new")
    tables = [*old, *new]
    for days, horizon in ((30, 7), (7, 7), (5, 5)):
        (row,) = (row for row in analyze([PLAN], [], tables, Options(rmst_horizon_days=days)) if row["metric_window"] == "7")
        assert row["status"] == "ok" and row["horizon_s"] == horizon * 86400
        for found, times in ((row["control_value"], control), (row["variant_value"], variant)):
            assert abs(found - np.minimum(times, horizon * 86400).mean()) < 30
    effect = effects(tables)
    assert effect["all", "restricted_mean"]["horizon_s"] == WINDOW
    assert effect["all", "p90"]["status"] == "not_reached" and effect["all", "p90"]["control_value"] is None
    assert abs(effect["all", "median"]["variant_value"] - np.median(variant)) < 3600


def test_the_few_who_are_left_at_the_end_of_a_window_reach_to_it() -> None:
    """Fifteen of 200 open at its end: at risk for all of the window, so the mean is taken to there."""
    tables = []
    for variant in ("old", "new"):
        times = np.concatenate([np.linspace(3600, 400_000, 185), np.full(15, WINDOW)])
        tables += [{**row, "metric_window": "7"} for row in life_table(variant, times, times < WINDOW)]
    (row,) = (row for row in analyze([PLAN], [], tables, Options()) if row["metric_window"] == "7")
    assert row["horizon_s"] == WINDOW and abs(row["control_value"] - times.mean()) < 120


def test_a_window_s_curve_ends_with_the_window() -> None:
    table, _ = watched_for_a_week(2000, 500_000, "old")
    rows = survival_curves([PLAN], table)
    assert rows[-1]["time_s"] == WINDOW and all(a["time_s"] < b["time_s"] for a, b in pairwise(rows))
    assert sum(row["events"] + row["censored"] for row in rows) == 2000


def test_corners() -> None:
    nobody_yet = effects([*drawn(50, 5000, 1, censored=1.1), *drawn(50, 5000, 2, variant="new", censored=1.1)])
    assert {measure: row["status"] for (_, measure), row in nobody_yet.items() if measure != "restricted_mean"} == {
        "log_rank": "no_events", "median": "no_events", "p90": "no_events"
    }  # fmt: skip
    slow = effects([*drawn(400, 50_000, 1, censored=0.9), *drawn(400, 50_000, 2, variant="new", censored=0.2)])
    assert slow["all", "p90"]["status"] == "not_reached" and slow["all", "p90"]["variant_value"] is not None
    alone = effects(drawn(50, 5000, 1))
    assert {row["status"] for row in alone.values()} == {"no_persons"}
    two = [row for variant in ("old", "new") for row in life_table(variant, np.array([10.0, 20.0]), np.array([True, False]))]
    assert effects(two)["all", "median"]["status"] == "ok" and effects(two)["all", "median"]["n_control"] == 2
    small = effects([row for segment, size in (("all", 500), ("plan=pro", 150)) for arm, variant in enumerate(("old", "new"))
                     for row in drawn(size, 5000, arm, segment, variant)])  # fmt: skip
    assert small["plan=pro", "median"]["status"] == "segment_too_small" and small["plan=pro", "median"]["effect"] is None
    assert small["plan=pro", "median"]["n_control"] == 150 and small["all", "median"]["status"] == "ok"


def test_a_warning_shows_no_estimate_of_a_small_segment() -> None:
    """15 cases an arm: their mean may not be relied on, and in a segment is not shown; nor is a 90th percentile of one arm alone."""
    found = effects([row for segment in ("all", "plan=pro") for arm, variant in enumerate(("old", "new"))
                     for row in drawn(15, 5000, arm, segment, variant, censored=0.5 * arm)])  # fmt: skip
    means = [found[segment, "restricted_mean"] for segment in ("all", "plan=pro")]
    assert means[0]["status"] == "few_ended" and means[0]["effect"] is not None and means[1]["status"] == "segment_too_small"
    for (segment, measure), row in found.items():
        shown = {name for name, value in row.items() if isinstance(value, float) and name not in ("alpha", "nominal_alpha")}
        assert segment == "all" or not shown, (measure, row["status"], shown)
        assert (row["n_control"], row["n_variant"]) == (15, 15)
    assert found["all", "p90"]["control_value"] is not None


def test_curves_are_thinned_without_losing_a_case() -> None:
    tables = [*drawn(3000, 400_000, 1), *drawn(30, 5000, 2, variant="new"), *drawn(20, 5000, 3, "plan=pro")]
    rows = survival_curves([PLAN], tables)
    for variant, cases in (("old", 3000), ("new", 30)):
        own = [row for row in rows if row["variant_id"] == variant]
        assert 10 < len(own) <= MOST_POINTS and sum(row["events"] + row["censored"] for row in own) == cases
        assert own[0]["at_risk"] == cases and all(b["at_risk"] == a["at_risk"] - a["events"] - a["censored"] for a, b in pairwise(own))
        survival = [row["survival"] for row in own]
        assert survival == sorted(survival, reverse=True) and [row["time_s"] for row in own] == sorted(row["time_s"] for row in own)
        assert all(0 <= row["ci_low"] <= row["survival"] <= row["ci_high"] <= 1 for row in own)
    most = max(a["survival"] - b["survival"] for a, b in pairwise(rows) if a["variant_id"] == b["variant_id"] == "old")
    assert most < 0.05
