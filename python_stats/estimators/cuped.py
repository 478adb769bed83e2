"""Less noise from what people did before: CUPED.

The effect becomes (ȳ₁ − ȳ₀) − θ (x̄₁ − x̄₀), with x the same metric before the exposure and θ = cov(y, x) / var(x) over both arms
stacked (Deng, Xu, Kohavi & Walker 2013, "Improving the sensitivity of online controlled experiments by utilizing pre-experiment
data", eqs. 3–5). Chance gave both arms the same expected x̄, so the effect stays what it was, and its variance falls by the squared
correlation. For ratios y and x are the linearised values (Deng, Knoblich & Lu 2018, "Applying the delta method in metric
analytics", § 4.1).

A relative effect stays relative to the *unadjusted* control mean ȳ₀: what readers see beside it. The two are correlated,
cov(effect, ȳ₀) = −(Var ȳ₀ − θ cov(ȳ₀, x̄₀)), which Fieller's interval takes into account.
"""

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


def adjust(control: Arm, variant: Arm) -> Adjusted:
    """Adjust the difference of two independent arms for their covariate."""
    plain, before = difference(control.value, variant.value), difference(control.covariate, variant.covariate)
    n, m = control.value.persons, variant.value.persons
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        apart = (n / (n + m)) * m

        def stacked(own: Floats, other: Floats, gap: Floats) -> Floats:
            """Sum of products about the common mean: within the arms, and between them."""
            return np.asarray((n - 1) * n * own + (m - 1) * m * other + apart * gap)

        products = stacked(control.covariance, variant.covariance, plain.effect * before.effect)
        squares_x = stacked(control.covariate.variance, variant.covariate.variance, before.effect**2)
        squares_y = stacked(control.value.variance, variant.value.variance, plain.effect**2)
        theta = products / squares_x

        def left_over(arm: Arm) -> Floats:
            size = arm.value.variance + theta**2 * arm.covariate.variance
            return without_rounding(size - 2 * theta * arm.covariance, size)

        rest_control, rest_variant = left_over(control), left_over(variant)
        spread = control.value.variance
        share = np.where(spread > 0, theta * control.covariance / spread, 0.0)
        own_rest = theta**2 * control.covariate.variance - share**2 * spread
        contrast = Contrast(
            effect=plain.effect - theta * before.effect,
            control=plain.control,
            control_variance=spread,
            slope=share - 1,
            rest_variance=rest_variant + np.maximum(own_rest, 0.0),
        )
        usable = (
            (control.value.status == OK)
            & (variant.value.status == OK)
            & (control.covariate.status == OK)
            & (variant.covariate.status == OK)
            & (np.minimum(n, m) >= MIN_PERSONS)
            & (squares_x > 0)
            & (rest_control + rest_variant > 0)
            & np.isfinite(contrast.effect)
            & np.isfinite(contrast.variance)
        )
        df = welch_df(rest_control, n, rest_variant, m)
        reduction = products / squares_x * (products / squares_y)
    return Adjusted(contrast, df, theta, reduction, usable.astype(bool))
