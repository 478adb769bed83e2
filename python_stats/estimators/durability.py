"""Does an effect last? The relative effect in a later window less that in an earlier one, for the same persons.

Windows of one person overlap, so their effects are anything but independent. With L = m₁ / |m₀| per window and arm the means
(m_a, m_b) of the two windows known with their covariance, the change D = L_b − L_a has, by the delta method,

    Var D = Σ over both arms of  g_b² V_b + g_a² V_a + 2 g_a g_b C,   g = ± 1 / |m₀| (variant), ∓ m₁ / (m₀ |m₀|) (control),

with the plus for the later window, C the covariance of the arm's two means (for ratios: of their linearised values). Relative, because
a longer window holds more of everything: 2 of 20 in a week and 6 of 60 in a month are the same effect.

What the change rests on is who does something between the two windows' ends, often few. That nobody of a small arm did is no evidence that
nobody does: per person, an arm smaller than the other is taken to vary no less than that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from python_stats.estimators.comparison import critical_value, two_sided_p
from python_stats.estimators.cuped import Arm
from python_stats.estimators.status import INVALID_INPUT, OK, UNBOUNDED, ZERO_VARIANCE, Floats, Words, first_reason

# The delta method needs a control mean well away from 0: at five standard errors its curvature is below a tenth of the interval.
LEAST_PRECISION = 5.0
UNCHANGED = "unchanged"  # to the last digit: nothing has happened between the two windows' ends


@dataclass(frozen=True)
class Change:
    """How a relative effect changed, one element per comparison; `nan` where `status` is not `ok`.

    Attributes:
        earlier, later: relative effects of the same persons in the two windows.
        change: later − earlier.
        standard_error, df, ci_low, ci_high, p_value: of `change`; df after Welch and Satterthwaite over the two arms.
        status: `ok`, or why there is nothing to show (`unbounded`: a control mean too close to 0).
    """

    earlier: Floats
    later: Floats
    change: Floats
    standard_error: Floats
    df: Floats
    ci_low: Floats
    ci_high: Floats
    p_value: Floats
    status: Words


def change_of_lift(control: Arm, variant: Arm, alpha: Floats) -> Change:
    """Later against earlier window.

    Args:
        control, variant: `value` is the later window, `covariate` the earlier one, of the same persons.
        alpha: two-sided.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        later, slope_later = _lift(control.value.value, variant.value.value)
        earlier, slope_earlier = _lift(control.covariate.value, variant.covariate.value)
        change = later - earlier
        parts = [
            b**2 * arm.value.variance + a**2 * arm.covariate.variance - 2 * a * b * arm.covariance
            for arm, a, b in (
                (control, slope_earlier, slope_later),
                (variant, 1 / np.abs(control.covariate.value), 1 / np.abs(control.value.value)),
            )
        ]
        parts = _no_less_than_the_larger_arm(parts, [control.value.persons, variant.value.persons])
        spread = parts[0] + parts[1]
        terms = sum(part.variance for arm in (control, variant) for part in (arm.value, arm.covariate))
        rounding = 1e-12 * terms / np.minimum(control.value.value**2, control.covariate.value**2)
        precise = (np.abs(control.value.value) >= LEAST_PRECISION * np.sqrt(control.value.variance)) & (
            np.abs(control.covariate.value) >= LEAST_PRECISION * np.sqrt(control.covariate.variance)
        )
        status = np.full(change.shape, OK, dtype=object)
        for sample in (control.value, variant.value, control.covariate, variant.covariate):
            status = np.where(status == OK, sample.status, status)
        own = first_reason(
            change.shape,
            (~precise | (control.value.value == 0) | (control.covariate.value == 0), UNBOUNDED),
            (~np.isfinite(change) | ~np.isfinite(spread), INVALID_INPUT),
            ((spread <= rounding) & (np.abs(change) < 1e-12), UNCHANGED),
            (spread <= rounding, ZERO_VARIANCE),
        )
        status = np.where(status == OK, own, status)
        usable = status == OK
        shares = [part / spread for part in parts]
        df = 1 / (shares[0] ** 2 / (control.value.persons - 1) + shares[1] ** 2 / (variant.value.persons - 1))
        safe_df, standard_error = np.where(usable, df, 1.0), np.sqrt(spread)
        reach = critical_value(alpha, safe_df) * standard_error
        p_value = two_sided_p(np.where(usable, change / standard_error, 0.0), safe_df)

    def known(values: Floats) -> Floats:
        return np.where(usable, values, np.nan)

    shown = usable | (status == ZERO_VARIANCE) | (status == UNCHANGED)
    return Change(
        np.where(shown, earlier, np.nan),
        np.where(shown, later, np.nan),
        np.where(shown, change, np.nan),
        known(standard_error),
        known(df),
        known(change - reach),
        known(change + reach),
        known(p_value),
        status,
    )


def _no_less_than_the_larger_arm(parts: Sequence[Floats], persons: Sequence[Floats]) -> list[Floats]:
    """Variances of both arms' parts; per person, that of the smaller arm at least the other's."""
    found = [np.maximum(part, 0.0) for part in parts]
    return [
        np.where(own_persons < other_persons, np.maximum(own, other * other_persons / own_persons), own)
        for own, other, own_persons, other_persons in zip(found, found[::-1], persons, persons[::-1], strict=True)
    ]


def _lift(control: Floats, variant: Floats) -> tuple[Floats, Floats]:
    """(m₁ − m₀) / |m₀|, and its slope in m₀: −m₁ / (m₀ |m₀|)."""
    return (variant - control) / np.abs(control), -variant / (control * np.abs(control))
