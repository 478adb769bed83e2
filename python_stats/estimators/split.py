"""Is the split sound? The sample-ratio test."""

from dataclasses import dataclass

import numpy as np

from python_stats.estimators.status import Floats

ALARM_P = 0.001
STRAY_SHARE = 0.001


@dataclass(frozen=True)
class Split:
    """Sample-ratio test of one experiment.

    Attributes:
        chi_square, df, p_value: None where fewer than two arms with a share were seen or declared.
        is_sound: False where p < 0.001, or where more than one in a thousand were seen in arms that were declared with no share, or
            not at all. Fewer (a test account) are reported by the status alone.
        status: `ok`, `sample_ratio_mismatch`, `undeclared_variant`, `no_persons` or `one_arm`.
    """

    chi_square: float | None
    df: int | None
    p_value: float | None
    is_sound: bool
    status: str


def sample_ratio(observed: Floats, expected_share: Floats) -> Split:
    """Pearson's chi-square over all arms with a declared share above 0 (df = arms − 1).

    Args:
        observed: persons per arm, shape (arms,).
        expected_share: declared share per arm, `nan` where the arm is not declared. Shares are rescaled to add up to 1.

    χ² = Σ (O − E)² / E (Fabijan et al. 2019, "Diagnosing sample ratio mismatch"). Arms with a share of 0 take no degree of freedom.
    """
    from scipy.special import chdtrc

    with np.errstate(invalid="ignore"):
        counted = expected_share > 0
    strays = float(observed[~counted].sum())
    arms, total = int(counted.sum()), float(observed[counted].sum())
    stray_alarm = strays > STRAY_SHARE * (strays + total)
    if arms < 2 or total == 0:
        status = "undeclared_variant" if strays else "no_persons" if total == 0 else "one_arm"
        return Split(None, None, None, not stray_alarm, status)
    expected = expected_share[counted] / expected_share[counted].sum() * total
    chi_square = float(((observed[counted] - expected) ** 2 / expected).sum())
    p_value = float(chdtrc(arms - 1, chi_square))
    mismatch = p_value < ALARM_P
    status = "sample_ratio_mismatch" if mismatch else "undeclared_variant" if strays else "ok"
    return Split(chi_square, arms - 1, p_value, not (mismatch or stray_alarm), status)
