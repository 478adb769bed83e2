"""Does the effect differ between segments, and what is left of each segment's own effect once chance is taken out?

Segments are compared by their relative changes, as log ratios log(m₁ / m₀): 2 more of 20 and 6 more of 60 are the same effect, and a
sum over many log ratios is nearer to normal than one over m₁ / m₀ − 1. Where a mean is too close to 0 for that, by plain differences.

First one test over all segments of a kind (Cochran's Q), with the spread of the true effects and their mean (DerSimonian & Laird 1986,
"Meta-analysis in clinical trials"). Then each effect is drawn towards the mean as far as its own error asks for: the segment that looks
best among ten looks best partly by chance. Taking the spread as known would promise too much (in simulations, intervals of plain
empirical Bayes hold the truth in 76 to 90 %), so the shrunken effects are averaged over all spreads, weighed by how well they explain
the data (95 to 99 %).
"""

from dataclasses import dataclass

import numpy as np

from python_stats.estimators.contrast import Contrast
from python_stats.estimators.doubts import MIN_EVENTS
from python_stats.estimators.status import Floats

GRID = 200
# A log ratio needs means so many standard errors above 0. A share's tail is known from its events; where a mean of heavy-tailed values
# is less certain, those segments that happen to lack the tail look the most certain, and up to 9 % of the tests would be false alarms.
LEAST_PRECISION = 10.0
LEAST_PRECISION_OF_SHARES = (MIN_EVENTS - 0.5) ** 0.5


@dataclass(frozen=True)
class Heterogeneity:
    """Effects of the segments of one kind.

    Attributes:
        q, df, p_value: Cochran's test that all segments have one effect.
        between: τ², variance of the true effects between segments.
        common: their mean.
        common_variance: of `common`.
        shrunken: what to expect of each segment; shape (segments,).
        shrunken_variance: its variance.
    """

    q: float
    df: int
    p_value: float
    between: float
    common: float
    common_variance: float
    shrunken: Floats
    shrunken_variance: Floats


def log_ratios(contrast: Contrast, is_share: bool) -> tuple[Floats, Floats] | None:
    """log(1 + E / B) of each effect E beside its control B, and its variance; None where the mean of either arm of any is too close to 0.

    By the delta method (Rest + (slope − E/B)² Var B) / (B + E)², which is V₁/m₁² + V₀/m₀² for two plain arms.

    Args:
        contrast: of the segments of one kind; shape (segments,).
        is_share: of shares, whose means are certain enough from five events on; all others have to be 10 standard errors above 0.
    """
    base, base_error, rest_error = contrast.control, np.sqrt(contrast.control_variance), np.sqrt(contrast.rest_variance)
    variant, variant_error = base + contrast.effect, np.hypot(rest_error, (1 + contrast.slope) * base_error)
    least = LEAST_PRECISION_OF_SHARES if is_share else LEAST_PRECISION
    if not np.all((base > 0) & (base >= least * base_error) & (variant > 0) & (variant >= least * variant_error)):
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        moved = contrast.slope - contrast.effect / base
        return np.log1p(contrast.effect / base), (rest_error / variant) ** 2 + (moved * (base_error / variant)) ** 2


def heterogeneity(effect: Floats, variance: Floats) -> Heterogeneity | None:
    """Test and shrink independent effects; None for fewer than two, or where one has no variance.

    Q = Σ w (y − ȳ)² with w = 1/v, χ² with k − 1 df if all are equal. τ² = max(0, (Q − (k − 1)) / (Σw − Σw²/Σw)); the common mean has
    the weights 1 / (v + τ²).

    Args:
        effect: shape (segments,).
        variance: of each effect.
    """
    from scipy.special import chdtrc

    count = effect.size
    if count < 2 or not np.all(variance > 0) or not np.all(np.isfinite(effect) & np.isfinite(variance)):
        return None
    unit = float(np.sqrt(variance.min()))  # so that nothing overflows, whatever the metric's unit
    y, v = effect / unit, variance / unit**2
    weights = 1 / v
    q = float(np.sum(weights * (y - np.sum(weights * y) / np.sum(weights)) ** 2))
    between = max(0.0, float((q - (count - 1)) / (np.sum(weights) - np.sum(weights**2) / np.sum(weights))))
    weights = 1 / (v + between)
    common, common_variance = float(np.sum(weights * y) / np.sum(weights)), float(1 / np.sum(weights))
    shrunken, spread = _shrink(y, v)
    p_value = float(chdtrc(count - 1, q))
    return Heterogeneity(
        q, count - 1, p_value, between * unit**2, common * unit, common_variance * unit**2, shrunken * unit, spread * unit**2
    )


def _shrink(y: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Posterior mean and variance of each true effect, averaged over τ.

    Given τ: m = Σ w y / Σ w with w = 1 / (v + τ²), B = τ² / (τ² + v), mean m + B (y − m), variance B v + (1 − B)² / Σ w. The weight of τ is
    its marginal likelihood, Π w^½ (Σ w)^−½ exp(−½ Σ w (y − m)²) (Gelman et al. 2013, "Bayesian data analysis", § 5.4), under a prior
    that is flat in τ² up to ten typical errors, beyond which next to nothing is drawn anyway (flat in τ² keeps intervals honest:
    Morris & Tang 2011, "Estimating random effects via adjustment for density maximization").
    """
    tau = 10 * np.sqrt(1 / np.mean(1 / v)) * (np.arange(GRID) + 0.5) / GRID
    w = 1 / (v[None, :] + tau[:, None] ** 2)
    total = w.sum(axis=1)
    mean = (w * y).sum(axis=1) / total
    away = y - mean[:, None]
    likelihood = np.log(tau) + 0.5 * np.log(w).sum(axis=1) - 0.5 * np.log(total) - 0.5 * (w * away**2).sum(axis=1)
    chance = np.exp(likelihood - likelihood.max())
    chance = (chance / chance.sum())[:, None]
    kept = tau[:, None] ** 2 * w
    centre = mean[:, None] + kept * away
    shrunken = (chance * centre).sum(axis=0)
    spread = (chance * (kept * v + (1 - kept) ** 2 / total[:, None] + (centre - shrunken) ** 2)).sum(axis=0)
    return shrunken, spread
