"""The p-value, the absolute interval, the relative interval and the verdict say the same, whatever the data; nothing is NaN.

From persons to rows of the marts, through `analyze` and `decide`: shares, means, ratios and times, with and without a covariate; and
followed from day to day, through `judge`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from persons import life_rows, stats_rows

from python_stats.analysis import Options, analyze
from python_stats.analysis.levels import at_level
from python_stats.designs import Design, Objective, Variant
from python_stats.estimators.shares import newcombe
from python_stats.estimators.split import Split
from python_stats.monitoring import Judgement, compare_daily, judge
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


def row_is_consistent(row: dict[str, Any], level: float | None = None) -> None:
    """p-value and intervals of one row; the p-value at the row's own level, or at that of all looks together."""
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
        assert (row["p_value"] < (level or row.get("nominal_alpha", row["alpha"]))) == (low > 0 or high < 0)
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


WAYS = (
    {"monitoring": "group_sequential", "looks": 4, "spending": "obrien_fleming"},
    {"monitoring": "group_sequential", "looks": 3, "spending": "pocock"},
    {"monitoring": "always_valid"},
)
DAYS = 6


@st.composite
def days_of_people(draw: st.DrawFn, kind: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows by day and life tables, of two arms that may stay empty, have one person, or start late; the last day is that of as_of."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    coming = np.array([[draw(st.sampled_from([0, 0, 1, 2, 30, 150])) for _ in range(2)] for _ in range(DAYS)])
    level, scale = draw(st.sampled_from([0.0, 1.0, -1.0, 1e6])), draw(st.sampled_from([1.0, 1.0, 1e-6, 1e4]))
    lift, shape = draw(st.sampled_from([0.0, 0.3, -0.3, 2.0])), draw(st.sampled_from(["normal", "lognormal", "constant"]))
    harmed, empty_are_there = draw(st.sampled_from([0.0, 0.3, 0.6])), draw(st.booleans())
    whole: dict[str, dict[str, dict[str, np.ndarray]]] = {"refund_rate": {}, METRIC[kind]: {}}
    cases = {}
    for name, size in zip(("old", "new"), coming.sum(axis=0), strict=True):
        more = 1 + lift * (name == "new")
        noise = {"normal": rng.normal(0, 1, size), "lognormal": rng.lognormal(0, 1.5, size), "constant": np.zeros(size)}[shape]
        y, d = (level + noise) * scale * more, 1.0 + rng.poisson(2, size)
        if kind == "share":
            y = np.full(size, level == 1.0, dtype=float) if shape == "constant" else (rng.random(size) < min(0.3 * more, 1)).astype(float)
        whole[METRIC[kind]][name] = {"y": y * d, "d": d} if kind == "ratio" else {"y": y}
        whole["refund_rate"][name] = {"y": (rng.random(size) < (harmed if name == "new" else 0.3)).astype(float)}
        cases[name] = (rng.exponential(50 * more, size), rng.random(size) < 0.8)
    rows = []
    for metric, arms in whole.items():
        if metric == METRIC["time"]:
            continue  # has no daily figures
        for day in range(DAYS + 1):
            so_far = coming[: day + 1].sum(axis=0)
            there = {
                name: {letter: values[:size] for letter, values in arms[name].items()}
                for name, size in zip(("old", "new"), so_far, strict=True)
                if size or empty_are_there
            }
            word = kind if metric == METRIC[kind] else "share"
            rows += stats_rows("e", metric, word, there, whole=arms, day=date(2026, 1, 1) + timedelta(days=day)) if there else []
    return rows, life_rows("e", METRIC[kind], cases) if kind == "time" else []


def day_is_consistent(row: dict[str, Any]) -> None:
    """A row of `experiment_sequential`: crossing, p-value and both intervals say the same of no effect."""
    nothing_is_nan(row)
    bounds = ("ci_low", "ci_high", "relative_ci_low", "relative_ci_high")
    if row["status"] != "ok" or row["stage"] in ("waiting", "over"):
        assert not row["is_crossed"] and row["p_value"] is None and all(row[name] is None for name in bounds)
        return
    low, high, effect, width = row["ci_low"], row["ci_high"], row["effect"], row["ci_high"] - row["ci_low"]
    assert 0 <= row["p_value"] <= 1 and 0 < row["nominal_alpha"] <= row["alpha"] * (1 + EDGE) and low <= effect <= high and row["z"] * effect >= 0
    if not (away(low, 0, width) and away(high, 0, width)):
        return
    excludes = low > 0 or high < 0
    assert row["is_crossed"] == (row["p_value"] <= row["alpha"]) == (abs(row["z"]) >= row["boundary"]) == excludes
    assert row["was_crossed"] or not excludes
    if row["relative_ci_low"] is not None:
        assert (row["relative_ci_low"] > 0) == (low > 0) and (row["relative_ci_high"] < 0) == (high < 0)
        slack = EDGE * (abs(row["relative_effect"]) + row["relative_ci_high"] - row["relative_ci_low"])
        assert row["relative_ci_low"] - slack <= row["relative_effect"] <= row["relative_ci_high"] + slack


def followed(plan: Design, rows: list[dict[str, Any]], tables: list[dict[str, Any]]) -> Judgement:
    as_of = date(2026, 1, 1) + timedelta(days=DAYS)
    results = analyze([plan], [row for row in rows if row["day"] == as_of], tables, Options())
    return judge(plan, results, compare_daily([plan], rows, Options()), SOUND, [], datetime(as_of.year, as_of.month, as_of.day))


def days_are_consistent(plan: Design, found: Judgement) -> None:
    for row in found.days:
        day_is_consistent(row)
    judged = {row["metric_id"]: row for row in found.results if row["is_decision"]}
    for row in judged.values():
        row_is_consistent(row, row["alpha"])
    verdict_is_borne_out(plan, judged[plan.objectives[0].metric_id], judged["refund_rate"], found.verdict)


@pytest.mark.parametrize("kind", sorted(METRIC))
@given(data=st.data(), way=st.sampled_from(WAYS), sign=st.sampled_from([1, -1]), lift=st.sampled_from([0.0, 0.05, 0.5]), harm=st.sampled_from([0.0, 0.5]))
@settings(max_examples=60, deadline=None)
def test_no_day_contradicts_itself(kind, data, way, sign, lift, harm) -> None:
    planned, ended_on = data.draw(st.sampled_from([100, 400, 10_000])), data.draw(st.sampled_from([None, date(2026, 1, 3), date(2026, 2, 1)]))
    plan = design(kind, sign, lift, harm, **way, planned_sample_per_variant=planned, ended_on=ended_on)
    days_are_consistent(plan, followed(plan, *data.draw(days_of_people(kind))))


def shares_by_day(successes: tuple[int, int], persons: tuple[int, int]) -> list[dict[str, Any]]:
    """The same many persons every day of the week, and nobody harmed more than others."""
    rows = []
    for day in range(1, DAYS + 2):
        for metric, counts in (("conversion", successes), ("refund_rate", (persons[0] // 10, persons[1] // 10))):
            arms = {name: {"y": np.repeat([1.0, 0.0], [good, size - good])} for name, good, size in zip(("old", "new"), counts, persons, strict=True)}
            rows += stats_rows("e", metric, "share", arms, times=day, day=date(2025, 12, 31) + timedelta(days=day))
    return rows


@pytest.mark.parametrize("way", WAYS, ids=["obrien_fleming", "pocock", "always_valid"])
@pytest.mark.parametrize("persons", [(0, 0), (0, 1), (1, 0), (1, 1), (0, 100), (100, 0), (1, 100), (100, 1)])
def test_followed_with_nobody_or_one_person(way: dict[str, Any], persons: tuple[int, int]) -> None:
    """On days on which an arm has one person at most."""
    for planned in (1, 100):
        plan = design("share", 1, 0.05, 0.0, **way, planned_sample_per_variant=planned, ended_on=None)
        rows = shares_by_day((persons[0] // 2, persons[1] // 2), persons)
        first = [{**row, "day": date(2026, 1, 1) + timedelta(days=late)} for row in rows for late in range(DAYS + 1) if row["day"] == date(2026, 1, 1)]
        found = followed(plan, first, [])
        days_are_consistent(plan, found)
        assert found.days and all(row["p_value"] is None for row in found.days) and found.verdict.verdict in ("hold", "keep_running")


@pytest.mark.parametrize("way", WAYS, ids=["obrien_fleming", "pocock", "always_valid"])
def test_too_few_events_for_a_relative_interval_are_so_at_every_look(way: dict[str, Any]) -> None:
    """Two of 1,000 a day in the variant: before the third day no look gives a relative interval where the ordinary one may not."""
    plan = design("share", 1, 0.05, 0.0, **way, planned_sample_per_variant=6000, ended_on=None)
    found = followed(plan, shares_by_day((100, 2), (1000, 1000)), [])
    days_are_consistent(plan, found)
    shown = [row for row in found.days if row["role"] == "primary" and row["ci_low"] is not None]
    assert shown and all(row["relative_ci_low"] is None or row["relative_effect"] is not None for row in shown)
    assert shown[0]["relative_ci_low"] is None and shown[-1]["relative_ci_low"] is not None


def test_the_plain_interval_of_an_adjusted_share_is_of_its_counts_at_every_level() -> None:
    rng, arms = np.random.default_rng(5), {}
    for name, lift in (("old", 0.0), ("new", 0.05)):
        before = (rng.random(2000) < 0.5).astype(float)
        arms[name] = {"y": (rng.random(2000) < 0.2 + 0.5 * before + lift).astype(float), "x": before + (name == "old") * (rng.random(2000) < 0.1)}
    row = analyze([design("share", 1, 0.05, 0.05, covariate_window_days=28)], stats_rows("e", METRIC["share"], "share", arms), [], Options())[0]
    assert row["method"] == "cuped" and abs(row["variant_value"] - row["unadjusted_variant_value"]) > 0.01
    counts = [np.array([value]) for name in ("old", "new") for value in (arms[name]["y"].sum(), 2000.0)]
    for level in (row["alpha"], 0.001):
        low, high = newcombe(*counts, np.array([level]))
        shown = at_level(row, level, row["p_value"])
        assert (shown["score_ci_low"], shown["score_ci_high"]) == (pytest.approx(low[0]), pytest.approx(high[0]))


def test_an_end_with_hardly_anybody_comes_before_the_first_look() -> None:
    """Two persons of 10,000: a confidence sequence asks for |Z| ≥ 61, whose interval has no ends."""
    plan = design("mean", 1, 0.05, 0.0, **WAYS[2], planned_sample_per_variant=10_000, ended_on=date(2026, 1, 3))
    arms = {"old": {"y": np.array([1.0, 2.0])}, "new": {"y": np.array([2.0, 4.0])}}
    guardrail = {name: {"y": np.array([0.0, 1.0])} for name in arms}
    days = [date(2026, 1, 1) + timedelta(days=day) for day in range(DAYS + 1)]
    rows = [row for day in days for row in (*stats_rows("e", "revenue", "mean", arms, day=day), *stats_rows("e", "refund_rate", "share", guardrail, day=day))]
    found = followed(plan, rows, [])
    days_are_consistent(plan, found)
    last = next(row for row in found.days if row["stage"] == "last")
    assert last["nominal_alpha"] == 0 and last["status"] == "before_first_look"
    assert (found.verdict.verdict, found.verdict.reason) == ("hold", "before_first_look")


def test_the_check_sees_a_day_that_contradicts_itself() -> None:
    plan = design("share", 1, 0.05, 0.0, **WAYS[2], planned_sample_per_variant=6000, ended_on=None)
    day = [row for row in followed(plan, shares_by_day((100, 200), (1000, 1000)), []).days if row["role"] == "primary"][-1]
    day_is_consistent(day)
    for wrong in ({"p_value": 0.4}, {"ci_low": -1.0}, {"relative_ci_low": -0.1}, {"effect": math.nan}, {"is_crossed": False}, {"boundary": 99.0}):
        with pytest.raises(AssertionError):
            day_is_consistent({**day, **wrong})


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
