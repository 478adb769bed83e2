"""How long until: Kaplan–Meier and the restricted mean, from life tables.

A curve is a row of a two-dimensional array over a common grid of times: `at_risk[c, j]` cases are open when time j comes, and
`events[c, j]` of them end there. All arithmetic is in floating point, so counts of any size are safe.
"""

from dataclasses import dataclass, replace

import numpy as np

from python_stats.estimators.moments import Sample
from python_stats.estimators.status import (
    FEW_ENDED,
    INVALID_INPUT,
    MISSING_VARIANT,
    NO_PERSONS,
    NOT_REACHED,
    OK,
    TOO_FEW_PERSONS,
    Flags,
    Floats,
    first_reason,
)

MIN_AT_RISK = 10.0
MIN_ENDED = 30.0


@dataclass(frozen=True)
class Curves:
    """Kaplan–Meier curves on a common grid.

    Attributes:
        times: shape (times,), ascending.
        survival: S(t) just after each time, shape (curves, times).
        greenwood: Σ d / (n (n − d)) up to each time, shape (curves, times); Var S = S² · greenwood.
    """

    times: Floats
    survival: Floats
    greenwood: Floats


def bucket_times(bucket_start: Floats, bucket_end: Floats) -> Floats:
    """Where in its bucket an event is taken to happen: the middle, which is the trapezoid rule for the area under the curve."""
    end = np.where(np.isfinite(bucket_end), bucket_end, bucket_start)
    return (bucket_start + end) / 2


