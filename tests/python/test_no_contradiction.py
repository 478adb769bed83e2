"""The p-value, the absolute interval, the relative interval and the verdict say the same, whatever the data; nothing is NaN.

From persons to rows of the marts, through `analyze` and `decide`: shares, means, ratios and times, with and without a covariate.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from persons import life_rows, stats_rows

from python_stats.analysis import Options, analyze
from python_stats.designs import Design, Objective, Variant
from python_stats.estimators.split import Split
from python_stats.verdicts import VERDICTS, Verdict, decide

SOUND = Split(0.0, 1, 1.0, True, "ok")
AFTER = datetime(2026, 5, 5)
METRIC = {"share": "conversion", "mean": "revenue", "ratio": "click_rate", "time": "resolution_time"}
EDGE = 1e-6  # nearer to a bound than this the last digits of rounding decide; there is nothing to contradict


def design(kind: str, sign: int, lift: float, harm: float, **more: Any) -> Design:
    direction = "increase" if sign > 0 else "decrease"
    return Design(
        **{
            **dict.fromkeys(("experiment_name", "feature_class", "owner_team", "hypothesis"), "e"),
            **dict.fromkeys(("spending", "pain_point", "decision_window_days"), None),
            "experiment_id": "e", "what_changes": "copy", "design": "ab", "monitoring": "fixed", "looks": 1, "alpha": 0.05, "power": 0.8,
            "declared_on": date(2026, 1, 1), "started_on": date(2026, 1, 1), "ended_on": date(2026, 2, 1),
            "planned_sample_per_variant": 10, "correction": "holm",
            "variants": (Variant("old", True, 0.5, {}), Variant("new", False, 0.5, {})),
            "objectives": (Objective(METRIC[kind], "primary", direction, 0.1, lift, harm), Objective("refund_rate", "guardrail", "decrease", 0.1, 0.0, 0.5)),
            **more,
        }
    )


@st.composite
def people(draw: st.DrawFn, kind: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of both marts, for a primary metric of this kind and a share as the guardrail."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = draw(st.tuples(st.integers(0, 3) | st.integers(4, 300), st.integers(0, 3) | st.integers(4, 300)))
    times = draw(st.sampled_from([1, 1, 1, 7, 10**6, 10**10]))
    level = draw(st.sampled_from([0.0, 1.0, -1.0, 1e-9, 1e6, -1e8]))
    scale = draw(st.sampled_from([1.0, 1.0, 1e-6, 1e4]))
    lift = draw(st.sampled_from([0.0, 0.0, 0.05, -0.2, 1.0]))
    shape = draw(st.sampled_from(["normal", "lognormal", "constant", "few"]))
    names = draw(st.sampled_from([("old", "new")] * 8 + [("old",), ("new",)]))

    def values(size: int) -> np.ndarray:
        noise = {
            "normal": rng.normal(0, 1, size), "lognormal": rng.lognormal(0, 1.5, size),
            "constant": np.zeros(size), "few": (rng.random(size) < 0.1) * rng.lognormal(3, 1, size),
        }[shape]
        return (level + noise) * scale

    guardrail = {name: {"y": (rng.random(size) < 0.3).astype(float)} for name, size in zip(names, sizes, strict=False)}
    stats = stats_rows("e", "refund_rate", "share", guardrail, times)
    if kind == "time":
        cases = {}
        for name, size in zip(names, sizes, strict=False):
            hours = rng.exponential(50 * (1 + lift * (name == "new")), size) if shape != "constant" else np.full(size, 5.0)
            cases[name] = (hours, rng.random(size) < draw(st.sampled_from([0.0, 0.2, 1.0])))
        return stats, life_rows("e", METRIC[kind], cases, times)
    arms = {}
    for name, size in zip(names, sizes, strict=False):
        past = values(size)
        if kind == "share":
            y = (rng.random(size) < np.clip(0.3 * (1 + lift * (name == "new")), 0, 1)).astype(float)
            arms[name] = {"y": y, "x": np.where(rng.random(size) < 0.7, y, 0.0)}
        elif kind == "mean":
            arms[name] = {"y": values(size) * (1 + lift * (name == "new")) + past, "x": past}
        else:
            d, z = (np.floor(rng.lognormal(1, 0.7, size)) for _ in range(2))
            arms[name] = {"y": d * (level + rng.normal(0, 1, size)) * scale * (1 + lift * (name == "new")), "d": d, "x": z * past, "z": z}
    return stats + stats_rows("e", METRIC[kind], kind, arms, times), []


def nothing_is_nan(row: dict[str, Any]) -> None:
    for name, value in row.items():
        assert value is None or not isinstance(value, float) or math.isfinite(value), (name, value)


def away(bound: float | None, point: float, scale: float) -> bool:
    """Is a bound clearly off a point?"""
    return bound is not None and abs(bound - point) > EDGE * max(scale, abs(point))


def row_is_consistent(row: dict[str, Any]) -> None:
    """p-value and intervals of one row, at the level that it is read at."""
    nothing_is_nan(row)
    if row["status"] != "ok":
        for name in ("p_value", "ci_low", "ci_high", "relative_ci_low", "relative_ci_high", "standard_error"):
            assert row[name] is None, (name, row["status"])
        assert row["relative_status"] != "ok"
        return
    low, high, effect = row["ci_low"], row["ci_high"], row["effect"]
    assert None not in (low, high, effect, row["standard_error"], row["p_value"])
    assert 0 <= row["p_value"] <= 1 and row["standard_error"] > 0 and low <= effect <= high
    width = high - low
    if away(low, 0, width) and away(high, 0, width):
        assert (row["p_value"] < row.get("nominal_alpha", row["alpha"])) == (low > 0 or high < 0)
    relative_low, relative, relative_high = row["relative_ci_low"], row["relative_effect"], row["relative_ci_high"]
    if row["relative_status"] != "ok":
        assert relative_low is None and relative_high is None
        return
    slack = EDGE * (abs(relative) + relative_high - relative_low)
    assert relative_low - slack <= relative <= relative_high + slack
    assert np.sign(relative) == np.sign(effect)
    if away(low, 0, width) and away(high, 0, width):
        assert (relative_low > 0) == (low > 0) and (relative_high < 0) == (high < 0)


def verdict_is_borne_out(plan: Design, row: dict[str, Any], guardrail: dict[str, Any], found: Verdict) -> None:
    """The verdict on the primary metric's row, in the words of its intervals."""
    assert found.verdict in VERDICTS and found.sentence
    assert not any(word in found.sentence for word in ("nan", "None", "inf ", "inf%")), found.sentence
    aim = plan.objectives[0]
    if row["status"] != "ok":
        assert found.verdict in ("hold", "keep_running") or found.reason == "guardrail_harm"
        return
    low, high = sorted(aim.sign * row[bound] for bound in ("ci_low", "ci_high"))
    width = high - low
    if found.verdict == "ship":
        assert low > -EDGE * width
    if found.reason == "primary_harm":
        assert high < EDGE * width
    if row["relative_status"] == "ok":
        low, high = sorted(aim.sign * row[bound] for bound in ("relative_ci_low", "relative_ci_high"))
        slack = EDGE * max(high - low, abs(low), abs(high), 1)
        if found.reason == "lift_established":
            assert low >= aim.min_lift_rollout - slack
        if found.reason == "lift_excluded":
            assert high <= aim.min_lift_rollout + slack
        if found.reason in ("undecided", "guardrail_open"):
            assert low <= aim.min_lift_rollout + slack
        if found.reason == "better_and_safe":
            assert aim.sign * row["relative_effect"] >= aim.min_lift_rollout and "non_inferior" in found.guardrails
    limit = plan.objectives[1].max_harm_rollback
    if "harmed" in found.guardrails:
        assert guardrail["ci_low"] > 0 or guardrail["ci_high"] < 0
    if guardrail["relative_status"] == "ok":
        worst = guardrail["relative_ci_high"]
        if abs(worst - limit) > EDGE:
            assert ("non_inferior" in found.guardrails) == (worst < limit) or "harmed" in found.guardrails


