"""Plans: sizes, dates, refusals, baselines, and the command."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from click.testing import CliRunner, Result
from handmade_warehouse import experiment, share_row

from python_stats.analysis import Options, analyze
from python_stats.baselines import read_baselines
from python_stats.cli import main
from python_stats.designs import Design, read_designs
from python_stats.estimators import planning as estimators
from python_stats.looks import days_of, levels
from python_stats.planner import as_text
from python_stats.planning import Plan, plan

WINDOW = {"metric_window": "all"}


def design(
    shares: Sequence[float] = (0.5, 0.5), metrics: Sequence[tuple[str, str, str]] = (("conversion", "primary", "increase"),), **more: Any
) -> Design:
    variants = [
        {"experiment_id": "e", "variant_id": f"v{index}", "is_control": index == 0, "expected_share": share, "factor_levels": None}
        for index, share in enumerate(shares)
    ]
    aims = [
        {
            "experiment_id": "e",
            "metric_id": metric_id,
            "role": role,
            "good_direction": direction,
            "mde_relative": 0.1,
            "min_lift_rollout": 0.05,
            "max_harm_rollback": 0.2,
        }
        for metric_id, role, direction in metrics
    ]
    return read_designs([{**experiment("e"), **more}], variants, aims, [])[0]


def stats_row(metric_id: str, persons: int, **more: Any) -> dict[str, Any]:
    before = dict.fromkeys(("pivot_x", "pivot_z", "sum_x", "sum_z", "sum_xx", "sum_zz", "sum_xz"), 0.0)
    return {**share_row("e", "v0", metric_id, persons, persons // 10), **before, **more}


def planned(of: Design, persons_per_day: float | None, *rows: dict[str, Any], tables: Sequence[dict[str, Any]] = ()) -> Plan:
    baselines = read_baselines(of, rows, tables, [], [], {"v0": 1000, "v1": 1000}, 30.0)
    return plan(of, baselines, persons_per_day)


def test_a_share_takes_what_the_estimator_says() -> None:
    """10 % → 11 %, 80 %: 14,749 or so an arm; 1,000 a day bring them in on the 30th day."""
    found = planned(design(ended_on=date(2026, 3, 31), planned_sample_per_variant=None), 1000.0, stats_row("conversion", 10_000))
    p0, p1 = np.array([0.1]), np.array([0.11])
    one = np.ones(1)
    size = estimators.sample_size(p1 - p0, p0 * (1 - p0), p1 * (1 - p1), one, one, np.array([0.05]), np.array([0.8]))
    row = found.metrics[0]
    assert row["needed_per_variant"] == math.ceil(size.variant[0])
    assert row["needed_total"] == math.ceil(2 * size.variant[0])
    assert row["days_to_run"] == 30
    assert found.reachable_on == date(2026, 3, 2)  # from 1 February
    assert found.is_feasible


def test_an_impossible_plan_is_refused_with_the_day_on_which_it_could() -> None:
    found = planned(design(ended_on=date(2026, 2, 10), planned_sample_per_variant=None), 1000.0, stats_row("conversion", 10_000))
    assert not found.is_feasible
    assert found.reachable_on == date(2026, 3, 2)
    assert "cannot reach its goal by 2026-02-10" in found.sentence
    assert "2026-03-02" in found.sentence


def test_a_planned_sample_that_the_traffic_cannot_deliver_is_refused() -> None:
    of = design(ended_on=date(2026, 3, 31), planned_sample_per_variant=100_000)
    found = planned(of, 1000.0, stats_row("conversion", 10_000))
    assert not found.is_feasible
    assert found.reachable_on == date(2026, 8, 19)  # 200 days
    assert found.metrics[0]["days_to_run"] == 30  # the effect itself takes less


def test_a_planned_sample_below_what_it_takes_is_said() -> None:
    found = planned(design(planned_sample_per_variant=5000), 1000.0, stats_row("conversion", 10_000))
    row = found.metrics[0]
    assert found.is_feasible
    assert row["power_at_planned"] < 0.4
    assert 0.1 < row["detectable_relative"] < 0.2
    assert "The planned 5,000 are too few" in found.sentence
    # what is detectable at the planned sample takes the planned sample
    again = estimators.power(
        *(
            np.array([value])
            for value in (row["detectable_effect"], 0.09, (0.1 + row["detectable_effect"]) * (0.9 - row["detectable_effect"]))
        ),
        *(np.array([5000.0]), np.array([5000.0]), np.array([0.05])),
    )
    assert again[0] == pytest.approx(0.8, abs=1e-3)


def test_unequal_shares_and_several_variants() -> None:
    """The smallest arm sets the pace, and three arms share the primary's alpha out between two variants."""
    found = planned(design((0.5, 0.3, 0.2), planned_sample_per_variant=None), 1000.0, stats_row("conversion", 10_000))
    row = found.metrics[0]
    assert row["alpha"] == 0.025
    size = estimators.sample_size(*(np.array([value]) for value in (0.01, 0.09, 0.11 * 0.89, 0.5, 0.2, 0.025, 0.8)))
    assert row["needed_per_variant"] == math.ceil(size.variant[0])
    assert row["needed_total"] == math.ceil(size.variant[0] / 0.2)


