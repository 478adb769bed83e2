"""Can an experiment reach its goal, and when? From a design, baselines and traffic to sample sizes, dates and boundaries.

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
from python_stats.estimators import always_valid, planning, spending
from python_stats.estimators.status import OK, Floats
from python_stats.looks import ALWAYS_VALID, GROUP_SEQUENTIAL
from python_stats.metrics import is_time

Row = dict[str, Any]

NO_GOAL = "no_goal"  # neither mde_relative nor a threshold is declared
UNREACHABLE = "unreachable"  # the metric cannot move that far
NO_TRAFFIC = "no_traffic"
DETECT, EXCLUDE_HARM = "detect", "exclude_harm"
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
    """

    experiment_id: str
    metrics: Sequence[Row]
    looks: Sequence[Row]
    persons_per_day: float | None
    planned_days: int | None
    reachable_on: date | None
    is_feasible: bool
    sentence: str


# `alpha` is the metric's error rate, `nominal_alpha` the two-sided level of the one test that its sample is reckoned for: a guardrail's
# at the last look. `inflation` is by how much that sample grows for a primary metric that may stop at an earlier look.
METRIC_COLUMNS = (
    "metric_id role metric_kind unit goal goal_relative goal_effect baseline_source baseline_n control_value "
    "alpha nominal_alpha power inflation "
    "needed_per_variant needed_total needed_persons days_to_run ready_on planned_per_variant power_at_planned detectable_effect "
    "detectable_relative status"
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
    rows = [_metric(design, aim, baselines.get(aim.metric_id), persons_per_day, looks) for aim in objectives]
    primary = next((row for row in rows if row["role"] == "primary"), None)
    shown = _look_rows(design, primary, baselines, persons_per_day, looks)
    reachable = _reachable_on(design, primary, persons_per_day)
    feasible, sentence = _answer(design, primary, reachable, persons_per_day)
    return Plan(design.experiment_id, rows, shown, persons_per_day, planned_days, reachable, feasible, sentence)


@dataclass(frozen=True)
class _Looks:
    """When the primary metric is looked at, and what that costs."""

    fractions: Floats
    z: Floats
    inflation: float


def _looks_of_primary(design: Design, planned_days: int | None) -> _Looks | None:
    """Looks at equal steps of information; None where there is one look only."""
    from scipy.special import ndtri

    alpha = design.alpha / max(1, len(design.treatments))
    found = _boundaries(design, planned_days, alpha)
    if found is None:
        return None
    fixed = float(-ndtri(alpha / 2) + ndtri(design.power))
    return _Looks(*found, (spending.required_drift(*found, design.power) / fixed) ** 2)


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


def _metric(design: Design, aim: Objective, baseline: Baseline | None, persons_per_day: float | None, looks: _Looks | None) -> Row:
    """One metric: what its goal takes, and what the planned sample shows."""
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
    return _with_sizes(row, design, aim, baseline, goal, persons_per_day, looks if is_primary else None)


def _with_sizes(
    row: Row, design: Design, aim: Objective, baseline: Baseline, goal: float, persons_per_day: float | None, looks: _Looks | None
) -> Row:
    arms = _Arms.of(design)
    harm = row["goal"] == EXCLUDE_HARM
    # A guardrail is tested at the far side of its margin while nothing has changed: the contrast m₁ − (1 ± margin) m₀.
    towards = -aim.sign * goal if harm else aim.sign * goal
    effect = towards * abs(baseline.value)
    changed = 0.0 if harm else effect
    v0, v1 = baseline.variances(changed)
    if harm:
        v0 = v0 * (1 + towards * np.sign(baseline.value)) ** 2
    row.update(goal_effect=_clean(effect))
    alpha, power = np.array([row["nominal_alpha"]]), np.array([row["power"]])
    if math.isnan(v1):
        return {**row, "status": UNREACHABLE}
    normal = baseline.kind == "time"
    sizes = planning.sample_size(
        np.full(arms.variants.shape, effect),
        np.full(arms.variants.shape, v0),
        np.full(arms.variants.shape, v1),
        np.full(arms.variants.shape, arms.control),
        arms.variants,
        alpha,
        power,
        normal=normal,
        inflation=row["inflation"],
    )
    row["status"] = str(sizes.status[0])
    if row["status"] == OK:
        worst = int(np.argmax(sizes.variant / arms.variants))
        total = math.ceil(sizes.variant[worst] / arms.variants[worst] - 1e-9)
        row["needed_per_variant"] = math.ceil(min(sizes.control[worst], sizes.variant[worst]) - 1e-9)
        row["needed_total"] = total
        row["needed_persons"] = math.ceil(total / baseline.units_per_person - 1e-9) if baseline.units_per_person > 0 else None
        if persons_per_day and row["needed_persons"] is not None:
            row["days_to_run"] = math.ceil(row["needed_persons"] / persons_per_day - 1e-9)
            row["ready_on"] = _day(design.started_on, row["days_to_run"])
    planned = design.planned_sample_per_variant
    if planned:
        n0, n1 = arms.sizes(planned)
        row["power_at_planned"] = _clean(_power(effect, v0, v1, n0, n1, row, normal, looks))
        limit = np.array([baseline.limit(-aim.sign if harm else aim.sign)])
        found, status = planning.detectable_effect(
            np.array([v0]),
            lambda values: np.full(values.shape, v1) if harm else np.array([baseline.variances(float(value))[1] for value in values]),
            np.array([n0]),
            np.array([n1]),
            alpha,
            power,
            limit,
            normal=normal,
            inflation=row["inflation"],
        )
        if status[0] == OK:
            row["detectable_effect"] = _clean(found[0])
            row["detectable_relative"] = _clean(abs(found[0] / baseline.value)) if baseline.value else None
    return row


@dataclass(frozen=True)
class _Arms:
    """Declared shares: the control's, and the variants'."""

    control: float
    variants: Floats

    @classmethod
    def of(cls, design: Design) -> "_Arms":
        """Equal shares where none is declared, or one is not above 0."""
        shares = [design.control.expected_share if design.control else None, *(arm.expected_share for arm in design.treatments)]
        if any(share is None or share <= 0 for share in shares) or len(shares) < 2:
            return cls(1 / max(2, len(shares)), np.full(max(1, len(shares) - 1), 1 / max(2, len(shares))))
        return cls(float(shares[0] or 0), np.array(shares[1:], dtype=float))

    @property
    def smallest(self) -> float:
        """The smallest share of all arms."""
        return float(min(self.control, self.variants.min()))

    def sizes(self, per_variant: float) -> tuple[float, float]:
        """Control and smallest variant, when the smallest arm of all has `per_variant`."""
        return per_variant / self.smallest * self.control, per_variant / self.smallest * float(self.variants.min())


def _power(effect: float, v0: float, v1: float, n0: float, n1: float, row: Row, normal: bool, looks: _Looks | None) -> float:
    """The chance that the effect is established in its own direction."""
    if looks is None:
        values = (np.array([value]) for value in (effect, v0, v1, n0, n1, row["nominal_alpha"]))
        return float(planning.power(*values, normal=normal, one_sided=True)[0])
    spread = math.sqrt(v0 / n0 + v1 / n1)
    if spread == 0:
        return math.nan
    return float(spending.crossing_probabilities(looks.fractions, looks.z, min(abs(effect) / spread, 30.0))[0].sum())


def _look_rows(
    design: Design, primary: Row | None, baselines: Mapping[str, Baseline], persons_per_day: float | None, looks: _Looks | None
) -> list[Row]:
    """Boundaries of the planned looks, at the planned sample (at the needed one where none is planned)."""
    if primary is None or looks is None or design.monitoring != GROUP_SEQUENTIAL:
        return []
    baseline, arms = baselines.get(primary["metric_id"]), _Arms.of(design)
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
        units = design.planned_sample_per_variant / _Arms.of(design).smallest
        persons = max(persons, units * primary["needed_persons"] / primary["needed_total"])
    return _day(design.started_on, math.ceil(persons / persons_per_day - 1e-9))


def _answer(design: Design, primary: Row | None, reachable: date | None, persons_per_day: float | None) -> tuple[bool, str]:
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
    size = f"{needed:,} {primary['unit']} a variant"
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
    sentence = f"{name} can reach its goal: it takes {size}{in_on} {reachable}"
    sentence += f", and watched for {window} days on {known}." if window else "."
    if planned and planned < needed:
        reached = primary["power_at_planned"]
        chance = f": the chance to find the effect is {reached:.0%}, not {design.power:.0%}" if reached is not None else ""
        sentence += f" The planned {planned:,} are too few{chance}."
    return True, sentence


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
