"""How many persons does it take? Sample size, detectable effect and power of the tests in `comparison`, before the data.

The test planned for is the product's own: effect ÷ standard error against Student's t with Welch's degrees of freedom, the variances
of the two arms unpooled. Everything is per person (for a time: per case): a share p has variance p(1 − p), a mean s², a ratio the
variance of its linearised values (y − R d) / d̄ (Deng, Knoblich & Lu 2018, eq. 3), a restricted mean n times Greenwood's.

Monitoring changes the arithmetic in one place. Looking early costs power, so the largest sample must grow by a factor, here
`inflation` (Jennison & Turnbull 2000, "Group sequential methods", § 3.2): 1 for a fixed horizon.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from python_stats.estimators.comparison import critical_value, welch_df
from python_stats.estimators.status import INVALID_INPUT, OK, ZERO_VARIANCE, Floats, Words, first_reason
from python_stats.estimators.survival import kaplan_meier, last_supported, restricted_mean

NO_EFFECT = "no_effect"  # an effect of 0, or beyond what the metric can reach: no sample shows it
LARGEST_EXACT_DF = 1e5  # beyond, Student's t and the normal give the same power to six digits
ROUNDS = 60
GRID = 400


@dataclass(frozen=True)
class SampleSize:
    """Persons needed in each arm, fractions not yet rounded up; `nan` where `status` is not `ok`."""

    control: Floats
    variant: Floats
    status: Words


def power(
    effect: Floats,
    variance_control: Floats,
    variance_variant: Floats,
    n_control: Floats,
    n_variant: Floats,
    alpha: Floats,
    *,
    normal: bool = False,
    one_sided: bool = False,
) -> Floats:
    """Probability that the two-sided test excludes 0 when the true effect is `effect`; `nan` where it cannot be said.

    Args:
        effect: true difference, variant − control, in the metric's unit, shape (comparisons,); so all the others.
        variance_control, variance_variant: of one person's value in either arm.
        n_control, n_variant: persons.
        alpha: two-sided.
        normal: for tests that use the normal (restricted means).
        one_sided: count only the side on which the effect lies: P(T > t) at alpha / 2.

    P(|T| > t) for a noncentral T with Welch's df and noncentrality effect ÷ SE (Moser, Stevens & Watts 1989, eq. 2.2).
    """
    from scipy.special import ndtr

    with np.errstate(all="ignore"):
        spread_control, spread_variant = variance_control / n_control, variance_variant / n_variant
        shift = np.abs(effect) / np.sqrt(spread_control + spread_variant)
        df = np.full(shift.shape, np.inf) if normal else welch_df(spread_control, n_control, spread_variant, n_variant)
        usable = np.isfinite(shift) & (n_control > 1) & (n_variant > 1) & ~np.isnan(df)
        exact = usable & (df < LARGEST_EXACT_DF) & (shift < 30)
        critical = critical_value(alpha, np.where(exact, df, np.inf))
        far_side = 0.0 if one_sided else 1.0
        found = ndtr(shift - critical) + far_side * ndtr(-shift - critical)
        if exact.any():
            found[exact] = _noncentral_tails(shift[exact], df[exact], critical[exact], far_side)
    return np.where(usable, found, np.nan)


def _noncentral_tails(shift: Floats, df: Floats, critical: Floats, far_side: float) -> Floats:
    """P(T > critical) + `far_side` · P(T < −critical) for a noncentral t, as the mean of Φ(±δ − c·√(W/ν)) over W ~ χ²_ν.

    The trapezoid rule over s = ln √(W/ν), whose density falls off smoothly on both sides, keeps ten digits; `scipy.special.nctdtr`
    gives `nan` here and there at few degrees of freedom and large shifts.
    """
    from scipy.special import gammaln, ndtr

    spread = 10 / np.sqrt(2 * df)
    left = np.maximum(spread, 35 / df)
    step = (left + np.minimum(spread, 3.0)) / (GRID - 1)
    s = -left[:, None] + step[:, None] * np.arange(GRID)
    root, half = np.exp(s), df[:, None] / 2
    density = np.exp(np.log(2) + half * np.log(half) - gammaln(half) + 2 * half * s - half * root**2)
    tails = ndtr(shift[:, None] - critical[:, None] * root) + far_side * ndtr(-shift[:, None] - critical[:, None] * root)
    return np.asarray((tails * density).sum(axis=1) / density.sum(axis=1))


def sample_size(
    effect: Floats,
    variance_control: Floats,
    variance_variant: Floats,
    share_control: Floats,
    share_variant: Floats,
    alpha: Floats,
    target: Floats,
    *,
    normal: bool = False,
    inflation: Floats | float = 1.0,
) -> SampleSize:
    """Persons needed in each arm so that an effect is found with power `target`.

    Args:
        effect, variance_control, variance_variant, alpha: as for `power`.
        share_control, share_variant: declared shares of the two arms, on any scale: only their ratio counts.
        target: wanted power, above alpha.
        normal: for tests that use the normal: n₁ = (z_{α/2} + z_β)² (v₁ + v₀ / k) / δ² with k = n₀ / n₁ (the formula of most
            calculators; the far tail, below 1e-5 at any power worth planning for, is left out).
        inflation: factor for looking early.

    With Student's t: the smallest n whose power by the noncentral t is `target`.
    """
    from scipy.special import ndtri

    effect, variance_control, variance_variant, share_control, share_variant, alpha, target = np.broadcast_arrays(
        effect, variance_control, variance_variant, share_control, share_variant, alpha, target
    )
    with np.errstate(all="ignore"):
        ratio = share_control / share_variant
        status = first_reason(
            effect.shape,
            (~np.isfinite(effect + variance_control + variance_variant + ratio + alpha + target), INVALID_INPUT),
            ((ratio <= 0) | (variance_control < 0) | (variance_variant < 0), INVALID_INPUT),
            ((target <= alpha) | (target >= 1) | (alpha <= 0) | (alpha >= 1), INVALID_INPUT),
            (effect == 0, NO_EFFECT),
            (variance_control + variance_variant == 0, ZERO_VARIANCE),
        )
        needed = (-ndtri(alpha / 2) + ndtri(target)) ** 2 * (variance_variant + variance_control / ratio) / effect**2
        if not normal:
            needed = _by_student(effect, variance_control, variance_variant, ratio, alpha, target, needed)
    usable = (status == OK) & np.isfinite(needed)
    status = np.where((status == OK) & ~usable, INVALID_INPUT, status)
    variant = np.where(usable, needed * inflation, np.nan)
    return SampleSize(variant * ratio, variant, status)


def _by_student(
    effect: Floats, variance_control: Floats, variance_variant: Floats, ratio: Floats, alpha: Floats, target: Floats, start: Floats
) -> Floats:
    """Root of the power by bisection, upwards of the normal's answer; at least two persons an arm."""
    low = np.maximum(start * 0.3, 2.0 / np.minimum(ratio, 1.0))
    high = 3 * np.maximum(start, low) + 200 / np.minimum(ratio, 1.0)
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        enough = power(effect, variance_control, variance_variant, middle * ratio, middle, alpha) >= target
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high


