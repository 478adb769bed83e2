"""Verdicts: what to do about an experiment, and one plain sentence that says why.

The order is: invalid › roll_back › ship › stop_futile › keep_running › hold.

Readings taken, all on the side of caution:

* Harm is established where the interval lies wholly on the bad side of 0 *and* the estimate is at or beyond `max_harm_rollback`,
  the mirror image of the second way to ship.
* A decision falls only on the days, and at the levels, of the experiment's monitoring (`looks`). Every interval, p-value and threshold
  of that day is read at its one level, so that they cannot contradict each other.
* With several variants each has its own verdict, at an alpha shared out among them. The experiment's is that of the best variant
  that ships; where none does, the first of `keep_running`, `roll_back`, `hold`, `stop_futile` that any variant has.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from python_stats.analysis.levels import BEFORE_FIRST_LOOK, at_level, hidden
from python_stats.analysis.rows import CUPED, PAIRED_DAYS
from python_stats.designs import Design
from python_stats.estimators.split import ALARM_P, COMPARED_MISMATCH, DAILY_MISMATCH, NO_PERSONS, Split
from python_stats.estimators.status import UNBOUNDED
from python_stats.evidence import HARMED, NON_INFERIOR, OPEN, Evidence, evidence
from python_stats.looks import FIXED, GROUP_SEQUENTIAL, LAST, OVER, SAFETY, WAITING, Day, adjusted_p, days_of, harm_level, levels
from python_stats.metrics import metric
from python_stats.wording import effect_in_unit, in_unit, number, percent, significant, span, told_apart

Row = Mapping[str, Any]

INVALID, ROLL_BACK, SHIP = "invalid", "roll_back", "ship"
STOP_FUTILE, KEEP_RUNNING, HOLD = "stop_futile", "keep_running", "hold"
PRIMARY_HARM = "primary_harm"  # a reason
VERDICTS = (INVALID, ROLL_BACK, SHIP, STOP_FUTILE, KEEP_RUNNING, HOLD)
_WITHOUT_SHIP = (KEEP_RUNNING, ROLL_BACK, HOLD, STOP_FUTILE)


@dataclass(frozen=True)
class Verdict:
    """A decision with its reason.

    Attributes:
        verdict: one of `VERDICTS`.
        reason: a word for the way that led there, such as `lift_established`.
        sentence: for people who read no statistics.
        variant_id: the variant it is about; None where it is about the whole experiment.
        guardrails: what became of each guardrail, `metric_id=state` joined by semicolons.
        decided_on: the day at whose end the verdict fell; None while it has not, or where no daily figures tell.
    """

    verdict: str
    reason: str
    sentence: str
    variant_id: str | None
    guardrails: str
    decided_on: date | None = None

    @property
    def states(self) -> list[tuple[str, str]]:
        """Metric and state of each guardrail."""
        pairs = (part.partition("=") for part in self.guardrails.split(";") if part)
        return [(metric_id, state) for metric_id, _, state in pairs]


def decide(design: Design, results: Iterable[Row], split: Split, as_of: datetime, currency: str = "EUR") -> Verdict:
    """The verdict on one experiment from the figures at `as_of` alone, without its daily figures.

    Args:
        design: as declared.
        results: this experiment's rows of `experiment_results`, as `analyze` gives them.
        split: its sample-ratio test.
        as_of: the moment that counts as now, by the clock of `reporting_timezone`.
        currency: for amounts in sentences.
    """
    rows = [row for row in results if row["is_decision"]]
    barred = barred_from_judging(design, split, as_of)
    if barred:
        return barred
    verdicts, judged = [], []
    for treatment in design.treatments:
        own = {row["metric_id"]: row for row in rows if row["variant_id"] == treatment.variant_id}
        _, read, verdict = look_at_as_of(design, treatment.variant_id, own, as_of, currency)
        verdicts.append(verdict)
        judged += list(read.values())
    return combine(design, verdicts, judged)


def look_at_as_of(
    design: Design, variant_id: str, rows: Mapping[str, Row], as_of: datetime, currency: str
) -> tuple[Day, dict[str, Row], Verdict]:
    """The one look that is known to have been taken where there are no daily figures: how far, the rows as read, the verdict."""
    day = day_at_as_of(design, rows, as_of)
    read = {metric_id: read_on(design, [day], 0, row) for metric_id, row in rows.items()}
    return day, read, decide_on(design, variant_id, read, day, currency)


def barred_from_judging(design: Design, split: Split, as_of: datetime) -> Verdict | None:
    """`invalid` where the split is unsound, `hold` where there is no comparison to judge, or nobody to compare, else None."""
    if not split.is_sound:
        return Verdict(INVALID, split.status, _invalid_sentence(design, split), None, "")
    if design.primary is None or not design.treatments or design.control is None:
        return Verdict(HOLD, "incomplete_design", "No verdict: a control, a variant and a primary metric are needed.", None, "")
    if split.status == NO_PERSONS and as_of.date() < design.started_on:
        return Verdict(KEEP_RUNNING, "not_started", f"It has not started: it starts on {design.started_on}.", None, "")
    if split.status == NO_PERSONS and design.has_closed(as_of):
        dates = f"from {design.started_on} to {design.ended_on}, the dates of {_seed_row(design, 'experiments')}"
        sentence = f"No verdict: nobody was assigned {dates}."
        return Verdict(HOLD, NO_PERSONS, sentence, None, "")
    return None


def day_at_as_of(design: Design, rows: Mapping[str, Row], as_of: datetime) -> Day:
    """How far a variant is at `as_of`, from its rows by metric."""
    assert design.primary is not None
    primary = rows[design.primary.metric_id]
    return days_of(design, [(None, min(primary["n_control"] or 0, primary["n_variant"] or 0))], as_of)[0]


def read_on(design: Design, days: Sequence[Day], index: int, row: Row) -> Row:
    """A row read at the level of one of the days; without an estimate on a day on which nobody may look."""
    day = days[index]
    if row["role"] not in ("primary", "guardrail"):
        return row
    if day.stage in (WAITING, OVER):
        return row if design.monitoring == FIXED else hidden(row, BEFORE_FIRST_LOOK)
    nominal = float(levels(design, days[: index + 1], row["alpha"]).nominal[-1])
    if row["p_value"] is None:
        read = {**row, "nominal_alpha": nominal}
    else:
        read = at_level(row, nominal, adjusted_p(design, days, index, row["alpha"], row["p_value"]))
    objective = design.objective(row["metric_id"])
    if row["role"] == "guardrail" and objective is not None:
        found = evidence(read, objective)
        # where only strong harm counts there is a level, but no p-value
        one_sided = None if read["p_value"] is None else found.non_inferiority_p
        if one_sided is not None and one_sided < 0.5:
            both = adjusted_p(design, days, index, row["alpha"], 2 * one_sided)
            one_sided = None if both is None else both / 2
        read.update(non_inferiority=_state(design, found, day), non_inferiority_p_value=one_sided)
    return read


def decide_on(design: Design, variant_id: str, rows: Mapping[str, Row], day: Day, currency: str = "EUR") -> Verdict:
    """The verdict on one variant at a day's end.

    Args:
        design: with a primary metric.
        variant_id: the variant.
        rows: its rows by metric, as `read_on` gives them for that day.
        day: what may be judged.
        currency: for amounts in sentences.
    """
    primary_aim = design.primary
    assert primary_aim is not None
    primary_row = rows[primary_aim.metric_id]
    primary = evidence(primary_row, primary_aim)
    guardrails = [evidence(rows[aim.metric_id], aim) for aim in design.guardrails]
    states = [_state(design, guard, day) for guard in guardrails]
    summary = ";".join(f"{guard.objective.metric_id}={state}" for guard, state in zip(guardrails, states, strict=True))
    decided = "" if day.stage == LAST or day.day is None else _decided_sentence(design, day)

    def verdict(word: str, reason: str, sentence: str) -> Verdict:
        return Verdict(word, reason, sentence, variant_id, summary, day.day)

    story = story_of(primary, currency)
    is_open = day.stage not in (WAITING, OVER)
    if is_open and _harm(design, primary, day).is_harm:
        limit = percent(primary_aim.max_harm_rollback)
        return verdict(ROLL_BACK, PRIMARY_HARM, f"Roll it back: {story}. At most {limit} worse was allowed.{decided}")
    if is_open and HARMED in states:
        harmed = guardrails[states.index(HARMED)]
        limit = percent(harmed.objective.max_harm_rollback)
        sentence = f"Roll it back: it harms a guardrail. {capital(story_of(harmed, currency))}, where {limit} worse was the limit.{decided}"
        return verdict(ROLL_BACK, "guardrail_harm", sentence)
    keep_running = Verdict(
        KEEP_RUNNING, "planned_sample_not_reached", _running_sentence(design, day.persons, story, primary), variant_id, summary
    )
    if day.stage in (WAITING, SAFETY, OVER):
        return keep_running
    if not primary.is_known:
        return verdict(HOLD, str(primary_row["status"]), f"No verdict: {why_unknown(primary_row)}.") if day.stage == LAST else keep_running
    wanted = percent(primary_aim.min_lift_rollout)
    unsure = " and ".join(
        metric(guard.objective.metric_id).name for guard, state in zip(guardrails, states, strict=True) if state != NON_INFERIOR
    )
    if primary.side_of(primary_aim.min_lift_rollout) > 0:
        sentence = f"Ship it: {story}. Even the cautious end is at least the {wanted} that was asked for.{decided}"
        watch = f" Watch {unsure}: not yet shown to be within the harm allowed." if unsure else ""
        return verdict(SHIP, "lift_established", sentence + watch)
    is_big_enough = primary.lift is not None and primary.lift >= primary_aim.min_lift_rollout
    if primary.side_of(0.0) > 0 and is_big_enough and not unsure:
        safe = ", and every guardrail stayed within the harm allowed" if guardrails else ""
        return verdict(
            SHIP,
            "better_and_safe",
            f"Ship it: {story}. That it helps is established, the best estimate is above the {wanted} that was asked for{safe}.{decided}",
        )
    if primary.side_of(primary_aim.min_lift_rollout) < 0:
        return verdict(STOP_FUTILE, "lift_excluded", f"Stop it: {story}. The {wanted} that was asked for is out of reach.{decided}")
    is_only_guarded = primary.side_of(0.0) > 0 and is_big_enough
    if is_only_guarded and day.stage == LAST:
        sentence = f"Hold: {story}, but it is not yet shown that {unsure} stayed within the harm allowed."
        return verdict(HOLD, "guardrail_open", sentence)
    if day.stage != LAST:
        sentence = f"Keep running: {story}, but it is not yet shown that {unsure} stayed within the harm allowed."
        return replace(keep_running, reason="guardrail_open", sentence=sentence) if is_only_guarded else keep_running
    ended = f" It ended with {number(day.persons)} of {number(design.planned_sample_per_variant)} planned." if day.information < 1 else ""
    return verdict(HOLD, "undecided", f"Hold: {story}. That is not enough to tell whether the {wanted} asked for was reached.{ended}")


def _harm(design: Design, found: Evidence, day: Day) -> Evidence:
    """The evidence read at the level at which harm is established."""
    return evidence(found.row, found.objective, harm_level(design, day, found.row["alpha"], found.row["nominal_alpha"]))


def _state(design: Design, guard: Evidence, day: Day) -> str:
    strict = _harm(design, guard, day)
    state = guard.guardrail_state
    return OPEN if state == HARMED and not strict.is_harm else state


def _decided_sentence(design: Design, day: Day) -> str:
    which = f"look {day.look} of {design.looks}" if design.monitoring == GROUP_SEQUENTIAL else f"{number(day.persons)} people per variant"
    # people's values go on growing, and increments are not independent
    unsure = " Without a decision window, the level of such a look is approximate." if design.decision_window_days is None else ""
    return f" This was clear on {day.day}, at {which}.{unsure}"


def combine(design: Design, verdicts: Sequence[Verdict], rows: Sequence[Row]) -> Verdict:
    """The experiment's verdict from those on its variants; `rows` are the judged rows of its metrics."""
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
        chosen = min(shipping, key=lambda verdict: (verdict.decided_on or date.max, -effect(verdict)))
    else:
        word = next(word for word in _WITHOUT_SHIP if any(verdict.verdict == word for verdict in verdicts))
        chosen = max((verdict for verdict in verdicts if verdict.verdict == word), key=effect)
    lead = f"“{chosen.variant_id}” of {len(verdicts)} variants: {chosen.sentence}"
    harmful = [verdict for verdict in verdicts if verdict.verdict == ROLL_BACK and verdict is not chosen]
    later = [verdict for verdict in shipping if verdict is not chosen]
    tail = "".join(f" “{verdict.variant_id}” could ship as well." for verdict in later)
    tail += "".join(f" Switch off “{verdict.variant_id}”: harm is established in {_harmed(design, verdict)}." for verdict in harmful)
    return replace(chosen, sentence=lead + tail)


