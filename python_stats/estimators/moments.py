"""From pivot-shifted sufficient statistics to means, variances and covariances.

With u = y − p for a pivot p that was fixed beforehand: ȳ = p + Σu/n and s² = (Σu² − (Σu)²/n) / (n − 1). The shift keeps the digits
that plain sums lose when the mean is large against the spread (Chan, Golub & LeVeque 1983, "Algorithms for computing the sample
variance", eq. 1.4).
"""

from dataclasses import dataclass, replace

import numpy as np

from python_stats.estimators.status import (
    INVALID_INPUT,
    MISSING_VARIANT,
    NO_PERSONS,
    TOO_FEW_PERSONS,
    ZERO_DENOMINATOR,
    Floats,
    Words,
    first_reason,
)


@dataclass(frozen=True)
class Sample:
    """One arm of each comparison: a value, its sampling variance, and what stands in the way of it.

    Attributes:
        persons: n, persons with a value; `nan` where the variant has no row.
        value: the mean, share or ratio; `nan` where unknown.
        variance: variance of `value` (not of a person); `nan` where unknown.
        status: `ok`, or why there is no value or no variance.
        pivot, rest: value = pivot + rest, where the mean was summed from a pivot.
        skewness: of one person's value (a ratio's: linearised); None or `nan` where unknown.
        is_share: every value is 0 or 1.
        support: of a ratio, how many persons' worth of denominator there is: (Σd)² / Σd², n where all have the same.
    """

    persons: Floats
    value: Floats
    variance: Floats
    status: Words
    pivot: Floats | None = None
    rest: Floats | None = None
    skewness: Floats | None = None
    is_share: bool = False
    support: Floats | None = None


def mean(persons: Floats, pivot: Floats, total: Floats) -> Floats:
    """ȳ = p + Σ(y − p) / n; `nan` for n = 0."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(persons > 0, pivot + total / persons, np.nan)


def covariance(persons: Floats, total_a: Floats, total_b: Floats, total_ab: Floats) -> Floats:
    """Sample covariance with n − 1, from sums shifted by any pivots; `nan` for n < 2.

    s_ab = (Σuv − Σu Σv / n) / (n − 1). With a = b it is the variance.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(persons > 1, (total_ab - total_a * total_b / persons) / (persons - 1), np.nan)


def variance(persons: Floats, total: Floats, total_squares: Floats) -> Floats:
    """Sample variance with n − 1; what is only rounding (a constant shifted by 0.1) is 0, what no sums can give `nan`."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        terms = total_squares / (persons - 1)
        return _possible(covariance(persons, total, total, total_squares), terms, terms)


def sample_of_means(persons: Floats, pivot: Floats, total: Floats, total_squares: Floats, skewness: Floats | None = None) -> Sample:
    """Mean per person (a share is the mean of 0 and 1) with variance s²/n."""
    value = mean(persons, pivot, total)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        spread = variance(persons, total, total_squares) / persons
        rest = total / persons
    broken = ~np.isfinite(pivot) | ~np.isfinite(total) | ~np.isfinite(total_squares)
    sample = _judged(persons, value, spread, broken, np.zeros(persons.shape, dtype=bool))
    return replace(sample, pivot=pivot, rest=rest, skewness=skewness)


def sample_of_ratios(
    persons: Floats,
    pivot_y: Floats,
    pivot_d: Floats,
    sum_y: Floats,
    sum_d: Floats,
    sum_yy: Floats,
    sum_dd: Floats,
    sum_yd: Floats,
    skewness: Floats | None = None,
) -> Sample:
    """Ratio of sums R = ȳ / d̄ by the delta method, with the person as the unit.

    Var(R) = (s²_y − 2 R s_yd + R² s²_d) / (n d̄²): the variance of the mean of the linearised values (y − R d) / d̄
    (Deng, Knoblich & Lu 2018, "Applying the delta method in metric analytics", eq. 3).
    """
    mean_y = mean(persons, pivot_y, sum_y)
    mean_d = mean(persons, pivot_d, sum_d)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        value = np.where(mean_d != 0, mean_y / mean_d, np.nan)
        spread_y, spread_d = variance(persons, sum_y, sum_yy), variance(persons, sum_d, sum_dd)
        linearised = spread_y - 2 * value * covariance(persons, sum_y, sum_d, sum_yd) + value**2 * spread_d
        sums = (sum_yy + value**2 * sum_dd) / (persons - 1)
        spread = _possible(linearised, spread_y + value**2 * spread_d, sums) / (persons * mean_d**2)
        support = persons * mean_d**2 / (mean_d**2 + spread_d * (persons - 1) / persons)
    broken = ~np.isfinite(pivot_y + pivot_d + sum_y + sum_d + sum_yy + sum_dd + sum_yd)
    return replace(_judged(persons, value, spread, broken, mean_d == 0), skewness=skewness, support=support)


def _possible(spread: Floats, terms: Floats, sums: Floats) -> Floats:
    """A variance without what is only rounding of its terms; `nan` where it is further below 0 than rounded sums can bring it."""
    return np.where(spread < -1e-9 * sums, np.nan, without_rounding(spread, terms))


def without_rounding(difference: Floats, terms: Floats) -> Floats:
    """A difference of terms of that size, or 0 where it is no larger than their rounding (or below 0)."""
    return np.where(difference > 1e-12 * terms, difference, np.where(np.isnan(difference), np.nan, 0.0))


def _judged(persons: Floats, value: Floats, spread: Floats, broken: np.ndarray, no_denominator: np.ndarray) -> Sample:
    missing = np.isnan(persons)
    with np.errstate(invalid="ignore"):
        status = first_reason(
            persons.shape,
            (missing, MISSING_VARIANT),
            (persons <= 0, NO_PERSONS),
            (broken | ~np.isfinite(persons), INVALID_INPUT),
            (no_denominator, ZERO_DENOMINATOR),
            (persons < 2, TOO_FEW_PERSONS),
            (~np.isfinite(value) | ~np.isfinite(spread), INVALID_INPUT),
        )
    no_value = (status != "ok") & (status != TOO_FEW_PERSONS)
    return Sample(
        persons=persons,
        value=np.where(no_value, np.nan, value),
        variance=np.where(status != "ok", np.nan, spread),
        status=status,
    )