def test_a_guardrail_has_to_exclude_the_harm_it_may_not_do() -> None:
    """At 10 %, 20 % harm allowed, nothing changed: the contrast m₁ − 0.8 m₀ against 0."""
    of = design(metrics=(("conversion", "primary", "increase"), ("refund_rate", "guardrail", "decrease")), planned_sample_per_variant=None)
    found = planned(of, 1000.0, stats_row("conversion", 10_000), stats_row("refund_rate", 10_000))
    row = found.metrics[1]
    assert (row["goal"], row["goal_relative"], row["goal_effect"]) == ("exclude_harm", 0.2, pytest.approx(0.02))
    size = estimators.sample_size(*(np.array([value]) for value in (0.02, 0.09 * 1.2**2, 0.09, 1, 1, 0.05, 0.8)))
    assert row["needed_per_variant"] == math.ceil(size.variant[0])


SCHEDULES = [("group_sequential", "obrien_fleming", 2.031), ("group_sequential", "pocock", 2.386), ("always_valid", None, 3.035)]


@pytest.mark.parametrize("monitoring,spending,z", SCHEDULES)
def test_a_guardrail_has_the_power_it_is_planned_for_at_the_last_look(monitoring: str, spending: str | None, z: float) -> None:
    """10 %, a tenth worse allowed, nothing changed: of 20,000 experiments of the sample needed, four in five exclude that harm by the
    contrast 1.1 m₀ − m₁ at the level that verdicts give to the end, here after five looks, or twenty days."""
    metrics = (("conversion", "primary", "increase"), ("refund_rate", "guardrail", "decrease"))
    of = design(
        (1, 1, 1), metrics, monitoring=monitoring, looks=5, spending=spending, ended_on=date(2026, 2, 20), planned_sample_per_variant=None
    )
    of = replace(of, objectives=tuple(replace(aim, max_harm_rollback=0.1) for aim in of.objectives))
    baseline = stats_row("conversion", 10_000), stats_row("refund_rate", 10_000)
    n = planned(of, 1000.0, *baseline).metrics[1]["needed_per_variant"]
    of = replace(of, planned_sample_per_variant=n)
    told = planned(of, 1000.0, *baseline)
    row = told.metrics[1]
    days = days_of(of, [(date(2026, 2, day), math.ceil(n * day / 20)) for day in range(1, 21)], datetime(2026, 3, 1))
    level = levels(of, days, row["alpha"])
    assert row["nominal_alpha"] == pytest.approx(level.nominal[-1], rel=1e-3) and level.z[-1] == pytest.approx(z, abs=2e-3)
    control, variant = np.random.default_rng(7).binomial(n, 0.1, (2, 20_000)) / n
    error = np.sqrt((1.1**2 * control * (1 - control) + variant * (1 - variant)) / n)
    found = np.mean((1.1 * control - variant) / error > level.z[-1])
    assert found == pytest.approx(0.8, abs=0.01)  # 3.5 standard errors of the simulation
    assert row["power_at_planned"] == pytest.approx(0.8, abs=1e-3)
    assert row["detectable_relative"] == pytest.approx(0.1, abs=1e-3)
    assert f"guardrails {level.nominal[-1]:.3g} at the last look" in as_text(of, told, "EUR")


