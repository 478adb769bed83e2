"""Learning notes: all four parts for winners and losers, and nothing that an unsound split could have made up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from handmade_warehouse import share_row
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_verdicts import AFTER, SOUND, design

from python_stats import verdicts
from python_stats.analysis import Options, analyze
from python_stats.designs import Objective, Variant
from python_stats.learning import patterns
from python_stats.notes import note_of
from python_stats.verdicts import Verdict, decide


def row(metric_id: str, control: float, effect: float, **more: Any) -> dict[str, Any]:
    se = control / 20
    return {
        "variant_id": "new",
        "metric_id": metric_id,
        "is_decision": True,
        "status": "ok",
        "relative_status": "ok",
        "method": "welch",
        "alpha": 0.05,
        "nominal_alpha": 0.05,
        "df": None,
        "control_value": control,
        "control_se": se,
        "control_slope": -1.0,
        "rest_se": se,
        "variant_value": control + effect,
        "effect": effect,
        "relative_effect": effect / control,
        "relative_ci_low": effect / control - 0.1,
        "relative_ci_high": effect / control + 0.1,
        **more,
    }


def lasting(metric_id: str, earlier: float, later: float, direction: str, **more: Any) -> dict[str, Any]:
    """A row of `experiment_durability`."""
    return {
        "variant_id": "new",
        "metric_id": metric_id,
        "earlier_window": "7",
        "later_window": "30",
        "direction": direction,
        "relative_effect_earlier": earlier,
        "relative_effect_later": later,
        **more,
    }


def plan() -> Any:
    aims = (
        Objective("conversion", "primary", "increase", 0.1, 0.05, 0.05),
        Objective("completion_time", "secondary", "decrease", 0.1, 0.05, 0.05),
        Objective("refund_rate", "guardrail", "decrease", 0.1, 0.05, 0.05),
    )
    return replace(design(), objectives=aims, what_changes="layout", hypothesis="Less to type, more orders.")


CELLS = ("plain_late", "plain_prompt", "warm_late", "warm_prompt")
RESULTS = [
    row("conversion", 0.1, 0.03),
    row("completion_time", 100.0, -20.0),
    row("refund_rate", 0.02, 0.0),
    row("conversion", 0.1, 0.09, is_decision=False),
]


def test_a_note_tells_primary_secondary_and_guardrails() -> None:
    verdict = Verdict("ship", "lift_established", "Ship it: it works.", "new", "refund_rate=non_inferior")
    fading = lasting("conversion", 0.3, 0.04, "fades", later_window="90")
    note = note_of(plan(), verdict, RESULTS, [fading, {**fading, "later_window": "30"}], "EUR")
    assert note["what_changed"] == "layout: new instead of old"
    assert note["primary_showed"] == "Ship it: it works."
    assert note["secondary_showed"].replace("\u00a0", " ").startswith("Time to complete an attempt went from 1.7 min to 80.0 s")
    assert "20.0 % better (likely between 10.0 % and 30.0 % better)" in note["secondary_showed"].replace("\u00a0", " ")
    assert note["guardrails_showed"].endswith(": harm excluded")
    assert note["what_next"].startswith("Roll it out")
    told = note["what_the_metrics_showed"]
    assert told.startswith("Ship it: it works. Secondary: Time to complete")
    assert told.replace("\u00a0", " ").endswith("The effect on conversion fades between 7 and 90 days: from 30.0 % better to 4.0 % better.")
    assert all(note[part] for part in ("hypothesis", "experiment_name"))


def test_what_changed_reads_well() -> None:
    """Alternatives are joined by 'or'; of several changes the factors are named."""
    arms = [Variant(name, index == 0, 0.25, {"copy": name.split("_")[0], "timing": name.split("_")[1]}) for index, name in enumerate(CELLS)]
    verdict = Verdict("hold", "", "So it is.", None, "")
    for what, told in (("copy", "copy"), ("several", "copy and timing")):
        note = note_of(replace(design(), what_changes=what, variants=tuple(arms)), verdict, [], [], "EUR")
        assert note["what_changed"] == f"{told}: plain_prompt, warm_late or warm_prompt instead of plain_late"
    without = [replace(arm, factor_levels={}) for arm in arms[:3]]
    note = note_of(replace(design(), what_changes="several", variants=tuple(without)), verdict, [], [], "EUR")
    assert note["what_changed"] == "several things: plain_prompt or warm_late instead of plain_late"


def test_every_verdict_has_a_next_step() -> None:
    for word in verdicts.VERDICTS:
        assert note_of(plan(), Verdict(word, "", "So it is.", "new", ""), RESULTS, [], "EUR")["what_next"]


def test_an_unsound_split_shows_nothing_but_that() -> None:
    note = note_of(plan(), Verdict("invalid", "sample_ratio_mismatch", "Do not use this result.", None, ""), RESULTS, [], "EUR")
    assert note["what_the_metrics_showed"] == "Do not use this result."
    assert note["secondary_showed"] is None


def test_what_is_not_known_is_said() -> None:
    unknown = [{**RESULTS[0], "status": "no_persons"}, {**RESULTS[1], "status": "no_persons"}, {**RESULTS[2], "status": "zero_variance"}]
    note = note_of(plan(), Verdict("keep_running", "", "Keep running.", "new", "refund_rate=not_assessed"), unknown, [], "EUR")
    assert note["secondary_showed"].endswith("cannot be told yet")
    assert note["guardrails_showed"] == (
        "Not assessed: people refunded cannot be compared, because within each variant everybody behaved the same, so that no interval can be given"
    )


@given(before=st.integers(0, 400), after=st.integers(0, 400))
@settings(max_examples=60, deadline=None)
@example(before=100, after=130)  # worse, by 50 % at most
@example(before=100, after=300)
def test_harmed_has_one_meaning(before: int, after: int) -> None:
    """Of the verdict, the note and the library: what is worse within the harm allowed is not called harmed, nor unharmed."""
    plan = replace(design(), objectives=(design().objectives[0], replace(design().objectives[1], max_harm_rollback=0.8)))
    counts = {"conversion": (1_000, 1_000), "refund_rate": (before, after)}
    stats = [
        share_row("e", variant, metric_id, 10_000, both[arm])
        for metric_id, both in counts.items()
        for arm, variant in enumerate(("old", "new"))
    ]
    results = analyze([plan], stats, [], Options())
    verdict = decide(plan, results, SOUND, AFTER)
    told = note_of(plan, verdict, results, [], "EUR")["guardrails_showed"]
    decision = {"experiment_id": "e", "verdict": verdict.verdict, "feature_class": "f", "variant_id": "new"}
    sides = {row["metric_id"]: row for row in patterns(results, [decision])}
    worsened = bool(sides["refund_rate"]["worsened"]) if "refund_rate" in sides else None
    state = dict(verdict.states)["refund_rate"]
    assert told.endswith(": harmed") is (state == "harmed")
    assert told.endswith(": worse, but within the harm allowed (80.0\u00a0%)") is (state == "non_inferior" and worsened is True)
    assert told.endswith(": harm excluded") is (state == "non_inferior" and worsened is not True)
    assert state != "harmed" or worsened is not False
    if (before, after) in ((100, 130), (100, 300)):
        assert (state, worsened) == ("non_inferior" if after == 130 else "harmed", True)


def test_notes_are_written_for_winners_and_losers(analyzed_project: Path) -> None:
    with duckdb.connect(str(analyzed_project / "w.duckdb"), read_only=True) as connection:
        notes = connection.execute(
            "select verdict, hypothesis, what_changed, what_the_metrics_showed, what_next from learning_notes"
        ).fetchall()
        decided = connection.execute(
            "select count(*) from experiment_decisions where days_to_decision is null and decided_on is not null"
        ).fetchall()
    assert len({verdict for verdict, *_ in notes}) > 2
    assert all(part for note in notes for part in note)
    assert decided == [(0,)]


@pytest.mark.parametrize(
    ("good_direction", "earlier", "later", "direction", "told"),
    [
        ("increase", 0.05, 0.30, "grows", "grows between 7 and 30 days: from 5.0 % better to 30.0 % better."),
        ("increase", -0.056, -0.238, "fades", "grows between 7 and 30 days: from 5.6 % worse to 23.8 % worse."),
        ("increase", -0.30, -0.076, "grows", "fades between 7 and 30 days: from 30.0 % worse to 7.6 % worse."),
        ("increase", 0.10, -0.05, "fades", "turns between 7 and 30 days: from 10.0 % better to 5.0 % worse."),
        ("increase", -0.10, 0.05, "grows", "turns between 7 and 30 days: from 10.0 % worse to 5.0 % better."),
        ("increase", 0.0, -0.05, "fades", "grows between 7 and 30 days: from no change to 5.0 % worse."),
        ("decrease", -0.05, -0.30, "grows", "grows between 7 and 30 days: from 5.0 % better to 30.0 % better."),
        ("decrease", 0.056, 0.238, "fades", "grows between 7 and 30 days: from 5.6 % worse to 23.8 % worse."),
        ("decrease", 0.30, 0.076, "grows", "fades between 7 and 30 days: from 30.0 % worse to 7.6 % worse."),
    ],
)
def test_whether_it_lasts_is_true_of_gains_and_of_harms(
    good_direction: str, earlier: float, later: float, direction: str, told: str
) -> None:
    aims = (Objective("conversion", "primary", good_direction, 0.1, 0.05, 0.05),)
    row = lasting("conversion", earlier, later, direction)
    note = note_of(replace(plan(), objectives=aims), Verdict("hold", "", "So it is.", "new", ""), [], [row], "EUR")
    assert note["what_the_metrics_showed"].replace("\u00a0", " ") == f"So it is. The effect on conversion {told}"
