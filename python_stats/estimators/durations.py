"""From raw durations to life tables: one pass that counts, no sorting. A comparison of millions of cases takes a fraction of a second."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from python_stats.estimators.status import Floats

MINUTE, HOUR, DAY, MONTH = 60, 3600, 86400, 2592000
LONGEST = 1e11  # seconds, some 3,000 years: beyond lies a moment taken for a duration, and more buckets than fit in memory


@dataclass(frozen=True)
class LifeTables:
    """Life tables of several groups over a common grid of buckets.

    Attributes:
        start, end: of each bucket, in the durations' unit, shape (buckets,); equal where times are exact.
        at_risk, events, censored: shape (groups, buckets).
    """

    start: Floats
    end: Floats
    at_risk: Floats
    events: Floats
    censored: Floats


def bucketed(seconds: Floats, is_event: NDArray[np.bool_], group: NDArray[np.integer], groups: int = 2) -> LifeTables:
    """Life tables in the marts' buckets: of a minute up to an hour, of an hour up to 30 days, of a day beyond.

    Args:
        seconds: how long each case was watched, 0 and more; shape (cases,).
        is_event: did it end with the event, or is it censored? Shape (cases,).
        group: 0, 1, … per case, shape (cases,).
        groups: how many there are.

    Raises:
        ValueError: for a duration below 0, or one beyond `LONGEST`.
    """
    _check(seconds)
    if seconds.size and float(np.max(seconds)) > LONGEST:
        raise ValueError(f"durations must be at most {LONGEST:g} seconds; the longest is {float(np.max(seconds)):g}")
    # counted by the minute, and by the day beyond 30 days; then minutes are put together
    whole = seconds.astype(np.int64)
    cell = whole // MINUTE
    latest = whole >= MONTH
    if latest.any():
        cell[latest] = MONTH // MINUTE + (whole[latest] - MONTH) // DAY
    size = int(cell.max()) + 1 if cell.size else 1
    first = np.concatenate([np.arange(60), np.arange(60, MONTH // MINUTE, 60), np.arange(MONTH // MINUTE, max(size, MONTH // MINUTE))])
    first = first[: np.searchsorted(first, size)]
    start = np.where(first < MONTH // MINUTE, first * MINUTE, MONTH + (first - MONTH // MINUTE) * DAY)
    width = np.where(start < HOUR, MINUTE, np.where(start < MONTH, HOUR, DAY))
    counted = np.add.reduceat(_counted(cell, size, is_event, group, groups), first, axis=2)
    return _tables(start.astype(float), (start + width).astype(float), counted)


def exact(durations: Floats, is_event: NDArray[np.bool_], group: NDArray[np.integer], groups: int = 2) -> LifeTables:
    """Life tables with a bucket for each time that occurs; for small data, since it sorts. Arguments as for `bucketed`."""
    _check(durations)
    times, cell = np.unique(durations, return_inverse=True)
    return _tables(times.astype(float), times.astype(float), _counted(cell, times.size, is_event, group, groups))


def _check(durations: Floats) -> None:
    if durations.size and not (float(np.min(durations)) >= 0 and np.isfinite(np.max(durations))):
        raise ValueError("durations must be 0 or more, and finite")


def _counted(
    cell: NDArray[np.integer], size: int, is_event: NDArray[np.bool_], group: NDArray[np.integer], groups: int
) -> NDArray[np.integer]:
    """Cases per group, whether it ended with the event, and cell; shape (groups, 2, size)."""
    place = group.astype(np.int64)
    place *= 2
    place += is_event
    place *= size
    place += cell
    return np.bincount(place, minlength=groups * 2 * size).reshape(groups, 2, size)


def _tables(start: Floats, end: Floats, counted: NDArray[np.integer]) -> LifeTables:
    ended = counted.sum(axis=1)
    at_risk = np.cumsum(ended[:, ::-1], axis=1)[:, ::-1]
    return LifeTables(start, end, *(part.astype(float) for part in (at_risk, counted[:, 1], counted[:, 0])))
