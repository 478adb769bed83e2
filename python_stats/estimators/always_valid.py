"""May I look whenever I like? Confidence sequences: intervals that hold at all times together.

The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (2021, "Time-uniform central limit theory", eq. 9),
a normal mixture (Robbins 1970; Howard, Ramdas, McAuliffe & Sekhon 2021, prop. 5): with n persons and the mixture's precision ρ²

    effect ∓ se · √( 2 (nρ² + 1) / (nρ²) · ln( √(nρ² + 1) / α ) ).

It is tightest where ρ² = (−2 ln α + ln(−2 ln α + 1)) / n*, here at the planned sample n*, so that only t = n / n* counts. It holds for
large samples; at 100 and more persons an arm its error was measured to be within alpha (decision log).
"""

import numpy as np

from python_stats.estimators.status import Floats


def boundary(fraction: Floats, alpha: Floats) -> Floats:
    """What |Z| has to reach; infinite at information 0.

    Args:
        fraction: information as a share of what was planned, any shape; it may exceed 1.
        alpha: two-sided error rate over all time, shape to match.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = _scaled(fraction, alpha)
        found = np.sqrt(2 * (scaled + 1) / scaled * (np.log1p(scaled) / 2 - np.log(alpha)))
    return np.where(scaled > 0, found, np.inf)


def p_value(statistic: Floats, fraction: Floats, alpha: Floats) -> Floats:
    """√(1 + nρ²) · exp(−Z² nρ² / (2 (1 + nρ²))), at most 1: no greater than `alpha` exactly where |Z| reaches `boundary`.

    Args:
        statistic: Z = effect ÷ standard error.
        fraction, alpha: as for `boundary`; alpha tunes ρ.
    """
    scaled = _scaled(fraction, alpha)
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(np.minimum(1.0, np.exp(np.log1p(scaled) / 2 - np.asarray(statistic) ** 2 * scaled / (2 * (1 + scaled)))))


def _scaled(fraction: Floats, alpha: Floats) -> Floats:
    """nρ² = t · (−2 ln α + ln(−2 ln α + 1))."""
    tail = -2 * np.log(np.asarray(alpha, dtype=float))
    return np.asarray(np.asarray(fraction, dtype=float) * (tail + np.log1p(tail)))