def _harmed(design: Design, verdict: Verdict) -> str:
    """The names of the metrics for which a variant is rolled back."""
    assert design.primary is not None
    first = [design.primary.metric_id] if verdict.reason == PRIMARY_HARM else []
    others = [metric_id for metric_id, state in verdict.states if state == HARMED]
    return " and ".join(metric(metric_id).name for metric_id in (*first, *others))


def story_of(evidence: Evidence, currency: str) -> str:
    """'conversion went from 4.0 % to 4.4 %, 10.0 % better (between 6.1 % and 14.0 % better)'."""
    row = evidence.row
    name, unit = metric(row["metric_id"]).name, metric(row["metric_id"]).unit
    if not evidence.is_known:
        return f"{name} cannot be told yet"
    if row.get("horizon_s") is not None:
        name += f" (on average, within {span(row['horizon_s'])})"
    before, after = told_apart(lambda value, more: in_unit(value, unit, currency, more=more), row["control_value"], row["variant_value"])
    values = f"{name} went from {before} to {after}"
    if evidence.lift is None:
        low, high = (effect_in_unit(row[bound], unit, currency) for bound in ("ci_low", "ci_high"))
        return f"{values} (likely between {low} and {high}; no relative change can be given: {why_not_relative(row)})"
    low, high = sorted(evidence.objective.sign * row[bound] for bound in ("relative_ci_low", "relative_ci_high"))
    evened = ", people's own past evened out" if row["method"] == CUPED else ""
    return f"{values}, {better(evidence.lift)} (likely between {_range(low, high)}{evened})"


