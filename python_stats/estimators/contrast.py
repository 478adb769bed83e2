"""An effect next to the control's mean, and the one place that says on which side of a threshold it lies.

Absolute interval, p-value, relative interval and verdict all read the same contrast with the same quantile; that is why they cannot
contradict each other.
"""

from dataclasses import dataclass, fields

import numpy as np

from python_stats.estimators.moments import Sample
from python_stats.estimators.status import UNBOUNDED, Flags, Floats, Words, first_reason


@dataclass(frozen=True)
class Contrast:
    """An effect taken apart: effect = slope × control + rest, where `rest` is independent of the control's mean.

    Two independent arms have slope −1 and the variant's variance as the rest. An adjusted effect (CUPED) moves less with the control.

    Attributes:
        effect: in the metric's unit.
        control: the control's mean, unadjusted: what a relative effect is relative to.
        control_variance: of `control`.
        slope: cov(effect, control) / control_variance.
        rest_variance: what of the effect's variance does not come from the control's mean.
    """

    effect: Floats
    control: Floats
    control_variance: Floats
    slope: Floats
    rest_variance: Floats

    @property
    def variance(self) -> Floats:
        """Variance of `effect`."""
        return self.rest_variance + self.slope**2 * self.control_variance


def difference(control: Sample, variant: Sample) -> Contrast:
    """Variant − control, for two independent arms.

    Where both means are known from a pivot, the pivots and what lies beyond them are subtracted apart: the digits of a small
    difference between large means stay.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        if control.pivot is None or control.rest is None or variant.pivot is None or variant.rest is None:
            effect = variant.value - control.value
        else:
            effect = (variant.pivot - control.pivot) + (variant.rest - control.rest)
    return Contrast(effect, control.value, control.variance, np.full(effect.shape, -1.0), variant.variance)


def chosen(used: Flags, first: Contrast, second: Contrast) -> Contrast:
    """The first contrast where it is used, else the second."""
    return Contrast(*(np.where(used, getattr(first, part.name), getattr(second, part.name)) for part in fields(Contrast)))


def side_of(contrast: Contrast, threshold: Floats, critical: Floats) -> Floats:
    """Is the relative effect above (+1) or below (−1) a threshold, or is that open (0)?

    Tests effect − threshold·|control| against 0. Where Fieller's interval is bounded this is the same as asking on which side of the
    threshold it lies; it goes on working where the control is 0 and no relative interval exists. At a threshold of 0 it is the
    absolute interval.

    Args:
        contrast: the effects.
        threshold: relative, of the same shape.
        critical: the quantile of the intervals.
    """
    distance, standard_error = _against(contrast, threshold)
    with np.errstate(invalid="ignore", over="ignore"):
        reach = critical * standard_error
        return np.where(distance > reach, 1.0, np.where(distance < -reach, -1.0, 0.0))


def statistic_at(contrast: Contrast, threshold: Floats) -> Floats:
    """The t statistic of effect − threshold·|control|: beyond ± the critical value exactly where `side_of` is ± 1."""
    distance, standard_error = _against(contrast, threshold)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.asarray(distance / standard_error)


def _against(contrast: Contrast, threshold: Floats) -> tuple[Floats, Floats]:
    moved = threshold * np.sign(contrast.control)
    with np.errstate(invalid="ignore", over="ignore"):
        distance = contrast.effect - moved * contrast.control
        return distance, np.sqrt(contrast.rest_variance + (contrast.slope - moved) ** 2 * contrast.control_variance)


def fieller(contrast: Contrast, critical: Floats) -> tuple[Floats, Floats, Floats, Words]:
    """Relative effect E / |B| with Fieller's interval, for an effect E that moves with the control's mean B.

    The interval holds every ratio r with (E − r B)² ≤ t² Var(E − r B): the roots of
    (B² − t² v) r² − 2 (E B − t² b v) r + E² − t² Var E, with v the variance of B and b the slope (Fieller 1954, "Some problems in
    interval estimation", § 3). It contains r = 0 exactly where the absolute interval contains 0.
    Where B² ≤ t² v the control is not distinguishable from 0 and the set is no interval: `unbounded`.
    Dividing by |B| keeps the sign of the relative effect that of the absolute one when the control is below 0.

    Returns:
        relative effect, low, high, and `ok` or `unbounded`.
    """
    effect, control, spread, slope = contrast.effect, contrast.control, contrast.control_variance, contrast.slope
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        leading = control**2 - critical**2 * spread
        # (discriminant / t²) written so that equal squares do not cancel
        inside = contrast.rest_variance * leading + spread * (slope * control - effect) ** 2
        half_width = critical * np.sqrt(np.maximum(inside, 0.0))
        centre = control * effect - critical**2 * slope * spread
        low, high = (centre - half_width) / leading, (centre + half_width) / leading
        relative = effect / np.abs(control)
    bounded = (leading > 0) & np.isfinite(low) & np.isfinite(high)
    status = first_reason(relative.shape, (~bounded, UNBOUNDED))
    below = control < 0
    return relative, np.where(below, -high, low), np.where(below, -low, high), status
