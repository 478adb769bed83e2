"""From day to day: what may be judged when, and that nothing looks ahead or contradicts itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from handmade_warehouse import share_row
from hypothesis import given, settings
from hypothesis import strategies as st
from test_verdicts import SOUND, design

from python_stats.analysis import Options, analyze
from python_stats.designs import Design
from python_stats.looks import days_of, levels
from python_stats.monitoring import Judgement, compare_daily, judge

START = date(2026, 1, 1)
WAYS = [
    {"monitoring": "group_sequential", "looks": 4, "spending": "obrien_fleming"},
    {"monitoring": "group_sequential", "looks": 3, "spending": "pocock"},
    {"monitoring": "always_valid"},
    {"monitoring": "fixed"},
]


def plan(**more: Any) -> Design:
    return design(**{"ended_on": date(2026, 2, 28), "planned_sample_per_variant": 1000, **more})


def followed(plan: Design, per_day: np.ndarray, good: np.ndarray, refunds: np.ndarray | None = None, **more: Any) -> Judgement:
    """Judge from new persons and successes per day and arm, shape (days, 2); the day after the last is the day of as_of, as yet empty."""
    persons, successes = per_day.cumsum(axis=0), good.cumsum(axis=0)
    harmed = persons // 100 if refunds is None else refunds.cumsum(axis=0)
    rows = []
    for index in [*range(len(persons)), len(persons) - 1]:
        day = {"day": START + timedelta(days=sum(row["metric_id"] == "conversion" and row["variant_id"] == "old" for row in rows))}
        for arm, variant in enumerate(("old", "new")):
            rows.append(share_row("e", variant, "conversion", int(persons[index, arm]), int(successes[index, arm]), **day))
            rows.append(share_row("e", variant, "refund_rate", int(persons[index, arm]), int(harmed[index, arm]), **day))
    last = max(row["day"] for row in rows)
    as_of = datetime(last.year, last.month, last.day)
    now = [row for row in rows if row["day"] == last]
    traffic = [
        {"variant_id": row["variant_id"], "day": row["day"], "exposed": row["persons"]} for row in rows if row["metric_id"] == "conversion"
    ]
    results = analyze([plan], [*now, *more.get("beside", ())], [], Options())
    return judge(plan, results, compare_daily([plan], rows, Options()), SOUND, more.get("traffic", traffic), as_of)


def primary(found: Judgement) -> dict[str, Any]:
    return next(row for row in found.results if row["role"] == "primary" and row["is_decision"])


def steady(days: int, share: tuple[float, float], daily: int = 50) -> tuple[np.ndarray, np.ndarray]:
    persons = np.full((days, 2), daily)
    total = (np.arange(1, days + 1)[:, None] * daily * np.array(share)).round().astype(int)
    return persons, np.diff(total, axis=0, prepend=0)


def test_a_group_sequential_experiment_is_judged_at_its_looks() -> None:
    found = followed(plan(**WAYS[0]), *steady(30, (0.10, 0.155)))
    looks = [(row["day"], row["look"], round(row["information"], 2)) for row in found.days if row["role"] == "primary" and row["look"]]
    assert [(day - START).days for day, _, _ in looks] == [4, 9, 14, 19]
    assert [(look, information) for _, look, information in looks] == [(1, 0.25), (2, 0.5), (3, 0.75), (4, 1.0)]
    bounds = [row["boundary"] for row in found.days if row["role"] == "primary" and row["look"]]
    assert bounds == pytest.approx([4.332633646051611, 2.963131597679888, 2.3590442853009574, 2.014090143930877], abs=1e-6)
    # z = 2.3 at the second look, 3.2 at the third: it ships there, and the figures are those of that day
    assert (found.verdict.verdict, found.verdict.decided_on, found.looks) == ("ship", START + timedelta(days=14), 3)
    assert primary(found)["n_control"] == 750 and primary(found)["known_on"] == START + timedelta(days=14)
    assert "look 3 of 4" in found.verdict.sentence and "level of such a look is approximate" in found.verdict.sentence
    assert {row["verdict"] for row in found.days if row["stage"] == "over" and row["role"] == "primary"} == {"ship"}


def test_looks_are_skipped_and_overrun() -> None:
    """400 a day: the first day passes the first planned look, the second day the second and third, the third day the end."""
    found = followed(plan(**WAYS[0]), *steady(4, (0.1, 0.1), 400))
    shown = [(row["stage"], row["look"], row["information"]) for row in found.days if row["role"] == "primary"]
    assert shown == [("look", 1, 0.4), ("look", 2, 0.8), ("last", 3, 1.2), ("over", None, 1.6)]
    assert found.verdict.verdict in ("hold", "stop_futile") and found.verdict.decided_on == START + timedelta(days=2)


def test_an_experiment_that_ends_short_spends_what_is_left() -> None:
    short = plan(**WAYS[0], ended_on=START + timedelta(days=11))
    found = followed(short, *steady(14, (0.1, 0.1)))
    last = next(row for row in found.days if row["stage"] == "last")
    assert (last["day"], last["information"], last["alpha_spent"]) == (START + timedelta(days=11), 0.6, 0.05)
    assert found.verdict.verdict == "hold" and "600 of 1,000" in found.verdict.sentence


def test_before_the_first_look_there_is_nothing_to_see() -> None:
    found = followed(plan(**WAYS[0]), *steady(3, (0.1, 0.3)))
    assert found.verdict.verdict == "keep_running" and found.verdict.decided_on is None
    assert (primary(found)["status"], primary(found)["effect"], primary(found)["n_control"]) == ("before_first_look", None, 150)


def test_segments_and_other_windows_of_what_is_watched_are_read_no_earlier_and_no_less_strictly() -> None:
    """At the second of four looks |Z| has to be 2.96; before the first there is nothing. A fixed design has but one look."""
    beside = [
        share_row("e", arm, metric_id, 500, good, **place)
        for arm, good in (("old", 50), ("new", 90))
        for metric_id in ("conversion", "refund_rate")
        for place in ({"segment": "plan=pro"}, {"metric_window": "7"})
    ]

    def others(way: dict[str, Any], days: int) -> list[dict[str, Any]]:
        found = followed(plan(**way), *steady(days, (0.10, 0.11)), beside=beside).results
        kept = [row for row in found if row["metric_id"] in ("conversion", "refund_rate") and (row["segment"] != "all" or row["metric_window"] == "7")]
        assert len(kept) == 4
        return kept

    for row in others(WAYS[0], 3):
        assert (row["status"], row["effect"], row["ci_low"], row["n_variant"]) == ("before_first_look", None, None, 500)
    for row, plain in zip(others(WAYS[0], 10), others(WAYS[3], 10), strict=True):
        assert row["status"] == plain["status"] == "ok" and plain["nominal_alpha"] == 0.05 and row["nominal_alpha"] < 0.004
        assert row["effect"] == plain["effect"] and row["ci_low"] < plain["ci_low"] and row["p_value"] is None


def test_always_valid_may_be_judged_any_day() -> None:
    found = followed(plan(**WAYS[2]), *steady(30, (0.10, 0.2)))
    assert found.verdict.verdict == "ship" and START + timedelta(days=1) < found.verdict.decided_on < START + timedelta(days=14)
    crossed = [row["is_crossed"] for row in found.days if row["role"] == "primary"]
    assert not any(crossed[: (found.verdict.decided_on - START).days]) and crossed[(found.verdict.decided_on - START).days]


def test_a_fixed_experiment_waits_but_for_strong_harm() -> None:
    fixed = plan(**WAYS[3], planned_sample_per_variant=1500)
    for share, verdict, day in (((0.1, 0.2), "ship", 29), ((0.2, 0.155), "roll_back", 29), ((0.2, 0.1), "roll_back", None)):
        found = followed(fixed, *steady(40, share))
        assert found.verdict.verdict == verdict
        assert (found.verdict.decided_on - START).days == day if day else (found.verdict.decided_on - START).days < 25
        assert primary(found)["known_on"] == found.verdict.decided_on
    waiting = followed(fixed, *steady(20, (0.1, 0.2)))
    assert waiting.verdict.verdict == "keep_running" and primary(waiting)["known_on"] is None


def test_a_fixed_experiment_is_judged_once() -> None:
    """Of 200 without an effect a tenth or more would ship or be rolled back on some night of the fifty after the horizon."""
    fixed, decided = plan(**WAYS[3], planned_sample_per_variant=500), 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        persons, good = np.full((60, 2), 50), random.binomial(50, 0.3, size=(60, 2))
        at_the_horizon = followed(fixed, persons[:11], good[:11])
        later = followed(fixed, persons, good)
        assert (later.verdict, primary(later)["effect"]) == (at_the_horizon.verdict, primary(at_the_horizon)["effect"])
        assert later.verdict.decided_on == START + timedelta(days=9)
        decided += later.verdict.verdict in ("ship", "roll_back")
    assert decided <= 17  # of 200 at 5 %, one in a hundred times more


def test_a_guardrail_is_watched_at_the_same_looks() -> None:
    persons, good = steady(30, (0.1, 0.1))
    refunds = steady(30, (0.02, 0.1))[1]
    found = followed(plan(**WAYS[0]), persons, good, refunds)
    assert (found.verdict.verdict, found.verdict.reason) == ("roll_back", "guardrail_harm")
    assert found.verdict.decided_on == START + timedelta(days=9)


def test_a_guardrail_that_stops_an_experiment_early_is_marked() -> None:
    """Where only strong harm counts there is no p-value; what is known of the guardrail is known all the same."""
    persons, good = steady(20, (0.1, 0.1))
    found = followed(plan(**WAYS[3], planned_sample_per_variant=1500), persons, good, steady(20, (0.02, 0.3))[1])
    row = next(row for row in found.results if row["role"] == "guardrail" and row["is_decision"])
    assert (found.verdict.reason, row["known_on"]) == ("guardrail_harm", found.verdict.decided_on)
    assert (row["p_value"], row["non_inferiority"], row["non_inferiority_p_value"]) == (None, "harmed", None)


@pytest.mark.parametrize("way", WAYS)
@given(refunds=st.floats(0.0, 0.5), daily=st.sampled_from([5, 50, 150]))
@settings(max_examples=15, deadline=None)
def test_a_judged_guardrail_has_the_state_of_its_verdict(way: dict[str, Any], refunds: float, daily: int) -> None:
    persons, good = steady(12, (0.1, 0.1), daily)
    found = followed(plan(**way), persons, good, steady(12, (0.1, refunds), daily)[1])
    row = next(row for row in found.results if row["role"] == "guardrail" and row["is_decision"])
    if way["monitoring"] != "fixed" or row["known_on"] is not None:
        assert dict(found.verdict.states) == {"refund_rate": row["non_inferiority"]}


def test_better_but_not_yet_safe_goes_on() -> None:
    persons, good = steady(30, (0.1, 0.131))
    refunds = steady(30, (0.02, 0.024))[1]
    tight = plan(**WAYS[0], planned_sample_per_variant=2000)
    found = followed(tight, persons, good, refunds)
    assert (found.verdict.verdict, found.verdict.reason) == ("keep_running", "guardrail_open")
    assert "refunded" in found.verdict.sentence and primary(found)["p_value"] < 0.05


def test_an_alarm_about_the_split_on_any_day_is_invalid() -> None:
    persons, good = steady(30, (0.1, 0.1))
    traffic = [
        {"variant_id": variant, "day": START + timedelta(days=day), "exposed": exposed}
        for variant, counts in (("old", (100, 500, 1000)), ("new", (100, 340, 1000)))
        for day, exposed in enumerate(counts)
    ]
    found = followed(plan(**WAYS[0]), persons, good, traffic=traffic)
    assert (found.verdict.verdict, found.verdict.decided_on) == ("invalid", START + timedelta(days=1))
    assert found.split.is_sound is False and found.split.daily_p_value < 0.001 and "for a time" in found.verdict.sentence


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(str(value) for value in way.values()))
def test_nothing_looks_ahead(way: dict[str, Any]) -> None:
    """Cut off after any day, the analysis says what the whole says of that day."""
    generator = np.random.default_rng(5)
    persons = generator.integers(20, 80, (28, 2))
    good = generator.binomial(persons, [0.2, 0.27])
    following = plan(**way, ended_on=START + timedelta(days=25))
    whole = [row for row in followed(following, persons, good).days if row["role"] == "primary"]
    assert {row["verdict"] for row in whole} > {"keep_running"}
    for day in range(1, 28):
        part = followed(following, persons[: day + 1], good[: day + 1])
        rows = [row for row in part.days if row["role"] == "primary"]
        assert rows == whole[: day + 1]
        assert part.verdict.verdict == whole[day]["verdict"]
        if part.verdict.decided_on is not None:
            assert whole[(part.verdict.decided_on - START).days]["verdict"] == part.verdict.verdict


@given(
    st.sampled_from(WAYS[:3]),
    st.integers(0, 2**32 - 1),
    st.floats(0.05, 0.6),
    st.floats(-0.6, 0.8),
    st.integers(3, 120),
    st.sampled_from(["increase", "decrease"]),
)
@settings(max_examples=60, deadline=None)
def test_interval_p_value_and_verdict_agree(
    way: dict[str, Any], seed: int, share: float, lift: float, daily: int, direction: str
) -> None:
    generator = np.random.default_rng(seed)
    persons = np.full((20, 2), daily)
    good = generator.binomial(persons, [share, min(share * (1 + lift), 0.95)])
    objectives = tuple(replace(aim, good_direction=direction) if aim.role == "primary" else aim for aim in plan().objectives)
    found = followed(plan(**way, objectives=objectives), persons, good)
    for row in [*found.days, *(row for row in found.results if row["role"] in ("primary", "guardrail"))]:
        if row["status"] != "ok" or row["p_value"] is None or row["ci_low"] is None:
            continue
        excludes = row["ci_low"] > 0 or row["ci_high"] < 0
        assert (row["p_value"] <= row["alpha"]) is excludes
        if row["relative_ci_low"] is not None:
            assert (row["relative_ci_low"] > 0 or row["relative_ci_high"] < 0) is excludes
        assert row["ci_low"] < row["effect"] < row["ci_high"]
        if row.get("non_inferiority_p_value") is not None:
            assert (row["non_inferiority"] == "non_inferior") is (row["non_inferiority_p_value"] <= row["alpha"] / 2)
    row, sign = primary(found), -1 if direction == "decrease" else 1
    if found.verdict.verdict == "ship":
        assert row["p_value"] <= row["alpha"] and sign * row["effect"] > 0
    if found.verdict.reason == "primary_harm":
        assert row["p_value"] <= row["alpha"] and sign * row["effect"] < 0
    if found.verdict.verdict == "hold" and found.verdict.reason == "undecided" and row["relative_ci_low"] is not None:
        assert min(sign * row["relative_ci_low"], sign * row["relative_ci_high"]) < 0.05
    if found.verdict.decided_on is not None:
        assert row["known_on"] in (found.verdict.decided_on, START + timedelta(days=19))


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(str(value) for value in way.values()))
def test_watching_daily_errs_no_more_than_alpha(way: dict[str, Any]) -> None:
    """250 experiments without any effect, looked at for 30 days, limits at 0: shipped or rolled back by the primary in at most alpha."""
    generator = np.random.default_rng(17)
    aims = tuple(replace(aim, min_lift_rollout=0.0, max_harm_rollback=0.0) if aim.role == "primary" else aim for aim in plan().objectives)
    easy = plan(**way, objectives=aims[:1])
    wrong = 0
    for _ in range(250):
        persons = generator.integers(25, 75, (30, 2))
        found = followed(easy, persons, generator.binomial(persons, 0.3)).verdict
        wrong += found.verdict == "ship" or found.reason == "primary_harm"
    assert wrong <= 250 * 0.05 + 3 * (250 * 0.05 * 0.95) ** 0.5


def test_levels_of_a_day_do_not_depend_on_later_days() -> None:
    persons = [(START + timedelta(days=day), 40 * (day + 1)) for day in range(30)]
    for way in WAYS:
        following = plan(**way)
        days = days_of(following, persons, datetime(2026, 3, 1))
        whole = levels(following, days, 0.05)
        for length in range(1, 30):
            assert levels(following, days_of(following, persons[:length], datetime(2026, 3, 1)), 0.05).z == pytest.approx(whole.z[:length])