def better(lift: float, more: int = 0) -> str:
    """'10.0 % better', '3.0 % worse' or 'no change'; good is positive."""
    return "no change" if lift == 0 else f"{_size(lift, more)} {'better' if lift > 0 else 'worse'}"


def _size(lift: float, more: int = 0) -> str:
    return percent(abs(lift), more=more) if abs(lift) < 10 else f"over {percent(10)}"


def _range(low: float, high: float) -> str:
    if low >= 0 or high <= 0:
        near, far = told_apart(_size, *sorted((abs(low), abs(high))))
        return f"{near} and {far} {'better' if low >= 0 else 'worse'}"
    return f"{_size(low)} worse and {_size(high)} better"


def _running_sentence(design: Design, persons: int, story: str, primary: Evidence) -> str:
    planned = number(design.planned_sample_per_variant)
    so_far = f" So far {story}." if primary.is_known else ""
    return f"Keep running: {number(persons)} of {planned} planned per variant are in.{so_far} Too early to act on."


def _seed_row(design: Design, seed: str) -> str:
    return f"experiment_id={design.experiment_id} in {seed}.csv"


def _invalid_sentence(design: Design, split: Split) -> str:
    if split.status == DAILY_MISMATCH:
        return "Do not use this result: for a time the variants did not get the share of people that was declared."
    if split.status == COMPARED_MISMATCH:
        left_out = "people who may not be compared were left out of one variant more than of another"
        return f"Do not use this result: {left_out} (by chance, {_odds(split.compared_p_value)})."
    if split.p_value is None or split.p_value >= ALARM_P:
        strays = " and ".join(f"“{variant}”" for variant in split.strays) or "a variant"
        was = "were" if len(split.strays) > 1 else "was"
        where = _seed_row(design, "experiment_variants")
        return f"Do not use this result: people were seen in {strays}, which {was} declared without a share, or not at all ({where})."
    return f"Do not use this result: the variants did not get the share of people that was declared (by chance, {_odds(split.p_value)})."


