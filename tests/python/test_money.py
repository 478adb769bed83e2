"""The golden case to the cent, and what an amount must not do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import numpy as np
import pytest
from handmade_warehouse import mean_row
from scipy import stats
from test_verdicts import design

from python_stats.analysis import Options, analyze
from python_stats.analysis.levels import hidden
from python_stats.designs import ValueAssumption
from python_stats.looks import LOOK, Day, levels
from python_stats.money import estimate
from python_stats.verdicts import Verdict

AS_OF = datetime(2026, 5, 5)


def value(**more: Any) -> ValueAssumption:
    return ValueAssumption(
        **{
            "experiment_id": "e",
            "stream": "revenue_created",
            "metric_id": "conversion",
            "units_per_month": 100_000.0,
            "qualified_share": 0.2,
            "value_per_unit": 300.0,
            "value_low": None,
            "value_high": None,
            "is_direct": True,
            "monthly_run_cost": 0.0,
            "one_off_cost": 0.0,
            "currency": "EUR",
            **more,
        }
    )


def result(**more: Any) -> dict[str, Any]:
    return {
        "experiment_id": "e",
        "variant_id": "new",
        "metric_id": "conversion",
        "metric_window": "all",
        "segment": "all",
        "metric_kind": "share",
        "good_direction": "increase",
        "is_decision": True,
        "status": "ok",
        "effect": 0.044 - 0.04,
        "standard_error": 0.001,
        "df": None,
        "alpha": 0.05,
        "nominal_alpha": 0.05,
        **more,
    }


def priced(
    values, results=None, verdict="ship", stats=(), life=(), traffic=(), plan=None, as_of=AS_OF
) -> dict[tuple[str, str], dict[str, Any]]:
    plan = replace(plan or design(), values=tuple(values))
    judged = {"e": Verdict(verdict, "", "", None if verdict == "invalid" else "new", "")}
    rows = estimate([plan], results or [result()], judged, traffic, stats, life, as_of, "EUR")
    return {(row["experiment_id"], row["stream"]): row for row in rows}


def test_golden_case_to_the_cent() -> None:
    """100,000 visitors a month, 4.0 % → 4.4 %, 20 % of signups qualified at 300 each, 3,000 saved in support."""
    support = value(stream="cost_reduced", metric_id="support_cost", units_per_month=100_000.0, qualified_share=1.0, value_per_unit=1.0)
    saved = result(metric_id="support_cost", metric_kind="mean", good_direction="decrease", effect=-0.03, standard_error=0.01)
    rows = priced([value(), support], [result(), saved])
    signups = rows["e", "revenue_created"]
    assert round(signups["extra_units_per_month"], 6) == 400
    assert signups["impact_per_month"] == 24_000.00
    assert rows["e", "cost_reduced"]["impact_per_month"] == 3_000.00
    total = rows["e", "total_direct"]
    assert (total["impact_per_month"], total["annual"], total["first_year"]) == (27_000.00, 324_000.00, 324_000.00)
    assert rows["all", "shipped_direct"]["annual"] == 324_000.00
    assert total["impact_per_month_low"] == pytest.approx(
        signups["impact_per_month_low"] + rows["e", "cost_reduced"]["impact_per_month_low"], abs=0.011
    )


def test_interval_is_the_effect_s_own_where_the_value_is_certain() -> None:
    row = priced([value()])["e", "revenue_created"]
    assert row["impact_per_month_low"] == pytest.approx((0.004 - 1.959963985 * 0.001) * 6e6, abs=0.01)
    assert row["impact_per_month_high"] == pytest.approx((0.004 + 1.959963985 * 0.001) * 6e6, abs=0.01)


def test_costs_payback_and_roi() -> None:
    row = priced([value(monthly_run_cost=4_000.0, one_off_cost=40_000.0)])["e", "revenue_created"]
    assert row["impact_per_month"] == 20_000.0 and row["annual"] == 240_000.0 and row["first_year"] == 200_000.0
    assert row["payback_months"] == pytest.approx(2.0)
    assert row["cost_first_year"] == 88_000.0 and row["roi"] == pytest.approx(200_000 / 88_000)
    assert 0.9 < row["probability_pays"] < 1
    never = priced([value(monthly_run_cost=30_000.0)])["e", "revenue_created"]
    assert never["payback_months"] is None and never["roi"] < 0 and never["probability_pays"] < 0.5


def test_good_is_positive_where_less_is_better() -> None:
    row = priced([value()], [result(good_direction="decrease", effect=-0.004)])["e", "revenue_created"]
    assert row["effect"] == 0.004 and row["impact_per_month"] == 24_000.0


@pytest.mark.parametrize(
    ("values", "results", "verdict", "status"),
    [
        (value(), result(), "invalid", "invalid_experiment"),
        (value(currency="USD"), result(), "ship", "other_currency"),
        (value(metric_id=None), result(), "ship", "no_metric"),
        (value(metric_id="csat"), result(), "ship", "no_result"),
        (value(), result(status="zero_variance", effect=None, standard_error=None), "ship", "zero_variance"),
        (value(units_per_month=None), result(), "ship", "no_traffic"),
        (value(stream="decision_velocity"), result(), "ship", "verdict_day_unknown"),
    ],
)
def test_no_amount_has_a_status(values, results, verdict, status) -> None:
    rows = priced([values], [results], verdict)
    assert rows["e", values.stream]["status"] == status
    for row in rows.values():
        assert row["annual"] is None and row["impact_per_month"] is None
    assert rows["all", "shipped_direct"]["status"] == "nothing_to_add"


def test_an_unpriced_stream_makes_the_total_partial_and_still_costs() -> None:
    rows = priced([value(), value(stream="cost_reduced", metric_id="csat", monthly_run_cost=1_000.0)])
    total = rows["e", "total_direct"]
    assert total["status"] == "partial" and total["impact_per_month"] == 23_000.0


def test_direct_and_indirect_stay_apart_and_only_what_ships_counts() -> None:
    values = [value(), value(stream="revenue_preserved", is_direct=False)]
    rows = priced(values)
    assert rows["e", "total_direct"]["annual"] == rows["e", "total_indirect"]["annual"] == 288_000.0
    assert rows["all", "shipped_direct"]["annual"] == rows["all", "shipped_indirect"]["annual"] == 288_000.0
    held = priced(values, verdict="hold")
    assert held["e", "total_direct"]["annual"] == 288_000.0 and held["all", "shipped_direct"]["annual"] is None


def test_measured_units() -> None:
    plan = design(started_on=date(2026, 1, 1), ended_on=date(2026, 1, 30))  # 30 days
    months = 30 / (365.25 / 12)
    traffic = [{"experiment_id": "e", "variant_id": v, "exposed": 3000} for v in ("old", "new")]
    cell = {"experiment_id": "e", "metric_id": "conversion", "metric_window": "all", "segment": "all"}
    cells = [{**cell, "variant_id": variant} for variant in ("old", "new")]
    stats = [{**cells[0], "persons": 2000, "denominator": 5000.0}, {**cells[1], "persons": 2000, "denominator": 7000.0}]
    # a life table holds only whose window has passed, and of them cases: how many persons they are, other metrics say
    life = [{**cells[0], "events": 40, "censored": 2}, {**cells[1], "events": 50, "censored": 8}]
    expected = {"share": 6000 / months, "mean": 6000 / months, "ratio": 3 * 6000 / months, "time": 100 / 4000 * 6000 / months}
    for kind, units in expected.items():
        rows = priced([value(units_per_month=None)], [result(metric_kind=kind)], stats=stats, life=life, traffic=traffic, plan=plan)
        row = rows["e", "revenue_created"]
        assert row["units_per_month"] == pytest.approx(units), kind
        assert row["units_source"] == "measured"


def test_a_decision_before_the_planned_end_is_worth_the_days_saved() -> None:
    velocity = value(stream="decision_velocity", value_per_unit=150.0, value_low=50.0, value_high=250.0, qualified_share=1.0)
    row = priced([velocity], plan=design(ended_on=date(2026, 5, 14)))["e", "decision_velocity"]
    assert (row["status"], row["effect"]) == ("ok", 10.0)
    assert (row["first_year_low"], row["first_year"], row["first_year_high"]) == (500.0, 1500.0, 2500.0)


def test_the_day_of_the_verdict_decides_and_a_late_one_costs() -> None:
    """Planned: 14 May and 7 days more. Decided on 1 May: 20 days saved; on 25 May: 4 days lost."""
    velocity = value(stream="decision_velocity", value_per_unit=150.0, qualified_share=1.0)
    plan = replace(design(ended_on=date(2026, 5, 14)), decision_window_days=7, values=(velocity,))
    for decided_on, days in ((date(2026, 5, 1), 20.0), (date(2026, 5, 25), -4.0)):
        judged = {"e": Verdict("ship", "", "", "new", "", decided_on)}
        (row,) = (
            row for row in estimate([plan], [], judged, [], [], [], datetime(2026, 6, 1), "EUR") if row["stream"] == "decision_velocity"
        )
        assert (row["status"], row["effect"], row["first_year"]) == ("ok", days, days * 150)
    waiting = {"e": Verdict("keep_running", "", "", "new", "")}
    (row,) = (row for row in estimate([plan], [], waiting, [], [], [], AS_OF, "EUR") if row["stream"] == "decision_velocity")
    assert row["status"] == "not_decided"


PERSONS = 4_000


def people(seed: int, correlation: float) -> list[dict[str, Any]]:
    """Results of a share, of a mean that moves with it, and of what both are worth: 0.2 × 300 a signup, 1 a unit saved."""
    from python_stats.estimators.comparison import compare
    from python_stats.estimators.moments import sample_of_means

    rng = np.random.default_rng(seed)
    arms: dict[str, list[Any]] = {"conversion": [], "support_cost": [], "net_value": []}
    for share in (0.04, 0.05):
        signed_up = (rng.random(PERSONS) < share).astype(float)
        cost = rng.exponential(5, PERSONS) + correlation * 60 * signed_up
        for metric_id, y in (("conversion", signed_up), ("support_cost", cost), ("net_value", 60 * signed_up - cost)):
            zero, n = np.zeros(1), np.array([float(PERSONS)])
            arms[metric_id].append(sample_of_means(n, zero, y.sum(keepdims=True), (y**2).sum(keepdims=True)))
    rows = []
    for metric_id, (control, variant) in arms.items():
        found = compare(control, variant, np.array([0.05]))
        rows.append(
            result(
                metric_id=metric_id,
                metric_kind="share" if metric_id == "conversion" else "mean",
                good_direction="decrease" if metric_id == "support_cost" else "increase",
                method="welch",
                effect=float(found.effect[0]),
                standard_error=float(found.standard_error[0]),
                df=float(found.df[0]),
                ci_low=float(found.ci_low[0]),
                ci_high=float(found.ci_high[0]),
                control_se=float(np.sqrt(control.variance[0])),
                variant_se=float(np.sqrt(variant.variance[0])),
            )
        )
    return rows


STREAMS = (
    value(units_per_month=1000.0),
    value(stream="cost_reduced", metric_id="support_cost", units_per_month=1000.0, qualified_share=1.0, value_per_unit=1.0),
)


@pytest.mark.parametrize("correlation", [-1.0, 0.0, 1.0])
def test_the_total_has_the_interval_of_the_net_value(correlation: float) -> None:
    """Streams that move together or against each other: the total's interval is the exact one of each person's net value."""
    rows = people(3, correlation)
    net = rows[2]
    total = priced(STREAMS, rows)["e", "total_direct"]
    assert total["interval_from"] == "net_value"
    assert total["impact_per_month"] == pytest.approx(1000 * net["effect"], abs=0.02)
    assert total["impact_per_month_low"] == pytest.approx(1000 * net["ci_low"], abs=0.02)
    assert total["impact_per_month_high"] == pytest.approx(1000 * net["ci_high"], abs=0.02)
    widest = priced(STREAMS, rows[:2])["e", "total_direct"]
    assert widest["interval_from"] == "widest_sum"
    assert widest["impact_per_month_low"] <= total["impact_per_month_low"] + 0.01
    assert total["probability_pays"] == pytest.approx(float(stats.t.cdf(net["effect"] / net["standard_error"], net["df"])), abs=1e-6)


def test_direct_and_indirect_stay_apart_and_their_sum_has_the_net_value_s_interval() -> None:
    rows = people(5, 1.0)
    found = priced((STREAMS[0], replace(STREAMS[1], is_direct=False)), rows)
    total = found["e", "total"]
    assert (total["row_kind"], total["is_direct"], total["interval_from"]) == ("overall", None, "net_value")
    parts = found["e", "total_direct"]["impact_per_month"] + found["e", "total_indirect"]["impact_per_month"]
    assert total["impact_per_month"] == round(parts, 2)
    assert found["e", "total_direct"]["interval_from"] == "effect"
    assert total["impact_per_month_high"] == pytest.approx(1000 * rows[2]["ci_high"], abs=0.02)


def test_an_uncertain_value_widens_the_total() -> None:
    rows = people(3, 0.0)
    uncertain = (replace(STREAMS[0], value_low=200.0, value_high=400.0), STREAMS[1])
    certain, wider = priced(STREAMS, rows)["e", "total_direct"], priced(uncertain, rows)["e", "total_direct"]
    assert wider["impact_per_month"] == certain["impact_per_month"]
    extra = 0.2 * 1000 * rows[0]["effect"] * 100  # a third of what the signups bring
    for side, sign in (("low", -1), ("high", 1)):
        reach = sign * (certain["impact_per_month_" + side] - certain["impact_per_month"])
        assert sign * (wider["impact_per_month_" + side] - wider["impact_per_month"]) == pytest.approx(np.hypot(reach, extra), rel=2e-3)


@pytest.mark.parametrize(
    ("values", "change"),
    [
        ((STREAMS[0], replace(STREAMS[1], units_per_month=900.0)), {}),  # another number of units
        (STREAMS, {"metric_kind": "ratio"}),  # per unit of its denominator
        (STREAMS, {"known_on": date(2026, 3, 1)}),  # stands as of the day of the verdict
        (STREAMS, {"effect": 9.0}),  # not what the net value was made of
        (STREAMS, {"method": "cuped"}),  # adjusted for the past, with a slope of its own
    ],
)
def test_where_net_value_is_not_the_sum_the_widest_stands(values: Any, change: dict[str, Any]) -> None:
    rows = people(3, 0.0)
    rows[1] |= change
    assert priced(values, rows)["e", "total_direct"]["interval_from"] == "widest_sum"


def adjusted_streams(name: str) -> tuple[ValueAssumption, ...]:
    one = {"experiment_id": name, "units_per_month": 1000.0, "qualified_share": 1.0, "value_per_unit": 1.0}
    return value(**one, metric_id="revenue"), value(**one, metric_id="repeat_visits", stream="revenue_preserved")


def test_the_total_of_adjusted_streams_holds_the_truth() -> None:
    """A lasting trait raises one stream and lowers the other; only the first has a past that tells. Adjusting it leaves the other's share.

    The plain sum has a standard deviation of 0.7 a person, the adjusted one of 3.1: the plain spread missed the truth, 0, in two of three.
    """
    rng, persons, count = np.random.default_rng(4), 200, 60
    cells, plans = [], []
    for index in range(count):
        name = f"e{index}"
        plans.append(replace(design(), experiment_id=name, covariate_window_days=28, values=adjusted_streams(name)))
        for variant in ("old", "new"):
            trait, noise = rng.standard_normal(persons), rng.standard_normal((3, persons))
            first, second = 10 + 3 * trait + 0.5 * noise[0], 10 - 3 * trait + 0.5 * noise[1]
            for metric_id, y, x in (("revenue", first, trait), ("repeat_visits", second, noise[2]), ("net_value", first + second, trait + noise[2])):
                cells.append(mean_row(name, variant, metric_id, y, x))
    found = analyze(plans, cells, [], Options())
    judged = {plan.experiment_id: Verdict("ship", "", "", "new", "") for plan in plans}
    totals = [row for row in estimate(plans, found, judged, [], cells, [], AS_OF, "EUR") if row["stream"] == "total_direct"]
    missed = sum(row["impact_per_month_low"] > 0 or row["impact_per_month_high"] < 0 for row in totals)
    assert {row["interval_from"] for row in totals} == {"widest_sum"}
    assert missed / count <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / count)


VELOCITY = value(stream="decision_velocity", metric_id=None, qualified_share=1.0, value_per_unit=1000.0, value_low=500.0, value_high=1500.0)
SOON = Verdict("ship", "", "", "new", "", date(2026, 4, 10))  # 20 days before the planned end of `IN_TIME`
IN_TIME = design(ended_on=date(2026, 4, 30))


def shipped(*plans: Any, results: Any = None) -> dict[tuple[str, str], dict[str, Any]]:
    """Rows of experiments that all ship, decided 20 days early."""
    judged = {plan.experiment_id: SOON for plan in plans}
    rows = estimate(plans, results or [result()], judged, (), (), (), AS_OF, "EUR")
    return {(row["experiment_id"], row["stream"]): row for row in rows}


def check_accounts(row: dict[str, Any], once: float) -> None:
    """The identities of a row with an amount, whatever it adds up."""
    run, one_off = row["monthly_run_cost"], row["one_off_cost"]
    assert row["cost_first_year"] == 12 * run + one_off
    assert row["roi"] == pytest.approx(row["first_year"] / row["cost_first_year"])
    annual = 12 * ((row["gross_per_month"] or 0.0) - run)
    assert row["first_year"] == pytest.approx(annual - one_off + once)
    if row["annual"] is not None:
        assert row["annual"] == pytest.approx(annual)
    assert row["first_year_low"] <= row["first_year"] <= row["first_year_high"]


def test_what_comes_once_is_in_cost_and_roi_of_stream_total_and_portfolio() -> None:
    """9,000 × 0.9 × 24 × 0.02 = 3,888 a month; 20 days at 1,000; costs of 12 × 400 + 12,000 and of 5,000."""
    signups = value(units_per_month=9000.0, qualified_share=0.9, value_per_unit=24.0, monthly_run_cost=400.0, one_off_cost=12_000.0)
    plan = replace(IN_TIME, values=(signups, replace(VELOCITY, one_off_cost=5_000.0)))
    rows = shipped(plan, results=[result(effect=0.02, standard_error=0.002)])
    for key in (("e", "total_direct"), ("all", "shipped_direct")):
        row = rows[key]
        assert (row["first_year"], row["cost_first_year"]) == (44_856.0, 21_800.0)
        assert row["roi"] == pytest.approx(44_856 / 21_800) and row["payback_months"] == 0.0
        check_accounts(row, 20_000.0)
    velocity = rows["e", "decision_velocity"]
    assert (velocity["first_year"], velocity["roi"], velocity["annual"]) == (15_000.0, 3.0, None)


def test_a_certain_sum_that_comes_once_shifts_the_chance_to_pay() -> None:
    """20 days at 1,000 against a one-off cost of 250,000: as likely to pay as 230,000 without them."""
    certain = replace(VELOCITY, value_low=None, value_high=None)
    with_days = shipped(replace(IN_TIME, values=(value(one_off_cost=250_000.0), certain)))["e", "total_direct"]
    without = shipped(replace(IN_TIME, values=(value(one_off_cost=230_000.0),)))["e", "total_direct"]
    assert 0.5 < without["probability_pays"] < 0.99
    assert with_days["probability_pays"] == pytest.approx(without["probability_pays"], abs=1e-6)
    assert (with_days["first_year"], with_days["payback_months"]) == (without["first_year"], without["payback_months"])


def test_the_chance_to_pay_of_net_value_has_what_comes_once() -> None:
    """Half of one distribution lies above what it brings: with a one-off cost of exactly that, and 20 days' worth on top, more."""
    rows = people(3, 0.0)
    brings = priced(STREAMS, rows)["e", "total_direct"]["annual"]
    even = (replace(STREAMS[0], one_off_cost=brings + 20_000.0), STREAMS[1], replace(VELOCITY, value_low=None, value_high=None))
    total = shipped(replace(IN_TIME, values=even), results=rows)["e", "total_direct"]
    assert (total["interval_from"], total["first_year"]) == ("net_value", 0.0)
    assert total["probability_pays"] == pytest.approx(0.5, abs=1e-3)