def test_power_counts_the_right_direction_only() -> None:
    """A difference the size of nothing is found on its own side in 2.5 %, not in 5 %; and no calendar is long enough for it."""
    of = design(planned_sample_per_variant=1000)
    of = replace(of, objectives=tuple(replace(aim, mde_relative=1e-6) for aim in of.objectives))
    found = planned(of, 10.0, stats_row("conversion", 10_000))
    assert found.metrics[0]["power_at_planned"] == pytest.approx(0.025, abs=1e-4)
    assert not found.is_feasible and found.sentence.startswith("e cannot reach its goal: it takes 141,2")


def test_a_time_is_looked_at_once() -> None:
    """It has no daily figures (decision 54): neither it nor its guardrails pay for looks that are not taken."""
    metrics = (("resolution_time", "primary", "decrease"), ("refund_rate", "guardrail", "decrease"))
    of = design(metrics=metrics, monitoring="group_sequential", looks=5, spending="pocock")
    found = planned(of, 100.0, stats_row("refund_rate", 10_000), tables=life_table())
    assert [(row["inflation"], row["nominal_alpha"]) for row in found.metrics] == [(1.0, 0.05), (1.0, 0.05)]
    assert found.looks == []
    end = days_of(of, [(None, of.planned_sample_per_variant or 0)], datetime(2027, 1, 1))
    assert levels(of, end, 0.05).nominal[0] == pytest.approx(0.05)


def test_group_sequential_looks() -> None:
    """O'Brien–Fleming with four looks grows the sample by a few per cent and starts with a boundary above 4."""
    fixed = planned(design(planned_sample_per_variant=16_000), 1000.0, stats_row("conversion", 10_000))
    of = design(monitoring="group_sequential", looks=4, spending="obrien_fleming", planned_sample_per_variant=16_000)
    found = planned(of, 1000.0, stats_row("conversion", 10_000))
    assert 1.01 < found.metrics[0]["inflation"] < 1.04
    ratio = found.metrics[0]["needed_per_variant"] / fixed.metrics[0]["needed_per_variant"]
    assert ratio == pytest.approx(found.metrics[0]["inflation"], abs=1e-3)
    assert [row["per_variant"] for row in found.looks] == [4000, 8000, 12000, 16000]
    assert [row["on"] for row in found.looks] == [date(2026, 2, 8), date(2026, 2, 16), date(2026, 2, 24), date(2026, 3, 4)]
    assert found.looks[0]["boundary_z"] > 4 > found.looks[-1]["boundary_z"] > 1.96
    assert found.looks[-1]["effect_that_stops"] == pytest.approx(found.looks[-1]["boundary_z"] * math.sqrt(2 * 0.09 / 16_000))
    assert fixed.looks == []


def test_looking_whenever_one_likes_costs_most() -> None:
    found = planned(design(monitoring="always_valid", planned_sample_per_variant=None), 1000.0, stats_row("conversion", 10_000))
    assert 1.4 < found.metrics[0]["inflation"] < 2.2


