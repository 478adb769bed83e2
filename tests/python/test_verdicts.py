"""The order of the verdicts, and what each takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import numpy as np
import pytest
from handmade_warehouse import share_row
from hypothesis import given, settings
from hypothesis import strategies as st
from persons import life_rows
from scipy import stats

from python_stats.analysis import Options, analyze, split_of
from python_stats.analysis.levels import BEFORE_FIRST_LOOK, at_level
from python_stats.analysis.rows import MISSING_METRIC, NO_CONTROL, NUMBERS, SEGMENT_TOO_SMALL
from python_stats.analysis.segments import segment_effects
from python_stats.designs import Design, Objective, Variant
from python_stats.estimators.periods import TOO_FEW_PERIODS
from python_stats.estimators.split import Split, sample_ratio
from python_stats.estimators.status import OK, STATUSES
from python_stats.evidence import evidence
from python_stats.monitoring import NO_DAILY_FIGURES
from python_stats.verdicts import VERDICTS, WHY, Verdict, combine, decide, why_not_relative
from python_stats.wording import span

SOUND = Split(0.0, 1, 1.0, True, "ok")
AFTER = datetime(2026, 5, 5)


def design(**more: Any) -> Design:
    return Design(
        **{
            "experiment_id": "e",
            "experiment_name": "E",
            "feature_class": "reduced_friction",
            "owner_team": "Shop",
            "hypothesis": "",
            "what_changes": "copy",
            "design": "ab",
            "monitoring": "fixed",
            "looks": 1,
            "spending": None,
            "alpha": 0.05,
            "power": 0.8,
            "declared_on": date(2026, 1, 1),
            "started_on": date(2026, 1, 1),
            "ended_on": date(2026, 2, 1),
            "decision_window_days": None,
            "planned_sample_per_variant": 1000,
            "pain_point": None,
            "correction": "holm",
            "variants": (Variant("old", True, 0.5, {}), Variant("new", False, 0.5, {})),
            "objectives": (
                Objective("conversion", "primary", "increase", 0.1, 0.05, 0.05),
                Objective("refund_rate", "guardrail", "decrease", 0.1, 0.05, 0.5),
            ),
            **more,
        }
    )


def decided(primary, guardrail=(100, 100), n=(10_000, 10_000), split=SOUND, plan: Design | None = None, variants=("new",)):
    plan = plan or design()
    stats = []
    for index, variant in enumerate(("old", *variants)):
        stats.append(share_row("e", variant, "conversion", n[min(index, len(n) - 1)], primary[index]))
        stats.append(share_row("e", variant, "refund_rate", n[min(index, len(n) - 1)], guardrail[index]))
    return decide(plan, analyze([plan], stats, [], Options()), split, AFTER)


def test_the_table_of_verdicts() -> None:
    table = [
        ((1000, 1300), (100, 100), "ship", "lift_established"),
        ((1000, 1100), (100, 100), "ship", "better_and_safe"),
        ((1000, 1100), (100, 135), "hold", "guardrail_open"),
        ((1000, 1300), (100, 135), "ship", "lift_established"),
        ((1000, 1300), (100, 250), "roll_back", "guardrail_harm"),
        ((1000, 800), (100, 100), "roll_back", "primary_harm"),
        ((1000, 965), (100, 100), "stop_futile", "lift_excluded"),
        ((1000, 1020), (100, 100), "hold", "undecided"),
        ((0, 0), (100, 100), "hold", "zero_variance"),
    ]
    for primary, guardrail, verdict, reason in table:
        found = decided(primary, guardrail)
        assert (found.verdict, found.reason) == (verdict, reason), (primary, guardrail, found.sentence)
        assert "None" not in found.sentence and "nan" not in found.sentence


def test_an_unsound_split_beats_everything() -> None:
    found = decided((1000, 1300), split=Split(50.0, 1, 1e-12, False, "sample_ratio_mismatch"))
    assert found.verdict == "invalid" and "1300" not in found.sentence


def test_before_the_horizon_it_depends_on_the_monitoring() -> None:
    """10,000 of 50,000 are in. Fixed: only overwhelming harm counts. Always valid: what is overwhelming counts. Group-sequential:
    without daily figures nobody knows which look this is, so only the end counts."""
    running = design(ended_on=None, planned_sample_per_variant=50_000)
    expected = {
        "fixed": ("keep_running", "keep_running", "roll_back"),
        "group_sequential": ("keep_running", "keep_running", "keep_running"),
        "always_valid": ("ship", "keep_running", "roll_back"),
    }
    for monitoring, words in expected.items():
        plan = replace(running, monitoring=monitoring, looks=5)
        assert tuple(decided((1000, after), plan=plan).verdict for after in (1300, 910, 800)) == words, monitoring
        ended = replace(plan, planned_sample_per_variant=10_000)
        assert decided((1000, 1300), plan=ended).verdict == "ship"
    assert "10,000 of 50,000" in decided((1000, 1300), plan=running).sentence


def test_a_closed_experiment_does_not_keep_running() -> None:
    found = decided((1000, 1020), plan=design(planned_sample_per_variant=50_000))
    assert found.verdict == "hold" and "10,000 of 50,000" in found.sentence


def test_the_decision_window_of_the_last_comer_counts() -> None:
    plan = design(ended_on=date(2026, 4, 20), decision_window_days=30)
    assert not plan.has_closed(AFTER)
    assert plan.has_closed(datetime(2026, 5, 21))
    assert not plan.has_closed(datetime(2026, 5, 20, 23, 59))


def test_less_is_better() -> None:
    plan = design(
        objectives=(
            Objective("refund_rate", "primary", "decrease", 0.1, 0.05, 0.05),
            Objective("conversion", "guardrail", "increase", 0.1, 0.05, 0.05),
        )
    )
    fewer = decided((1000, 1000), (1000, 700), plan=plan)
    assert fewer.verdict == "ship" and "better" in fewer.sentence
    assert decided((1000, 1000), (1000, 1300), plan=plan).verdict == "roll_back"


def test_several_variants() -> None:
    arms = (Variant("old", True, 0.34, {}), Variant("a", False, 0.33, {}), Variant("b", False, 0.33, {}))
    plan = design(variants=arms, design="multivariate")
    best = decided((1000, 1250, 1400), (100, 100, 100), plan=plan, variants=("a", "b"))
    assert (best.verdict, best.variant_id) == ("ship", "b")
    mixed = decided((1000, 1300, 1020), (100, 300, 100), plan=plan, variants=("a", "b"))
    assert (mixed.verdict, mixed.variant_id) == ("roll_back", "a")
    warned = decided((1000, 1300, 1300), (100, 300, 100), plan=plan, variants=("a", "b"))
    assert (warned.verdict, warned.variant_id) == ("ship", "b") and "Switch off “a”: harm is established in people refunded." in warned.sentence
    both = decided((1000, 700, 1300), (100, 300, 100), plan=plan, variants=("a", "b"))
    assert "Switch off “a”: harm is established in conversion and people refunded." in both.sentence
    rows = analyze([plan], [share_row("e", v, "conversion", 1000, 100) for v in ("old", "a", "b")], [], Options())
    primary = [row for row in rows if row["role"] == "primary"]
    assert {row["alpha"] for row in primary} == {0.025} and all(row["p_adjusted"] == 1.0 for row in primary)


def test_exactly_what_was_asked_for_ships() -> None:
    """0.625 for 0.5: 25 % to the last bit, asked for 25 %; 0.0001 more was not reached."""
    primary, guard = Objective("conversion", "primary", "increase", 0.1, 0.25, 0.05), Objective("refund_rate", "guardrail", "decrease", 0.1, 0.0, 10.0)
    for wanted, verdict in ((0.25, "ship"), (0.2501, "hold")):
        plan = design(objectives=(replace(primary, min_lift_rollout=wanted), guard), planned_sample_per_variant=8192)
        assert decided((4096, 5120), (100, 100), n=(8192, 8192), plan=plan).verdict == verdict


def test_better_and_safe_says_what_is_known_of_guardrails() -> None:
    """Worse within the harm allowed is not "no harm"; without guardrails nothing is said of them."""
    primary = Objective("conversion", "primary", "increase", 0.1, 0.05, 0.05)
    guard = Objective("refund_rate", "guardrail", "decrease", 0.1, 0.05, 0.8)
    worse = decided((1000, 1100), (100, 130), plan=design(objectives=(primary, guard)))
    alone = decided((1000, 1100), plan=design(objectives=(primary,)))
    assert worse.reason == alone.reason == "better_and_safe"
    assert worse.sentence.endswith("asked for, and every guardrail stayed within the harm allowed.")
    assert alone.sentence.endswith("asked for.")


@given(st.integers(0, 2000), st.integers(0, 2000), st.integers(0, 400), st.integers(0, 400))
@settings(max_examples=150, deadline=None)
def test_any_figures_give_a_verdict_that_the_interval_bears_out(x0, x1, g0, g1) -> None:
    found = decided((x0, x1), (g0, g1), n=(2000, 2000))
    assert found.verdict in VERDICTS and found.sentence
    if found.verdict == "ship":
        assert x1 > x0
    if found.reason == "primary_harm":
        assert x1 < x0


def test_ship_is_rare_without_an_effect() -> None:
    """Under no effect at all the chance to ship is at most half of alpha."""
    generator = np.random.default_rng(4)
    draws = generator.binomial(2000, 0.1, (1500, 2))
    shipped = sum(decided((a, b), n=(2000, 2000)).verdict == "ship" for a, b in draws)
    assert shipped <= 1500 * 0.025 + 4 * (1500 * 0.025) ** 0.5


def test_missing_pieces_have_words() -> None:
    plan = design()
    rows = analyze([plan], [share_row("e", "old", "conversion", 100, 10)], [], Options())
    assert {(row["metric_id"], row["status"]) for row in rows} == {("conversion", "missing_variant"), ("refund_rate", "missing_metric")}
    assert decide(plan, rows, SOUND, AFTER).verdict == "hold"
    assert decide(replace(plan, objectives=()), [], SOUND, AFTER).reason == "incomplete_design"
    no_control = replace(plan, variants=(Variant("new", False, 1.0, {}),))
    assert {row["status"] for row in analyze([no_control], [], [], Options())} == {"no_control"}


def test_nobody_was_assigned() -> None:
    """Not started, and over without anybody, are told by the dates; between them it runs."""
    nobody = split_of(design(), [])

    def at(moment: datetime) -> tuple[str, str, str]:
        plan = design()
        stats = [share_row("e", variant, name, 0, 0) for variant in ("old", "new") for name in ("conversion", "refund_rate")]
        found = decide(plan, analyze([plan], stats, [], Options()), nobody, moment)
        return found.verdict, found.reason, found.sentence

    assert at(datetime(2025, 12, 31)) == ("keep_running", "not_started", "It has not started: it starts on 2026-01-01.")
    verdict, reason, sentence = at(datetime(2026, 1, 2))
    assert (verdict, reason) == ("keep_running", "planned_sample_not_reached") and sentence.startswith("Keep running: 0 of 1,000 planned")
    assert at(AFTER) == (
        "hold", "no_persons",
        "No verdict: nobody was assigned from 2026-01-01 to 2026-02-01, the dates of experiment_id=e in experiments.csv.",
    )  # fmt: skip


def test_the_first_variant_to_ship_stands() -> None:
    plan = replace(design(), design="multivariate", variants=tuple(Variant(name, name == "old", 1 / 3, {}) for name in ("old", "a", "b")))
    rows = [{"variant_id": name, "role": "primary", "effect": effect} for name, effect in (("a", 0.1), ("b", 0.2))]
    first, later = (Verdict("ship", "lift_established", "Ship it.", name, "", date(2026, 1, day)) for name, day in (("a", 12), ("b", 18)))
    for verdicts in ([first, later], [later, first]):
        found = combine(plan, verdicts, rows)
        assert (found.variant_id, found.decided_on) == ("a", date(2026, 1, 12)) and found.sentence.endswith("“b” could ship as well.")
    assert combine(plan, [first, replace(later, decided_on=first.decided_on)], rows).variant_id == "b"


def test_variants_without_a_share_are_named() -> None:
    traffic = [{"variant_id": variant, "exposed": count} for variant, count in (("old", 500), ("new", 500), ("ghost", 40), ("nul", 0))]
    found = decided((100, 100), split=split_of(design(), traffic))
    assert found.verdict == "invalid" and found.sentence == (
        "Do not use this result: people were seen in “ghost”, which was declared without a share, or not at all "
        "(experiment_id=e in experiment_variants.csv)."
    )


def test_people_left_out_of_one_variant_alone_are_seen() -> None:
    """The split of everyone is sound; 155 more were left out of the control than of the variant, whoever they are."""
    traffic = [
        {"variant_id": "old", "exposed": 579, "contaminated": 150, "without_consent": 6},
        {"variant_id": "new", "exposed": 567, "contaminated": 1, "without_consent": None},
    ]
    found = split_of(design(), traffic)
    assert (found.status, found.is_sound) == ("compared_ratio_mismatch", False) and found.p_value is not None and found.p_value > 0.5
    assert found.compared_p_value == sample_ratio(np.array([423.0, 566.0]), np.array([0.5, 0.5])).p_value
    chance = 1 / stats.chisquare([423, 566]).pvalue
    assert decided((100, 100), split=found).sentence == (
        f"Do not use this result: people who may not be compared were left out of one variant more than of another (by chance, one in {chance:,.0f})."
    )
    same = split_of(design(), [{**row, "contaminated": 150, "without_consent": 6} for row in traffic])
    assert same.is_sound and same.status == "ok" and same.compared_p_value is not None
    assert split_of(design(), [{**row, "contaminated": 0, "without_consent": 0} for row in traffic]).compared_p_value is None


def test_split_of_reads_the_declared_shares() -> None:
    traffic = [{"variant_id": "old", "exposed": 500}, {"variant_id": "ghost", "exposed": 40}]
    found = split_of(design(), traffic)
    assert not found.is_sound and found.status == "sample_ratio_mismatch"


@pytest.mark.parametrize(("persons", "status"), [(150, "segment_too_small"), (250, "ok")])
def test_small_segments_show_no_estimate(persons: int, status: str) -> None:
    stats = [share_row("e", v, "conversion", persons, 30, segment="plan=pro") for v in ("old", "new")]
    row = next(row for row in analyze([design()], stats, [], Options()) if row["segment"] == "plan=pro")
    assert row["status"] == status and (row["effect"] is None) == (status != "ok") and row["n_control"] == persons


def test_a_warning_shows_no_estimate_of_a_small_segment() -> None:
    """1 of 20 against 3 of 20 is too few events: in all it has an effect, and no interval; in a segment nothing but the counts."""
    plan = design(objectives=design().objectives[:1])
    stats = [share_row("e", v, "conversion", 20, found, segment=name) for name in ("all", "plan=pro") for v, found in (("old", 1), ("new", 3))]
    rows = {row["segment"]: row for row in analyze([plan], stats, [], Options())}
    assert rows["all"]["status"] == "too_few_events" and rows["all"]["effect"] is not None and rows["all"]["ci_low"] is None
    small = rows["plan=pro"]
    assert (small["status"], small["relative_status"], small["n_control"]) == ("segment_too_small", "segment_too_small", 20)
    assert {name: small[name] for name in NUMBERS if not name.startswith("n_") and small[name] is not None} == {}
    (shown,) = segment_effects([plan], list(rows.values()))
    assert (shown["status"], shown["effect"], shown["ci_low"], shown["shrunken_effect"]) == ("segment_too_small", None, None, None)


def test_a_small_segment_without_an_estimate_says_why() -> None:
    stats = [share_row("e", v, "conversion", 20, 0, segment="plan=pro") for v in ("old", "new")]
    row = next(row for row in analyze([design()], stats, [], Options()) if row["segment"] == "plan=pro")
    assert (row["status"], row["control_value"], row["n_control"]) == ("zero_variance", None, 20)


def sentence_of(control: tuple[int, int], variant: tuple[int, int], good_direction: str = "increase") -> str:
    """The verdict's sentence on a share, (events, persons) an arm."""
    aims = (Objective("conversion", "primary", good_direction, 0.1, 0.05, 0.05),)
    plan = design(objectives=aims)
    cells = [share_row("e", name, "conversion", persons, events) for name, (events, persons) in (("old", control), ("new", variant))]
    return decide(plan, analyze([plan], cells, [], Options()), SOUND, AFTER).sentence.replace("\u00a0", " ")