def test_deciding_late_at_an_uncertain_value_keeps_the_order_of_the_bounds() -> None:
    late = {"e": replace(SOON, decided_on=date(2026, 5, 4))}  # 4 days late
    plan = replace(IN_TIME, values=(value(one_off_cost=284_000.0), VELOCITY))
    rows = {row["stream"]: row for row in estimate([plan], [result()], late, (), (), (), AS_OF, "EUR")}
    assert [rows["decision_velocity"]["first_year" + end] for end in ("_low", "", "_high")] == [-6000.0, -4000.0, -2000.0]
    assert rows["total_direct"]["first_year"] == 0.0 and rows["total_direct"]["probability_pays"] == pytest.approx(0.5, abs=1e-3)
    assert rows["decision_velocity"]["probability_pays"] == 0.0


def test_the_portfolio_has_what_velocity_alone_brings() -> None:
    alone = replace(IN_TIME, values=(replace(VELOCITY, one_off_cost=5_000.0),))
    rows = shipped(alone)
    for key in (("e", "total_direct"), ("all", "shipped_direct")):
        row = rows[key]
        assert (row["status"], row["first_year"], row["roi"], row["annual"]) == ("ok", 15_000.0, 3.0, None)
        check_accounts(row, 20_000.0)
    assert rows["e", "total_direct"]["probability_pays"] == pytest.approx(1.0, abs=0.005)
    other = replace(IN_TIME, experiment_id="f", values=(value(experiment_id="f", monthly_run_cost=1_000.0),))
    both = shipped(alone, other, results=[result(experiment_id="f")])["all", "shipped_direct"]
    assert (both["status"], both["experiments"], both["first_year"]) == ("ok", 2, 276_000.0 + 15_000.0)
    check_accounts(both, 20_000.0)