def _odds(p_value: float | None) -> str:
    chance = 1 / p_value if p_value else float("inf")
    return f"one in {significant(chance, 2)}" if chance < 1e6 else "less than one in a million"


WHY = {
    "before_first_look": "it is too early for a look",
    "no_daily_figures": "it has no daily figures, so that only the end counts",
    "missing_metric": "the marts hold no figures for it",
    "missing_variant": "a variant has no figures",
    "no_control": "there is no control",
    "segment_too_small": "there are too few people",
    "no_persons": "nobody has been watched for the whole window yet",
    "too_few_persons": "fewer than two people were watched",
    "zero_variance": "within each variant everybody behaved the same, so that no interval can be given",
    "zero_denominator": "what it is measured on never happened",
    "invalid_input": "its figures are not usable",
    "no_events": "it has not happened to anybody yet",
    "not_reached": "it has not happened to enough people yet",
    "too_few_periods": "there are fewer than two days to compare",
    "unbounded": "the control is too close to 0",
    "few_ended": "fewer than 30 cases have ended in a variant",
    "thin_denominator": "a few people have most of the cases",
    "too_few_events": "it happened to too few people of a variant, or to nearly all of them",
    "skewed": "a few people weigh too much for groups of this size (a longer run, a cap, or equal groups would help)",
}
_WHY_OF_DAYS = WHY | {"zero_variance": "the difference was the same on every day, so that no interval can be given"}
_WHY_NOT_RELATIVE = WHY | {"too_few_events": "it happened to fewer than five people of a variant"}


def why_not_relative(row: Row) -> str:
    """Why a row with an effect has no relative one, or none with an interval."""
    status = str(row["relative_status"])
    if status == UNBOUNDED and row["nominal_alpha"] < row["alpha"] and at_level(row, row["alpha"], None)["relative_status"] != UNBOUNDED:
        return f"{WHY[status]} at this confidence"
    return _WHY_NOT_RELATIVE.get(status, status)


def why_unknown(row: Row) -> str:
    """'conversion cannot be compared, because there are too few people'."""
    why = _WHY_OF_DAYS if row["method"] == PAIRED_DAYS else WHY
    return f"{metric(row['metric_id']).name} cannot be compared, because {why.get(row['status'], row['status'])}"


def capital(text: str) -> str:
    """The same with a capital first letter."""
    return text[:1].upper() + text[1:]