def judged(plan: Design, stats: list[dict[str, Any]], tables: list[dict[str, Any]]) -> Verdict:
    rows = analyze([plan], stats, tables, Options())
    for row in rows:
        row_is_consistent(row)
    found = decide(plan, rows, SOUND, AFTER)
    by_metric = {row["metric_id"]: row for row in rows if row["is_decision"]}
    verdict_is_borne_out(plan, by_metric[plan.objectives[0].metric_id], by_metric["refund_rate"], found)
    return found


@pytest.mark.parametrize("covariate_days", [None, 28])
@pytest.mark.parametrize("kind", sorted(METRIC))
@given(data=st.data(), sign=st.sampled_from([1, -1]), lift=st.sampled_from([0.0, 0.05, 0.5]), harm=st.sampled_from([0.0, 0.05, 0.5]))
@settings(max_examples=120, deadline=None)
def test_nothing_contradicts_anything(kind, covariate_days, data, sign, lift, harm) -> None:
    stats, tables = data.draw(people(kind))
    judged(design(kind, sign, lift, harm, covariate_window_days=covariate_days), stats, tables)


KINDS = ("share", "mean", "ratio")


def flat(kind: str, value: float, size: int) -> dict[str, np.ndarray]:
    y = np.full(size, value)
    return {"y": y, "d": np.ones(size), "x": y, "z": np.ones(size)}