def test_a_shipped_experiment_without_an_estimate_makes_the_portfolio_partial_and_still_costs() -> None:
    """One brings 24,000 a month; the other has no result, and cost 50,000 and 500 a month."""
    known = replace(IN_TIME, values=(value(),))
    unknown = replace(IN_TIME, experiment_id="f", values=(value(experiment_id="f", one_off_cost=50_000.0, monthly_run_cost=500.0),))
    rows = shipped(known, unknown)
    row = rows["all", "shipped_direct"]
    assert (row["status"], row["experiments"], row["cost_first_year"]) == ("partial", 1, 56_000.0)
    assert (row["impact_per_month"], row["annual"], row["first_year"]) == (23_500.0, 282_000.0, 232_000.0)
    check_accounts(row, 0.0)
    assert (rows["f", "total_direct"]["status"], rows["f", "total_direct"]["first_year"]) == ("no_result", None)
    alone = shipped(unknown)["all", "shipped_direct"]
    assert (alone["status"], alone["cost_first_year"], alone["first_year"]) == ("nothing_to_add", 56_000.0, None)


def test_an_unpriced_stream_beside_velocity_makes_the_total_partial() -> None:
    plan = replace(IN_TIME, values=(value(metric_id="csat", one_off_cost=7_000.0), VELOCITY))
    total = shipped(plan)["e", "total_direct"]
    assert (total["status"], total["first_year"], total["cost_first_year"]) == ("partial", 13_000.0, 7_000.0)


