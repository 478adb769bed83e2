"""Less noise from what people did before: CUPED.

The effect becomes (ȳ₁ − ȳ₀) − θ (x̄₁ − x̄₀), with x the same metric before the exposure and θ = cov(y, x) / var(x) over both arms
stacked (Deng, Xu, Kohavi & Walker 2013, "Improving the sensitivity of online controlled experiments by utilizing pre-experiment
data", eqs. 3–5). Chance gave both arms the same expected x̄, so the effect stays what it was, and its variance falls by the squared
correlation. For ratios y and x are the linearised values (Deng, Knoblich & Lu 2018, "Applying the delta method in metric
analytics", § 4.1).

A relative effect stays relative to the *unadjusted* control mean ȳ₀: what readers see beside it. The two are correlated,
cov(effect, ȳ₀) = −(Var ȳ₀ − θ cov(ȳ₀, x̄₀)), which Fieller's interval takes into account.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from python_stats.estimators.comparison import welch_df
from python_stats.estimators.contrast import Contrast, difference
from python_stats.estimators.moments import Sample, covariance, without_rounding
from python_stats.estimators.status import OK, Flags, Floats

# Below, the noise of θ itself is no longer small (its share of the variance is about 2 / persons).
MIN_PERSONS = 100


@dataclass(frozen=True)
class Arm:
    """One arm of each comparison with its covariate.

    Attributes:
        value: after the exposure.
        covariate: the same before it.
        covariance: of the two means (not of a person's values).
    """

    value: Sample
    covariate: Sample
    covariance: Floats


@dataclass(frozen=True)
class Slope:
    """What a metric's value goes with in the covariate, over several arms stacked.

    Attributes:
        theta: the slope θ.
        variance_reduction: squared correlation of value and covariate.
        usable: every arm has at least `MIN_PERSONS`, and value and covariate vary and do not determine each other; void where False.
    """

    theta: Floats
    variance_reduction: Floats
    usable: Flags


@dataclass(frozen=True)
class Adjusted:
    """Adjusted effects, one element per comparison; where `usable` is False there is nothing to adjust with, and all else is void.

    Attributes:
        contrast: the adjusted effect beside the unadjusted control mean.
        df: Welch–Satterthwaite, from the adjusted variances.
        theta: the slope θ.
        variance_reduction: squared correlation of value and covariate over both arms stacked.
        usable: both arms have at least `MIN_PERSONS`, and value and covariate vary and do not determine each other.
    """

    contrast: Contrast
    df: Floats
    theta: Floats
    variance_reduction: Floats
    usable: Flags


def covariance_of_means(persons: Floats, sum_y: Floats, sum_x: Floats, sum_yx: Floats) -> Floats:
    """cov(ȳ, x̄) = s_yx / n, from sums shifted by any pivots."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return covariance(persons, sum_y, sum_x, sum_yx) / persons


def covariance_of_ratios(
    persons: Floats,
    value: Floats,
    covariate: Floats,
    mean_d: Floats,
    mean_z: Floats,
    sums: tuple[Floats, Floats, Floats, Floats],
    products: tuple[Floats, Floats, Floats, Floats],
) -> Floats:
    """Covariance of two ratios R = ȳ/d̄ and Q = x̄/z̄ of the same persons: that of (y − R d) / d̄ and (x − Q z) / z̄, over n.

    Args:
        persons: n.
        value, covariate: R and Q.
        mean_d, mean_z: d̄ and z̄.
        sums: Σy, Σd, Σx, Σz, shifted.
        products: Σyx, Σdx, Σyz, Σdz, shifted.
    """
    y, d, x, z = sums
    yx, dx, yz, dz = products
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        together = (
            covariance(persons, y, x, yx)
            - value * covariance(persons, d, x, dx)
            - covariate * covariance(persons, y, z, yz)
            + value * covariate * covariance(persons, d, z, dz)
        )
        return np.asarray(together / (persons * mean_d * mean_z))


def slope_over(arms: Sequence[Arm]) -> Slope:
    """θ over several independent arms stacked: sums of products about the common means, within the arms and between them."""
    values, before = (_apart([getattr(arm, name) for arm in arms]) for name in ("value", "covariate"))
    persons = [arm.value.persons for arm in arms]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):

        def stacked(own: Sequence[Floats], first: Sequence[Floats], second: Sequence[Floats]) -> Floats:
            return np.asarray(sum((n - 1) * n * part + n * a * b for n, part, a, b in zip(persons, own, first, second, strict=True)))

        products = stacked([arm.covariance for arm in arms], values, before)
        squares_x = stacked([arm.covariate.variance for arm in arms], before, before)
        squares_y = stacked([arm.value.variance for arm in arms], values, values)
        theta = products / squares_x
        usable = (squares_x > 0) & (sum(left_over(arm, theta) for arm in arms) > 0)
        for arm in arms:
            usable &= (arm.value.status == OK) & (arm.covariate.status == OK) & (arm.value.persons >= MIN_PERSONS)
        return Slope(theta, products / squares_x * (products / squares_y), usable.astype(bool))


def _apart(samples: Sequence[Sample]) -> list[Floats]:
    """How far each arm's mean lies from the mean over all their persons, from differences that keep their digits."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        gaps = [difference(samples[0], sample).effect for sample in samples]
        total = sum(sample.persons for sample in samples)
        centre = sum(sample.persons / total * gap for sample, gap in zip(samples, gaps, strict=True))
        return [gap - centre for gap in gaps]


def left_over(arm: Arm, theta: Floats) -> Floats:
    """Variance of ȳ − θ x̄."""
    with np.errstate(invalid="ignore", over="ignore"):
        size = arm.value.variance + theta**2 * arm.covariate.variance
        return without_rounding(size - 2 * theta * arm.covariance, size)


def adjusted_contrast(
    plain: Contrast, theta: Floats, before: Floats, before_variance: Floats, together: Floats, rest_of_others: Floats
) -> Contrast:
    """A contrast less θ times the same contrast of the covariate, beside the unadjusted mean that it is relative to.

    Args:
        plain: the unadjusted contrast.
        theta: the slope θ.
        before: the contrast of the covariate.
        before_variance, together: variance of the covariate's mean, and its covariance with the metric's, where the contrast starts from.
        rest_of_others: variance of what the other arms add to the adjusted effect.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        spread = plain.control_variance
        share = np.where(spread > 0, theta * together / spread, 0.0)
        own_rest = theta**2 * before_variance - share**2 * spread
        return Contrast(
            effect=plain.effect - theta * before,
            control=plain.control,
            control_variance=spread,
            slope=plain.slope * (1 - share),
            rest_variance=rest_of_others + np.maximum(own_rest, 0.0),
        )


def adjust(control: Arm, variant: Arm) -> Adjusted:
    """Adjust the difference of two independent arms for their covariate."""
    slope = slope_over((control, variant))
    rest_control, rest_variant = left_over(control, slope.theta), left_over(variant, slope.theta)
    before = difference(control.covariate, variant.covariate).effect
    plain = difference(control.value, variant.value)
    contrast = adjusted_contrast(plain, slope.theta, before, control.covariate.variance, control.covariance, rest_variant)
    df = welch_df(rest_control, control.value.persons, rest_variant, variant.value.persons)
    usable = slope.usable & np.isfinite(contrast.effect) & np.isfinite(contrast.variance)
    return Adjusted(contrast, df, slope.theta, slope.variance_reduction, usable)