def varied(kind: str, level: float, size: int, seed: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    if kind == "share":
        return {"y": (np.arange(size) % 10 < level).astype(float), "x": (rng.random(size) < 0.5).astype(float)}
    d, habit = 1.0 + rng.poisson(2, size), rng.normal(0, 1, size)
    x = habit + rng.normal(0, 1, size)
    return {"y": (level + habit) * d, "d": d, "x": x * d, "z": d} if kind == "ratio" else {"y": level + habit, "x": x}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("control", "variant", "status"),
    [
        ((5, 0), (5, 500), "no_persons"),
        ((5, 500), (5, 0), "no_persons"),
        ((5, 1), (5, 500), "too_few_persons"),
        ((5, 500), (5, 1), "too_few_persons"),
        ((5, 1), (5, 1), "too_few_persons"),
        ((5, 500), (6, 500), "ok"),
    ],
)
def test_small_arms_have_a_status(kind: str, control: tuple[int, int], variant: tuple[int, int], status: str) -> None:
    for days in (None, 28):
        plan = design(kind, 1, 0.05, 0.05, covariate_window_days=days, objectives=(Objective(METRIC[kind], "primary", "increase", 0.1, 0.05, 0.05),))
        arms = {"old": varied(kind, *control), "new": varied(kind, *variant, seed=2)}
        row = analyze([plan], stats_rows("e", METRIC[kind], kind, arms), [], Options())[0]
        row_is_consistent(row)
        assert row["status"] == status
        assert decide(plan, [row], SOUND, AFTER).verdict == ("ship" if status == "ok" else "hold")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_all_the_same(kind: str, value: float) -> None:
    plan = design(kind, 1, 0.05, 0.05, objectives=(Objective(METRIC[kind], "primary", "increase", 0.1, 0.05, 0.05),))
    row = analyze([plan], stats_rows("e", METRIC[kind], kind, {"old": flat(kind, value, 50), "new": flat(kind, value, 60)}), [], Options())[0]
    row_is_consistent(row)
    assert row["status"] == "zero_variance" and decide(plan, [row], SOUND, AFTER).verdict == "hold"


@pytest.mark.parametrize("kind", ["mean", "ratio"])
@pytest.mark.parametrize(("level", "relative_status"), [(-5.0, "ok"), (0.0, "unbounded"), (1e8, "ok"), (-1e8, "ok"), (1e-3, "unbounded")])
def test_baselines_below_at_and_far_from_zero(kind: str, level: float, relative_status: str) -> None:
    """A lift of one standard deviation is found whatever the baseline; its relative size has the effect's sign."""
    for days in (None, 28):
        plan = design(kind, 1, 0.0, 0.05, covariate_window_days=days, objectives=(Objective(METRIC[kind], "primary", "increase", 0.1, 0.0, 0.05),))
        arms = {"old": varied(kind, level, 500), "new": varied(kind, level + 1, 500, seed=2)}
        row = analyze([plan], stats_rows("e", METRIC[kind], kind, arms), [], Options())[0]
        row_is_consistent(row)
        if kind == "ratio" and abs(level) == 1e8:
            # y = 10⁸ d + a little: what varies beside d is beyond the digits of Σy²; said, not guessed
            assert row["status"] == "zero_variance"
            continue
        assert row["status"] == "ok" and row["ci_low"] > 0 and row["effect"] == pytest.approx(1, abs=0.3)
        assert row["relative_status"] == relative_status
        assert decide(plan, [row], SOUND, AFTER).verdict == "ship"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("times", [10**9, 2 * 10**9])
