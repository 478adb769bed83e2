"""Shares: means of 0 and 1, with intervals that stay inside [−1, 1] and behave at 0 and at 1."""

from dataclasses import replace

import numpy as np

from python_stats.estimators.moments import Sample, sample_of_means
from python_stats.estimators.skewness import skewness_of_shares
from python_stats.estimators.status import Floats


def sample_of_shares(persons: Floats, pivot: Floats, total: Floats, total_squares: Floats) -> Sample:
    """Share of persons, as the mean of 0 and 1, whose skewness is known from it."""
    sample = sample_of_means(persons, pivot, total, total_squares)
    return replace(sample, skewness=skewness_of_shares(sample.value), is_share=True)


def wilson(successes: Floats, persons: Floats, alpha: Floats) -> tuple[Floats, Floats]:
    """Wilson's score interval of one share (Wilson 1927); `nan` for n = 0, and for what is no share.

    (p̂ + z²/2n ± z √(p̂q̂/n + z²/4n²)) / (1 + z²/n)
    """
    from scipy.special import ndtri

    z = -ndtri(alpha / 2)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = successes / persons
        centre = share + z**2 / (2 * persons)
        reach = z * np.sqrt(np.maximum(share * (1 - share), 0.0) / persons + z**2 / (4 * persons**2))
        scale = 1 + z**2 / persons
        # At 0 and at 1 the bound is exact; rounding would leave it at 1e-19.
        low = np.where(successes == 0, 0.0, (centre - reach) / scale)
        high = np.where(successes == persons, 1.0, (centre + reach) / scale)
        known = (persons > 0) & np.isfinite(persons) & (share >= -1e-9) & (share <= 1 + 1e-9)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def newcombe(
    successes_control: Floats, n_control: Floats, successes_variant: Floats, n_variant: Floats, alpha: Floats
) -> tuple[Floats, Floats]:
    """Newcombe's hybrid score interval of p₁ − p₀ (Newcombe 1998, method 10); `nan` where an arm is empty.

    p̂₁ − p̂₀ − √((p̂₁ − l₁)² + (u₀ − p̂₀)²), p̂₁ − p̂₀ + √((u₁ − p̂₁)² + (p̂₀ − l₀)²) with Wilson's l and u.
    """
    low_control, high_control = wilson(successes_control, n_control, alpha)
    low_variant, high_variant = wilson(successes_variant, n_variant, alpha)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        control, variant = successes_control / n_control, successes_variant / n_variant
        low = variant - control - np.hypot(variant - low_variant, high_control - control)
        high = variant - control + np.hypot(high_variant - variant, control - low_control)
    return low, high


def rate_ratio_tails(
    successes_control: float, n_control: float, successes_variant: float, n_variant: float, ratio: float
) -> tuple[float, float]:
    """One-sided p-values of "p₁ / p₀ is at least `ratio`" and of "it is at most `ratio`", exact for rare events.

    Of all k₀ + k₁ events the variant has a binomial share n₁ r / (n₀ + n₁ r) where the ratio is r (Przyborowski and Wilenski 1940).
    """
    from scipy.special import bdtr, bdtrc

    share = n_variant * max(ratio, 0.0) / (n_control + n_variant * max(ratio, 0.0))
    events = round(successes_control) + round(successes_variant)
    at_most = float(bdtr(round(successes_variant), events, share))
    at_least = float(bdtrc(round(successes_variant) - 1, events, share)) if round(successes_variant) else 1.0
    return at_most, at_least
