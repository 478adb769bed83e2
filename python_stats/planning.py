"""Can an experiment reach its goal, and when? From a design, baselines and traffic to sample sizes, dates, boundaries and chances.

Knows designs and estimators; knows neither warehouse nor page. A metric's goal is the effect it was declared for (`mde_relative`);
a guardrail's is to exclude the harm it may not do (`max_harm_rollback`) where there is none, at the last look and at its level: a
guardrail that was in order at an earlier look, at which no verdict fell, is read anew at the next.

"A sample per variant" is that of the smaller of the two arms compared, which is what the verdict counts. For a time its unit is the
case, as in the verdict; days are always reckoned in persons.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np

from python_stats.baselines import NO_BASELINE, Baseline
from python_stats.designs import Design, Objective
from python_stats.estimators import always_valid, spending
from python_stats.estimators.status import FEW_ENDED, OK, SKEWED, TOO_FEW_EVENTS, Floats
from python_stats.estimators.survival import MIN_ENDED
from python_stats.looks import ALWAYS_VALID, GROUP_SEQUENTIAL
from python_stats.metrics import is_time
from python_stats.planned_metric import UNREACHABLE, Arms, Goal, Looks, Row, chance, detectable, needed
from python_stats.prospects import Prospect, is_refused, prospect_of
from python_stats.wording import percent

NO_GOAL = "no_goal"  # neither mde_relative nor a threshold is declared
NO_TRAFFIC = "no_traffic"
DETECT, EXCLUDE_HARM = "detect", "exclude_harm"
LIKELY = 0.5  # a chance to end in `ship` below which nobody is told that the goal can be reached
MOST_LOOKS = 400  # an always-valid plan looks daily; more looks than this change nothing


@dataclass(frozen=True)
class Plan:
    """What an experiment can show, and when.

    Attributes:
        experiment_id: of the design.
        metrics: one row per metric, primary first (see `METRIC_COLUMNS`).
        looks: one row per planned look of the primary metric: sample, date, boundary of |Z| and the effect that stops there.
        persons_per_day: traffic; None where unknown.
        planned_days: from the first to the last planned day; None for an open end.
        reachable_on: the first day by which the goal can be reached; None where that is unknown.
        is_feasible: False where the goal lies beyond the planned dates, or beyond what the metric can show.
        sentence: the answer, for people who read no statistics.
        prospect: the chance to show the effect, and that it also ends in `ship`; None where it cannot be planned.
    """

    experiment_id: str
    metrics: Sequence[Row]
    looks: Sequence[Row]
    persons_per_day: float | None
    planned_days: int | None
    reachable_on: date | None
    is_feasible: bool
    sentence: str
    prospect: Prospect | None = None


# `alpha` is the metric's error rate, `nominal_alpha` the two-sided level of the one test that its sample is reckoned for: a guardrail's
# at the last look. `inflation` is by how much that sample grows for a primary metric that may stop at an earlier look.
# `needed_to_show` is what the effect alone takes; where `needed_per_variant` is more, the comparison is refused below it, as `refused_as`.
METRIC_COLUMNS = (
    "metric_id role metric_kind unit goal goal_relative goal_effect baseline_source baseline_n control_value "
    "alpha nominal_alpha power inflation "
    "needed_to_show refused_as needed_per_variant needed_total needed_persons days_to_run ready_on "
    "planned_per_variant power_at_planned detectable_effect detectable_relative status"
).split()


def plan(design: Design, baselines: Mapping[str, Baseline], persons_per_day: float | None) -> Plan:
    """Plan one experiment.

    Args:
        design: as declared.
        baselines: by metric, see `baselines`.
        persons_per_day: people who enter the experiment a day, all variants together; None where unknown.
    """
    order = {"primary": 0, "secondary": 1, "guardrail": 2}
    objectives = sorted(design.objectives, key=lambda aim: (order.get(aim.role, 3), aim.metric_id))
    planned_days = None if design.ended_on is None else (design.ended_on - design.started_on).days + 1
    looks = _looks_of_primary(design, planned_days)
    rows = [_metric(design, aim, baselines, persons_per_day, looks) for aim in objectives]
    primary = next((row for row in rows if row["role"] == "primary"), None)
    shown = _look_rows(design, primary, baselines, persons_per_day, looks)
    reachable = _reachable_on(design, primary, persons_per_day)
    prospect = prospect_of(design, rows, baselines, looks)
    feasible, sentence = _answer(design, primary, prospect, reachable, persons_per_day)
    return Plan(design.experiment_id, rows, shown, persons_per_day, planned_days, reachable, feasible, sentence, prospect)


def _looks_of_primary(design: Design, planned_days: int | None) -> Looks | None:
    """Looks at equal steps of information; None where there is one look only."""
    from scipy.special import ndtri

    alpha = design.alpha / max(1, len(design.treatments))
    found = _boundaries(design, planned_days, alpha)
    if found is None:
        return None
    fixed = float(-ndtri(alpha / 2) + ndtri(design.power))
    return Looks(*found, (spending.required_drift(*found, design.power) / fixed) ** 2)


def _boundaries(design: Design, planned_days: int | None, alpha: float) -> tuple[Floats, Floats] | None:
    """Planned fractions of information, and what |Z| has to reach at each; None for a single look at `alpha`.

    Times have no daily figures: an experiment on one is looked at once, at the end.
    """
    if design.monitoring == GROUP_SEQUENTIAL and (design.looks or 1) > 1 and not (design.primary and is_time(design.primary.metric_id)):
        fractions = np.arange(1, int(design.looks or 1) + 1) / int(design.looks or 1)
        return fractions, spending.boundaries(fractions, alpha, design.spending or spending.OBRIEN_FLEMING).z
    if design.monitoring == ALWAYS_VALID:
        count = min(planned_days or 60, MOST_LOOKS)
        fractions = np.arange(1, count + 1) / count
        return fractions, always_valid.boundary(fractions, np.full(fractions.shape, alpha))
    return None


def _level_of_last_look(design: Design, alpha: float) -> float:
    """The two-sided level at which what shares the primary's looks, with the error rate `alpha`, is read at the last of them."""
    from scipy.special import ndtr

    found = _boundaries(design, None, alpha)
    return alpha if found is None else float(2 * ndtr(-found[1][-1]))