def test_counts_of_a_million_million(kind: str, times: int) -> None:
    """A thousand persons, each counted a thousand million times: the error is that of the thousand, by √times smaller."""
    plan = design(kind, 1, 0.0, 0.05, objectives=(Objective(METRIC[kind], "primary", "increase", 0.1, 0.0, 0.05),))
    arms = {"old": varied(kind, 4, 1000), "new": varied(kind, 5, 1000, seed=2)}
    one, many = (analyze([plan], stats_rows("e", METRIC[kind], kind, arms, count), [], Options())[0] for count in (1, times))
    row_is_consistent(many)
    assert many["status"] == "ok" and many["n_control"] == 1000 * times
    assert many["effect"] == pytest.approx(one["effect"], rel=1e-9)
    assert many["standard_error"] == pytest.approx(one["standard_error"] / math.sqrt(times), rel=2e-3)


@pytest.mark.parametrize("times", [1, 10**9])
def test_times_with_nobody_one_case_and_ties(times: int) -> None:
    rng = np.random.default_rng(3)
    many = rng.exponential(20, 400), np.ones(400, dtype=bool)
    table = {
        "nobody": ((np.array([]), np.array([], dtype=bool)), many), "open": ((np.full(50, 3.0), np.zeros(50, dtype=bool)), many),
        "same": ((np.full(50, 3.0), np.ones(50, dtype=bool)), (np.full(60, 3.0), np.ones(60, dtype=bool))), "many": (many, many),
    }
    plan = design("time", -1, 0.05, 0.05, objectives=(Objective("resolution_time", "primary", "decrease", 0.1, 0.05, 0.05),))
    for name, (old, new) in table.items():
        row = analyze([plan], [], life_rows("e", "resolution_time", {"old": old, "new": new}, times), Options())[0]
        row_is_consistent(row)
        assert row["status"] == {"nobody": "no_persons", "same": "zero_variance", "open": "few_ended"}.get(name, "ok"), name
        verdict = decide(plan, [row], SOUND, AFTER).verdict
        assert verdict == "hold" if row["status"] != "ok" else verdict in ("hold", "ship", "stop_futile")


def test_a_lift_is_not_established_where_no_effect_is_not_excluded() -> None:
    """Control 0.026 ± 0.10, variant −0.34 ± 0.16: half of 0.026 less is excluded, but 0 is not (p = 0.06)."""
    rng = np.random.default_rng(5)
    noise = [rng.normal(0, 1, 230) for _ in range(2)]
    control, variant = (mean + error * (each - each.mean()) / each.std() * math.sqrt(229) for mean, error, each in zip((0.026, -0.34), (0.1, 0.16), noise, strict=True))
    plan = design("mean", -1, 0.5, 0.0, objectives=(Objective("revenue", "primary", "decrease", 0.1, 0.5, 0.0),))
    row = analyze([plan], stats_rows("e", "revenue", "mean", {"old": {"y": control}, "new": {"y": variant}}), [], Options())[0]
    assert row["relative_status"] == "unbounded" and 0.05 < row["p_value"] < 0.06
    assert decide(plan, [row], SOUND, AFTER).verdict == "hold"


def test_the_check_sees_a_contradiction() -> None:
    plan = replace(design("share", 1, 0.05, 0.05), objectives=(Objective("conversion", "primary", "increase", 0.1, 0.05, 0.05),))
    arms = {"old": varied("share", 3, 500), "new": varied("share", 5, 500)}
    row = analyze([plan], stats_rows("e", "conversion", "share", arms), [], Options())[0]
    row_is_consistent(row)
    for wrong in ({"p_value": 0.4}, {"ci_low": -1.0}, {"relative_ci_low": -0.1}, {"effect": math.nan}, {"relative_effect": -0.1}):
        with pytest.raises(AssertionError):
            row_is_consistent({**row, **wrong})
