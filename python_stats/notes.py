"""What was learned from an experiment, winners and losers alike: hypothesis, what changed, what the metrics showed, what next."""

from collections.abc import Sequence
from typing import Any

from python_stats.analysis.durability import FADES, GROWS, course_of
from python_stats.designs import Design
from python_stats.evidence import HARMED, NON_INFERIOR, NOT_ASSESSED, OPEN, Evidence, evidence
from python_stats.metrics import metric
from python_stats.verdicts import HOLD, INVALID, KEEP_RUNNING, ROLL_BACK, SHIP, STOP_FUTILE, Verdict, better, capital, story_of, why_unknown
from python_stats.wording import percent, told_apart

Row = dict[str, Any]

_NEXT = {
    INVALID: "Find out why the split went wrong, mend it, and run the experiment again.",
    ROLL_BACK: "Take it back, and look at the step where the harm shows before trying anew.",
    SHIP: "Roll it out, and watch the guardrails for a month.",
    STOP_FUTILE: "Stop, and spend the effort on the next idea of the backlog.",
    KEEP_RUNNING: "Wait for the planned sample.",
    HOLD: "Decide whether a larger sample is worth its time.",
}


def note_of(design: Design, verdict: Verdict, results: Sequence[Row], windows: Sequence[Row], currency: str) -> Row:
    """One row of `learning_notes`.

    Args:
        design: as declared.
        verdict: on it.
        results: its rows of `experiment_results`.
        windows: its rows of `experiment_durability`.
        currency: for amounts in sentences.
    """
    about = verdict.variant_id or (design.treatments[0].variant_id if design.treatments else None)
    own = [row for row in results if row["is_decision"] and row["variant_id"] == about]
    unsound = verdict.verdict == INVALID
    secondary = "" if unsound else _stories(design, own, "secondary", currency)
    guardrails = "" if unsound else _guardrails(design, own, verdict, currency)
    lasting = "" if unsound else _lasting(design, about, windows)
    parts = (
        verdict.sentence,
        f"Secondary: {secondary}." if secondary else "",
        f"Guardrails: {guardrails}." if guardrails else "",
        lasting,
    )
    return {
        "experiment_id": design.experiment_id,
        "experiment_name": design.experiment_name,
        "verdict": verdict.verdict,
        "hypothesis": design.hypothesis,
        "what_changed": _changed(design),
        "what_the_metrics_showed": " ".join(part for part in parts if part),
        "primary_showed": verdict.sentence,
        "secondary_showed": secondary or None,
        "guardrails_showed": guardrails or None,
        "what_next": _NEXT[verdict.verdict],
    }


def _changed(design: Design) -> str:
    """'layout: four_fields instead of eight_fields'; of several changes, the factors: 'copy and timing: …'."""
    if design.control is None or not design.treatments:
        return design.what_changes
    what = design.what_changes
    if what == "several":
        what = " and ".join(sorted({factor for arm in design.variants for factor in arm.factor_levels})) or "several things"
    *others, last = (variant.variant_id for variant in design.treatments)
    variants = f"{', '.join(others)} or {last}" if others else last
    return f"{what}: {variants} instead of {design.control.variant_id}"


def _stories(design: Design, rows: Sequence[Row], role: str, currency: str) -> str:
    told = []
    for row in rows:
        objective = design.objective(row["metric_id"])
        if objective is not None and objective.role == role:
            told.append(story_of(evidence(row, objective), currency))
    return capital("; ".join(told))


def _guardrails(design: Design, rows: Sequence[Row], verdict: Verdict, currency: str) -> str:
    states = dict(verdict.states)
    told = []
    for row in rows:
        objective = design.objective(row["metric_id"])
        if objective is not None and objective.role == "guardrail":
            found, state = evidence(row, objective), states.get(row["metric_id"], "")
            is_untold = state == NOT_ASSESSED and not found.is_known
            told.append(f"not assessed: {why_unknown(row)}" if is_untold else f"{story_of(found, currency)}: {_state(found, state)}")
    return capital("; ".join(told))


def _state(found: Evidence, state: str) -> str:
    """A guardrail's state in words; `harmed` is one thing, to be worse within the harm allowed another."""
    allowed = f"within the harm allowed ({percent(found.objective.max_harm_rollback)})"
    if state == NON_INFERIOR:
        return f"worse, but {allowed}" if found.side_of(0.0) < 0 else "harm excluded"
    return {HARMED: "harmed", OPEN: f"not yet shown to be {allowed}", NOT_ASSESSED: "not assessed"}.get(state, "not judged")


def _lasting(design: Design, variant_id: str | None, windows: Sequence[Row]) -> str:
    """Where the primary's effect is established to fade or to grow, over the longest time that shows it."""
    if design.primary is None:
        return ""
    found = [
        row
        for row in windows
        if row["variant_id"] == variant_id and row["metric_id"] == design.primary.metric_id and row["direction"] in (FADES, GROWS)
    ]
    if not found:
        return ""
    row = max(found, key=lambda window: (int(window["later_window"]), -int(window["earlier_window"])))
    name = metric(row["metric_id"]).name
    earlier, later = (design.primary.sign * row["relative_effect_" + window] for window in ("earlier", "later"))
    days = f"between {row['earlier_window']} and {row['later_window']} days"
    before, after = told_apart(better, earlier, later)
    return f"The effect on {name} {course_of(row)} {days}: from {before} to {after}."