def test_every_status_has_words() -> None:
    others = {NO_CONTROL, MISSING_METRIC, SEGMENT_TOO_SMALL, BEFORE_FIRST_LOOK, NO_DAILY_FIGURES, TOO_FEW_PERIODS}
    for word in {*STATUSES, *others} - {OK}:
        assert word in WHY and word not in WHY[word] and "_" not in WHY[word], word


def test_why_there_is_no_relative_change() -> None:
    """4 of 2,000 are few, but the control's 40 are far from 0; a control of none in 2,000 is not."""
    few, near_zero = sentence_of((40, 2000), (4, 2000), "decrease"), sentence_of((0, 2000), (30, 2000), "decrease")
    assert "went from 2.0 % to 0.20 % (likely between −2.4 pp and −1.2 pp; no relative change can be given: it happened to fewer than five people of a variant)" in few
    assert "(likely between +0.97 pp and +2.0 pp; no relative change can be given: the control is too close to 0)" in near_zero


def test_few_events_establish_a_large_change_no_more_often_than_promised() -> None:
    """The control expects 16 of 1,000, the variant half of that, which is the lift asked for: every pair of counts, by its probability.

    The normal approximation alone, which has no relative interval to show below five events, says so in 4.1 %; 2.5 % are promised.
    """
    aim = Objective("conversion", "primary", "decrease", 0.1, 0.5, 0.05)
    counts, chance = range(1, 40), 0.0
    for events in counts:
        for fewer in range(30):
            found = analyze([design(objectives=(aim,))], [share_row("e", "old", "conversion", 1000, events), share_row("e", "new", "conversion", 1000, fewer)], [], Options())
            row = next(row for row in found if row["metric_id"] == "conversion")
            if row["relative_status"] == "too_few_events" and evidence(row, aim).side_of(0.5) > 0:
                chance += float(stats.binom.pmf(events, 1000, 0.016) * stats.binom.pmf(fewer, 1000, 0.008))
    assert 0 < chance < 0.025


