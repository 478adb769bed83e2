"""Counts per day or week, where nothing is known of persons: the period is the unit.

A ratio of sums R = Σy / Σd over periods has the linearised values e_t = (y_t − R d_t) / d̄, which are 0 on average; the variance of
their mean is the variance of R (the delta method with another unit: Deng, Knoblich & Lu 2018, eq. 3). Two arms that run side by side
share their days, good and bad ones: the difference of their linearised values, period by period, is free of that, and its variance
is what a difference of the ratios has (the paired t test of linearised values).

Arrays have the shape (comparisons, periods); a period that is `nan` in anything that is compared is left out of all of it, so that a
numerator never meets the denominator of other days. Periods are taken as independent of each other.
"""

from dataclasses import dataclass

import numpy as np

from python_stats.estimators.comparison import Comparison, compare_contrast, welch_df
from python_stats.estimators.contrast import Contrast
from python_stats.estimators.moments import Sample
from python_stats.estimators.status import INVALID_INPUT, OK, ZERO_DENOMINATOR, Flags, Floats, Words, first_reason

TOO_FEW_PERIODS = "too_few_periods"  # fewer than two on a side: no variance


@dataclass(frozen=True)
class Series:
    """Counts of one arm.

    Attributes:
        numerator, denominator: per period, shape (comparisons, periods); `nan` where unknown.
    """

    numerator: Floats
    denominator: Floats

    def of(self, periods: Flags) -> "Series":
        """The same with all other periods unknown."""
        return Series(np.where(periods, self.numerator, np.nan), np.where(periods, self.denominator, np.nan))

    @property
    def is_known(self) -> Flags:
        """Which periods have both counts."""
        return np.isfinite(self.numerator) & np.isfinite(self.denominator)


@dataclass(frozen=True)
class _Part:
    """One arm over some periods: its ratio, its linearised values (0 outside), how many periods, and what is wrong with it."""

    value: Floats
    residual: Floats
    periods: Floats
    status: Words

    @property
    def variance(self) -> Floats:
        return self.covariance(self)

    def covariance(self, other: "_Part") -> Floats:
        """Of the two ratios, over the same periods."""
        with np.errstate(divide="ignore", invalid="ignore"):
            products = (self.residual * other.residual).sum(axis=1)
            return np.where(self.periods > 1, products / (self.periods * (self.periods - 1)), np.nan)

    def minus(self, other: "_Part") -> "_Part":
        return _Part(
            self.value - other.value, self.residual - other.residual, self.periods, np.where(self.status == OK, other.status, self.status)
        )


def _part(series: Series, known: Flags) -> _Part:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        numerator, denominator = np.where(known, series.numerator, 0.0), np.where(known, series.denominator, 0.0)
        periods = known.sum(axis=1).astype(float)
        total = denominator.sum(axis=1)
        value = numerator.sum(axis=1) / total
        residual = np.where(known, (numerator - value[:, None] * denominator) / (total / periods)[:, None], 0.0)
        # rounding is no spread: equal ratios in all periods stay without one
        residual = np.where(np.abs(residual) < 1e-12 * np.abs(value)[:, None], 0.0, residual)
    status = first_reason(value.shape, (periods < 2, TOO_FEW_PERIODS), (total == 0, ZERO_DENOMINATOR), (~np.isfinite(value), INVALID_INPUT))
    return _Part(value, residual, periods, status)


def _sample(part: _Part) -> Sample:
    usable = part.status == OK
    return Sample(part.periods, np.where(usable, part.value, np.nan), np.where(usable, part.variance, np.nan), part.status)


def side_by_side(control: Series, variant: Series, alpha: Floats) -> tuple[Sample, Sample, Comparison]:
    """Two arms of an experiment over the same periods: paired, K − 1 degrees of freedom.

    Args:
        control, variant: counts per period, in the same order of periods.
        alpha: two-sided, shape (comparisons,).

    Returns:
        either arm (with periods in the place of persons), and the comparison.
    """
    known = control.is_known & variant.is_known
    base, other = _part(control, known), _part(variant, known)
    change = other.minus(base)
    contrast = _contrast(change.value, change.variance, base, change.covariance(base))
    result = compare_contrast(contrast, base.periods - 1, alpha, change.status, np.full(alpha.shape, np.nan))
    return _sample(base), _sample(other), result


def before_and_after(series: Series, is_after: Flags, alpha: Floats) -> tuple[Sample, Sample, Comparison]:
    """The same people before and after a date: observational, for whatever else changed on that date is in it.

    Args:
        series: counts per period.
        is_after: which periods lie after the date, shape (periods,).
        alpha: two-sided, shape (comparisons,).

    The two sides' variances add up; degrees of freedom after Welch.
    """
    before, after = _part(series, series.is_known & ~is_after), _part(series, series.is_known & is_after)
    effect, nothing = after.value - before.value, np.zeros(alpha.shape)
    contrast = _contrast(effect, before.variance + after.variance, before, nothing - before.variance)
    df = welch_df(before.variance, before.periods, after.variance, after.periods)
    status = np.where(before.status == OK, after.status, before.status)
    return _sample(before), _sample(after), compare_contrast(contrast, df, alpha, status, np.full(alpha.shape, np.nan))


def difference_in_differences(group: Series, comparison: Series, is_after: Flags, alpha: Floats) -> tuple[Sample, Sample, Comparison]:
    """What changed in a group beyond what changed in another: (R₁ₐ − R₁ᵦ) − (R₀ₐ − R₀ᵦ), relative to the group before.

    Observational: it holds where both would have moved alike without the change (Angrist & Pischke 2009, eq. 5.2.3). What both
    groups share in a period drops out.

    Args:
        group, comparison: counts of the changed group and of the other, in the same order of periods.
        is_after: which periods lie after the date, shape (periods,).
        alpha: two-sided, shape (comparisons,).
    """
    known = group.is_known & comparison.is_known
    before, after = _part(group, known & ~is_after), _part(group, known & is_after)
    gaps = before.minus(_part(comparison, known & ~is_after)), after.minus(_part(comparison, known & is_after))
    effect = gaps[1].value - gaps[0].value
    contrast = _contrast(effect, gaps[0].variance + gaps[1].variance, before, -gaps[0].covariance(before))
    df = welch_df(gaps[0].variance, gaps[0].periods, gaps[1].variance, gaps[1].periods)
    status = np.where(gaps[0].status == OK, gaps[1].status, gaps[0].status)
    return _sample(before), _sample(after), compare_contrast(contrast, df, alpha, status, np.full(alpha.shape, np.nan))


def _contrast(effect: Floats, variance: Floats, base: _Part, covariance: Floats) -> Contrast:
    """Split the effect's variance into what moves with the base and the rest."""
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(base.variance > 0, covariance / base.variance, 0.0)
    return Contrast(effect, base.value, base.variance, slope, np.maximum(variance - slope**2 * base.variance, 0.0))
