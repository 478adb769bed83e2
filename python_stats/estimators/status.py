"""The words that say why an estimate is, or is not, there."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Words = NDArray[Any]

OK = "ok"
MISSING_VARIANT = "missing_variant"  # the variant, or the control, has no row at all
NO_PERSONS = "no_persons"  # nobody in this window yet
TOO_FEW_PERSONS = "too_few_persons"  # n < 2: no variance
ZERO_VARIANCE = "zero_variance"  # everybody the same in both variants: no standard error
ZERO_DENOMINATOR = "zero_denominator"  # a ratio whose denominator never happened
INVALID_INPUT = "invalid_input"  # a count or a sum that is not finite or that no cases give, or a variance below 0
SKEWED = "skewed"  # too long a tail for this split and size: Student's t cannot be trusted
TOO_FEW_EVENTS = "too_few_events"  # fewer than five events (or of what did not happen) behind the standard error
THIN_DENOMINATOR = "thin_denominator"  # a ratio: a few persons have most of the denominator
NO_EVENTS = "no_events"  # a time until: everything is censored
NOT_REACHED = "not_reached"  # a quantile: too few have had their event yet; a horizon: too few cases were watched up to it
FEW_ENDED = "few_ended"  # a time: fewer than 30 cases of an arm ended before the horizon
UNBOUNDED = "unbounded"  # relative effect only: the control is not distinguishable from 0

STATUSES = (
    OK,
    MISSING_VARIANT,
    NO_PERSONS,
    TOO_FEW_PERSONS,
    ZERO_VARIANCE,
    ZERO_DENOMINATOR,
    INVALID_INPUT,
    SKEWED,
    TOO_FEW_EVENTS,
    THIN_DENOMINATOR,
    NO_EVENTS,
    NOT_REACHED,
    FEW_ENDED,
    UNBOUNDED,
)

# There is an estimate, but no telling how sure it is.
WARNINGS = (SKEWED, TOO_FEW_EVENTS, THIN_DENOMINATOR, FEW_ENDED)


def first_reason(shape: tuple[int, ...], *reasons: tuple[Flags, str]) -> Words:
    """The first reason that applies to each element, or `ok`."""
    status = np.full(shape, OK, dtype=object)
    for applies, word in reversed(reasons):
        status[applies] = word
    return status