def test_a_non_inferior_guardrail_has_a_p_value_that_says_so_with_few_events() -> None:
    aim = Objective("conversion", "guardrail", "decrease", 0.1, None, 1.0)
    states = set()
    for events in range(12):
        rows = [share_row("e", "old", "conversion", 1000, 9), share_row("e", "new", "conversion", 1000, events)]
        row = next(row for row in analyze([design(objectives=(aim,))], rows, [], Options()) if row["metric_id"] == "conversion")
        if row["status"] == "ok":
            states.add((row["non_inferiority"], row["non_inferiority_p_value"] < 0.025))
    assert states == {("non_inferior", True), ("open", False)}


def test_too_close_to_0_at_a_level_is_said_of_the_level() -> None:
    """30 of 300 are far from 0 at 95 %, but not at 99.99999 %; 1 of 300 is not at either."""
    for control, words in ((30, "the control is too close to 0 at this confidence"), (1, "the control is too close to 0")):
        plan = design(objectives=design().objectives[:1])
        cells = [share_row("e", name, "conversion", 300, events) for name, events in (("old", control), ("new", 40))]
        row = at_level(analyze([plan], cells, [], Options())[0] | {"status": "ok"}, 1e-7, None)
        assert why_not_relative(row | {"relative_status": "unbounded"}) == words


