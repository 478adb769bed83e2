"""Median, 90th percentile and any other quantile of a time until, read off life tables: by arm, and their difference.

Nothing is assumed about the curves' shape and no density is estimated. With G(t) = (ln(−ln S(t)) − ln(−ln(1 − p)))² · (ln S)² / g(t) and
Greenwood's g, the p-quantile of one arm is known to lie where G(t) ≤ χ²₁(1 − α) (Brookmeyer & Crowley 1982, on the log-log scale of
Borgan & Liestøl 1990); a difference Δ is excluded where min over t of G₀(t) + G₁(t + Δ) > χ²₁(1 − α) (Su & Wei 1993, "Nonparametric
estimation for the difference or ratio of median failure times"). Where in its bucket an event fell is not known: bounds reach to the
buckets' ends.
"""

from dataclasses import dataclass

import numpy as np

from python_stats.estimators.status import NO_EVENTS, NO_PERSONS, NOT_REACHED, OK, TOO_FEW_PERSONS, Floats
from python_stats.estimators.survival import kaplan_meier


@dataclass(frozen=True)
class Steps:
    """One curve as pieces, in order: each bucket with events, and the flat after it, on to the next; and how far from the quantile.

    Attributes:
        value: the estimate: where the curve passes 1 − p, in a straight line through its bucket; `nan` where it never gets there.
        low, high: the times that each piece covers; `high` is infinite after the last event.
        distance: the least G in each piece: 0 where the curve passes 1 − p, infinite where it is still 1 or already 0.
        status: `ok`, or why there is no estimate.
    """

    value: float
    low: Floats
    high: Floats
    distance: Floats
    status: str


@dataclass(frozen=True)
class QuantileDifference:
    """Variant − control; None where it is not known. Bounds that are not there lie beyond what was observed.

    Attributes:
        control, variant: the two quantiles.
        effect, ci_low, ci_high: their difference.
        relative, relative_low, relative_high: effect ÷ control.
        p_value: two-sided; at most alpha exactly where the interval excludes 0.
        status: `ok`, or why there is no estimate.
    """

    control: float | None
    variant: float | None
    effect: float | None
    ci_low: float | None
    ci_high: float | None
    relative: float | None
    relative_low: float | None
    relative_high: float | None
    p_value: float | None
    status: str


def steps_of(
    bucket_start: Floats, bucket_end: Floats, at_risk: Floats, events: Floats, probability: float, cases: float | None = None
) -> Steps:
    """One arm's curve.

    Args:
        bucket_start, bucket_end: ascending; equal for times that are known exactly. Shape (times,).
        at_risk, events: shape (times,); in buckets with a width, at risk on average (`survival.during_bucket`).
        probability: p, between 0 and 1: by when that share has had its event.
        cases: how many the arm has; by default those at risk first.
    """
    start, end, left = bucket_start, np.where(np.isfinite(bucket_end), bucket_end, bucket_start), 1 - probability
    if cases is None:
        cases = float(at_risk[0]) if at_risk.size else 0.0
    had = np.flatnonzero(events > 0)
    status = NO_PERSONS if cases <= 0 else TOO_FEW_PERSONS if cases < 2 else NO_EVENTS if had.size == 0 else OK
    if status != OK:
        return Steps(np.nan, np.zeros(0), np.zeros(0), np.zeros(0), status)
    curve = kaplan_meier(start, at_risk[None, :], events[None, :])
    after, greenwood = curve.survival[0, had], curve.greenwood[0, had]
    before = np.concatenate([[1.0], after[:-1]])
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithm = np.log(after)
        distance = (np.log(-logarithm) - np.log(-np.log(left))) ** 2 * logarithm**2 / greenwood
    distance = np.where((after > 0) & (after < 1) & (greenwood > 0), distance, np.inf)
    passing = (after <= left * (1 + 1e-12)) & (left <= before)
    in_bucket = np.where(passing, 0.0, np.minimum(distance, np.concatenate([[np.inf], distance[:-1]])))
    value = np.nan
    if passing.any():
        at = int(np.argmax(passing))
        value = float(start[had[at]] + (end[had[at]] - start[had[at]]) * (before[at] - left) / (before[at] - after[at]))
    flat_to = np.concatenate([start[had[1:]], [np.inf]])
    return Steps(
        value,
        low=np.stack([start[had], end[had]], axis=1).ravel(),
        high=np.stack([end[had], flat_to], axis=1).ravel(),
        distance=np.stack([in_bucket, distance], axis=1).ravel(),
        status=OK if passing.any() else NOT_REACHED,
    )


