"""Verdicts: what to do about an experiment, and one plain sentence that says why.

The order is: invalid › roll_back › ship › stop_futile › keep_running › hold.

Readings taken, all on the side of caution:

* Harm is established where the interval lies wholly on the bad side of 0 *and* the estimate is at or beyond `max_harm_rollback`,
  the mirror image of the second way to ship.
* Before the horizon (planned sample, or the last planned day with its window), one look at 95 % is no evidence, whatever the kind
  of monitoring. Until boundaries are computed from the looks actually taken, only harm at 99.9 % (Haybittle–Peto: Haybittle 1971,
  Peto et al. 1976) ends an experiment early; everything else is `keep_running`.
* With several variants each has its own verdict, at an alpha shared out among them. The experiment's is that of the best variant
  that ships; where none does, the first of `keep_running`, `roll_back`, `hold`, `stop_futile` that any variant has.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from python_stats.analysis.rows import CUPED
from python_stats.designs import Design, Objective
from python_stats.estimators.split import ALARM_P, Split
from python_stats.evidence import HARMED, NON_INFERIOR, Evidence, evidence
from python_stats.metrics import metric
from python_stats.wording import in_unit, number, percent, significant

Row = Mapping[str, Any]

INVALID, ROLL_BACK, SHIP = "invalid", "roll_back", "ship"
STOP_FUTILE, KEEP_RUNNING, HOLD = "stop_futile", "keep_running", "hold"
VERDICTS = (INVALID, ROLL_BACK, SHIP, STOP_FUTILE, KEEP_RUNNING, HOLD)
_WITHOUT_SHIP = (KEEP_RUNNING, ROLL_BACK, HOLD, STOP_FUTILE)

EARLY_ALPHA = 0.001


@dataclass(frozen=True)
class Verdict:
    """A decision with its reason.

    Attributes:
        verdict: one of `VERDICTS`.
        reason: a word for the way that led there, such as `lift_established`.
        sentence: for people who read no statistics.
        variant_id: the variant it is about; None where it is about the whole experiment.
        guardrails: what became of each guardrail, `metric_id=state` joined by semicolons.
    """

    verdict: str
    reason: str
    sentence: str
    variant_id: str | None
    guardrails: str


def decide(design: Design, results: Iterable[Row], split: Split, as_of: datetime, currency: str = "EUR") -> Verdict:
    """The verdict on one experiment.

    Args:
        design: as declared.
        results: this experiment's rows of `experiment_results`.
        split: its sample-ratio test.
        as_of: the moment that counts as now.
        currency: for amounts in sentences.
    """
    rows = [row for row in results if row["is_decision"]]
    if not split.is_sound:
        return Verdict(INVALID, split.status, _invalid_sentence(split), None, "")
    if design.primary is None or not design.treatments or design.control is None:
        return Verdict(HOLD, "incomplete_design", "No verdict: a control, a variant and a primary metric are needed.", None, "")
    verdicts = [
        _decide_variant(design, treatment.variant_id, [row for row in rows if row["variant_id"] == treatment.variant_id], as_of, currency)
        for treatment in design.treatments
    ]
    return _combine(design, verdicts, rows)


def _decide_variant(design: Design, variant_id: str, rows: Sequence[Row], as_of: datetime, currency: str) -> Verdict:
    primary_aim = design.primary
    assert primary_aim is not None
    by_metric = {row["metric_id"]: row for row in rows}
    primary_row = by_metric[primary_aim.metric_id]
    persons = min(primary_row["n_control"] or 0, primary_row["n_variant"] or 0)
    closed = design.has_closed(as_of)
    reached = design.planned_sample_per_variant is None or persons >= design.planned_sample_per_variant
    at_horizon = closed or reached
    primary = _evidence(primary_row, primary_aim, at_horizon)
    guardrails = [_evidence(by_metric[aim.metric_id], aim, at_horizon) for aim in design.guardrails]
    summary = ";".join(f"{guard.objective.metric_id}={guard.guardrail_state}" for guard in guardrails)

    def verdict(word: str, reason: str, sentence: str) -> Verdict:
        return Verdict(word, reason, sentence, variant_id, summary)

    story = _story(primary, currency)
    if primary.is_harm:
        limit = percent(primary_aim.max_harm_rollback)
        return verdict(ROLL_BACK, "primary_harm", f"Roll it back: {story}. At most {limit} worse was allowed.")
    harmed = next((guard for guard in guardrails if guard.guardrail_state == HARMED), None)
    if harmed is not None:
        limit = percent(harmed.objective.max_harm_rollback)
        return verdict(
            ROLL_BACK,
            "guardrail_harm",
            f"Roll it back: it harms a guardrail. {_capital(_story(harmed, currency))}, where {limit} worse was the limit.",
        )
    if not at_horizon:
        return verdict(KEEP_RUNNING, "planned_sample_not_reached", _running_sentence(design, persons, story, primary))
    if not primary.is_known:
        return verdict(HOLD, str(primary_row["status"]), f"No verdict: {_why_unknown(primary_row)}.")
    wanted = percent(primary_aim.min_lift_rollout)
    unsure = " and ".join(metric(guard.objective.metric_id).name for guard in guardrails if guard.guardrail_state != NON_INFERIOR)
    if primary.side_of(primary_aim.min_lift_rollout) > 0:
        sentence = f"Ship it: {story}. Even the cautious end is at least the {wanted} that was asked for."
        watch = f" Watch {unsure}: not yet shown to be unharmed." if unsure else ""
        return verdict(SHIP, "lift_established", sentence + watch)
    is_big_enough = primary.lift is not None and primary.lift >= primary_aim.min_lift_rollout
    if primary.side_of(0.0) > 0 and is_big_enough and not unsure:
        return verdict(
            SHIP,
            "better_and_safe",
            f"Ship it: {story}. That it helps is established, the best estimate is above the {wanted} that was asked for, "
            "and no guardrail is harmed.",
        )
    if primary.side_of(primary_aim.min_lift_rollout) < 0:
        return verdict(STOP_FUTILE, "lift_excluded", f"Stop it: {story}. The {wanted} that was asked for is out of reach.")
    if primary.side_of(0.0) > 0 and is_big_enough:
        sentence = f"Hold: {story}, but it is not yet shown that {unsure} stayed within the harm allowed."
        return verdict(HOLD, "guardrail_open", sentence)
    ended = f" It ended with {number(persons)} of {number(design.planned_sample_per_variant)} planned." if not reached else ""
    return verdict(HOLD, "undecided", f"Hold: {story}. That is not enough to tell whether the {wanted} asked for was reached.{ended}")


def _evidence(row: Row, objective: Objective, at_horizon: bool) -> Evidence:
    """Before the horizon the quantile is that of 99.9 %, never less than the row's own."""
    return evidence(row, objective, row["alpha"] if at_horizon else min(row["alpha"], EARLY_ALPHA))


