"""Does one weekly series move with another, and how much later? Correlation of their changes, with its interval."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from python_stats.estimators.status import OK

FEWEST_WEEKS = 12  # pairs of changes below which nothing is said
TOO_FEW_WEEKS = "too_few_weeks"
NO_CHANGE = "no_change"
Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


@dataclass(frozen=True)
class Association:
    """The correlation of changes from one week to the next.

    Attributes:
        status: `ok`, or why there is none (`too_few_weeks`, `no_change`).
        lag: weeks by which the second series follows the first.
        correlation: Pearson's, from −1 to 1; `nan` without one.
        low, high: its interval, for all lags looked at together.
        weeks: pairs of changes it is from.
    """

    status: str
    lag: int
    correlation: float
    low: float
    high: float
    weeks: int


def associate(first: Floats, second: Floats, *, most_lags: int = 4, alpha: float = 0.05) -> Association:
    """The lag from 0 to `most_lags` weeks at which the changes of `second` follow those of `first` most closely.

    The interval is Fisher's (atanh r ± z/√(n − 3), Fisher 1921), with n reduced for series that remember: Bartlett's (1946)
    n ÷ (1 + 2 ρ₁ρ₂) by their own correlations from week to week, never above n. It holds for all lags together (alpha ÷ their number).

    Args:
        first, second: one value a week, in order of weeks without gaps, of equal shape (weeks,); `nan` where a week has none.
        most_lags: the longest lag, in weeks.
        alpha: one less the coverage.
    """
    if first.shape != second.shape:
        raise ValueError(f"series of different lengths: {first.shape} and {second.shape}")
    found = [_at_lag(np.diff(first), np.diff(second), lag, alpha / (most_lags + 1)) for lag in range(most_lags + 1)]
    known = [one for one in found if one.status == OK]
    return max(known, key=lambda one: (abs(one.correlation), -one.lag)) if known else found[0]


def _at_lag(first: Floats, second: Floats, lag: int, alpha: float) -> Association:
    x, y = first[: max(first.size - lag, 0)], second[lag:]
    both = np.isfinite(x) & np.isfinite(y)
    weeks = int(both.sum())
    nothing = (lag, float("nan"), float("nan"), float("nan"), weeks)
    if weeks < FEWEST_WEEKS:
        return Association(TOO_FEW_WEEKS, *nothing)
    r = correlation(x[both], y[both])
    if not np.isfinite(r):
        return Association(NO_CHANGE, *nothing)
    effective = weeks / max(1 + 2 * _memory(x) * _memory(y), 1.0)
    if effective <= 4:
        return Association(TOO_FEW_WEEKS, *nothing)
    r = float(np.clip(r, -1 + 1e-12, 1 - 1e-12))
    half = float(-special.ndtri(alpha / 2)) / np.sqrt(effective - 3)
    return Association(OK, lag, r, float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half)), weeks)


def correlation(x: Floats, y: Floats) -> float:
    """Pearson's correlation of two arrays of equal shape; `nan` where one of them does not vary."""
    dx, dy = x - x.mean(), y - y.mean()
    size = float(np.sqrt((dx @ dx) * (dy @ dy)))
    scale = float(np.sqrt((x @ x) * (y @ y)))
    return float(dx @ dy) / size if size > 1e-12 * scale and size > 0 else float("nan")


def _memory(series: Floats) -> float:
    """Correlation of a series with itself a week before; 0 where it cannot be told."""
    both = np.isfinite(series[:-1]) & np.isfinite(series[1:])
    found = correlation(series[:-1][both], series[1:][both]) if both.sum() > 2 else float("nan")
    return found if np.isfinite(found) else 0.0
