"""The tables beside experiment_results: factorial effects, increments of holdouts, segments; and what a row says of a guardrail."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import numpy as np
import pytest
import scipy.stats
from handmade_warehouse import mean_row, ratio_row, share_row
from test_verdicts import design

from python_stats.analysis import Options, analyze
from python_stats.analysis.factorial import factorial_effects
from python_stats.analysis.increments import increments
from python_stats.analysis.segments import segment_effects
from python_stats.designs import Objective, Variant
from python_stats.estimators.split import sample_ratio
from python_stats.monitoring import compare_daily, judge
from python_stats.tables import TABLES

CROSSED = tuple(
    Variant(f"{copy}_{timing}", (copy, timing) == ("plain", "late"), 0.25, {"copy": copy, "timing": timing})
    for timing in ("late", "prompt")
    for copy in ("plain", "warm")
)


def factorial_stats(**successes: int) -> list[dict[str, Any]]:
    return [share_row("e", name, "conversion", 5000, count) for name, count in successes.items()]


def test_factorial_rows() -> None:
    plan = design(design="factorial", variants=CROSSED, what_changes="several")
    rows = factorial_effects([plan], factorial_stats(plain_late=500, warm_late=600, plain_prompt=550, warm_prompt=800))
    assert {name for row in rows for name in row} == set(TABLES["experiment_effects_factorial"]) - {"as_of", "run_id"}
    found = {row["effect_id"]: row for row in rows}
    assert set(found) == {"copy=warm", "timing=prompt", "copy=warm;timing=prompt"}
    assert found["copy=warm"]["effect"] == pytest.approx(((600 + 800) - (500 + 550)) / 2 / 5000)
    assert found["copy=warm"]["base_value"] == pytest.approx((500 + 550) / 2 / 5000)
    assert found["copy=warm"]["relative_effect"] == pytest.approx(700 / 1050 * 2 - 1)
    both = found["copy=warm;timing=prompt"]
    assert both["effect"] == pytest.approx((800 - 550 - 600 + 500) / 5000) and both["factors"] == 2
    assert (both["persons"], both["persons_in_smallest_cell"]) == (20_000, 5_000)
    assert found["copy=warm"]["p_value"] < both["p_value"] <= both["p_adjusted"] < 0.05


def test_a_design_that_is_not_crossed_says_so() -> None:
    plan = design(design="factorial", variants=CROSSED[:3], what_changes="several")
    (row,) = factorial_effects([plan], factorial_stats(plain_late=500, warm_late=600, plain_prompt=550))
    assert row["status"] == "not_crossed" and row["effect"] is None
    assert set(row) == set(TABLES["experiment_effects_factorial"]) - {"as_of", "run_id"}
    assert factorial_effects([replace(plan, design="ab")], factorial_stats(plain_late=500)) == []


def test_increments_per_person_per_thousand_messages_and_in_total() -> None:
    aims = (
        Objective("conversion", "primary", "increase", 0.1, 0.05, 0.05),
        Objective("unsubscribe_rate", "guardrail", "decrease", 0.1, 0.05, 0.5),
    )
    plan = design(design="holdout", objectives=aims)
    stats = [
        share_row("e", "old", "conversion", 2_000, 100),
        share_row("e", "new", "conversion", 8_000, 480),
        ratio_row("e", "old", "unsubscribe_rate", np.arange(2_000) % 50 == 0, np.full(2_000, 2.0)),
        ratio_row("e", "new", "unsubscribe_rate", np.arange(8_000) % 40 == 0, np.full(8_000, 3.0)),
    ]
    results = analyze([plan], stats, [], Options())
    rows = {row["metric_id"]: row for row in increments([plan], results, stats)}
    orders, ended = rows["conversion"], rows["unsubscribe_rate"]
    assert set(orders) == set(TABLES["experiment_increments"]) - {"as_of", "run_id"}
    assert orders["per_person"] == pytest.approx(0.06 - 0.05)
    assert orders["total"] == pytest.approx(80) and orders["messages"] == 24_000
    assert orders["per_1000_messages"] == pytest.approx(80 / 24)
    result = next(row for row in results if row["metric_id"] == "conversion")
    assert orders["total_low"] == pytest.approx(8_000 * result["ci_low"]) and orders["per_person_high"] == result["ci_high"]
    assert ended["per_1000_messages"] == pytest.approx(1000 * (1 / 40 / 3 - 1 / 50 / 2))
    assert ended["total"] == pytest.approx(24_000 * (1 / 40 / 3 - 1 / 50 / 2)) == pytest.approx(8_000 * ended["per_person"])
    assert increments([replace(plan, design="ab")], results, stats) == []


def orders_and_net_value(persons: int, *orders: int) -> list[dict[str, Any]]:
    """Statistics of both, with 24 an order."""
    values = [np.repeat([24.0, 0.0], [count, persons - count]) for count in orders]
    net = [mean_row("e", variant, "net_value", y, 0 * y) for variant, y in zip(("old", "new"), values, strict=True)]
    return net + [share_row("e", variant, "conversion", persons, count) for variant, count in zip(("old", "new"), orders, strict=True)]


@pytest.mark.parametrize("monitoring", ["fixed", "always_valid", "group_sequential"])
def test_what_came_on_top_is_as_strict_as_the_primary_metric(monitoring: str) -> None:
    """Net value is 24 an order and nothing else, so that its interval is 24 times the orders', and so is what either says of 0."""
    plan = design(design="holdout", monitoring=monitoring, looks=4, objectives=design().objectives[:1], planned_sample_per_variant=4_000)
    now, days = orders_and_net_value(2_000, 200, 240), []
    for day in range(1, 22):  # the last, that of as_of, is not over
        n = min(day, 20) * 100
        shares = [share_row("e", variant, "conversion", n, n * percent // 100) for variant, percent in (("old", 10), ("new", 12))]
        days += [row | {"day": date(2026, 1, day)} for row in shares]
    split = sample_ratio(np.array([2_000.0, 2_000.0]), np.array([0.5, 0.5]))
    results = judge(plan, analyze([plan], now, [], Options()), compare_daily([plan], days, Options()), split, [], datetime(2026, 1, 21)).results
    rows = {row["metric_id"]: row for row in increments([plan], results, now)}
    orders, net = rows["conversion"], rows["net_value"]
    assert (orders["status"], net["status"]) == ("ok", "ok")
    assert (orders["nominal_alpha"] < 0.05) is (monitoring != "fixed") and net["nominal_alpha"] == orders["nominal_alpha"]
    for scale in ("per_person", "per_person_low", "per_person_high", "total_low", "total_high"):
        assert net[scale] == pytest.approx(24 * orders[scale], rel=1e-9), scale
    assert (net["p_value"] is None) is (monitoring != "fixed")
    single = next(row for row in results if row["metric_id"] == "net_value")
    assert (net["per_person_low"] < single["ci_low"]) is (monitoring != "fixed")


def test_nothing_came_on_top_before_the_first_look() -> None:
    plan = design(design="holdout", monitoring="group_sequential", looks=4, objectives=design().objectives[:1])
    stats = orders_and_net_value(100, 10, 30)
    split = sample_ratio(np.array([100.0, 100.0]), np.array([0.5, 0.5]))
    results = judge(plan, analyze([plan], stats, [], Options()), {}, split, [], datetime(2026, 1, 5)).results
    for row in increments([plan], results, stats):
        assert (row["status"], row["per_person"], row["per_person_low"], row["p_value"]) == ("before_first_look", None, None, None)


@pytest.mark.parametrize(
    ("levels", "nominal", "has_p"),
    [([(0.05 / 3, 0.05 / 3)] * 3, 0.05 / 3, True), ([(0.05 / 3, 0.001), (0.05 / 3, 0.002), (0.05 / 3, 0.001)], 0.001, False)],
    ids=["fixed", "watched"],
)
def test_ingredients_are_as_strict_as_the_primary_metric(levels: list[tuple[float, float]], nominal: float, has_p: bool) -> None:
    """Warm copy: 0.07 more, with a variance of a quarter of the sum of p (1 − p) / (n − 1) over the four cells."""
    plan = design(design="factorial", variants=CROSSED, what_changes="several")
    stats = factorial_stats(plain_late=500, warm_late=600, plain_prompt=550, warm_prompt=800)
    results = [
        {"experiment_id": "e", "role": "primary", "is_decision": True, "status": "ok", "alpha": alpha, "nominal_alpha": read_at}
        for alpha, read_at in levels
    ]
    found = {row["effect_id"]: row for row in factorial_effects([plan], stats, results)}
    warm = found["copy=warm"]
    error = math.sqrt(sum(p * (1 - p) / 4_999 for p in (0.10, 0.12, 0.11, 0.16)) / 4)
    assert warm["nominal_alpha"] == nominal
    assert warm["ci_high"] - warm["effect"] == pytest.approx(float(scipy.stats.norm.isf(nominal / 2)) * error, rel=2e-3)
    assert (warm["p_value"] is not None) is (warm["p_adjusted"] is not None) is has_p
    early = [row | {"status": "before_first_look"} for row in results]
    for row in factorial_effects([plan], stats, early):
        assert (row["status"], row["effect"], row["ci_low"], row["p_adjusted"]) == ("before_first_look", None, None, None)
        assert row["persons"] == 20_000


def test_ingredients_are_adjusted_as_the_variants_are() -> None:
    """A warm copy is worth 0.8; what people did before explains most of the noise, here as in `experiment_results`."""
    generator, stats = np.random.default_rng(12), []
    for variant in CROSSED:
        x = generator.normal(50, 10, 500)
        lift = 0.8 * (variant.factor_levels["copy"] == "warm")
        stats.append(mean_row("e", variant.variant_id, "revenue", x + generator.normal(0, 3, 500) + lift, x))
    aims = (Objective("revenue", "primary", "increase", 0.05, 0.02, 0.05),)
    plan = design(design="factorial", variants=CROSSED, what_changes="several", objectives=aims, covariate_window_days=28)
    results = analyze([plan], stats, [], Options())
    assert {row["method"] for row in results} == {"cuped"}
    found = {row["effect_id"]: row for row in factorial_effects([plan], stats, results)}
    warm = found["copy=warm"]
    assert warm["method"] == "cuped" and warm["variance_reduction"] > 0.85
    assert warm["ci_low"] < 0.8 < warm["ci_high"] and warm["standard_error"] < min(row["standard_error"] for row in results)
    assert abs(warm["effect"] - 0.8) < abs(warm["unadjusted_effect"] - 0.8)
    assert warm["relative_effect"] == pytest.approx(warm["effect"] / warm["base_value"])
    for plain in (replace(plan, covariate_window_days=None), replace(plan, covariate_window_days=0)):
        bare = {row["effect_id"]: row for row in factorial_effects([plain], stats, results)}["copy=warm"]
        assert (bare["method"], bare["variance_reduction"], bare["unadjusted_effect"]) == ("welch", None, None)
        assert bare["effect"] == pytest.approx(warm["unadjusted_effect"]) and bare["base_value"] == warm["base_value"]


def segment_stats(old: dict[str, int], new: dict[str, int], persons: int = 2_000) -> list[dict[str, Any]]:
    return [
        share_row("e", variant, "conversion", persons, successes, segment=segment)
        for variant, arms in (("old", old), ("new", new))
        for segment, successes in arms.items()
    ]


def test_segments_are_tested_together_and_shrunken() -> None:
    plan = design(objectives=design().objectives[:1])
    stats = segment_stats({"plan=a": 200, "plan=b": 200, "plan=c": 200}, {"plan=a": 200, "plan=b": 220, "plan=c": 400})
    stats += segment_stats({"plan=d": 10}, {"plan=d": 20}, persons=100)
    rows = segment_effects([plan], analyze([plan], stats, [], Options()))
    assert {name for row in rows for name in row} == set(TABLES["experiment_segments"]) - {"as_of", "run_id"}
    found = {row["segment"]: row for row in rows}
    assert found["plan=d"]["status"] == "segment_too_small" and found["plan=d"]["shrunken_effect"] is None
    assert found["plan=a"]["interaction_df"] == 2 and found["plan=a"]["is_different"] is True
    assert found["plan=a"]["interaction_p_value"] < 1e-6
    for name, own in (("plan=a", 0.0), ("plan=c", 1.0)):  # the furthest from the others are drawn towards them
        row = found[name]
        assert row["scale"] == "relative" and row["relative_effect"] == pytest.approx(own, abs=1e-12)
        assert abs(row["shrunken_effect"] - row["common_effect"]) < abs(own - row["common_effect"])
        assert row["shrunken_ci_low"] < row["shrunken_effect"] < row["shrunken_ci_high"]
    alike = segment_effects(
        [plan], analyze([plan], segment_stats({"plan=a": 200, "plan=b": 210}, {"plan=a": 220, "plan=b": 230}), [], Options())
    )
    assert [row["is_different"] for row in alike] == [False, False]
    alone = segment_effects([plan], analyze([plan], segment_stats({"plan=a": 200}, {"plan=a": 220}), [], Options()))
    assert alone[0]["status"] == "one_segment" and alone[0]["shrunken_effect"] is None


def test_one_relative_change_at_different_levels_is_one_effect() -> None:
    """2 %, 10 % and 40 %, a tenth more each: +0.2 points and +4 points are no two effects."""
    plan = design(objectives=design().objectives[:1])
    old = {"plan=a": 400, "plan=b": 2_000, "plan=c": 8_000}
    new = {name: round(1.1 * count) for name, count in old.items()}
    rows = segment_effects([plan], analyze([plan], segment_stats(old, new, persons=20_000), [], Options()))
    for row in rows:
        assert (row["scale"], row["is_different"], row["is_decision"]) == ("relative", False, True)
        assert row["interaction_q"] == pytest.approx(0, abs=1e-9)
        assert row["common_effect"] == pytest.approx(0.1) and row["shrunken_effect"] == pytest.approx(0.1, abs=1e-6)
        assert row["between_sd"] == 0 and row["shrunken_ci_low"] < 0.1 < row["shrunken_ci_high"]


def test_where_a_segment_has_too_few_events_all_are_compared_in_their_own_unit() -> None:
    plan = design(objectives=design().objectives[:1])
    stats = segment_stats({"plan=a": 4, "plan=b": 400}, {"plan=a": 6, "plan=b": 480})
    rows = segment_effects([plan], analyze([plan], stats, [], Options()))
    assert [row["scale"] for row in rows] == ["absolute", "absolute"]
    assert rows[0]["shrunken_effect"] < rows[0]["common_effect"] < rows[1]["shrunken_effect"] < 0.04
    elsewhere = segment_effects([replace(plan, decision_window_days=7)], analyze([plan], stats, [], Options()))
    assert [(row["is_decision"], row["is_different"]) for row in elsewhere] == [(False, None)] * 2


def test_guardrails_have_a_p_value_that_is_their_state() -> None:
    plan = design()
    for successes, state in ((100, "non_inferior"), (120, "open"), (250, "harmed")):
        stats = [share_row("e", variant, "refund_rate", 10_000, count) for variant, count in (("old", 100), ("new", successes))]
        stats += [share_row("e", variant, "conversion", 10_000, 1_000) for variant in ("old", "new")]
        rows = {row["metric_id"]: row for row in analyze([plan], stats, [], Options())}
        guard = rows["refund_rate"]
        assert guard["non_inferiority"] == state, successes
        assert (guard["non_inferiority_p_value"] < guard["alpha"] / 2) == (state == "non_inferior")
        assert rows["conversion"]["non_inferiority"] is None and rows["conversion"]["non_inferiority_p_value"] is None


def test_cuped_is_used_where_the_design_asks_for_it() -> None:
    generator = np.random.default_rng(1)
    plan = design(objectives=(Objective("revenue", "primary", "increase", 0.1, 0.05, 0.05),), covariate_window_days=28)
    stats = []
    for variant, lift in (("old", 0.0), ("new", 0.6)):
        x = generator.gamma(2, 5, 1000)
        stats.append(mean_row("e", variant, "revenue", 0.7 * x + generator.normal(3 + lift, 3, 1000), x))
    (adjusted,) = analyze([plan], stats, [], Options())
    (plain,) = analyze([replace(plan, covariate_window_days=0)], stats, [], Options())
    assert (adjusted["method"], plain["method"]) == ("cuped", "welch")
    assert adjusted["standard_error"] < plain["standard_error"]
    assert adjusted["unadjusted_effect"] == plain["effect"] and adjusted["unadjusted_p_value"] == plain["p_value"]
    assert adjusted["variant_value"] == pytest.approx(adjusted["control_value"] + adjusted["effect"])
    assert adjusted["unadjusted_variant_value"] == plain["variant_value"]
    assert plain["unadjusted_effect"] is None and plain["variance_reduction"] is None
    assert adjusted["relative_effect"] == pytest.approx(adjusted["effect"] / plain["control_value"])
    assert 0.5 < adjusted["variance_reduction"] < 0.9


def test_a_long_tail_in_a_small_arm_gives_no_verdict() -> None:
    generator = np.random.default_rng(2)
    plan = design(objectives=(Objective("revenue", "primary", "increase", 0.1, 0.05, 0.05),))
    stats = [
        mean_row("e", variant, "revenue", generator.lognormal(lift, 1.5, n), None)
        for variant, n, lift in (("old", 9_000, 0.0), ("new", 1_000, 0.5))
    ]
    (row,) = analyze([plan], stats, [], Options())
    assert row["status"] == row["relative_status"] == "skewed" and abs(row["skewness"]) > 0.1
    assert row["effect"] > 0 and row["relative_effect"] > 0 and row["n_variant"] == 1_000
    for name in ("ci_low", "ci_high", "relative_ci_low", "relative_ci_high", "p_value", "p_adjusted", "standard_error", "df"):
        assert row[name] is None, name
    (unknown,) = analyze([plan], [{**cell, "sum_cubes": None} for cell in stats], [], Options())
    assert unknown["status"] == "ok" and unknown["skewness"] is None


@pytest.mark.parametrize("kind", ["mean", "ratio"])
def test_corners_have_a_status_and_no_infinity(kind: str) -> None:
    """Empty and one-person variants, all-equal values, negative and zero baselines, 10¹² persons, a mean of 10⁸ with a spread of 1."""
    generator = np.random.default_rng(3)
    values = generator.normal(0, 1, 400)
    corners = {
        "empty": np.array([]),
        "one_person": np.array([3.0]),
        "all_equal": np.full(400, 3.0),
        "all_zero": np.zeros(400),
        "negative": values - 50,
        "zero": values - values.mean(),
        "large": values + 1e8,
        "usual": values + 50,
    }
    plan = design(objectives=(Objective("revenue", "primary", "increase", 0.1, 0.05, 0.05),), covariate_window_days=28)
    make = mean_row if kind == "mean" else lambda *arguments: ratio_row(*arguments[:4], np.ones(len(arguments[3])))
    for name, control in corners.items():
        for other, variant in corners.items():
            stats = [make("e", "old", "revenue", control, None), make("e", "new", "revenue", variant, None)]
            for factor in (1, 10**10):
                grown = [grow(row, factor) for row in stats]
                (row,) = analyze([plan], grown, [], Options())
                assert not any(isinstance(value, float) and not math.isfinite(value) for value in row.values()), (name, other)
                assert (row["p_value"] is not None) == (row["status"] == "ok"), (name, other, row["status"])
                if "empty" in (name, other):
                    assert row["status"] in ("no_persons", "too_few_persons")
                elif "one_person" in (name, other) and factor == 1:
                    assert row["status"] == "too_few_persons"
                elif {name, other} <= {"all_equal", "all_zero", "one_person"}:
                    assert row["status"] == "zero_variance"
                else:
                    assert row["status"] == "ok", (name, other)
                    assert row["effect"] == pytest.approx(variant.mean() - control.mean(), rel=1e-6, abs=1e-7)
                    spread = (control.var() + variant.var()) / 400 / factor
                    if "one_person" not in (name, other):
                        assert row["standard_error"] == pytest.approx(spread**0.5, rel=5e-3)


def grow(row: dict[str, Any], factor: int) -> dict[str, Any]:
    """Every person `factor` times over."""
    totals = {name for name in row if name.startswith("sum_")} | {"persons", "numerator", "denominator"}
    return {name: value * factor if name in totals and value is not None else value for name, value in row.items()}