def _metric(
    design: Design, aim: Objective, baselines: Mapping[str, Baseline], persons_per_day: float | None, looks: Looks | None
) -> Row:
    """One metric: what its goal takes, and what the planned sample shows."""
    baseline = baselines.get(aim.metric_id)
    is_primary = aim.role == "primary"
    alpha = design.alpha / max(1, len(design.treatments)) if is_primary else design.alpha
    row: Row = dict.fromkeys(METRIC_COLUMNS)
    row.update(
        metric_id=aim.metric_id,
        role=aim.role,
        goal=EXCLUDE_HARM if aim.role == "guardrail" else DETECT,
        alpha=alpha,
        nominal_alpha=_level_of_last_look(design, alpha) if aim.role == "guardrail" else alpha,
        power=design.power,
        inflation=looks.inflation if looks and is_primary else 1.0,
        planned_per_variant=design.planned_sample_per_variant,
        status=NO_BASELINE,
    )
    goal = aim.max_harm_rollback if aim.role == "guardrail" else aim.mde_relative or aim.min_lift_rollout
    row["goal_relative"] = goal or None
    if baseline is None:
        return row
    row.update(
        metric_kind=baseline.kind,
        unit="cases" if baseline.kind == "time" else "persons",
        baseline_source=baseline.source,
        baseline_n=None if math.isnan(baseline.n) else int(baseline.n),
        control_value=_clean(baseline.value),
        status=baseline.status,
    )
    if baseline.status != OK:
        return row
    if not goal:
        return {**row, "status": NO_GOAL}
    planned = _planned(design, baselines, baseline)
    return _with_sizes(row, design, aim, baseline, goal, planned, persons_per_day, looks if is_primary else None)


def _planned(design: Design, baselines: Mapping[str, Baseline], own: Baseline) -> float | None:
    """The planned sample in a metric's own units: it counts those of the primary metric (decision 150)."""
    planned, primary = design.planned_sample_per_variant, baselines.get(design.primary.metric_id) if design.primary else None
    if not planned or primary is None or not primary.units_per_person > 0 or not own.units_per_person > 0:
        return planned
    return planned * own.units_per_person / primary.units_per_person