def test_another_currency_is_in_no_sum() -> None:
    foreign = replace(IN_TIME, experiment_id="f", values=(value(experiment_id="f", currency="USD", one_off_cost=9e6),))
    row = shipped(replace(IN_TIME, values=(value(),)), foreign)["all", "shipped_direct"]
    assert (row["status"], row["cost_first_year"], row["annual"]) == ("partial", 0.0, 288_000.0)


def test_indirect_velocity_leaves_the_interval_of_the_net_value() -> None:
    rows = people(3, 0.0)
    plain = priced(STREAMS, rows)["e", "total_direct"]
    found = shipped(replace(IN_TIME, values=(*STREAMS, replace(VELOCITY, is_direct=False))), results=rows)
    total = found["e", "total_direct"]
    assert total["interval_from"] == "net_value"
    for end in ("low", "high"):
        assert total["impact_per_month_" + end] == plain["impact_per_month_" + end]
        assert found["e", "total"]["impact_per_month_" + end] == plain["impact_per_month_" + end]


WATCHED = {"role": "primary", "alpha": 0.05, "nominal_alpha": 0.00135}  # under a confidence sequence
Z_WATCHED = 3.2051  # of 0.00135, two-sided


@pytest.mark.parametrize(
    ("found", "z"),
    [(WATCHED, Z_WATCHED), ({"role": "primary", "alpha": 0.025, "nominal_alpha": 0.025}, 2.24140)],
    ids=["watched", "one of two variants"],
)
def test_the_interval_is_the_effect_s_own_at_its_own_level(found: dict[str, Any], z: float) -> None:
    """0.004 ± z · 0.001 of 20,000 a month at 300; the total and the portfolio of one say the same."""
    rows = priced([value(monthly_run_cost=500.0)], [result(**found)])
    for key in (("e", "revenue_created"), ("e", "total_direct"), ("all", "shipped_direct")):
        ends = rows[key]["impact_per_month_low"], rows[key]["impact_per_month_high"]
        assert ends == pytest.approx((23_500 - z * 6_000, 23_500 + z * 6_000), abs=1.0), key
    assert rows["e", "revenue_created"]["nominal_alpha"] == found["nominal_alpha"]
    assert rows["e", "revenue_created"]["effect_se"] == 0.001


