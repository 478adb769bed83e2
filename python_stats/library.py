"""The estimators as a library: aggregates in, effects out. No warehouse, no dbt; `import python_stats` loads this on first use.

Every function takes numbers or arrays that fit each other and works on all comparisons at once; results have their shape. Nothing is
raised for figures: what cannot be estimated is `nan`, with a `status` that says why (`ok`, `too_few_persons`, `zero_variance`,
`zero_denominator`, `skewed`, …; see `python_stats.estimators.status`). A question that makes no sense raises a `ValueError`: an error
rate, a power or a share of the traffic that does not lie between 0 and 1, a horizon or times below 0, arrays that do not fit each other.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from python_stats.estimators import comparison, durations, moments, planning, shares, split, survival
from python_stats.estimators import worth as worths
from python_stats.estimators.moments import Sample
from python_stats.estimators.split import Split

Floats = NDArray[np.float64]

__all__ = [
    "Effects",
    "Gain",
    "LifeTables",
    "RatioSums",
    "SampleSizes",
    "Split",
    "compare_means",
    "compare_ratios",
    "compare_shares",
    "compare_times",
    "life_tables",
    "plan_mean",
    "plan_share",
    "sample_ratio",
    "worth",
]


@dataclass(frozen=True)
class Effects:
    """Variant against control, each in the shape of the inputs.

    Attributes:
        control, variant: the two values, in the metric's unit.
        effect, standard_error, ci_low, ci_high: variant − control with its interval at 1 − alpha.
        relative, relative_low, relative_high: effect ÷ |control| with Fieller's interval; `nan` where `relative_status` is not `ok`.
        p_value: two-sided. It is at most alpha exactly where either interval excludes 0.
        score_low, score_high: shares: the Newcombe–Wilson interval; else `nan`.
        status, relative_status: `ok`, or why there is nothing to show.
    """

    control: Floats
    variant: Floats
    effect: Floats
    standard_error: Floats
    ci_low: Floats
    ci_high: Floats
    relative: Floats
    relative_low: Floats
    relative_high: Floats
    p_value: Floats
    score_low: Floats
    score_high: Floats
    status: NDArray[Any]
    relative_status: NDArray[Any]


@dataclass(frozen=True)
class RatioSums:
    """Sums over the persons of one arm, of a numerator y and a denominator d each: what a ratio of sums needs.

    Attributes:
        persons: n.
        y, d, yy, dd, yd: Σy, Σd, Σy², Σd², Σyd. Where a mean is large against its spread, give sums of y − p and d − q and the
            pivots p and q: plain sums lose their digits.
        pivot_y, pivot_d: p and q.
    """

    persons: ArrayLike
    y: ArrayLike
    d: ArrayLike
    yy: ArrayLike
    dd: ArrayLike
    yd: ArrayLike
    pivot_y: ArrayLike = 0.0
    pivot_d: ArrayLike = 0.0


class LifeTables(NamedTuple):
    """Two arms' cases counted by time, in the order in which `compare_times` takes them: each of shape (buckets,).

    Attributes:
        times: the middle of each bucket, in seconds; where times are exact, these.
        at_risk_control, at_risk_variant: cases open on average in the bucket: those censored in it count for half of it.
        events_control, events_variant: cases that ended in it with the event.
    """

    times: Floats
    at_risk_control: Floats
    events_control: Floats
    at_risk_variant: Floats
    events_variant: Floats


@dataclass(frozen=True)
class SampleSizes:
    """Persons needed in either arm, rounded up; `nan` where `status` is not `ok`."""

    control: Floats
    variant: Floats
    status: NDArray[Any]


@dataclass(frozen=True)
class Gain:
    """Money a month: the estimate, its interval, and the chance that the first year pays for its cost.

    Attributes:
        per_month, low, high: gross gain less the running cost.
        first_year: twelve of them less the one-off cost.
        probability_pays: that the first year ends above 0.
    """

    per_month: float
    low: float
    high: float
    first_year: float
    probability_pays: float


def compare_shares(
    count_control: ArrayLike, n_control: ArrayLike, count_variant: ArrayLike, n_variant: ArrayLike, *, alpha: ArrayLike = 0.05
) -> Effects:
    """Shares of persons for whom something happened: Welch's t on 0 and 1, with the Newcombe–Wilson interval beside it.

    Args:
        count_control, count_variant: persons for whom it happened.
        n_control, n_variant: all persons.
        alpha: two-sided error rate.

    >>> found = compare_shares(1000, 10_000, 1090, 10_000)
    >>> round(float(found.effect), 4), round(float(found.ci_low), 4), round(float(found.ci_high), 4)
    (0.009, 0.0005, 0.0175)
    >>> round(float(found.relative), 3), bool(found.p_value < 0.05)
    (0.09, True)
    >>> str(compare_shares(1, 1, 2, 10).status)
    'too_few_persons'
    """
    shape, (y0, n0, y1, n1, level) = _arrays(count_control, n_control, count_variant, n_variant, _inside("alpha", alpha))
    zero = np.zeros(n0.shape)
    arms = [shares.sample_of_shares(n, zero, y, y) for y, n in ((y0, n0), (y1, n1))]
    return _effects(shape, arms[0], arms[1], level, score=shares.newcombe(y0, n0, y1, n1, level))


def compare_means(
    mean_control: ArrayLike,
    sd_control: ArrayLike,
    n_control: ArrayLike,
    mean_variant: ArrayLike,
    sd_variant: ArrayLike,
    n_variant: ArrayLike,
    *,
    alpha: ArrayLike = 0.05,
) -> Effects:
    """Means per person: Welch's t.

    Args:
        mean_control, mean_variant: means.
        sd_control, sd_variant: standard deviations of a person's value (with n − 1); below 0 they are `invalid_input`.
        n_control, n_variant: persons. With unequal arms and long tails Student's t errs to one side, and means and standard
            deviations cannot show it: `compare_means` does not check this.
        alpha: two-sided error rate.

    >>> found = compare_means([10.0, 20.0], 4.0, 100, [11.5, 20.0], 5.0, 120)
    >>> [round(float(p), 4) for p in found.p_value]
    [0.0142, 1.0]
    """
    figures = mean_control, sd_control, n_control, mean_variant, sd_variant, n_variant
    shape, (m0, s0, n0, m1, s1, n1, level) = _arrays(*figures, _inside("alpha", alpha))
    with np.errstate(over="ignore", invalid="ignore"):
        arms = [
            moments.sample_of_means(n, m, np.zeros(n.shape), np.maximum(n - 1, 0.0) * _variance(s))
            for m, s, n in ((m0, s0, n0), (m1, s1, n1))
        ]
    return _effects(shape, arms[0], arms[1], level)


def compare_ratios(control: RatioSums, variant: RatioSums, *, alpha: ArrayLike = 0.05) -> Effects:
    """Ratios of two sums over persons (clicks per delivery): delta method, with the person as the unit.

    Args:
        control, variant: sums over the persons of either arm.
        alpha: two-sided error rate.

    >>> control = RatioSums(persons=500, y=505, d=2010, yy=1200, dd=9000, yd=2300)
    >>> variant = RatioSums(persons=500, y=560, d=2010, yy=1350, dd=9000, yd=2500)
    >>> found = compare_ratios(control, variant)
    >>> round(float(found.control), 4), round(float(found.effect), 4), round(float(found.p_value), 3)
    (0.2512, 0.0274, 0.123)
    """
    order = ("persons", "pivot_y", "pivot_d", "y", "d", "yy", "dd", "yd")
    shape, arrays = _arrays(*(getattr(arm, name) for arm in (control, variant) for name in order), _inside("alpha", alpha))
    arms = [moments.sample_of_ratios(*arrays[start : start + 8]) for start in (0, 8)]
    return _effects(shape, arms[0], arms[1], arrays[-1])


def compare_times(
    times: ArrayLike,
    at_risk_control: ArrayLike,
    events_control: ArrayLike,
    at_risk_variant: ArrayLike,
    events_variant: ArrayLike,
    horizon: float,
    *,
    alpha: ArrayLike = 0.05,
) -> Effects:
    """Times until something happens: difference in restricted mean time, from life tables with open cases censored.

    Args:
        times: when events happen, ascending, 0 and more, shape (times,). A time without an event says that cases were watched so far.
        at_risk_control, at_risk_variant: cases open just before each time, shape (times,) or (comparisons, times); of buckets with a
            width those open on average in it, as `life_tables` counts them.
        events_control, events_variant: events at each time, same shape; more than are at risk, or fewer than 0, are `invalid_input`.
        horizon: up to where the mean is taken, in the unit of `times`, above 0. Where it lies beyond what an arm was watched for (see
            `survival.refusing_beyond`) the status is `not_reached`; in buckets that is the middle of the last one with cases at risk.
        alpha: two-sided error rate.

    Raises:
        ValueError: for times that do not ascend from 0, another number of entries than of times, and a horizon not above 0.

    >>> found = compare_times([1, 2, 3, 4], [20, 15, 9, 4], [5, 6, 5, 4], [20, 11, 5, 1], [9, 6, 4, 1], horizon=4)
    >>> round(float(found.control), 2), round(float(found.effect), 2)
    (2.4, -0.55)
    """
    grid, level = np.asarray(times, dtype=float), _inside("alpha", alpha)
    tables = [np.asarray(part, dtype=float) for part in (at_risk_control, events_control, at_risk_variant, events_variant)]
    if grid.ndim != 1 or not (np.isfinite(grid) & (grid >= 0)).all() or (np.diff(grid) < 0).any():
        raise ValueError("times must ascend, and be 0 or more and finite")
    if any(table.shape[-1:] != grid.shape for table in tables):
        raise ValueError(f"cases at risk and events must have an entry for each of the {grid.size} times")
    if not (horizon > 0 and math.isfinite(horizon)):
        raise ValueError(f"horizon must be above 0 and finite; it is {horizon:g}")
    shape = _common_shape(level.shape, *(table.shape[:-1] for table in tables))
    count = math.prod(shape)
    risk0, events0, risk1, events1 = (np.broadcast_to(table, (*shape, grid.size)).reshape(count, grid.size) for table in tables)
    tau = np.full(count, float(horizon))
    arms = [_restricted_mean(grid, risk, events, tau) for risk, events in ((risk0, events0), (risk1, events1))]
    return _effects(shape, arms[0], arms[1], np.broadcast_to(level, shape).reshape(count), normal=True)


def _restricted_mean(grid: Floats, at_risk: Floats, events: Floats, horizon: Floats) -> Sample:
    """One arm of each comparison, with what stands in the way of its mean."""
    cases = at_risk[:, 0] if grid.size else np.zeros(horizon.shape)
    found = survival.sample_of_restricted_means(grid, at_risk, events, cases, horizon)
    return survival.doubting_few(survival.refusing_beyond(found, grid, at_risk, events, horizon), grid, events, horizon)


def life_tables(
    control: ArrayLike, is_event_control: ArrayLike, variant: ArrayLike, is_event_variant: ArrayLike, *, is_exact: bool = False
) -> LifeTables:
    """Life tables of raw durations, in the buckets of the marts: a minute up to an hour, an hour up to 30 days, a day beyond.

    Args:
        control, variant: for how many seconds each case of the arm was watched, 0 and more.
        is_event_control, is_event_variant: did it end with the event, or was it still open (censored)? Same shapes.
        is_exact: instead of buckets, each time that occurs, in any unit; for small data, since it sorts.

    Raises:
        ValueError: for a duration below 0, or one that is not finite (in buckets: beyond 3,000 years), for flags that are neither true nor
            false, and where an arm's flags and durations do not have the same shape.

    >>> hours = np.arange(1, 101) / 10
    >>> tables = life_tables(3600 * hours, hours < 9, 1800 * hours, hours < 9)
    >>> found = compare_times(*tables, horizon=4 * 3600)
    >>> round(float(found.control) / 3600, 1), round(float(found.variant) / 3600, 1), str(found.status)
    (3.2, 2.4, 'ok')
    """
    seconds = [np.asarray(part, dtype=float) for part in (control, variant)]
    is_event = [_flags("is_event_control", is_event_control, seconds[0]), _flags("is_event_variant", is_event_variant, seconds[1])]
    arm = np.repeat(np.arange(2, dtype=np.int8), [part.size for part in seconds])
    count = durations.exact if is_exact else durations.bucketed
    found = count(np.concatenate([part.ravel() for part in seconds]), np.concatenate(is_event), arm)
    at_risk = survival.during_bucket(found.at_risk, found.censored, found.start, found.end)
    times = survival.bucket_times(found.start, found.end)
    return LifeTables(times, at_risk[0], found.events[0], at_risk[1], found.events[1])


def sample_ratio(observed: Sequence[float], shares: Sequence[float]) -> Split:
    """Is the split of one experiment sound? Chi-square over the arms with a share above 0; alarm at p < 0.001.

    Args:
        observed: persons per arm; what is no number of persons is `invalid_input`, and not sound.
        shares: declared shares, in the same order; rescaled to add up to 1. 0 or `nan`: nobody was to see that arm.

    Raises:
        ValueError: where there are not as many shares as arms, and for a share that is below 0 or infinite.

    >>> sample_ratio([50_000, 50_700], [0.5, 0.5]).is_sound, sample_ratio([50_000, 51_100], [0.5, 0.5]).is_sound
    (True, False)
    """
    persons, declared = np.asarray(observed, dtype=float), np.asarray(shares, dtype=float)
    if persons.ndim != 1 or persons.shape != declared.shape:
        raise ValueError(
            f"observed and shares must be two rows of the same length; they have the shapes {persons.shape} and {declared.shape}"
        )
    if (declared < 0).any() or np.isinf(declared).any():
        raise ValueError("shares must be 0 or more, and finite")
    return split.sample_ratio(persons, declared)


def plan_share(
    control: ArrayLike, relative: ArrayLike, *, alpha: ArrayLike = 0.05, power: ArrayLike = 0.8, variant_share: ArrayLike = 0.5
) -> SampleSizes:
    """Persons it takes to find a relative change of a share.

    Args:
        control: the share as it is.
        relative: the change to find, such as 0.1 for 4.0 % → 4.4 %.
        alpha, power: two-sided error rate, and the chance to find it; where that is no larger, `invalid_input`.
        variant_share: share of the two arms' persons who see the variant.

    >>> float(plan_share(0.04, 0.1).variant)
    39473.0
    """
    shape, (p0, change, level, target, quota) = _arrays(control, relative, *_rates(alpha, power, variant_share))
    p0 = np.where((p0 < 0) | (p0 > 1), np.nan, p0)
    variance = planning.share_variance(p0)
    found = planning.sample_size(p0 * change, variance(np.zeros(p0.shape)), variance(p0 * change), 1 - quota, quota, level, target)
    return _sizes(shape, found, (p0 * (1 + change) < 0) | (p0 * (1 + change) > 1))


def plan_mean(
    control: ArrayLike,
    sd: ArrayLike,
    relative: ArrayLike,
    *,
    alpha: ArrayLike = 0.05,
    power: ArrayLike = 0.8,
    variant_share: ArrayLike = 0.5,
) -> SampleSizes:
    """Persons it takes to find a relative change of a mean (for a ratio: sd of the linearised values (y − R d) / d̄).

    Args:
        control, sd: mean and standard deviation of a person's value; a deviation below 0 is `invalid_input`.
        relative: the change to find.
        alpha, power, variant_share: as for `plan_share`.

    >>> float(plan_mean(1.0, 1.0, 0.1).variant)
    1571.0
    """
    shape, (m0, spread, change, level, target, quota) = _arrays(control, sd, relative, *_rates(alpha, power, variant_share))
    with np.errstate(over="ignore", invalid="ignore"):
        found = planning.sample_size(m0 * change, _variance(spread), _variance(spread), 1 - quota, quota, level, target)
    return _sizes(shape, found, np.zeros(m0.shape, dtype=bool))


def worth(
    effect: float,
    standard_error: float,
    units_per_month: float,
    value_per_unit: float,
    *,
    value_low: float | None = None,
    value_high: float | None = None,
    df: float = np.inf,
    monthly_run_cost: float = 0.0,
    one_off_cost: float = 0.0,
    alpha: float = 0.05,
) -> Gain:
    """What an effect is worth: effect × units a month × value of a unit, less what it costs.

    Args:
        effect, standard_error, df: per person, good is positive; `df` of Student's t, infinite for the normal.
        units_per_month: persons a month (times the share of them that counts), 0 or more.
        value_per_unit, value_low, value_high: value of a unit, with its 1 − alpha interval around it where it is not certain; 0 or more.
        monthly_run_cost, one_off_cost: what it takes.
        alpha: of the interval.

    What cannot be gives `nan` throughout: units, a value or a standard error below 0, a value outside its own interval, degrees of
    freedom not above 0, an effect, units, a value or a cost that is not finite. Without a standard error (`nan`) there is the gain,
    and nothing about how sure it is.

    >>> gain = worth(0.004, 0.001, 100_000 * 0.2, 300, monthly_run_cost=1_000)
    >>> round(gain.per_month), round(gain.low), round(gain.high)
    (23000, 11240, 34760)
    """
    low_value, high_value = (value_per_unit if end is None else end for end in (value_low, value_high))
    is_finite = np.isfinite([effect, units_per_month, value_per_unit, high_value, monthly_run_cost, one_off_cost]).all()
    is_possible = units_per_month >= 0 and 0 <= low_value <= value_per_unit <= high_value and df > 0 and not standard_error < 0
    _inside("alpha", alpha)
    if not (is_finite and is_possible):
        return Gain(*(math.nan,) * 5)
    values = worths.unit_values(value_per_unit, value_low, value_high, alpha)
    found = worths.Worth(effect, standard_error, df, units_per_month, values, value_per_unit)
    low, high = (end - monthly_run_cost for end in found.interval(alpha))
    month = effect * units_per_month * value_per_unit - monthly_run_cost
    return Gain(month, low, high, 12 * month - one_off_cost, found.probability_above(monthly_run_cost + one_off_cost / 12))


def _arrays(*values: ArrayLike) -> tuple[tuple[int, ...], list[Floats]]:
    """All inputs in one flat shape, and the shape that results take on."""
    arrays = [np.asarray(value, dtype=float) for value in values]
    shape = _common_shape(*(array.shape for array in arrays))
    return shape, [np.ravel(np.broadcast_to(array, shape)) for array in arrays]


def _common_shape(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that they take on together."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise ValueError(f"these shapes do not fit each other: {', '.join(str(shape) for shape in dict.fromkeys(shapes))}") from None


def _inside(name: str, value: ArrayLike) -> Floats:
    """An argument that must lie between 0 and 1, both excluded."""
    found = np.asarray(value, dtype=float)
    outside = found[~((found > 0) & (found < 1))]
    if outside.size:
        raise ValueError(f"{name} must lie between 0 and 1, both excluded; it is {outside[0]:g}")
    return found


def _rates(alpha: ArrayLike, power: ArrayLike, variant_share: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """What a plan is for."""
    return _inside("alpha", alpha), _inside("power", power), _inside("variant_share", variant_share)


def _flags(name: str, flags: ArrayLike, seconds: Floats) -> NDArray[np.bool_]:
    """Whether each duration ended with the event, in one row."""
    found = np.asarray(flags)
    if found.shape != seconds.shape:
        raise ValueError(f"{name} has the shape {found.shape}, and its durations have {seconds.shape}")
    if found.dtype != bool and not np.isin(found, (0, 1)).all():
        raise ValueError(f"{name} must be true or false (1 or 0) for each duration")
    return found.astype(bool).ravel()


def _variance(deviation: Floats) -> Floats:
    """Its square; `nan` for a standard deviation below 0."""
    return np.where(deviation < 0, np.nan, deviation**2)


def _effects(
    shape: tuple[int, ...],
    control: Sample,
    variant: Sample,
    alpha: Floats,
    *,
    normal: bool = False,
    score: tuple[Floats, Floats] | None = None,
) -> Effects:
    found = comparison.compare(control, variant, alpha, normal=normal)
    low, high = score or (np.full(alpha.shape, np.nan), np.full(alpha.shape, np.nan))
    parts = (
        *(control.value, variant.value, found.effect, found.standard_error, found.ci_low, found.ci_high),
        *(found.relative, found.relative_low, found.relative_high, found.p_value, low, high, found.status, found.relative_status),
    )
    return Effects(*(np.reshape(part, shape)[()] for part in parts))


def _sizes(shape: tuple[int, ...], found: planning.SampleSize, outside: NDArray[np.bool_]) -> SampleSizes:
    status = np.where(outside, "unreachable", found.status)
    control, variant = (np.where(outside, np.nan, np.ceil(arm - 1e-9)) for arm in (found.control, found.variant))
    return SampleSizes(*(np.reshape(part, shape)[()] for part in (control, variant, status)))