def interval(steps: Steps, alpha: float) -> tuple[float | None, float | None]:
    """Interval of one arm's quantile at 1 − alpha; a bound is None where the curve does not reach so far."""
    inside = np.flatnonzero(steps.distance <= _limit(alpha))
    if inside.size == 0:
        return None, None
    return _finite(steps.low[inside[0]]), _finite(steps.high[inside[-1]])


def difference(control: Steps, variant: Steps, alpha: float) -> QuantileDifference:
    """Difference of two arms' quantiles with its interval, its p-value, and the same relative to the control."""
    from scipy.special import chdtrc

    values = (_finite(control.value), _finite(variant.value))
    status = next((arm.status for arm in (control, variant) if arm.status != OK), OK)
    limit = _limit(alpha)
    if status != OK:
        return QuantileDifference(*values, None, None, None, None, None, None, None, status)
    below = max(_least_at_or_below(variant, control), _least_at_or_below(control, variant))
    low, relative_low = _lowest(variant, control, limit)
    # the highest variant − control is the lowest control − variant
    high, relative_high = _highest(variant, control, limit)
    effect = variant.value - control.value
    return QuantileDifference(
        *values,
        effect=float(effect),
        ci_low=low,
        ci_high=high,
        relative=_finite(effect / control.value) if control.value > 0 else None,
        relative_low=relative_low,
        relative_high=relative_high,
        p_value=float(chdtrc(1, below)),
        status=OK,
    )


def _limit(alpha: float) -> float:
    from scipy.special import chdtri

    return float(chdtri(1, alpha))


def _least_at_or_below(first: Steps, second: Steps) -> float:
    """The least G₁ + G₀ over steps of which the first may lie at or before the second."""
    at = np.searchsorted(first.low, second.high, side="right") - 1
    least = np.minimum.accumulate(first.distance)
    found = np.where(at >= 0, least[np.maximum(at, 0)], np.inf) + second.distance
    return float(found.min())


def _lowest(variant: Steps, control: Steps, limit: float) -> tuple[float | None, float | None]:
    """The least variant − control, and variant ÷ control − 1, that is not excluded."""
    least = np.minimum.accumulate(variant.distance)
    at = np.searchsorted(-least, control.distance - limit, side="left")  # the first step near enough for each of the control's
    near = np.flatnonzero((control.distance <= limit) & (at < least.size))
    if near.size == 0:
        return None, None
    early, late = variant.low[at[near]], control.high[near]
    with np.errstate(divide="ignore", invalid="ignore"):
        return _finite(np.min(early - late)), _finite(np.min(early / late) - 1) if np.all(np.isfinite(late) & (late > 0)) else None


def _highest(variant: Steps, control: Steps, limit: float) -> tuple[float | None, float | None]:
    least = np.minimum.accumulate(variant.distance[::-1])
    at = np.searchsorted(-least, control.distance - limit, side="left")
    near = np.flatnonzero((control.distance <= limit) & (at < least.size))
    if near.size == 0:
        return None, None
    late, early = variant.high[::-1][at[near]], control.low[near]
    with np.errstate(divide="ignore", invalid="ignore"):
        return _finite(np.max(late - early)), _finite(np.max(late / early) - 1) if np.all(early > 0) else None


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