def test_the_value_s_range_stays_at_the_design_s_alpha() -> None:
    """An effect that is as good as known, at 200 to 400 a unit: 0.004 · 20,000 · 200 to 400, however strictly the effect is read."""
    row = priced([value(value_low=200.0, value_high=400.0)], [result(**WATCHED, standard_error=1e-9)])["e", "revenue_created"]
    assert (row["impact_per_month_low"], row["impact_per_month_high"]) == pytest.approx((16_000, 32_000), rel=1e-2)


@pytest.mark.parametrize("effect", [-0.004, -0.001, 0.0, 0.001, 0.004])
@pytest.mark.parametrize(("low", "high"), [(200.0, 400.0), (200.0, 300.0), (300.0, 400.0), (0.0, 310.0), (None, None)])
@pytest.mark.parametrize("found", [{}, WATCHED], ids=["fixed", "watched"])
def test_never_narrower_than_the_effect_s_interval_at_the_middle_value(effect: float, low: Any, high: Any, found: dict[str, Any]) -> None:
    row = priced([value(value_low=low, value_high=high)], [result(**found, effect=effect)])["e", "revenue_created"]
    reach = (Z_WATCHED if found else 1.95996) * 0.001
    assert row["impact_per_month_low"] <= (effect - reach) * 6e6 + 0.5
    assert row["impact_per_month_high"] >= (effect + reach) * 6e6 - 0.5