def _with_sizes(
    row: Row,
    design: Design,
    aim: Objective,
    baseline: Baseline,
    size: float,
    planned: float | None,
    persons_per_day: float | None,
    looks: Looks | None,
) -> Row:
    arms, goal = Arms.of(design), Goal.of(aim, baseline, size)
    row["goal_effect"] = _clean(goal.effect)
    found = needed(goal, arms, row)
    row["status"] = found.status
    if found.status == UNREACHABLE:
        return row
    if found.status == OK:
        row.update(
            needed_to_show=found.to_show,
            refused_as=found.refused_as,
            needed_per_variant=found.per_variant,
            needed_total=found.total,
            needed_persons=math.ceil(found.total / baseline.units_per_person - 1e-9) if baseline.units_per_person > 0 else None,
        )
        if persons_per_day and row["needed_persons"] is not None:
            row["days_to_run"] = math.ceil(row["needed_persons"] / persons_per_day - 1e-9)
            row["ready_on"] = _day(design.started_on, row["days_to_run"])
    if planned:
        n0, n1 = arms.sizes(planned)
        row["power_at_planned"] = _clean(chance(*goal.contrast(n0, n1), n0, n1, row, is_normal=goal.is_normal, looks=looks))
        row["detectable_effect"] = _clean(effect := detectable(goal, aim.sign, n0, n1, row))
        row["detectable_relative"] = _clean(abs(effect / baseline.value)) if baseline.value else None
    return row


def _look_rows(
    design: Design, primary: Row | None, baselines: Mapping[str, Baseline], persons_per_day: float | None, looks: Looks | None
) -> list[Row]:
    """Boundaries of the planned looks, at the planned sample (at the needed one where none is planned)."""
    if primary is None or looks is None or design.monitoring != GROUP_SEQUENTIAL:
        return []
    baseline, arms = baselines.get(primary["metric_id"]), Arms.of(design)
    sample = design.planned_sample_per_variant or primary["needed_per_variant"]
    rows: list[Row] = []
    for number, (fraction, z) in enumerate(zip(looks.fractions, looks.z, strict=True), start=1):
        from scipy.special import ndtr

        row: Row = {
            "look": number,
            "information": float(fraction),
            "per_variant": None,
            "on": None,
            "boundary_z": float(z),
            "boundary_p": float(2 * ndtr(-z)),
            "effect_that_stops": None,
            "relative_that_stops": None,
        }
        if sample:
            row["per_variant"] = math.ceil(sample * fraction - 1e-9)
            if persons_per_day and baseline is not None and baseline.units_per_person > 0:
                persons = row["per_variant"] / arms.smallest / baseline.units_per_person
                row["on"] = _day(design.started_on, math.ceil(persons / persons_per_day - 1e-9))
            if baseline is not None and baseline.status == OK:
                n0, n1 = arms.sizes(row["per_variant"])
                v0, v1 = baseline.variances(0.0)
                row["effect_that_stops"] = _clean(z * math.sqrt(v0 / n0 + v1 / n1))
                row["relative_that_stops"] = _clean(row["effect_that_stops"] / abs(baseline.value)) if baseline.value else None
        rows.append(row)
    return rows


def _reachable_on(design: Design, primary: Row | None, persons_per_day: float | None) -> date | None:
    """The first day on which both the planned sample and what the goal takes are in."""
    if primary is None or not persons_per_day or primary["needed_persons"] is None:
        return None
    persons = primary["needed_persons"]
    if design.planned_sample_per_variant:
        units = design.planned_sample_per_variant / Arms.of(design).smallest
        persons = max(persons, units * primary["needed_persons"] / primary["needed_total"])
    return _day(design.started_on, math.ceil(persons / persons_per_day - 1e-9))


