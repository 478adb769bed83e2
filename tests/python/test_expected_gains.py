"""What is to be expected of the portfolio: of experiments that shipped because their results were good."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from test_money import AS_OF, IN_TIME, VELOCITY, result, value

from python_stats.estimators.selection import shrink
from python_stats.expected_gains import EXPECTED
from python_stats.money import estimate
from python_stats.verdicts import Verdict

Rows = dict[tuple[str, str], dict[str, Any]]


def portfolio(z: Any, verdicts: Any = None, streams: Any = None) -> Rows:
    """Rows of experiments e0, e1, … with these effects in standard errors, of 6,000 a month each; those beyond 1.96 ship."""
    plans, results, judged = [], [], {}
    for index, deviate in enumerate(z):
        name = f"e{index}"
        own = streams or (value(monthly_run_cost=100.0, one_off_cost=1_000.0),)
        plans.append(replace(IN_TIME, experiment_id=name, values=tuple(replace(one, experiment_id=name) for one in own)))
        results.append(result(experiment_id=name, effect=0.001 * deviate))
        verdict = verdicts[index] if verdicts else "ship" if deviate > 1.96 else "stop_futile" if deviate < 1 else "hold"
        judged[name] = Verdict(verdict, "", "", "new", "", IN_TIME.ended_on)
    rows = estimate(plans, results, judged, (), (), (), AS_OF, "EUR")
    return {(row["experiment_id"], row["stream"]): row for row in rows}


Z = np.array([2.4, 3.1, 0.2, -0.9, 1.2, 0.4])


def test_gains_are_cut_and_costs_are_not() -> None:
    row = portfolio(Z)["all", "shipped_direct"]
    drawn = shrink(Z)
    gross = 6_000 * (drawn.expected[0] + drawn.expected[1])
    assert (row["expected_status"], row["expected_from"]) == ("ok", 6)
    assert row["expected_annual"] == pytest.approx(12 * (gross - 200), abs=0.1)
    assert row["expected_first_year"] == pytest.approx(12 * (gross - 200) - 2_000, abs=0.1)
    half = 12 * 6_000 * 1.959964 * drawn.standard_error(np.array([1.0, 1.0, 0, 0, 0, 0]))
    for name in ("annual", "first_year"):
        for side, sign in (("_low", -1), ("_high", 1)):
            assert row[f"expected_{name}{side}"] == pytest.approx(row["expected_" + name] + sign * half, rel=1e-5)
    assert row["annual"] == pytest.approx(12 * (6_000 * 5.5 - 200))  # as measured


def test_what_is_not_finished_or_not_sound_tells_nothing() -> None:
    verdicts = ["ship", "ship", "stop_futile", "roll_back", "hold", "stop_futile"]
    assert portfolio(Z, verdicts)["all", "shipped_direct"]["expected_from"] == 6
    for other in ("invalid", "keep_running"):
        row = portfolio(Z, [*verdicts[:4], other, other])["all", "shipped_direct"]
        assert (row["expected_status"], row["expected_from"], row["expected_annual"]) == ("too_few_experiments", 4, None)


def test_nothing_is_expected_where_nothing_ships_and_of_single_experiments() -> None:
    rows = portfolio(Z, ["hold"] * 6)
    assert rows["all", "shipped_direct"]["expected_status"] == "nothing_to_add"
    assert {rows["e0", "total_direct"][name] for name in EXPECTED} == {None}


def test_a_shipped_experiment_without_its_primary_effect_leaves_no_number() -> None:
    """The gain is of another metric; how the primary looked is not known."""
    rows = portfolio([*Z, 2.0], streams=(value(metric_id="conversion"),))
    assert rows["all", "shipped_direct"]["expected_status"] == "ok"
    found = estimate(
        [replace(IN_TIME, experiment_id=f"e{index}", values=(value(experiment_id=f"e{index}", metric_id="csat"),)) for index in range(7)],
        [result(experiment_id=f"e{index}", effect=0.001 * deviate) for index, deviate in enumerate(Z)]
        + [result(experiment_id="e6", metric_id="csat")],
        {f"e{index}": Verdict("ship", "", "", "new", "") for index in range(7)},
        (),
        (),
        (),
        AS_OF,
        "EUR",
    )
    row = next(row for row in found if row["stream"] == "shipped_direct")
    assert (row["expected_status"], row["expected_annual"], row["experiments"]) == ("no_primary_effect", None, 1)


def test_a_loss_is_not_cut() -> None:
    """A loss beside the good result that shipped: that it is as large as measured is not what it was chosen for."""
    row = portfolio(Z, streams=(value(metric_id="conversion", value_per_unit=300.0),))["all", "shipped_direct"]
    losing = [value(), value(stream="cost_reduced", metric_id="support_cost", is_direct=False)]
    plans = [replace(IN_TIME, experiment_id=f"e{i}", values=tuple(replace(one, experiment_id=f"e{i}") for one in losing)) for i in range(6)]
    results = [result(experiment_id=f"e{i}", effect=0.001 * z) for i, z in enumerate(Z)]
    results += [result(experiment_id=f"e{i}", metric_id="support_cost", effect=0.001, good_direction="decrease") for i in range(6)]
    judged = {f"e{i}": Verdict("ship" if i < 2 else "hold", "", "", "new", "") for i in range(6)}
    found = {row["stream"]: row for row in estimate(plans, results, judged, (), (), (), AS_OF, "EUR") if row["experiment_id"] == "all"}
    assert found["shipped_direct"]["expected_annual"] == row["expected_annual"] < row["annual"]
    assert found["shipped_indirect"]["expected_annual"] == found["shipped_indirect"]["annual"] == -144_000.0


def test_what_comes_once_is_kept_as_it_is() -> None:
    rows = portfolio(Z, streams=(value(), VELOCITY))
    row, without = rows["all", "shipped_direct"], portfolio(Z, streams=(value(),))["all", "shipped_direct"]
    once = sum(rows[name, "decision_velocity"]["first_year"] for name in ("e0", "e1"))
    assert row["expected_annual"] == without["expected_annual"]
    assert row["expected_first_year"] == pytest.approx(without["expected_first_year"] + once, abs=0.02)


def test_the_expected_sum_holds_the_truth_where_the_measured_one_does_not() -> None:
    """Portfolios of 8 experiments whose true effects lie around 0, as widely as chance: what ships, in 12 months."""
    rng, missed, plain, shipped = np.random.default_rng(9), 0, 0, 0
    while shipped < 80:
        truth = rng.standard_normal(8)
        z = truth + rng.standard_normal(8)
        if not (z > 1.96).any():
            continue
        row = portfolio(z, streams=(value(),))["all", "shipped_direct"]
        true = 72_000 * float(truth[z > 1.96].sum())
        shipped += 1
        missed += not row["expected_annual_low"] <= true <= row["expected_annual_high"]
        plain += not row["annual_low"] <= true <= row["annual_high"]
    assert missed / shipped <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / shipped)
    assert plain / shipped > 0.15