def test_what_is_not_watched_is_read_as_strictly_as_the_primary_metric() -> None:
    """Retention is but a secondary metric: seen at the primary's look, at its level; before the first look not at all."""
    primary = comparable(**WATCHED)
    second = comparable(metric_id="retention", role="secondary")
    row = priced([value(metric_id="retention")], [primary, second])["e", "revenue_created"]
    assert row["impact_per_month_low"] == pytest.approx(24_000 - Z_WATCHED * 6_000, abs=1.0)
    assert (row["nominal_alpha"], row["probability_pays"]) == (0.00135, None)
    early = hidden(primary, "before_first_look")
    rows = priced([value(metric_id="retention")], [early, second])
    assert rows["e", "revenue_created"]["status"] == rows["e", "total_direct"]["status"] == "before_first_look"
    assert rows["e", "total_direct"]["annual"] is None
    other_variant = comparable(**WATCHED, variant_id="newer")
    row = priced([value(metric_id="retention")], [other_variant, second])["e", "revenue_created"]
    assert row["impact_per_month_low"] == pytest.approx(24_000 - 1.95996 * 6_000, abs=1.0)


def comparable(**more: Any) -> dict[str, Any]:
    """A result that may be read at another level: 5.0 % → 5.4 %."""
    contrast = {"control_value": 0.05, "control_se": 0.0006, "control_slope": -1.0, "rest_se": 0.0008, "relative_status": "ok"}
    found = {"p_value": 6e-5, "ci_low": 0.002, "ci_high": 0.006, "score_ci_low": None, "score_ci_high": None}
    return result(**{"role": "secondary", **contrast, **found, **more})