def _answer(
    design: Design, primary: Row | None, prospect: Prospect | None, reachable: date | None, persons_per_day: float | None
) -> tuple[bool, str]:
    """Feasible or not, and why."""
    name = design.experiment_id
    if primary is None:
        return False, f"{name} has no primary metric, so there is nothing to plan for."
    if primary["status"] == UNREACHABLE:
        return False, f"{name} cannot reach its goal: {primary['metric_id']} cannot move that far."
    if primary["status"] != OK:
        return False, f"{name} cannot be planned: {primary['metric_id']} has no usable baseline ({primary['status']})."
    if not persons_per_day:
        return False, f"{name} cannot be planned: nobody has been seen who would enter it."
    needed, planned = primary["needed_per_variant"], design.planned_sample_per_variant
    size = f"{needed:,} {primary['unit']} a variant{_why_larger(primary)}"
    if reachable is None:
        return False, f"{name} cannot reach its goal: it takes {size}, which no day of the calendar brings."
    if design.ended_on is not None and reachable > design.ended_on:
        more = f" (planned: {planned:,})" if planned else ""
        return False, (
            f"{name} cannot reach its goal by {design.ended_on}: it takes {size}{more}, and at {persons_per_day:,.1f} persons a day they "
            f"are in on {reachable}. Let it run until then, or aim at a larger effect."
        )
    window = design.decision_window_days or 0
    known = reachable + timedelta(days=window)
    in_on = f"; the {planned:,} planned are in on" if planned and planned > needed else ", which are in on"
    answer = "can reach its goal"
    if planned and is_refused(primary, planned):
        answer += f", but not with the {planned:,} planned"
    elif prospect is not None and prospect.to_ship < LIKELY - 1e-9:
        answer = "can show the effect, but is unlikely to end in ship"
    sentence = f"{name} {answer}: it takes {size}{in_on} {reachable}"
    sentence += f", and watched for {window} days on {known}." if window else "."
    if prospect is None:
        return True, sentence
    too_few = f" The planned {planned:,} are too few for a chance of {design.power:.0%}." if planned and planned < needed else ""
    return True, sentence + too_few + _chances(design, primary, prospect)


_WHY_REFUSED = {
    SKEWED: "a few people weigh too much for groups of such unequal size",
    TOO_FEW_EVENTS: "it happens to too few people, or to nearly all of them",
    FEW_ENDED: f"fewer than {MIN_ENDED:.0f} cases may have ended in a variant",
}


def _why_larger(primary: Row) -> str:
    """In brackets, why a sample is larger than what the effect takes."""
    if primary["refused_as"] is None:
        return ""
    why = _WHY_REFUSED[primary["refused_as"]]
    return f" ({primary['needed_to_show']:,} would show the effect, but there is no verdict with fewer: {why})"


def _chances(design: Design, primary: Row, prospect: Prospect) -> str:
    """The chance to show the effect and to end in `ship`, and what stands in the way."""
    told = [
        f"At an effect of {percent(primary['goal_relative'])} the chance to show it is {prospect.to_show:.0%}, "
        f"and to end in ship about {prospect.to_ship:.0%}."
    ]
    aim = design.primary
    assert aim is not None
    if aim.mde_relative and aim.mde_relative < aim.min_lift_rollout:
        told.append(f"An effect of that size would be stopped as too small, for {percent(aim.min_lift_rollout)} is asked for.")
    elif prospect.to_reach_lift < primary["power"]:
        told.append(f"The estimate falls short of the {percent(aim.min_lift_rollout)} asked for in {1 - prospect.to_reach_lift:.0%}.")
    guard = prospect.narrowest
    if guard is not None and prospect.narrowest_chance is not None and prospect.narrowest_chance < guard["power"] - 0.005:
        told.append(_guardrail_in_the_way(guard, prospect.narrowest_chance))
    if prospect.unplanned:
        told.append(f"Left out for want of a usable baseline: {', '.join(prospect.unplanned)}.")
    return " " + " ".join(told)


def _guardrail_in_the_way(guard: Row, chance_of_it: float) -> str:
    """Which guardrail is not shown to be unharmed, and when it would be."""
    told = f"The guardrail {guard['metric_id']}, where it does not move, is shown to be within the harm allowed in {chance_of_it:.0%}"
    if guard["needed_per_variant"] is None:
        return f"{told}, for no harm at all is allowed." if guard["status"] == NO_GOAL else f"{told}."
    ready = f", in on {guard['ready_on']}" if guard["ready_on"] else ""
    return f"{told}: it takes {guard['needed_per_variant']:,} {guard['unit']} a variant{ready}."


def traffic_of(exposed: int, design: Design, as_of: datetime) -> float | None:
    """Persons a day since the experiment started; None before, or where nobody came."""
    end = as_of
    if design.ended_on is not None:
        end = min(end, datetime.combine(design.ended_on + timedelta(days=1), time.min))
    days = (end - datetime.combine(design.started_on, time.min)) / timedelta(days=1)
    return exposed / days if days > 0 and exposed > 0 else None


def _day(start: date, days: int) -> date | None:
    """The last of that many days; None beyond the calendar."""
    try:
        return start + timedelta(days=max(days, 1) - 1)
    except OverflowError:
        return None


def _clean(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
