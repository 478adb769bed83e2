"""What one metric's goal takes, whatever the calendar says: arms, the contrast that is tested, persons, and the chance to establish it."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from python_stats.baselines import Baseline
from python_stats.designs import Design, Objective
from python_stats.estimators import judgeable, planning, spending
from python_stats.estimators.status import FEW_ENDED, OK, Floats
from python_stats.estimators.survival import MIN_ENDED

Row = dict[str, Any]

UNREACHABLE = "unreachable"  # the metric cannot move that far


@dataclass(frozen=True)
class Looks:
    """When the primary metric is looked at, and what that costs."""

    fractions: Floats
    z: Floats
    inflation: float


@dataclass(frozen=True)
class Arms:
    """Declared shares: the control's, and the variants'."""

    control: float
    variants: Floats

    @classmethod
    def of(cls, design: Design) -> "Arms":
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


@dataclass(frozen=True)
class Goal:
    """What a metric's test has to establish.

    Attributes:
        baseline: the metric as it is.
        relative: the effect looked for; of a guardrail, the harm to exclude while nothing changes. Signed.
        is_harm: is it the latter?
        hazard_ratio: a time's, under the alternative; `nan` where there is none.
    """

    baseline: Baseline
    relative: float
    is_harm: bool
    hazard_ratio: float = 1.0

    @classmethod
    def of(cls, aim: Objective, baseline: Baseline, size: float) -> "Goal":
        """Of an objective whose goal is a relative change of that size."""
        is_harm = aim.role == "guardrail"
        relative = -aim.sign * size if is_harm else aim.sign * size
        return cls.towards(baseline, relative, is_harm)

    @classmethod
    def towards(cls, baseline: Baseline, relative: float, is_harm: bool) -> "Goal":
        """Of a signed relative change."""
        if is_harm or baseline.kind != "time":
            return cls(baseline, relative, is_harm)
        return cls(baseline, relative, is_harm, baseline.hazard_ratio(relative * abs(baseline.value)))

    @property
    def effect(self) -> float:
        """In the metric's unit; of a time, within the baseline's horizon."""
        return self.relative * abs(self.baseline.value)

    @property
    def is_normal(self) -> bool:
        """Is it tested against the normal?"""
        return self.baseline.kind == "time"

    def arms(self, n0: float, n1: float) -> tuple[float, float, float, float]:
        """Values of control and variant, and the variances of one unit of each, in samples of that size."""
        if self.baseline.kind == "time":
            found = self.baseline.times_of(self.hazard_ratio, n0, n1)
            return float(found.value[0]), float(found.variant[0]), float(found.variance_control[0]), float(found.variance_variant[0])
        changed = 0.0 if self.is_harm else self.effect
        return self.baseline.value, self.baseline.value + changed, *self.baseline.variances(changed)

    def contrast(self, n0: float, n1: float, threshold: float | None = None) -> tuple[float, float, float]:
        """m₁ − m₀ − θ·|m₀|, the contrast that verdicts test (decision 39), with the variances of one unit in its two terms.

        θ is `threshold`; where none is given 0, and of a guardrail its margin.
        """
        m0, m1, v0, v1 = self.arms(n0, n1)
        theta = (self.relative if self.is_harm else 0.0) if threshold is None else threshold
        return m1 - m0 - theta * abs(m0), v0 * (1 + theta * np.sign(m0)) ** 2, v1


@dataclass(frozen=True)
class Needed:
    """What a goal takes. Units are persons, or a time's cases.

    Attributes:
        status: `ok`, or why there is no sample; then all else is 0.
        per_variant: of the smaller arm of the comparison that takes most.
        total: all arms together.
        to_show: as `per_variant`, for the effect alone.
        refused_as: the status as which the comparison is refused below `per_variant`, where that is more than `to_show`.
    """

    status: str
    per_variant: int = 0
    total: int = 0
    to_show: int = 0
    refused_as: str | None = None


def needed(goal: Goal, arms: Arms, row: Row) -> Needed:
    """Units until the goal is established with the wanted power, and until its comparison is not refused."""
    alpha, power = np.array([row["nominal_alpha"]]), np.array([row["power"]])
    effect, v0, v1 = goal.contrast(math.inf, math.inf)
    if math.isnan(effect + v1):
        return Needed(UNREACHABLE)
    control = np.full(arms.variants.shape, arms.control)
    sizes = planning.sample_size(
        np.full(arms.variants.shape, effect),
        np.full(arms.variants.shape, v0),
        np.full(arms.variants.shape, v1),
        control,
        arms.variants,
        alpha,
        power,
        normal=goal.is_normal,
        inflation=row["inflation"],
    )
    if sizes.status[0] != OK:
        return Needed(str(sizes.status[0]))
    if goal.is_normal:
        found = [_cases(goal, arms.control, float(share), row, start) for share, start in zip(arms.variants, sizes.variant, strict=True)]
        to_show, unrefused, reason = np.array([one for one, _ in found]), np.array([other for _, other in found]), FEW_ENDED
        if np.isnan(to_show + unrefused).any():
            return Needed(UNREACHABLE)
    else:
        to_show = sizes.variant / arms.variants
        unrefused, reason = _unrefused(goal, control, arms.variants)
    total = np.maximum(to_show, unrefused)
    smaller = np.minimum(control, arms.variants)
    worst, worst_to_show = int(np.argmax(total)), int(np.argmax(to_show))
    is_raised = bool(total[worst] > to_show[worst_to_show])
    return Needed(
        OK,
        per_variant=_whole(total[worst] * smaller[worst]),
        total=_whole(total[worst]),
        to_show=_whole(to_show[worst_to_show] * smaller[worst_to_show]),
        refused_as=reason if is_raised else None,
    )


def _whole(number: float) -> int:
    return math.ceil(number - 1e-9)


def _unrefused(goal: Goal, control: Floats, variants: Floats) -> tuple[Floats, str]:
    """Persons in all from which the comparison is not refused, and what it would be refused as."""
    baseline = goal.baseline
    changed = 0.0 if goal.is_harm else goal.effect
    arms = [
        judgeable.expected_arm(
            share,
            np.full(share.shape, value),
            np.full(share.shape, variance),
            skewness=np.full(share.shape, baseline.skewness),
            is_share=baseline.kind == "share",
        )
        for share, value, variance in zip(
            (control, variants), (baseline.value, baseline.value + changed), baseline.variances(changed), strict=True
        )
    ]
    return judgeable.least_persons(*arms)


def _cases(goal: Goal, control: float, variant: float, row: Row, start: float) -> tuple[float, float]:
    """Cases in all until a time's effect is found with the wanted power, and until enough of them have ended as well.

    By search, for the horizon moves with the sample.
    """

    def is_found(total: float) -> bool:
        n0, n1 = total * control, total * variant
        return chance(*goal.contrast(n0, n1), n0 / row["inflation"], n1 / row["inflation"], row, is_normal=True) >= float(row["power"])

    def has_ended(total: float) -> bool:
        n0, n1 = total * control, total * variant
        found = goal.baseline.times_of(goal.hazard_ratio, n0, n1)
        arms = ((n0, found.ended_control), (n1, found.ended_variant))
        return math.prod(float(judgeable.sees_at_least(MIN_ENDED, np.array([n]), ended)[0]) for n, ended in arms) >= judgeable.SURE

    to_show = planning.smallest(is_found, start / variant)
    return to_show, planning.smallest(has_ended, MIN_ENDED / min(control, variant))


def chance(effect: float, v0: float, v1: float, n0: float, n1: float, row: Row, *, is_normal: bool, looks: Looks | None = None) -> float:
    """The chance that an effect is established in its own direction."""
    if looks is None:
        values = (np.array([value]) for value in (effect, v0, v1, n0, n1, row["nominal_alpha"]))
        return float(planning.power(*values, normal=is_normal, one_sided=True)[0])
    spread = math.sqrt(v0 / n0 + v1 / n1)
    if spread == 0:
        return math.nan
    return float(spending.crossing_probabilities(looks.fractions, looks.z, min(abs(effect) / spread, 30.0))[0].sum())


def detectable(goal: Goal, sign: int, n0: float, n1: float, row: Row) -> float:
    """The smallest effect in the direction of `sign` that samples of that size find with the wanted power; `nan` where none does.

    A time's is within the baseline's horizon, as its goal is.
    """
    baseline = goal.baseline
    limit = baseline.limit(-sign if goal.is_harm else sign)
    if goal.is_normal and not goal.is_harm:

        def is_found(part: float) -> bool:
            other = Goal.towards(baseline, part * limit / abs(baseline.value), goal.is_harm)
            reached = chance(*other.contrast(n0, n1), n0 / row["inflation"], n1 / row["inflation"], row, is_normal=True)
            return part >= 1e-6 and reached >= float(row["power"])

        return planning.smallest(is_found, 1.0) * limit if is_found(1.0) else math.nan
    _, v0, v1 = goal.contrast(n0, n1)
    found, status = planning.detectable_effect(
        np.array([v0]),
        lambda values: np.array([v1 if goal.is_harm else baseline.variances(float(value))[1] for value in values]),
        np.array([n0]),
        np.array([n1]),
        np.array([row["nominal_alpha"]]),
        np.array([row["power"]]),
        np.array([limit]),
        normal=goal.is_normal,
        inflation=row["inflation"],
    )
    return float(found[0]) if status[0] == OK else math.nan