def test_an_average_over_a_limited_time_says_so() -> None:
    """A case each hour up to 200 hours; the variant takes half as long. Ten are left at 90 of the variant's 100 hours."""
    aims = (Objective("resolution_time", "primary", "decrease", 0.1, 0.05, 0.05),)
    plan = design(objectives=aims, planned_sample_per_variant=100)
    hours = np.arange(200.0)
    tables = life_rows("e", "resolution_time", {"old": (hours, hours >= 0), "new": (hours / 2, hours >= 0)})
    results = analyze([plan], [], tables, Options())
    sentence = decide(plan, results, SOUND, AFTER).sentence.replace("\u00a0", " ")
    (horizon,) = {row["horizon_s"] for row in results}
    assert horizon < 30 * 86400
    assert f"time to resolution (on average, within {span(horizon)}) went from".replace("\u00a0", " ") in sentence
    assert "on average" not in sentence_of((100, 1000), (200, 1000))


@pytest.mark.parametrize("variant", [0, 10])
def test_everybody_the_same_is_said_of_each_variant(variant: int) -> None:
    """All of one variant and none of the other did not behave the same."""
    sentence = sentence_of((0, 10), (variant, 10))
    assert sentence == (
        "No verdict: conversion cannot be compared, because within each variant everybody behaved the same, so that no interval can be given."
    )


@pytest.mark.parametrize(
    ("control", "variant", "values"),
    [
        ((30, 10**6), (45, 10**6), "from 0.0030 % to 0.0045 %, 50.0 % better"),
        ((999_600, 10**6), (999_900, 10**6), "from 99.96 % to 99.99 %, 0.03 % better (likely between 0.026 % and 0.034 % better)"),
        ((10**8, 10**9), (100_010_000, 10**9), "from 10.000 % to 10.001 %, 0.01 % better"),
        ((1000, 10_000), (1100, 10_000), "from 10.0 % to 11.0 %, 10.0 % better"),
    ],
)
def test_values_in_a_sentence_can_be_told_apart(control: tuple[int, int], variant: tuple[int, int], values: str) -> None:
    assert values in sentence_of(control, variant)