def detectable_effect(
    variance_control: Floats,
    variance_at: Callable[[Floats], Floats],
    n_control: Floats,
    n_variant: Floats,
    alpha: Floats,
    target: Floats,
    limit: Floats,
    *,
    normal: bool = False,
    inflation: Floats | float = 1.0,
) -> tuple[Floats, Words]:
    """The smallest effect in the direction of `limit` that is found with power `target`, and a status.

    Args:
        variance_control, n_control, n_variant, alpha, target, normal, inflation: as for `sample_size`.
        variance_at: the variant's variance of a person at an effect (a share's changes with it).
        limit: the largest effect to look at, signed; where even that is not found, `nan` and the status `no_effect`.
    """
    n_control, n_variant = n_control / inflation, n_variant / inflation

    def found(effect: Floats) -> Floats:
        reached = power(effect, variance_control, variance_at(effect), n_control, n_variant, alpha, normal=normal)
        # no spread in either arm: any effect shows at once
        certain = (variance_control == 0) & (variance_at(effect) == 0) & (effect != 0)
        return np.where(certain, 1.0, reached)

    low, high = np.zeros(limit.shape), limit.astype(float)
    with np.errstate(all="ignore"):
        at_limit = found(high)
        status = first_reason(
            limit.shape,
            (np.isnan(limit + variance_control) | ~(n_control > 1) | ~(n_variant > 1) | np.isnan(at_limit), INVALID_INPUT),
            (at_limit < target, NO_EFFECT),
        )
        for _ in range(ROUNDS):
            middle = (low + high) / 2
            enough = found(middle) >= target
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.where(status == OK, high, np.nan), status


def share_variance(control: Floats) -> Callable[[Floats], Floats]:
    """Variance p(1 − p) of a share at an effect on top of the control's; beyond 0 and 1 there is none."""
    return lambda effect: np.clip(control + effect, 0.0, 1.0) * (1 - np.clip(control + effect, 0.0, 1.0))


def variance_of_more(variance: Floats, relative: Floats) -> Floats:
    """Variance, in a variant with a relative effect, of values that are not below 0: (1 + effect)² times the control's, as where
    everybody has more by the same factor; never less than the control's, for what becomes less need not vary less.

    Values that are not below 0 vary more where there are more of them: by this factor where amounts grow, by 1 + effect where a count
    of rare events does, so that the plan errs on the safe side there.
    """
    return np.asarray(variance * np.maximum(1 + relative, 1.0) ** 2)