def test_streams_of_a_watched_experiment_add_up_with_their_wide_intervals() -> None:
    streams = [value(), value(stream="revenue_preserved", value_per_unit=100.0, is_direct=False)]
    rows = priced(streams, [result(**WATCHED)])
    for key, month, half in ((("e", "total_direct"), 24_000, 6_000), (("e", "total_indirect"), 8_000, 2_000), (("e", "total"), 32_000, 8_000)):
        assert rows[key]["impact_per_month"] == month
        assert rows[key]["impact_per_month_low"] == pytest.approx(month - Z_WATCHED * half, abs=1.0)
        assert rows[key]["probability_pays"] is None, key


def test_the_net_value_s_interval_is_at_the_shared_level() -> None:
    """One of two variants: the sum's interval is the net value's at 0.025, whatever stood in its own row."""
    rows = people(3, 0.0)
    net = rows[2] | {"control_value": 10.0, "control_slope": -1.0, "rest_se": rows[2]["variant_se"], "relative_status": "ok"}
    extra = {"p_value": 0.1, "score_ci_low": None, "score_ci_high": None}
    rows[0] |= {"role": "primary", "alpha": 0.025, "nominal_alpha": 0.025}
    rows[1] |= {key: net[key] for key in ("control_value", "control_slope", "relative_status")} | {"rest_se": rows[1]["variant_se"]} | extra
    rows[2] = net | extra
    total = priced(STREAMS, rows)["e", "total_direct"]
    reach = float(stats.t.ppf(1 - 0.0125, net["df"])) * net["standard_error"]
    assert total["interval_from"] == "net_value"
    assert total["impact_per_month_low"] == pytest.approx(1000 * (net["effect"] - reach), abs=0.03)
    assert total["impact_per_month_high"] == pytest.approx(1000 * (net["effect"] + reach), abs=0.03)


def test_experiments_of_different_levels_add_in_squares() -> None:
    """Half-widths of 3.2051 · 6,000 and 1.95996 · 6,000, from experiments that were drawn apart."""
    plans = [replace(IN_TIME, experiment_id=name, values=(value(experiment_id=name),)) for name in ("e", "f")]
    row = shipped(*plans, results=[result(**WATCHED), result(experiment_id="f")])["all", "shipped_direct"]
    half = 6_000 * np.hypot(Z_WATCHED, 1.95996)
    assert (row["impact_per_month_low"], row["impact_per_month_high"]) == pytest.approx((48_000 - half, 48_000 + half), abs=1.0)