def life_table(cases: int = 2000) -> list[dict[str, Any]]:
    """An exponential with a mean of a day, in buckets of an hour; nobody is censored before 30 days."""
    rows, alive = [], cases
    for hour in range(24 * 5):
        events = round(cases * (math.exp(-hour / 24) - math.exp(-(hour + 1) / 24)))
        rows.append(
            {
                "experiment_id": "e",
                "variant_id": "v0",
                "metric_id": "resolution_time",
                "segment": "all",
                **WINDOW,
                "bucket_start_s": hour * 3600,
                "bucket_end_s": (hour + 1) * 3600,
                "at_risk": alive,
                "events": events,
                "censored": 0,
            }
        )
        alive -= events
    rows.append({**rows[-1], "bucket_start_s": 5 * 86400, "bucket_end_s": None, "at_risk": alive, "events": 0, "censored": alive})
    return rows


def test_a_time_is_planned_in_cases() -> None:
    """A tenth off an exponential's mean, in days and restricted to τ = 5: variance h⁻² (1 − 2hτ e^(−hτ) − e^(−2hτ)), 0.933 at h = 1 and
    0.775 at h = 1/0.9; 7.849 × (0.933 + 0.775) / 0.0993² ≈ 1,358 cases an arm."""
    of = design(metrics=(("resolution_time", "primary", "decrease"),), planned_sample_per_variant=None)
    found = planned(of, 100.0, tables=life_table())
    row = found.metrics[0]
    assert (row["unit"], row["status"], row["goal_effect"]) == ("cases", "ok", pytest.approx(-8600, abs=100))
    assert row["needed_per_variant"] == pytest.approx(1358, rel=0.01)
    assert row["needed_persons"] == pytest.approx(row["needed_total"] / 2, abs=1)  # two cases a person
    half = planned(of, 100.0, stats_row("csat", 500), tables=life_table())  # they are of 500 persons: the others' window has not passed
    assert half.metrics[0]["needed_persons"] == pytest.approx(row["needed_total"] / 4, abs=1)


def test_a_time_is_planned_from_what_the_results_show() -> None:
    """Cases that began evenly over four days, in buckets of an hour: half of the hour for the censored, and no further than ten at risk."""
    of = design(metrics=(("resolution_time", "primary", "decrease"),), planned_sample_per_variant=None)
    generator = np.random.default_rng(2)
    times, watched = generator.exponential(20, 2000), generator.uniform(0, 96, 2000)
    hour, is_event = np.floor(np.minimum(times, watched)).astype(int), times <= watched
    events, censored = (np.bincount(hour[part], minlength=96) for part in (is_event, ~is_event))
    rows = [
        {
            **life_table()[0], "variant_id": variant, "bucket_start_s": at * 3600, "bucket_end_s": (at + 1) * 3600,
            "at_risk": int((hour >= at).sum()), "events": int(events[at]), "censored": int(censored[at]),
        }
        for variant in ("v0", "v1") for at in np.unique(hour)
    ]  # fmt: skip
    (result,) = (row for row in analyze([of], [], rows, Options()) if row["metric_window"] == of.decision_window)
    found = planned(of, 100.0, tables=rows).metrics[0]
    assert found["control_value"] == pytest.approx(result["control_value"], rel=1e-12)
    truth = 20 * (1 - math.exp(-result["horizon_s"] / 3600 / 20))
    assert result["horizon_s"] < 96 * 3600 and found["control_value"] / 3600 == pytest.approx(truth, rel=0.08)


def sums_row(kind: str, y: np.ndarray, d: np.ndarray, ratio: float) -> dict[str, Any]:
    """The control's row of a mean or a ratio, as the marts make it with pivots of 1 and 2."""
    e = y - 1 if kind == "mean" else y - ratio * d
    unit = float(e.std(ddof=1))
    u, v = y - 1, d - 2
    moments = {"sum_y": u.sum(), "sum_d": v.sum(), "sum_yy": (u * u).sum(), "sum_dd": (v * v).sum(), "sum_yd": (u * v).sum()}
    cubes = {"skew_unit": unit, "sum_cubes": ((e / unit) ** 3).sum(), "numerator": y.sum(), "denominator": d.sum()}
    return stats_row("click_rate", y.size, metric_kind=kind, pivot_y=1.0, pivot_d=2.0, **moments, **cubes)


