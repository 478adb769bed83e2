"""When an experiment may be judged, and at which level: the days of each kind of monitoring.

* `fixed`: once, on the first day of the horizon. Before it only strong harm counts, under a confidence sequence at a fiftieth of
  alpha that may be looked at daily; at the horizon harm is established at the rest of alpha, so that both together stay within it.
* `group_sequential`: on the days on which information first reaches each planned fraction k / looks, and at the end.
* `always_valid`: on every day on which both arms have 100 persons; the confidence sequence is asymptotic.

Information is the smaller arm's persons as a share of the planned sample. The end is the planned sample, or the last planned day with
its decision window, whichever comes first. Nothing here looks ahead: a day's level depends on that day and those before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

import numpy as np

from python_stats.designs import Design
from python_stats.estimators import always_valid, spending
from python_stats.estimators.status import Floats

FIXED, GROUP_SEQUENTIAL, ALWAYS_VALID = "fixed", "group_sequential", "always_valid"

WAITING = "waiting"  # nothing may be judged
SAFETY = "safety"  # only strong harm
LOOK = "look"  # a decision may fall
LAST = "last"  # a decision is due
OVER = "over"  # all of alpha was spent before

SAFETY_SHARE = 0.02
LEAST_PERSONS = 100


@dataclass(frozen=True)
class Day:
    """How far one comparison of an experiment was at a day's end.

    Attributes:
        day: None for the state at `as_of`, where there are no daily figures.
        persons: of the smaller arm.
        information: `persons` as a share of the planned sample; 1 where none was planned.
        stage: `waiting`, `safety`, `look`, `last` or `over`.
        look: 1, 2, …; None where it is none.
    """

    day: date | None
    persons: int
    information: float
    stage: str
    look: int | None


def days_of(design: Design, persons: Sequence[tuple[date | None, int]], as_of: datetime) -> list[Day]:
    """The days of one variant and its control, in order.

    Args:
        design: as declared.
        persons: day and persons of the smaller arm at its end; a day of None stands for `as_of`.
        as_of: the moment that counts as now, by the clock of `reporting_timezone`.
    """
    found: list[Day] = []
    planned, next_look, number, is_over = max(1, design.looks or 1), 1, 0, False
    for day, count in persons:
        information = count / design.planned_sample_per_variant if design.planned_sample_per_variant else 1.0
        stage = LAST if information >= 1 or has_closed(design, day, as_of) else LOOK
        if design.monitoring == GROUP_SEQUENTIAL:
            # without daily figures nobody knows when the looks before the end were reached
            is_look = information >= next_look / planned - 1e-12 and day is not None and _has_something_to_spend(design, information)
            stage = stage if stage == LAST or is_look else WAITING
            next_look = max(next_look, int(information * planned + 1e-12) + 1)
        elif stage == LOOK:
            stage = WAITING if count < LEAST_PERSONS else SAFETY if design.monitoring == FIXED else LOOK
        if design.monitoring != ALWAYS_VALID:
            stage = OVER if is_over else stage
            is_over = is_over or stage == LAST
        number += stage in (LOOK, LAST)
        found.append(Day(day, count, information, stage, number if stage in (LOOK, LAST) else None))
    return found


def _has_something_to_spend(design: Design, information: float) -> bool:
    smallest = design.alpha / max(1, len(design.treatments))
    return bool(spending.spent(np.array(information), smallest, _spending(design)) > spending.LEAST)


def has_closed(design: Design, day: date | None, as_of: datetime) -> bool:
    """Is the last planned day over at the end of `day`, with the decision window of whoever came last?"""
    if day is None:
        return design.has_closed(as_of)
    return design.ended_on is not None and day >= design.ended_on + timedelta(days=design.decision_window_days or 0)


@dataclass(frozen=True)
class Levels:
    """How one comparison is read on each of its days, at one error rate.

    Attributes:
        nominal: two-sided level of the day's ordinary interval, which is its repeated interval; 0 where there is none.
        z: boundary of |Z|; infinite where there is none.
        spent: error rate used up, group-sequential only.
    """

    nominal: Floats
    z: Floats
    spent: Floats


def levels(design: Design, days: Sequence[Day], alpha: float) -> Levels:
    """The levels of a comparison with the two-sided error rate `alpha`."""
    from scipy.special import ndtr, ndtri

    z, used = np.full(len(days), np.inf), np.full(len(days), np.nan)
    stages = np.array([day.stage for day in days])
    information = np.array([day.information for day in days])
    if design.monitoring == GROUP_SEQUENTIAL:
        at = np.flatnonzero((stages == LOOK) | (stages == LAST))
        if at.size:
            bounds = _boundaries(_rising(information[at]), alpha, _spending(design), bool(stages[at[-1]] == LAST))
            z[at], used[at] = bounds.z, bounds.spent
    elif design.monitoring == ALWAYS_VALID:
        open_days = (stages == LOOK) | (stages == LAST)
        z[open_days] = always_valid.boundary(information[open_days], np.array(alpha))
    else:
        safety = stages == SAFETY
        z[safety] = always_valid.boundary(information[safety], np.array(alpha * SAFETY_SHARE))
        z[stages == LAST] = -ndtri(alpha / 2)
    return Levels(2 * ndtr(-z), z, used)


def adjusted_p(design: Design, days: Sequence[Day], index: int, alpha: float, p_value: float) -> float | None:
    """The day's p-value for all the looking: at most `alpha` exactly where the boundary is reached. None where there is none.

    Args:
        design, days, alpha: as for `levels`.
        index: of the day.
        p_value: nominal, two-sided.
    """
    from scipy.special import ndtri

    day = days[index]
    if day.stage not in (LOOK, LAST):
        return None
    if design.monitoring == FIXED:
        return p_value
    statistic = float(-ndtri(p_value / 2))
    if design.monitoring == ALWAYS_VALID:
        return float(always_valid.p_value(np.array(statistic), np.array(day.information), np.array(alpha)))
    looks = np.array([other.information for other in days[: index + 1] if other.stage in (LOOK, LAST)])
    return _repeated_p_value(statistic, _rising(looks), alpha, _spending(design), day.stage == LAST)


def harm_level(design: Design, day: Day, alpha: float, nominal: float) -> float:
    """The level at which harm is established on a day: at the horizon of a fixed design, what the days before it left."""
    return alpha * (1 - SAFETY_SHARE) if design.monitoring == FIXED and day.stage == LAST else nominal


# An experiment's metrics share their looks, and a day's figures are asked for more than once: worked out once.


@lru_cache(maxsize=4096)
def _boundaries(fractions: tuple[float, ...], alpha: float, kind: str, is_last: bool) -> spending.Boundaries:
    return spending.boundaries(np.array(fractions), alpha, kind, is_last=is_last)


@lru_cache(maxsize=4096)
def _repeated_p_value(statistic: float, fractions: tuple[float, ...], alpha: float, kind: str, is_last: bool) -> float:
    return spending.repeated_p_value(statistic, np.array(fractions), alpha, kind, is_last=is_last)


def _rising(information: Floats) -> tuple[float, ...]:
    """Persons never get fewer; an end without anybody is given a trace of information."""
    return tuple(np.maximum.accumulate(np.maximum(information, 1e-6)).tolist())


def _spending(design: Design) -> str:
    return design.spending or spending.OBRIEN_FLEMING