def _combine(design: Design, verdicts: Sequence[Verdict], rows: Sequence[Row]) -> Verdict:
    if len(verdicts) == 1:
        return verdicts[0]
    lifts = {row["variant_id"]: row for row in rows if row["role"] == "primary"}
    assert design.primary is not None
    sign = design.primary.sign

    def effect(verdict: Verdict) -> float:
        value = lifts[str(verdict.variant_id)]["effect"]
        return float("-inf") if value is None else float(sign * value)

    shipping = [verdict for verdict in verdicts if verdict.verdict == SHIP]
    if shipping:
        chosen = max(shipping, key=effect)
    else:
        word = next(word for word in _WITHOUT_SHIP if any(verdict.verdict == word for verdict in verdicts))
        chosen = max((verdict for verdict in verdicts if verdict.verdict == word), key=effect)
    lead = f"“{chosen.variant_id}” of {len(verdicts)} variants: {chosen.sentence}"
    harmful = [str(verdict.variant_id) for verdict in verdicts if verdict.verdict == ROLL_BACK and verdict is not chosen]
    tail = f" Switch off {', '.join(f'“{variant}”' for variant in harmful)}: harm is established." if harmful else ""
    return Verdict(chosen.verdict, chosen.reason, lead + tail, chosen.variant_id, chosen.guardrails)


def _story(evidence: Evidence, currency: str) -> str:
    """'conversion went from 4.0 % to 4.4 %, 10.0 % better (between 6.1 % and 14.0 % better)'."""
    row = evidence.row
    name, unit = metric(row["metric_id"]).name, metric(row["metric_id"]).unit
    if not evidence.is_known:
        return f"{name} cannot be told yet"
    reached = row["control_value"] + row["effect"]
    values = f"{name} went from {in_unit(row['control_value'], unit, currency)} to {in_unit(reached, unit, currency)}"
    if evidence.lift is None:
        return f"{values} (no relative change can be given: the control is too close to 0)"
    low, high = sorted(evidence.objective.sign * row[bound] for bound in ("relative_ci_low", "relative_ci_high"))
    evened = ", people's own past evened out" if row["method"] == CUPED else ""
    return f"{values}, {_better(evidence.lift)} (likely between {_range(low, high)}{evened})"


def _better(lift: float) -> str:
    return "no change" if lift == 0 else f"{_size(lift)} {'better' if lift > 0 else 'worse'}"


def _size(lift: float) -> str:
    return percent(abs(lift)) if abs(lift) < 10 else f"over {percent(10)}"


def _range(low: float, high: float) -> str:
    if low >= 0 or high <= 0:
        near, far = sorted((abs(low), abs(high)))
        return f"{_size(near)} and {_size(far)} {'better' if low >= 0 else 'worse'}"
    return f"{_size(low)} worse and {_size(high)} better"


def _running_sentence(design: Design, persons: int, story: str, primary: Evidence) -> str:
    planned = number(design.planned_sample_per_variant)
    so_far = f" So far {story}." if primary.is_known else ""
    return f"Keep running: {number(persons)} of {planned} planned per variant are in.{so_far} Too early to act on."


def _invalid_sentence(split: Split) -> str:
    if split.p_value is None or split.p_value >= ALARM_P:
        return "Do not use this result: people were seen in a variant that was declared without a share, or not at all."
    chance = 1 / split.p_value if split.p_value else float("inf")
    odds = f"one in {significant(chance, 2)}" if chance < 1e9 else "less than one in a billion"
    return f"Do not use this result: the variants did not get the share of people that was declared (by chance, {odds})."


_WHY = {
    "missing_metric": "the marts hold no figures for it",
    "missing_variant": "a variant has no figures",
    "no_persons": "nobody has been watched for the whole window yet",
    "too_few_persons": "fewer than two people were watched",
    "zero_variance": "everybody behaved the same",
    "zero_denominator": "what it is measured on never happened",
    "invalid_input": "its figures are not usable",
    "too_few_events": "it happened to fewer than ten people, or to all but fewer than ten",
    "skewed": "a few people weigh too much for groups of this size (a longer run, a cap, or equal groups would help)",
}


def _why_unknown(row: Row) -> str:
    return f"{metric(row['metric_id']).name} cannot be compared, because {_WHY.get(row['status'], row['status'])}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
