"""Do two curves differ at all? The log-rank test, in floating point: counts of any size are safe."""

from dataclasses import dataclass

import numpy as np

from python_stats.estimators.status import MISSING_VARIANT, NO_EVENTS, NO_PERSONS, OK, ZERO_VARIANCE, Floats, Words, first_reason


@dataclass(frozen=True)
class LogRank:
    """One element per comparison; `nan` where `status` is not `ok`.

    Attributes:
        surplus: observed − expected events of the variant.
        variance: of `surplus`.
        chi_square: surplus² ÷ variance, with one degree of freedom.
        p_value: of no difference at any time.
        status: `ok`, or why there is no test.
    """

    surplus: Floats
    variance: Floats
    chi_square: Floats
    p_value: Floats
    status: Words


def log_rank(at_risk_control: Floats, events_control: Floats, at_risk_variant: Floats, events_variant: Floats) -> LogRank:
    """The Mantel–Haenszel log-rank test of each row, over a common grid of times; shape (comparisons, times), `nan` for a missing arm.

    With n = n₀ + n₁ at risk and d = d₀ + d₁ events at a time, U = Σ (d₁ − d n₁/n) and
    V = Σ d (n₁/n)(n₀/n)(n − d)/(n − 1) (Mantel 1966; Klein & Moeschberger 2003, eq. 7.3.3). In buckets with a width, n is at risk on
    average (`survival.during_bucket`): otherwise the arm that is watched for less long seems to have more to wait.
    """
    from scipy.special import chdtrc

    at_risk, events = at_risk_control + at_risk_variant, events_control + events_variant
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = np.where(at_risk > 0, at_risk_variant / at_risk, 0.0)
        surplus = np.sum(events_variant - events * share, axis=1)
        spread = np.where(at_risk > 1, events * share * (1 - share) * ((at_risk - events) / (at_risk - 1)), 0.0)
        variance = np.sum(spread, axis=1)
        missing = np.asarray(np.isnan(at_risk + events).any(axis=1))
        empty = (np.max(at_risk_control, axis=1, initial=0.0) <= 0) | (np.max(at_risk_variant, axis=1, initial=0.0) <= 0)
        status = first_reason(
            surplus.shape,
            (missing, MISSING_VARIANT),
            (empty, NO_PERSONS),
            (np.sum(events, axis=1) <= 0, NO_EVENTS),
            (~(variance > 0), ZERO_VARIANCE),
        )
        usable = status == OK
        chi_square = np.where(usable, surplus**2 / variance, np.nan)
    return LogRank(
        surplus=np.where(usable, surplus, np.nan),
        variance=np.where(usable, variance, np.nan),
        chi_square=chi_square,
        p_value=np.where(usable, chdtrc(1, np.where(usable, chi_square, 0.0)), np.nan),
        status=status,
    )
