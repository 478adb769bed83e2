"""Two arms against each other: Welch's t for the absolute effect, Fieller for the relative one.

Both use the same quantile, so that the p-value, the absolute interval and the relative interval exclude "no effect" together or
not at all.
"""

from dataclasses import dataclass

import numpy as np

from python_stats.estimators.moments import Sample
from python_stats.estimators.status import INVALID_INPUT, OK, UNBOUNDED, ZERO_VARIANCE, Floats, Words, first_reason


@dataclass(frozen=True)
class Comparison:
    """A variant against its control, one element per comparison; `nan` where `status` is not `ok`.

    Attributes:
        effect: variant − control, in the metric's unit.
        standard_error: of `effect`.
        df: Welch–Satterthwaite degrees of freedom (`inf` for a normal reference).
        ci_low, ci_high: interval of `effect` at 1 − alpha.
        p_value: two-sided.
        relative: effect ÷ |control|.
        relative_low, relative_high: Fieller's interval of `relative`; `nan` where `relative_status` is not `ok`.
        critical: the quantile that both intervals use.
        status, relative_status: `ok`, or why there is nothing to show.
    """

    effect: Floats
    standard_error: Floats
    df: Floats
    ci_low: Floats
    ci_high: Floats
    p_value: Floats
    relative: Floats
    relative_low: Floats
    relative_high: Floats
    critical: Floats
    status: Words
    relative_status: Words


def critical_value(alpha: Floats, df: Floats) -> Floats:
    """Two-sided quantile of Student's t; of the normal where df is infinite."""
    from scipy.special import ndtri, stdtrit

    finite = np.isfinite(df)
    with np.errstate(invalid="ignore"):
        return np.where(finite, stdtrit(np.where(finite, df, 1.0), 1 - alpha / 2), -ndtri(alpha / 2))


def two_sided_p(statistic: Floats, df: Floats) -> Floats:
    """P(|T| ≥ |statistic|), from the lower tail, so that it keeps its digits down to 1e-300."""
    from scipy.special import ndtr, stdtr

    finite = np.isfinite(df)
    return 2 * np.where(finite, stdtr(np.where(finite, df, 1.0), -np.abs(statistic)), ndtr(-np.abs(statistic)))


def welch_df(variance_control: Floats, n_control: Floats, variance_variant: Floats, n_variant: Floats) -> Floats:
    """Welch–Satterthwaite degrees of freedom from the variances of the two means (Welch 1947, eq. 28)."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        total = variance_control + variance_variant
        # Shares of the total keep tiny variances from underflowing when they are squared.
        share_control, share_variant = variance_control / total, variance_variant / total
        return 1 / (share_control**2 / (n_control - 1) + share_variant**2 / (n_variant - 1))


def compare(control: Sample, variant: Sample, alpha: Floats, *, normal: bool = False) -> Comparison:
    """Compare two arms.

    Args:
        control, variant: the arms, arrays of equal shape.
        alpha: two-sided error rate of each comparison, same shape.
        normal: use the normal instead of Student's t (survival times, whose variance is Greenwood's).

    t = (m₁ − m₀) / √(v₀ + v₁) with v the variance of a mean, df after Welch and Satterthwaite (Welch 1947).
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        effect = variant.value - control.value
        standard_error = np.sqrt(control.variance + variant.variance)
        status = first_reason(
            effect.shape,
            (control.status != OK, "control"),
            (variant.status != OK, "variant"),
            (standard_error == 0, ZERO_VARIANCE),
            (~np.isfinite(effect) | ~np.isfinite(standard_error), INVALID_INPUT),
        )
        status = np.where(status == "control", control.status, np.where(status == "variant", variant.status, status))
        usable = status == OK
        df = np.full(effect.shape, np.inf) if normal else welch_df(control.variance, control.persons, variant.variance, variant.persons)
        df = np.where(usable, df, np.nan)
        critical = np.where(usable, critical_value(alpha, np.where(usable, df, 1.0)), np.nan)
        statistic = np.where(usable, effect / standard_error, 0.0)
        p_value = np.where(usable, two_sided_p(statistic, np.where(usable, df, 1.0)), np.nan)
        relative, low, high, relative_status = fieller(control.value, control.variance, variant.value, variant.variance, critical)
    relative_status = np.where(usable, relative_status, status)
    bounded = relative_status == OK
    return Comparison(
        effect=np.where(usable, effect, np.nan),
        standard_error=np.where(usable, standard_error, np.nan),
        df=df,
        ci_low=np.where(usable, effect - critical * standard_error, np.nan),
        ci_high=np.where(usable, effect + critical * standard_error, np.nan),
        p_value=p_value,
        relative=np.where(bounded, relative, np.nan),
        relative_low=np.where(bounded, low, np.nan),
        relative_high=np.where(bounded, high, np.nan),
        critical=critical,
        status=status,
        relative_status=relative_status,
    )


def fieller(
    control: Floats, variance_control: Floats, variant: Floats, variance_variant: Floats, critical: Floats
) -> tuple[Floats, Floats, Floats, Words]:
    """Relative effect (m₁ − m₀) / |m₀| with Fieller's interval, for two independent means.

    The interval holds every ratio r with (m₁ − r m₀)² ≤ t² (v₁ + r² v₀): the roots of (m₀² − t² v₀) r² − 2 m₀ m₁ r + (m₁² − t² v₁)
    (Fieller 1954, "Some problems in interval estimation", § 3). It contains r = 1 exactly where the absolute interval contains 0.
    Where m₀² ≤ t² v₀ the control is not distinguishable from 0 and the set is no interval: `unbounded`.
    Dividing by |m₀| keeps the sign of the relative effect that of the absolute one when the control is below 0.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        leading = control**2 - critical**2 * variance_control
        # (discriminant / t²) written so that equal squares do not cancel
        inside = variance_variant * leading + variance_control * variant**2
        half_width = critical * np.sqrt(np.maximum(inside, 0.0))
        sign = np.sign(control)
        # ratio − 1 with the leading product taken out first keeps the digits of small effects
        centre = control * (variant - control) + critical**2 * variance_control
        low, high = (centre - half_width) / leading, (centre + half_width) / leading
        relative = (variant - control) / np.abs(control)
    bounded = (leading > 0) & np.isfinite(low) & np.isfinite(high)
    status = first_reason(relative.shape, (~bounded, UNBOUNDED))
    return relative, np.where(sign < 0, -high, low), np.where(sign < 0, -low, high), status


def beyond(
    control: Floats,
    variance_control: Floats,
    variant: Floats,
    variance_variant: Floats,
    threshold: Floats,
    critical: Floats,
) -> Floats:
    """Is the relative effect above (+1) or below (−1) a threshold, or is that open (0)?

    Tests the linear contrast m₁ − m₀ − threshold·|m₀| against 0. Where Fieller's interval is bounded this is the same as asking on
    which side of the threshold it lies; it goes on working where the control is 0 and no relative interval exists.
    """
    slope = 1 + threshold * np.sign(control)
    contrast = variant - slope * control
    reach = critical * np.sqrt(variance_variant + slope**2 * variance_control)
    with np.errstate(invalid="ignore"):
        return np.where(contrast > reach, 1.0, np.where(contrast < -reach, -1.0, 0.0))