def kaplan_meier(times: Floats, at_risk: Floats, events: Floats) -> Curves:
    """S(t) = Π (1 − d/n) with Greenwood's variance (Kaplan & Meier 1958; Greenwood 1926).

    Args:
        times: shape (times,), ascending.
        at_risk, events: shape (curves, times). A time without anybody at risk changes nothing.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        hazard = np.where(at_risk > 0, events / at_risk, 0.0)
        added = np.where((at_risk > events) & (events > 0), events / (at_risk * (at_risk - events)), 0.0)
    return Curves(times, np.cumprod(1 - hazard, axis=1), np.cumsum(added, axis=1))


def restricted_mean(times: Floats, at_risk: Floats, events: Floats, horizon: Floats) -> tuple[Floats, Floats]:
    """Restricted mean time ∫₀^τ S(t) dt and its variance, per curve.

    Var = Σ_{t_j ≤ τ} A_j² d_j / (n_j (n_j − d_j)) with A_j = ∫_{t_j}^τ S (Klein & Moeschberger 2003, eq. 4.5.2). A time at which the
    last case at risk ends has A_j = 0 and adds nothing.

    Args:
        times, at_risk, events: as for `kaplan_meier`.
        horizon: τ per curve, shape (curves,).
    """
    curves = kaplan_meier(times, at_risk, events)
    tau = horizon[:, None]
    before = np.concatenate([np.ones((at_risk.shape[0], 1)), curves.survival], axis=1)
    edges = np.concatenate([np.zeros(1), times])
    left = np.minimum(edges[None, :], tau)
    right = np.concatenate([left[:, 1:], tau], axis=1)
    areas = before * np.maximum(right - left, 0.0)
    area_after = np.cumsum(areas[:, ::-1], axis=1)[:, ::-1]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        step = np.where((at_risk > events) & (events > 0), events / (at_risk * (at_risk - events)), 0.0)
    inside = times[None, :] <= tau
    return area_after[:, 0], np.sum(np.where(inside, area_after[:, 1:] ** 2 * step, 0.0), axis=1)


def longest_observed(times: Floats, ended: Floats) -> Floats:
    """The last time at which a curve saw anything end, by event or by censoring; 0 for an empty curve. Shape (curves,)."""
    seen = ended > 0
    last = times.size - 1 - np.argmax(seen[:, ::-1], axis=1)
    return np.where(seen.any(axis=1), times[last], 0.0)


def last_supported(times: Floats, at_risk: Floats) -> Floats:
    """The last time at which a curve still rests on ten cases at risk, or on half of its own where it has fewer than twenty; 0 for none.

    Beyond it one or two cases make the curve, and Greenwood's variance is too small: with 80 % censored, 2,000 cases an arm and a
    horizon at the last case, 6.1 % false alarms instead of 5 % (docs/calibration.md). Shapes as for `longest_observed`.
    """
    start = np.max(at_risk, axis=1, initial=0.0)
    least = np.minimum(MIN_AT_RISK, start / 2)
    return longest_observed(times, (at_risk >= least[:, None]) & (at_risk > 0))


def during_bucket(at_risk: Floats, censored: Floats, start: Floats, end: Floats, latest: Floats | float = np.inf) -> Floats:
    """How many are at risk on average in a bucket with a width: those censored in it for half of it (Cutler & Ederer 1958, eq. 3).

    Counting them for all of it would make every time too long, however many cases there are: 1 % with 30 % censored and buckets of
    an hour around a mean of 18 hours. Times that are exact (a bucket without a width or an end) stay as they are.

    Args:
        at_risk, censored: shape (curves, buckets), or (buckets,) for one.
        start, end: of each bucket, shape (buckets,).
        latest: where the watching ends for everyone, in the unit of `start`; per curve in shape (curves, 1). Who is left then was at
            risk up to there, and stands in the bucket that begins with it.
    """
    return at_risk - np.where((end > start) & (start < latest), censored / 2, 0.0)


def sample_of_restricted_means(times: Floats, at_risk: Floats, events: Floats, cases: Floats, horizon: Floats) -> Sample:
    """One arm of each comparison of restricted means; `cases` is `nan` where the variant has no life table."""
    value, variance = restricted_mean(times, at_risk, events, horizon)
    with np.errstate(invalid="ignore"):
        status = first_reason(
            cases.shape,
            (np.isnan(cases), MISSING_VARIANT),
            (_is_impossible(at_risk, events), INVALID_INPUT),
            (cases <= 0, NO_PERSONS),
            (cases < 2, TOO_FEW_PERSONS),
        )
    usable = status == OK
    return Sample(cases, np.where(usable, value, np.nan), np.where(usable, variance, np.nan), status)


def _is_impossible(at_risk: Floats, events: Floats) -> Flags:
    """Curves with more events than cases at risk, fewer than none, or counts that are not finite; shape (curves,)."""
    is_possible = np.isfinite(at_risk) & (events >= 0) & (events <= at_risk * (1 + 1e-9))
    return np.asarray(~is_possible.all(axis=1))


def refusing_beyond(sample: Sample, times: Floats, at_risk: Floats, events: Floats, horizon: Floats) -> Sample:
    """The same with the status `not_reached`, and no value, where a curve does not rest on cases watched up to the horizon.

    It does up to `last_supported`, and beyond where of the cases open there all had their event, or half of the others are still at risk
    when the horizon comes (half, because a bucket counts those censored in it for half). Otherwise the curve would go on at the height at
    which nobody was watched any more: 300 cases an arm to 30, of one arm all but 1 % watched to 5 only, give 58 % false alarms.
    """
    if not times.size:
        return sample
    supported = last_supported(times, at_risk)
    after = np.pad(at_risk, ((0, 0), (0, 1)))  # beyond the last time nobody is known to be watched
    watched = np.take_along_axis(after, np.searchsorted(times, horizon)[:, None], axis=1)[:, 0]
    at_support = np.take_along_axis(at_risk, np.searchsorted(times, supported, side="right").clip(1)[:, None] - 1, axis=1)[:, 0]
    between = (times[None, :] >= supported[:, None]) & (times[None, :] < horizon[:, None])
    still_open = at_support - np.where(between, events, 0.0).sum(axis=1)
    is_beyond = (horizon > supported) & (still_open > 2 * watched + 1e-9 * at_support) & (sample.status == OK)
    return replace(
        sample,
        value=np.where(is_beyond, np.nan, sample.value),
        variance=np.where(is_beyond, np.nan, sample.variance),
        status=np.where(is_beyond, NOT_REACHED, sample.status),
    )


def log_log_interval(curves: Curves, alpha: float) -> tuple[Floats, Floats]:
    """Pointwise interval of S(t) at 1 − alpha, inside 0 and 1: S^exp(±z √g / ln S) with Greenwood's g (Borgan & Liestøl 1990).

    Where nothing has happened yet it is 1 to 1; where nobody is left, or one case alone was at risk, 0 to the bound before.
    """
    from scipy.special import ndtri

    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        reach = np.exp(-ndtri(alpha / 2) * np.sqrt(curves.greenwood) / -np.log(curves.survival))
        low, high = curves.survival**reach, curves.survival ** (1 / reach)
    whole, empty = curves.survival >= 1, curves.survival <= 0
    high = np.where(whole, 1.0, np.where(empty, np.inf, high))
    return np.where(whole, 1.0, np.where(empty, 0.0, low)), np.minimum(np.where(empty, np.minimum.accumulate(high, axis=1), high), 1.0)


def doubting_few(sample: Sample, times: Floats, events: Floats, horizon: Floats) -> Sample:
    """The same with the status `few_ended` where fewer than 30 cases ended before the horizon: the estimate stands, its error does not.

    With 20 of 100 cases ended against 180 of 900 there are 6.4 % false alarms instead of 5 % (docs/calibration.md).
    """
    before = np.where(times[None, :] <= horizon[:, None], events, 0.0).sum(axis=1)
    return replace(sample, status=np.where((sample.status == OK) & (before < MIN_ENDED), FEW_ENDED, sample.status))