def test_the_chance_to_pay_never_flatters() -> None:
    """Null where there may be looks; among variants the shared level's above one half, a single comparison's below."""
    costs = {"above one half": 12_000.0, "below": 36_000.0}  # a month, of 24,000 with a standard error of 6,000
    for name, cost in costs.items():
        single, shared, watched = (
            priced([value(monthly_run_cost=cost)], [result(role="primary", alpha=alpha, nominal_alpha=nominal)])
            for alpha, nominal in ((0.05, 0.05), (0.025, 0.025), (0.05, 0.0432))
        )
        expected = {"above one half": stats.norm.cdf(2 * 1.959964 / 2.241403), "below": stats.norm.cdf(-2)}[name]
        for stream in ("revenue_created", "total_direct"):
            assert watched["e", stream]["probability_pays"] is None
            assert shared["e", stream]["probability_pays"] == pytest.approx(expected, abs=1e-6)
            assert shared["e", stream]["probability_pays"] <= single["e", stream]["probability_pays"]


def test_who_looks_until_it_pleases_is_not_told_of_gains_that_are_none() -> None:
    """30 looks at an effect of 0, stopped where it looks best: a gain is established in at most 2.5 %; a single look's level says it in more."""
    rng = np.random.default_rng(4)
    plan = design(monitoring="always_valid", planned_sample_per_variant=3000)
    days = [Day(None, 100 * n, n / 30, LOOK, n) for n in range(1, 31)]
    nominal = levels(plan, days, 0.05).nominal
    wrong = {"own": 0, "single": 0}
    experiments = 2000
    for _ in range(experiments):
        z = rng.standard_normal(30).cumsum() / np.sqrt(np.arange(1, 31))
        for name, found in (("own", nominal), ("single", np.full(30, 0.05))):
            best = int(np.argmax(z - stats.norm.isf(found / 2)))
            read = {"alpha": 0.05, "nominal_alpha": float(found[best]), "standard_error": 0.01 / np.sqrt(best + 1)}
            looked = result(role="primary", **read, effect=float(z[best]) * read["standard_error"])
            row = priced([value()], [looked])["e", "revenue_created"]
            wrong[name] += row["impact_per_month_low"] > 0
    assert wrong["own"] / experiments <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / experiments)
    assert wrong["single"] / experiments > 0.08


REVENUE = {"metric_id": "revenue", "qualified_share": 1.0, "value_per_unit": 1.0}
SALES = {"metric_id": "conversion", "stream": "revenue_preserved"}


@pytest.mark.parametrize(
    ("streams", "doubled"),
    [
        ([REVENUE, SALES], True),  # 50 an order, and the order counted at 50
        ([REVENUE, {**SALES, "metric_id": "refund_rate"}], True),
        ([{"metric_id": "support_cost", "stream": "cost_reduced"}, {"metric_id": "tickets_per_person", "stream": "cost_reduced"}], True),
        ([REVENUE, {**SALES, "stream": "cost_reduced"}], False),  # what an order saves is no revenue
        ([REVENUE, {**SALES, "currency": "USD"}], False),  # is in no sum
        ([REVENUE, {"metric_id": "support_cost", "stream": "cost_reduced"}], False),
        ([SALES, {"metric_id": "attempt_completion_rate"}], False),
    ],
)
def test_streams_that_value_the_same_acts_twice_are_marked(streams: list[dict[str, Any]], doubled: bool) -> None:
    found = priced([value(**stream) for stream in streams], [result(metric_id=stream["metric_id"]) for stream in streams])
    marks = {key: row["may_count_twice"] for key, row in found.items()}
    assert marks.pop(("all", "shipped_indirect")) is False
    assert set(marks.values()) == {doubled}
    assert found["e", "total_direct"]["status"] in ("ok", "partial")


def test_direct_and_indirect_streams_of_the_same_acts_are_doubled_only_where_they_are_added() -> None:
    found = priced([value(**REVENUE), value(**SALES, is_direct=False)], [result(metric_id="revenue"), result()])
    marks = {stream: row["may_count_twice"] for (_, stream), row in found.items()}
    assert marks["total"] and not marks["total_direct"] and not marks["total_indirect"] and not marks["shipped_direct"]
