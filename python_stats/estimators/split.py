"""Is the split sound? The sample-ratio test, once and every day."""

from dataclasses import dataclass, replace

import numpy as np

from python_stats.estimators.status import INVALID_INPUT, Floats

ALARM_P = 0.001
STRAY_SHARE, MANY_STRAYS, STRAYS = 0.001, 0.01, 5  # more than the first share, and either more than the second or as many as this
MIN_EXPECTED = 100.0
DAILY_MISMATCH = "daily_sample_ratio_mismatch"
COMPARED_MISMATCH = "compared_ratio_mismatch"
NO_PERSONS = "no_persons"


@dataclass(frozen=True)
class Split:
    """Sample-ratio test of one experiment.

    Attributes:
        chi_square, df, p_value: None where fewer than two arms with a share were seen or declared.
        is_sound: False where a p-value is below 0.001, or where more than one in a thousand were seen in arms that were declared with no
            share, or not at all. Fewer, or up to four of less than a hundredth (a test account), are reported by the status alone.
        status: `ok`, `sample_ratio_mismatch`, `compared_ratio_mismatch`, `daily_sample_ratio_mismatch`, `undeclared_variant`,
            `no_persons`, `one_arm` or `invalid_input` (a count that is below 0 or not finite, of which nothing is known: not sound).
        compared_p_value: of the same test of those who are compared; None where nobody was left out, or it was not worked out.
        daily_p_value: of `daily_sample_ratio` up to the last day; None where it was not worked out.
        strays: arms that were seen, though declared with no share or not at all; named by who knows the names.
    """

    chi_square: float | None
    df: int | None
    p_value: float | None
    is_sound: bool
    status: str
    compared_p_value: float | None = None
    daily_p_value: float | None = None
    strays: tuple[str, ...] = ()

    def with_compared(self, compared: "Split") -> "Split":
        """The same beside the test of those who are left to compare: who came again is left out of one arm more than of another."""
        return replace(self, compared_p_value=compared.p_value)._judged_by(compared.p_value, COMPARED_MISMATCH)

    def with_daily(self, p_value: float) -> "Split":
        """The same beside the test of every day, whose alarm alone makes the split unsound, too."""
        return replace(self, daily_p_value=p_value)._judged_by(p_value, DAILY_MISMATCH)

    def _judged_by(self, p_value: float | None, status: str) -> "Split":
        """Unsound with that status where one more test alarms; what was unsound before stays what it was."""
        is_alarm = p_value is not None and p_value < ALARM_P and self.is_sound
        return replace(self, is_sound=False, status=status) if is_alarm else self


def sample_ratio(observed: Floats, expected_share: Floats) -> Split:
    """Pearson's chi-square over all arms with a declared share above 0 (df = arms − 1).

    Args:
        observed: persons per arm, shape (arms,).
        expected_share: declared share per arm, `nan` where the arm is not declared. Shares are rescaled to add up to 1.

    χ² = Σ (O − E)² / E (Fabijan et al. 2019, "Diagnosing sample ratio mismatch"). Arms with a share of 0 take no degree of freedom.
    Where an arm expects fewer than 100 persons the p-value is exact instead: so far out as 0.001 the chi-square gives 0.002 at 10
    expected persons and 0.003 at 1.
    """
    from scipy.special import chdtrc

    if not (np.isfinite(observed) & (observed >= 0)).all():
        return Split(None, None, None, False, INVALID_INPUT)
    with np.errstate(invalid="ignore"):
        counted = expected_share > 0
    strays = float(observed[~counted].sum())
    arms, total = int(counted.sum()), float(observed[counted].sum())
    persons = strays + total
    stray_alarm = strays > STRAY_SHARE * persons and (strays >= STRAYS or strays > MANY_STRAYS * persons)
    if arms < 2 or total == 0:
        status = "undeclared_variant" if strays else NO_PERSONS if total == 0 else "one_arm"
        return Split(None, None, None, not stray_alarm, status)
    expected = expected_share[counted] / expected_share[counted].sum() * total
    chi_square = float(((observed[counted] - expected) ** 2 / expected).sum())
    p_value = float(chdtrc(arms - 1, chi_square))
    if expected.min() < MIN_EXPECTED:
        p_value = _exact(observed[counted], total, expected / total)
    mismatch = p_value < ALARM_P
    status = "sample_ratio_mismatch" if mismatch else "undeclared_variant" if strays else "ok"
    return Split(chi_square, arms - 1, p_value, not (mismatch or stray_alarm), status)


def _exact(observed: Floats, total: float, shares: Floats) -> float:
    """Each arm against all others by the exact binomial, twice the smaller tail; several arms: the smallest, times their number."""
    from scipy.special import bdtr, bdtrc

    persons = int(total)
    below = bdtr(observed, persons, shares)
    above = np.where(observed > 0, bdtrc(np.maximum(observed - 1, 0), persons, shares), 1.0)
    smallest = 2 * float(np.minimum(below, above).min())
    return min(1.0, smallest * (1 if shares.size == 2 else shares.size))


def daily_sample_ratio(observed: Floats, expected_share: Floats) -> Floats:
    """Sample-ratio test that may be looked at every day: P(any day's p ≤ a) ≤ a for a sound split, shape (days,), never rising.

    Args:
        observed: persons per arm up to each day, shape (days, arms).
        expected_share: as for `sample_ratio`; shape (arms,).

    p = 1 / max over the days so far of the Bayes factor of a Dirichlet(1, …, 1) prior over splits against the declared one,
    Γ(k) Π Γ(1 + n_j) / (Γ(k + n) Π w_j^{n_j}), a martingale while the split is as declared (Lindon & Malek 2022, "Anytime-valid
    inference for multinomial count data", eq. 9). 1 on every day where fewer than two arms have a share.
    """
    logarithm = log_bayes_factor(observed, expected_share)
    return np.asarray(np.minimum(1.0, np.exp(-np.maximum.accumulate(np.maximum(logarithm, 0.0)))))


def log_bayes_factor(observed: Floats, expected_share: Floats) -> Floats:
    """The logarithm of that Bayes factor, shape (days,); 0 where fewer than two arms have a share."""
    from scipy.special import gammaln

    with np.errstate(invalid="ignore"):
        counted = expected_share > 0
    arms = int(counted.sum())
    if arms < 2:
        return np.zeros(observed.shape[0])
    persons, shares = observed[:, counted], expected_share[counted] / expected_share[counted].sum()
    total = persons.sum(axis=1)
    # no matrix product: the last bit of what BLAS gives hangs on the number of days and on the processor
    return np.asarray(gammaln(arms) + gammaln(1 + persons).sum(axis=1) - gammaln(arms + total) - (persons * np.log(shares)).sum(axis=1))
