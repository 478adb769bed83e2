"""Where a mean is not near enough to normal for its interval to be believed, seen from the arms before they are compared.

Thresholds are where simulated error rates come back to what is promised (`make calibrate`). The skewness of the difference is the other
such check (`skewness`): it needs the split, these do not.
"""

from collections.abc import Sequence

import numpy as np

from python_stats.estimators.moments import Sample
from python_stats.estimators.status import THIN_DENOMINATOR, TOO_FEW_EVENTS, Flags, Floats, Words, first_reason

MIN_EVENTS = 5  # all arms together; for a relative interval in each
MIN_SUPPORT = 30
EVEN_SUPPORT = 2 / 3


def doubts(arms: Sequence[Sample]) -> Words:
    """`too_few_events`, `thin_denominator`, or `ok`.

    * Shares: fewer than five persons in all for whom it happened, or for whom it did not. With three, an interval of 95 % misses in 10 %,
      because an arm without any has no spread to show.
    * Ratios: an arm whose denominator rests on a few persons: (Σd)² / Σd² (Kish's effective sample size) below 30, and below two thirds
      of its persons (where it is not, the degrees of freedom know how few there are). Who has most of the denominator makes the
      ratio, and so deviates little from it.
    """
    shape = arms[0].value.shape
    few, thin = (np.zeros(shape, dtype=bool) for _ in range(2))
    with np.errstate(invalid="ignore"):
        if all(arm.is_share for arm in arms):
            happened, persons = _events(arms)
            few = np.minimum(happened, persons - happened) < MIN_EVENTS - 0.5
        for arm in arms:
            if arm.support is not None:
                thin = thin | (arm.support < np.minimum(MIN_SUPPORT, EVEN_SUPPORT * arm.persons))
    return first_reason(shape, (few, TOO_FEW_EVENTS), (thin, THIN_DENOMINATOR))


def has_few_events_for_a_ratio(arms: Sequence[Sample]) -> Flags:
    """Shares: did it happen to fewer than five in some arm?

    A relative interval at −75 % weighs the control with a quarter: it is as skewed as the variant's few events; at −100 % it has no
    width at all. The absolute interval, in which both weigh the same, is not concerned.
    """
    if not all(arm.is_share for arm in arms):
        return np.zeros(arms[0].value.shape, dtype=bool)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.minimum.reduce([arm.value * arm.persons for arm in arms]) < MIN_EVENTS - 0.5)


def _events(arms: Sequence[Sample]) -> tuple[Floats, Floats]:
    happened, persons = (np.zeros(arms[0].value.shape) for _ in range(2))
    for arm in arms:
        happened, persons = happened + arm.value * arm.persons, persons + arm.persons
    return happened, persons
