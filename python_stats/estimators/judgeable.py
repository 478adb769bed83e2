"""How many persons does it take until a comparison is not refused? The verdict's own limits, solved for the sample.

A refusal (`skewed`, `too_few_events`) hides the result however clear it would be. Both arms grow together, so the limits need no search:
the skewness of a difference falls with the root of the sample, its events grow with it. What is expected is not what is seen: plans
keep clear of the limits by as much as chance takes in most experiments.
"""

import numpy as np

from python_stats.estimators.doubts import MIN_EVENTS
from python_stats.estimators.moments import Sample
from python_stats.estimators.skewness import MAX_SKEWNESS, skewness_of_difference, skewness_of_shares
from python_stats.estimators.status import OK, SKEWED, TOO_FEW_EVENTS, Floats

SURE = 0.975  # of the experiments planned, at least this many see the least count
CLEAR = 0.9  # of the largest skewness: seen skewness is within a tenth of the true one in most experiments


def expected_arm(share: Floats, value: Floats, variance: Floats, *, skewness: Floats | None = None, is_share: bool = False) -> Sample:
    """An arm as it is expected of one person in all, of whom `share` are in it.

    Args:
        share: of all persons, on any scale that both arms have in common.
        value: the arm's mean, share or ratio.
        variance: of one person's value.
        skewness: of one person's value; a share's follows from its value. None or `nan` where unknown: then nothing is refused for it.
        is_share: every value is 0 or 1.
    """
    status = np.full(share.shape, OK, dtype=object)
    return Sample(share, value, variance / share, status, skewness=skewness_of_shares(value) if is_share else skewness, is_share=is_share)


def least_for_skewness(control: Sample, variant: Sample) -> Floats:
    """Persons in all from which the difference is not `skewed`: (κ of one person ÷ κ allowed)²; 0 where the tail is unknown."""
    with np.errstate(invalid="ignore"):
        found = (skewness_of_difference(control, variant) / (CLEAR * MAX_SKEWNESS)) ** 2
    return np.where(np.isfinite(found), found, 0.0)


def least_for_events(control: Sample, variant: Sample) -> Floats:
    """Persons in all from which a share has no `too_few_events`, neither in all nor behind the standard error (`doubts`).

    0 for what is no share: there only an arm in which everybody has one value is refused.
    """
    if not (control.is_share and variant.is_share):
        return np.zeros(control.value.shape)
    arms, needed = (control, variant), with_at_least(MIN_EVENTS)
    with np.errstate(divide="ignore", invalid="ignore"):
        happened = sum(arm.value * arm.persons for arm in arms)
        persons = control.persons + variant.persons
        least = needed / np.minimum(happened, persons - happened)
        variance = control.variance + variant.variance
        for arm, other in (arms, arms[::-1]):
            behind = variance * arm.persons**2  # events of the standard error, of one person
            least = np.where(arm.persons < other.persons, np.maximum(least, needed / behind), least)
    return np.where(np.isfinite(least), least, 0.0)


def least_persons(control: Sample, variant: Sample) -> tuple[Floats, str]:
    """Persons in all from which neither refuses any comparison, and the status of the one that asks for more."""
    for_skewness, for_events = least_for_skewness(control, variant), least_for_events(control, variant)
    return np.maximum(for_skewness, for_events), SKEWED if for_skewness.max() >= for_events.max() else TOO_FEW_EVENTS


def with_at_least(count: float) -> float:
    """The number to expect so that `count` are seen nearly always, of many of whom few count (Poisson)."""
    from scipy.special import gammaincinv

    return float(gammaincinv(count, SURE))


def sees_at_least(count: float, cases: Floats, share: Floats) -> Floats:
    """P(at least `count` of the cases) where each counts with probability `share`; cases need not be whole."""
    from scipy.special import betainc

    enough = cases >= count
    chance = betainc(count, np.where(enough, cases - count + 1, 1.0), np.clip(share, 0.0, 1.0))
    return np.where(enough, chance, 0.0)
