"""How far Student's t can be trusted: the skewness of the difference.

A long tail in one arm pulls mean and standard error the same way. To first order that moves the two error rates of a t statistic
apart by (2z² + 1) φ(z) κ / 6 each, and to second order adds about 0.25 κ² to their sum at z = 1.96, with κ the skewness of the
difference of means (Hall 1992, "The bootstrap and Edgeworth expansion", §§ 2.6 and 3.3). Equal arms with equal tails have κ = 0
however heavy the tail: there the test is conservative. Nine to one they have κ = 2.7 · skewness / √persons.
"""

from collections.abc import Sequence

import numpy as np

from python_stats.estimators.moments import Sample
from python_stats.estimators.status import Flags, Floats

# At κ = 0.1 the error rates are 1.7 % and 3.4 % on the two sides, 5.2 % together: docs/decisions.md and `make calibrate`.
MAX_SKEWNESS = 0.1


def skewness_of_shares(share: Floats) -> Floats:
    """(1 − 2p) / √(p (1 − p)); 0 where everybody is the same."""
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(share * (1 - share))
        return np.where(spread > 0, (1 - 2 * share) / spread, np.where(np.isnan(share), np.nan, 0.0))


def skewness_of_means(persons: Floats, total: Floats, total_squares: Floats, unit: Floats, total_cubes: Floats) -> Floats:
    """Skewness of a person's value from sums of u = y − pivot; 0 where everybody is the same, `nan` where a sum is unknown.

    Σ(u − ū)³ = Σu³ − 3 ū Σu² + 2 n ū³, over (Σ(u − ū)² / n)^1.5 · n.

    Args:
        persons: n.
        total, total_squares: Σu and Σu², in the metric's unit.
        unit: what the cubes were divided by, so that they stay small.
        total_cubes: Σ(u / unit)³.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        centre, squares = total / persons / unit, total_squares / unit**2
        spread = squares - persons * centre**2
        third = total_cubes - 3 * centre * squares + 2 * persons * centre**3
        return np.where(spread > 1e-12 * squares, third * np.sqrt(persons) / spread**1.5, np.where(np.isnan(spread), np.nan, 0.0))


def skewness_of_ratios(
    persons: Floats,
    pivot_y: Floats,
    pivot_d: Floats,
    sum_y: Floats,
    sum_d: Floats,
    sum_yy: Floats,
    sum_dd: Floats,
    sum_yd: Floats,
    ratio: Floats,
    unit: Floats,
    total_cubes: Floats,
) -> Floats:
    """Skewness of a person's linearised value e = y − R d, with R (`ratio`) the ratio that the cubes Σ(e / unit)³ were summed with."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        shift = pivot_y - ratio * pivot_d
        linear = sum_y - ratio * sum_d
        squares = sum_yy - 2 * ratio * sum_yd + ratio**2 * sum_dd + 2 * shift * linear + persons * shift**2
    return skewness_of_means(persons, linear + persons * shift, squares, unit, total_cubes)


def skewness_of_difference(control: Sample, variant: Sample) -> Floats:
    """κ of m₁ − m₀: γ (n₀ − n₁) / √(n₀ n₁ (n₀ + n₁)); see `skewness_of_contrast`."""
    return skewness_of_contrast((control, variant), (-1.0, 1.0))


def skewness_of_contrast(arms: Sequence[Sample], weights: Sequence[float]) -> Floats:
    """κ of Σ w m if all arms share one distribution, the null hypothesis; `nan` where an arm's skewness is unknown.

    κ = γ Σ (w³ / n²) / (Σ w² / n)^1.5, with γ from all arms' pooled second and third central moments. Pooling matters: whether the
    longest tail was seen in the small arm is chance, and just that chance goes with a false alarm.
    """
    parts = [(arm.persons, arm.variance * arm.persons, arm.skewness, weight) for arm, weight in zip(arms, weights, strict=True) if weight]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        largest = np.maximum.reduce([spread for _, spread, _, _ in parts])
        persons, second, third, shape, size = (np.zeros(largest.shape) for _ in range(5))
        for n, spread, skewness, weight in parts:
            if skewness is None:
                return np.full(largest.shape, np.nan)
            own = spread / largest  # so that no unit is too large or too small to be cubed
            persons, second, third = persons + n, second + n * own, third + n * own * np.sqrt(own) * skewness
            shape, size = shape + weight * (weight / n) ** 2, size + weight * (weight / n)
        second, third = second / persons, third / persons
        return np.asarray(third / (second * np.sqrt(second)) * (shape / (size * np.sqrt(size))))


def is_skewed(skewness: Floats) -> Flags:
    """Is the normal approximation of the difference not to be trusted? No where it cannot be told."""
    with np.errstate(invalid="ignore"):
        return np.abs(skewness) > MAX_SKEWNESS