def variance_of_more_of_all(variance: Floats, ratio: Floats, relative: Floats) -> Floats:
    """The same of a ratio R that is part of a whole: times (1 − R₁) / (1 − R₀), for what happens nearly always varies little."""
    left = np.clip(1 - ratio * (1 + relative), 0.0, None) / (1 - ratio)
    return np.asarray(variance * np.where(relative > 0, np.maximum((1 + relative) ** 2 * left, 1.0), 1.0))


def smallest(enough: Callable[[float], bool], start: float) -> float:
    """The smallest number for which something holds that holds for every larger one, to twelve digits; `nan` beyond 2⁶⁰ times `start`."""
    high = start
    for _ in range(ROUNDS):
        if enough(high):
            break
        high *= 2
    else:
        return float("nan")
    low = 0.0 if high == start else high / 2
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


@dataclass(frozen=True)
class TimeAlternative:
    """A life table and what it becomes when the hazard is multiplied; one element per curve.

    Attributes:
        value, variant: restricted mean of the control, and under the alternative.
        variance_control, variance_variant: of one case's contribution (n × Greenwood's variance).
        ended_control, ended_variant: share of cases that end before the horizon, by an event.
        watched_control, watched_variant: how much of one case is at risk at each time, shape (curves, times).
    """

    value: Floats
    variant: Floats
    variance_control: Floats
    variance_variant: Floats
    ended_control: Floats
    ended_variant: Floats
    watched_control: Floats
    watched_variant: Floats


def with_hazard_ratio(
    times: Floats, at_risk: Floats, events: Floats, cases: Floats, horizon: Floats, hazard_ratio: Floats
) -> TimeAlternative:
    """What a control's life table says under proportional hazards: S₁ = S₀^HR, with censoring as it was.

    Args:
        times, at_risk, events, horizon: as for `survival.restricted_mean`.
        cases: cases at the start, shape (curves,).
        hazard_ratio: shape (curves,); above 1 things happen sooner.

    Each case is at risk at time t with probability S(t⁻)G(t⁻), where G, the censoring, is read off the control's table; Greenwood's
    sum with these expected counts is the variance to expect.
    """
    with np.errstate(all="ignore"):
        before = np.concatenate([np.ones((at_risk.shape[0], 1)), kaplan_meier(times, at_risk, events).survival[:, :-1]], axis=1)
        watched = np.where(before > 0, at_risk / cases[:, None] / before, 0.0)
        hazard = np.where(at_risk > 0, events / at_risk, 0.0)
        changed = 1 - (1 - hazard) ** hazard_ratio[:, None]
        survival = np.cumprod(1 - changed, axis=1)
        changed_before = np.concatenate([np.ones((at_risk.shape[0], 1)), survival[:, :-1]], axis=1)
        expected_at_risk = changed_before * watched  # of one case
        expected_events = expected_at_risk * changed
        value, variance = restricted_mean(times, at_risk, events, horizon)
        variant, variance_variant = restricted_mean(times, expected_at_risk, expected_events, horizon)
        one_at_risk, one_ended = at_risk / cases[:, None], events / cases[:, None]
        inside = times[None, :] <= horizon[:, None]
    return TimeAlternative(
        value,
        variant,
        variance * cases,
        variance_variant,
        ended_control=np.where(inside, one_ended, 0.0).sum(axis=1),
        ended_variant=np.where(inside, expected_events, 0.0).sum(axis=1),
        watched_control=one_at_risk,
        watched_variant=expected_at_risk,
    )


def reached_horizon(times: Floats, found: TimeAlternative, n_control: float, n_variant: float, latest: Floats) -> Floats:
    """How far samples of that size are expected to be followed: to where ten cases of the smaller arm are still at risk, as in the results.

    A plan read to where the baseline's thousands reach promises an effect that a hundred cases never see: with a mean of a day in a week,
    196 of them reach 54 hours.
    """
    arms = (n_control * found.watched_control, n_variant * found.watched_variant)
    return np.asarray(np.minimum.reduce([latest, *(last_supported(times, at_risk) for at_risk in arms)]))


def hazard_ratio_for(times: Floats, at_risk: Floats, events: Floats, cases: Floats, horizon: Floats, relative: Floats) -> Floats:
    """The hazard ratio under which the restricted mean changes by `relative`; `nan` where none between 1/1000 and 1000 does."""
    low, high = np.full(relative.shape, np.log(1e-3)), np.full(relative.shape, np.log(1e3))
    base, _ = restricted_mean(times, at_risk, events, horizon)
    wanted = base * (1 + relative)

    def reached(log_ratio: Floats) -> Floats:
        return with_hazard_ratio(times, at_risk, events, cases, horizon, np.exp(log_ratio)).variant

    outside = ~((reached(high) <= wanted) & (wanted <= reached(low)))
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        too_long = reached(middle) > wanted
        low, high = np.where(too_long, middle, low), np.where(too_long, high, middle)
    return np.where(outside, np.nan, np.exp((low + high) / 2))
