"""Where a mean is not near enough to normal for its interval to be believed, seen from the arms before they are compared.

Thresholds are where simulated error rates come back to what is promised (`make calibrate`). The skewness of the difference is the other
such check (`skewness`).
"""

from collections.abc import Sequence

import numpy as np

from python_stats.estimators.moments import Sample
from python_stats.estimators.status import THIN_DENOMINATOR, TOO_FEW_EVENTS, Flags, Floats, Words, first_reason

MIN_EVENTS = 5
MIN_SUPPORT = 30
EVEN_SUPPORT = 2 / 3


def doubts(arms: Sequence[Sample]) -> Words:
    """`too_few_events`, `thin_denominator`, or `ok`.

    * Shares: fewer than five persons in all for whom it happened, or for whom it did not. With three, an interval of 95 % misses in 10 %,
      because an arm without any has no spread to show.
    * Shares in an arm smaller than another: a standard error of fewer than five of its events, n² V < 5, with n its persons
      and V the variance of the difference: 0 of 2 against 500 of 1,000 is two people who happen to agree.
    * Means and ratios: the same of an arm in which everybody has one value (a share of 0 or 1 under another name); see `_size_of_event`.
    * Ratios: an arm whose denominator rests on a few persons: (Σd)² / Σd² (Kish's effective sample size) below 30, and below two thirds
      of its persons (where it is not, the degrees of freedom know how few there are). Who has most of the denominator makes the
      ratio, and so deviates little from it.

    Args:
        arms: those of one contrast, all of the same weight but for the sign.
    """
    shape = arms[0].value.shape
    few, thin = (np.zeros(shape, dtype=bool) for _ in range(2))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        variance = sum((arm.variance for arm in arms), np.zeros(shape))
        largest = np.maximum.reduce([arm.persons for arm in arms])
        if all(arm.is_share for arm in arms):
            happened = sum((arm.value * arm.persons for arm in arms), np.zeros(shape))
            persons = sum((arm.persons for arm in arms), np.zeros(shape))
            few = np.minimum(happened, persons - happened) < MIN_EVENTS - 0.5
        for arm in arms:
            size = 1.0 if arm.is_share else _size_of_event(arm, arms)
            events = variance * (arm.persons / size) ** 2
            is_small = arm.persons < largest
            doubted = is_small if arm.is_share else arm.variance == 0
            few = few | (doubted & (events < MIN_EVENTS - 0.5))
            if arm.support is not None:
                thin = thin | (arm.support < np.minimum(MIN_SUPPORT, EVEN_SUPPORT * arm.persons))
    return first_reason(shape, (few, TOO_FEW_EVENTS), (thin, THIN_DENOMINATOR))


def has_few_events_for_a_ratio(base: Sequence[Sample], others: Sequence[Sample]) -> Flags:
    """Shares: are there fewer than five events in the cells that a relative effect starts from, or in the others?

    A relative interval at −75 % weighs the control with a quarter: it is as skewed as the variant's few events; at −100 % it has no
    width at all. The absolute interval, in which both weigh the same, is not concerned.

    Args:
        base: the control, or the cells of a factorial effect whose mean it is relative to.
        others: the variant, or the other cells of the contrast; within either side all weigh the same but for the sign.
    """
    if not all(arm.is_share for arm in (*base, *others)):
        return np.zeros(base[0].value.shape, dtype=bool)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.asarray(np.minimum(_events_behind(base), _events_behind(others)) < MIN_EVENTS - 0.5)


def _events_behind(arms: Sequence[Sample]) -> Floats:
    """How many events a single arm would have whose share is as uncertain as the mean of these: (Σ x/n)² / Σ x/n², x for one arm.

    Where it happened to nobody, x is one in the denominator: such an arm has a spread, though it shows none.
    """
    shares, spread = (np.zeros(arms[0].value.shape) for _ in range(2))
    for arm in arms:
        happened = arm.value * arm.persons
        shares, spread = shares + arm.value, spread + np.maximum(happened, 1.0) / arm.persons**2
    return shares**2 / spread


def _size_of_event(arm: Sample, arms: Sequence[Sample]) -> Floats:
    """How far from this arm's value those lie in the other arms who have another: Σ (y − m)² / |Σ (y − m)|, 1 for a share of 0.

    Exact where they all have one and the same (some buy, all for the same price). Where most have another it is two standard deviations,
    which is the same where it is half of them.
    """
    persons, squares, deviations = (np.zeros(arm.value.shape) for _ in range(3))
    for other in arms:
        apart = other.value - arm.value
        persons = persons + other.persons * (other is not arm)
        squares = squares + other.persons * (other.persons * other.variance + apart**2)
        deviations = deviations + other.persons * apart
    spread = squares / persons - (deviations / persons) ** 2
    no_two_values = ((deviations / persons) ** 2 > spread) | (deviations**2 < squares / 2)
    return np.where(no_two_values, 2 * np.sqrt(np.maximum(spread, 0.0)), squares / np.abs(deviations))
