"""An effect with its interval and p-value by Welch's t, and its relative interval by Fieller.

Both use the same quantile, so that the p-value, the absolute interval and the relative interval exclude "no effect" together or
not at all.
"""

from dataclasses import dataclass

import numpy as np

from python_stats.estimators.contrast import Contrast, difference, fieller
from python_stats.estimators.doubts import doubts, has_few_events_for_a_ratio
from python_stats.estimators.moments import Sample
from python_stats.estimators.skewness import is_skewed, skewness_of_difference
from python_stats.estimators.status import (
    INVALID_INPUT,
    OK,
    SKEWED,
    TOO_FEW_EVENTS,
    WARNINGS,
    ZERO_VARIANCE,
    Flags,
    Floats,
    Words,
    first_reason,
)


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
        skewness: of the difference, for the check of the normal approximation; `nan` where it is unknown.
        status, relative_status: `ok`, or why there is nothing to show. Warnings leave the two estimates, without anything
            about how sure they are.
        contrast: the effect and the control's mean, as `contrast.side_of` takes it.
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
    skewness: Floats
    status: Words
    relative_status: Words
    contrast: Contrast


def critical_value(alpha: Floats, df: Floats) -> Floats:
    """Two-sided quantile of Student's t; of the normal where df is infinite."""
    from scipy.special import ndtri, stdtrit

    finite = np.isfinite(df)
    with np.errstate(invalid="ignore"):
        return np.where(finite, np.abs(stdtrit(np.where(finite, df, 1.0), alpha / 2)), -ndtri(alpha / 2))


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
    """Compare two independent arms.

    Args:
        control, variant: the arms, arrays of equal shape.
        alpha: two-sided error rate of each comparison, same shape.
        normal: use the normal instead of Student's t (survival times, whose variance is Greenwood's).

    t = (m₁ − m₀) / √(v₀ + v₁) with v the variance of a mean, df after Welch and Satterthwaite (Welch 1947).
    """
    df = np.full(alpha.shape, np.inf)
    if not normal:
        df = welch_df(control.variance, control.persons, variant.variance, variant.persons)
    is_broken = ~np.isin(control.status, (OK, *WARNINGS))  # a warning about one arm does not hide what the other lacks
    status = np.where(is_broken | (variant.status == OK), control.status, variant.status)
    status = np.where(status == OK, doubts((control, variant)), status)
    few = has_few_events_for_a_ratio((control,), (variant,))
    return compare_contrast(difference(control, variant), df, alpha, status, skewness_of_difference(control, variant), few)


def compare_contrast(
    contrast: Contrast, df: Floats, alpha: Floats, status: Words, skewness: Floats, few_events: Flags | None = None
) -> Comparison:
    """Interval, p-value and relative interval of any contrast.

    Args:
        contrast: the effects.
        df: degrees of freedom of their standard errors, `inf` for a normal reference.
        alpha: two-sided error rates.
        status: `ok`, or what already stands in the way.
        skewness: of each effect, `nan` where unknown (then it is not checked).
        few_events: where too little happened for a relative interval.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        effect, standard_error = contrast.effect, np.sqrt(contrast.variance)
        own = first_reason(
            effect.shape,
            (standard_error == 0, ZERO_VARIANCE),
            (~(np.isfinite(effect) & np.isfinite(standard_error)), INVALID_INPUT),
            (is_skewed(skewness), SKEWED),
        )
        # no spread at all, or a sum that is not finite, says more than a warning
        status = np.where((status == OK) | (np.isin(status, WARNINGS) & (own != OK) & (own != SKEWED)), own, status)
        usable, warned = status == OK, np.isin(status, WARNINGS)
        safe_df = np.where(usable, df, 1.0)
        critical = np.where(usable, critical_value(alpha, safe_df), np.nan)
        p_value = np.where(usable, two_sided_p(np.where(usable, effect / standard_error, 0.0), safe_df), np.nan)
        relative, low, high, relative_status = fieller(contrast, critical)
    if few_events is not None:
        relative_status = np.where((relative_status == OK) & few_events, TOO_FEW_EVENTS, relative_status)
    relative_status = np.where(usable, relative_status, status)
    bounded = relative_status == OK
    return Comparison(
        effect=np.where(usable | warned, effect, np.nan),
        standard_error=np.where(usable, standard_error, np.nan),
        df=np.where(usable, df, np.nan),
        ci_low=np.where(usable, effect - critical * standard_error, np.nan),
        ci_high=np.where(usable, effect + critical * standard_error, np.nan),
        p_value=p_value,
        relative=np.where((bounded | warned) & np.isfinite(relative), relative, np.nan),
        relative_low=np.where(bounded, low, np.nan),
        relative_high=np.where(bounded, high, np.nan),
        critical=critical,
        skewness=skewness,
        status=status,
        relative_status=relative_status,
        contrast=contrast,
    )