def test_the_tail_of_a_baseline_is_that_of_the_controls_values() -> None:
    """Of a ratio it is that of y − R d, with the R that the marts summed the cubes with."""
    generator = np.random.default_rng(1)
    y, d = generator.exponential(1.0, 500), generator.uniform(1, 5, 500)
    ratio = float(y.sum() / d.sum())
    for kind, values in (("mean", y), ("ratio", y - ratio * d)):
        found = read_baselines(design(), [sums_row(kind, y, d, ratio)], [], [], [], {"v0": 500}, 30.0)["click_rate"]
        centred = values - values.mean()
        assert found.skewness == pytest.approx((centred**3).mean() / (centred**2).mean() ** 1.5, rel=1e-9)
        assert not found.may_be_negative
    assert math.isnan(read_baselines(design(), [stats_row("conversion", 0), stats_row("revenue", 500, metric_kind="mean", skew_unit=None)],
                                     [], [], [], {}, 30.0)["revenue"].skewness)  # fmt: skip


def test_before_any_effect_the_baseline_is_what_people_did_before() -> None:
    young = stats_row("conversion", 0, metric_window="7")
    before = stats_row("conversion", 1000, sum_x=100.0, sum_xx=100.0)
    of = design(decision_window_days=7, planned_sample_per_variant=None)
    found = planned(of, 1000.0, young, before)
    assert (found.metrics[0]["baseline_source"], found.metrics[0]["control_value"]) == ("pre_exposure", pytest.approx(0.1))


@pytest.mark.parametrize(
    "row,persons_per_day,status",
    [
        (stats_row("other", 10_000), 10.0, "no_baseline"),
        (stats_row("conversion", 10_000, sum_y=-1000.0, sum_yy=100.0), 10.0, "no_effect"),  # nobody converts: a tenth of nothing
        (stats_row("conversion", 10_000, sum_y=8_500.0, sum_yy=7_315.0), 10.0, "unreachable"),  # 95 % + 9.5 points
        (stats_row("conversion", 10_000), None, "ok"),
    ],
)
def test_what_cannot_be_planned_is_named(row: dict[str, Any], persons_per_day: float | None, status: str) -> None:
    found = planned(design(), persons_per_day, row)
    assert found.metrics[0]["status"] == status
    assert not found.is_feasible
    assert found.sentence.startswith("e cannot be planned") or status == "unreachable"


@pytest.fixture
def with_covariates(project: Path) -> Path:
    """The handmade warehouse, with columns of the past where it has none."""
    with duckdb.connect(str(project / "w.duckdb")) as connection:
        for column in ("pivot_x", "pivot_z", "sum_x", "sum_z", "sum_xx", "sum_zz", "sum_xz"):
            connection.execute(f"alter table experiment_metric_stats add column if not exists {column} double default 0")
    return project


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["plan", *arguments])


def test_the_command_answers_in_words_and_in_json(with_covariates: Path) -> None:
    with duckdb.connect(str(with_covariates / "w.duckdb"), read_only=True) as connection:
        name = connection.execute("select min(experiment_id) from cfg_experiments").fetchall()[0][0]
    told = run(name)
    assert told.exit_code in (0, 1), told.output
    assert "conversion" in told.output
    found = json.loads(run(name, "--output", "json").output)
    assert found["experiment_id"] == name
    assert found["is_feasible"] is (told.exit_code == 0)
    assert [row["role"] for row in found["metrics"]] == ["primary", "guardrail"]
    assert found["sentence"] in told.output


def test_an_unknown_experiment_is_one_line(with_covariates: Path) -> None:
    result = run("nope")
    assert result.exit_code == 2
    assert "no experiment 'nope'; it has" in result.output
