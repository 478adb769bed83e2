"""The golden case to the cent, and what an amount must not do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import numpy as np
import pytest
from scipy import stats
from test_verdicts import design

from python_stats.designs import ValueAssumption
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
    stats = [{**cell, "persons": 2000, "denominator": 5000.0}, {**cell, "persons": 2000, "denominator": 7000.0}]
    life = [{**cell, "events": 40, "censored": 2}, {**cell, "events": 50, "censored": 8}]
    expected = {"share": 6000 / months, "mean": 6000 / months, "ratio": 3 * 6000 / months, "time": 100 / months}
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
    ],
)
def test_where_net_value_is_not_the_sum_the_widest_stands(values: Any, change: dict[str, Any]) -> None:
    rows = people(3, 0.0)
    rows[1] |= change
    assert priced(values, rows)["e", "total_direct"]["interval_from"] == "widest_sum"


def test_adjusted_streams_take_the_plain_spread() -> None:
    rows = people(3, 1.0)
    rows[0] |= {"method": "cuped", "standard_error": rows[0]["standard_error"] * 0.9}
    total = priced(STREAMS, rows)["e", "total_direct"]
    half = (total["impact_per_month_high"] - total["impact_per_month_low"]) / 2
    plain = np.hypot(rows[2]["control_se"], rows[2]["variant_se"]) * stats.t.ppf(0.975, rows[2]["df"])
    assert (total["interval_from"], half) == ("net_value", pytest.approx(1000 * plain, rel=1e-4))
