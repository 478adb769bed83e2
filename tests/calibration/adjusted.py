"""Comparisons with more than two means in them: CUPED, factorial contrasts, segments, increments of holdouts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from calibration.cells import Cell, cell, misses
from calibration.draws import EXPONENTIAL, NORMAL, lognormal, means, powers, shares, sums, unchecked
from calibration.fixed import ALPHAS, at, promises
from python_stats.estimators import cuped, factorial
from python_stats.estimators.comparison import compare, compare_contrast, critical_value
from python_stats.estimators.contrast import Contrast
from python_stats.estimators.heterogeneity import heterogeneity, log_ratios
from python_stats.estimators.moments import mean, sample_of_means, sample_of_ratios
from python_stats.estimators.skewness import skewness_of_means

# ------------------------------------------------------------------------------------------------------------------- CUPED


def _past_normal(rng: np.random.Generator, shape: tuple[int, int], factor: float) -> tuple[np.ndarray, np.ndarray]:
    x = rng.normal(10, 3, shape)
    return factor * (10 + 0.8 * (x - 10) + rng.normal(0, 1.8, shape)), x


def _past_heavy(rng: np.random.Generator, shape: tuple[int, int], factor: float) -> tuple[np.ndarray, np.ndarray]:
    habit = rng.normal(0, 0.7, shape)
    return factor * np.exp(habit + rng.normal(0, 0.7, shape)), np.exp(habit + rng.normal(0, 0.7, shape))


def _past_money(rng: np.random.Generator, shape: tuple[int, int], factor: float) -> tuple[np.ndarray, np.ndarray]:
    """Half are new and have no past; buyers then tend to be buyers now."""
    keen = rng.beta(0.5, 4.5, shape)
    is_known = rng.random(shape) < 0.5
    y, x = (np.where(rng.random(shape) < keen, rng.lognormal(3, 0.7, shape), 0.0) for _ in range(2))
    return factor * y, np.where(is_known, x, 0.0)


def _cuped_arm(rng: np.random.Generator, experiments: int, persons: int, draw, factor: float) -> cuped.Arm:
    def columns(generator: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, ...]:
        y, x = draw(generator, shape, factor)
        return y, y * y, y**3, x, x * x, y * x

    n, zero, one = np.full(experiments, float(persons)), np.zeros(experiments), np.ones(experiments)
    y, yy, yyy, x, xx, yx = sums(rng, experiments, persons, columns)
    tail = skewness_of_means(n, y, yy, one, yyy)
    value, covariate = sample_of_means(n, zero, y, yy, tail), sample_of_means(n, zero, x, xx)
    return cuped.Arm(value, covariate, cuped.covariance_of_means(n, y, x, yx))


def _cuped_ratio_arm(rng: np.random.Generator, experiments: int, persons: int, factor: float) -> cuped.Arm:
    """Clicks per delivery now and before, of persons with habits."""

    def columns(generator: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, ...]:
        habit, many = generator.beta(2, 8, shape), generator.gamma(2, 1.5, shape)
        d, z = (1.0 + generator.poisson(many) for _ in range(2))
        y = generator.binomial(d.astype(np.int64), factor * habit).astype(float)
        x = generator.binomial(z.astype(np.int64), habit).astype(float)
        return y, d, x, z, y * y, d * d, y * d, x * x, z * z, x * z, y * x, d * x, y * z, d * z

    n, zero = np.full(experiments, float(persons)), np.zeros(experiments)
    y, d, x, z, yy, dd, yd, xx, zz, xz, yx, dx, yz, dz = sums(rng, experiments, persons, columns)
    value, covariate = sample_of_ratios(n, zero, zero, y, d, yy, dd, yd), sample_of_ratios(n, zero, zero, x, z, xx, zz, xz)
    bars = mean(n, zero, d), mean(n, zero, z)
    return cuped.Arm(value, covariate, cuped.covariance_of_ratios(n, value.value, covariate.value, *bars, (y, d, x, z), (yx, dx, yz, dz)))


def with_covariate(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """CUPED: no effect, and 10 % more; means and ratios."""
    kinds = (
        ("correlation 0.8", _past_normal, 10.0), ("heavy now and before", _past_heavy, float(np.exp(0.49))),
        ("money, half without a past", _past_money, 0.1 * float(np.exp(3.245))), ("clicks per delivery", None, 0.2),
    )
    for name, draw, level in kinds:
        for n_control, n_variant in ((100, 100), (200, 200), (1000, 1000), (900, 100), (4500, 500)):
            for factor in (1.0, 1.1):
                control, variant = (
                    _cuped_ratio_arm(rng, experiments, n, own) if draw is None else _cuped_arm(rng, experiments, n, draw, own)
                    for n, own in ((n_control, 1.0), (n_variant, factor))
                )
                adjusted = cuped.adjust(control, variant)
                corner = f"{name}, n {n_control}/{n_variant}{', 10 % more' if factor > 1 else ''}"
                for alpha in ALPHAS if factor == 1 else ALPHAS[:1]:
                    plain = compare(control.value, variant.value, at(alpha, experiments))
                    nothing = np.full(experiments, np.nan)
                    arguments = adjusted.contrast, adjusted.df, at(alpha, experiments)
                    found = compare_contrast(*arguments, plain.status, plain.skewness)
                    bare = compare_contrast(*arguments, np.where(adjusted.usable, "ok", "unusable").astype(object), nothing)
                    yield from promises("CUPED", corner, found, bare, alpha, (factor - 1) * level, factor - 1)


# --------------------------------------------------------------------------------------------------------------- factorial


def crossed(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Two factors, and two by three levels: main effects without any, interactions beside main effects."""
    for levels, sizes in (((2, 2), (50,)), ((2, 2), (1000,)), ((2, 2), (700, 100, 100, 100)), ((2, 3), (100,)), ((2, 2, 2), (50,))):
        names = [dict(zip("abc", map(str, cell), strict=False)) for cell in product(*(range(count) for count in levels))]
        persons = [sizes[index % len(sizes)] for index in range(len(names))]
        for kind in ("normal", "exponential", "share 5 %"):
            population = NORMAL if kind == "normal" else EXPONENTIAL
            cells = [
                shares(rng, experiments, n, 0.05)[1] if kind == "share 5 %" else means(rng, experiments, n, population) for n in persons
            ]
            effects = factorial.effects(names, names[0])
            for effect in (effects[0], effects[-1]):
                title = "×".join(f"{factor}={level}" for factor, level in effect.moved.items())
                corner = f"{kind}, {' by '.join(map(str, levels))}, n {'/'.join(map(str, sizes))} a cell, effect {title}"
                estimated = factorial.estimate(cells, effect)
                bare = factorial.estimate([unchecked(arm) for arm in cells], effect)
                level = at(0.05, experiments)
                found, without = (
                    compare_contrast(one.contrast, one.df, level, one.status, one.skewness, one.few_events) for one in (estimated, bare)
                )
                yield from promises("Factorial contrast", corner, found, without, 0.05, 0.0, 0.0)
        # every cell 20 % more for a=1: the main effect is known, the interaction is none
        moved = [means(rng, experiments, n, EXPONENTIAL, 1.2 if own["a"] == "1" else 1.0) for n, own in zip(persons, names, strict=True)]
        for effect, truth in ((factorial.effects(names, names[0])[0], 0.2), (factorial.effects(names, names[0])[-1], 0.0)):
            title = "×".join(f"{factor}={level}" for factor, level in effect.moved.items())
            corner = f"exponential, a 20 % more, {' by '.join(map(str, levels))}, n {'/'.join(map(str, sizes))} a cell, effect {title}"
            results = []
            for arms in (moved, [unchecked(arm) for arm in moved]):
                one = factorial.estimate(arms, effect)
                results.append(compare_contrast(one.contrast, one.df, at(0.05, experiments), one.status, one.skewness, one.few_events))
            yield from promises("Factorial contrast", corner, *results, 0.05, truth, truth)


# ---------------------------------------------------------------------------------------------------------------- segments


def segments(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Segments with one relative change: the interaction test. Segments that differ: the shrunken effect of one taken at random."""
    kinds = (
        (2, 200, "normal", 1.0), (3, 200, "share 5 %", 1.0), (10, 200, "share 5 %", 1.0), (10, 200, "lognormal", 1.0),
        (10, 2000, "share 5 %", 1.0), (10, 2000, "share 5 %", 1.5), (10, 2000, "shares of 2 to 40 %", 1.5), (10, 2000, "lognormal", 1.5),
    )  # fmt: skip
    for count, persons, kind, factor in kinds:
        total = experiments * count
        if kind.startswith("share"):
            level = np.tile(np.linspace(0.02, 0.4, count), experiments) if kind.startswith("shares of") else np.full(total, 0.05)
            arms = [shares(rng, total, persons, level * own)[1] for own in (1.0, factor)]
        else:
            arms = [means(rng, total, persons, NORMAL if kind == "normal" else lognormal(1.0), own) for own in (1.0, factor)]
        contrast = compare(*arms, at(0.05, total)).contrast
        results = []
        for start in range(0, total, count):
            own = Contrast(*(part[start : start + count] for part in vars(contrast).values()))
            results.append(heterogeneity(*(log_ratios(own, kind.startswith("share")) or (own.effect, own.variance))))
        wrong = np.array([result is not None and result.p_value < 0.05 for result in results])
        more = f", {100 * (factor - 1):g} % more" if factor > 1 else ""
        yield cell("Interaction of segments", "p < 5 %", f"{kind}, {count} segments, n {persons}/{persons} each{more}", 0.05, wrong)
    z = float(critical_value(np.array([0.05]), np.array([np.inf]))[0])
    for count, spread in product((3, 10), (0.0, 0.5, 1.0, 3.0)):
        errors = rng.uniform(0.5, 1.5, (experiments, count))
        truths = rng.normal(0.3, spread, (experiments, count))
        effects = rng.normal(truths, errors)
        wrong = np.zeros(experiments, dtype=bool)
        for index in range(experiments):
            result = heterogeneity(effects[index], errors[index] ** 2)
            assert result is not None
            wrong[index] = abs(result.shrunken[0] - truths[index, 0]) > z * np.sqrt(result.shrunken_variance[0])
        corner = f"{count} segments, true effects spread {spread:g} standard errors"
        yield cell("Shrunken effect of a segment", "interval 95 %", corner, 0.05, wrong)


# ---------------------------------------------------------------------------------------------------------------- holdouts


def increments(rng: np.random.Generator, experiments: int) -> Iterator[Cell]:
    """Holdout of a tenth: purchases that came on top, per 1,000 messages, where who got more messages bought more."""
    for n_control, n_variant, lift in ((100, 900, 0.0), (100, 900, 0.3), (1000, 9000, 0.3), (1000, 9000, 0.05)):

        def columns(generator: np.random.Generator, shape: tuple[int, int], lift: float = lift) -> tuple[np.ndarray, ...]:
            messages = 1.0 + generator.poisson(3, shape)
            bought = generator.poisson(0.2 + lift * messages / 4).astype(float)
            return *powers(bought), messages

        y0, yy0, yyy0, _ = sums(rng, experiments, n_control, lambda generator, shape: columns(generator, shape, 0.0))
        y1, yy1, yyy1, messages = sums(rng, experiments, n_variant, columns)
        n0, n1, zero, one = (np.full(experiments, float(value)) for value in (n_control, n_variant, 0, 1))
        control = sample_of_means(n0, zero, y0, yy0, skewness_of_means(n0, y0, yy0, one, yyy0))
        variant = sample_of_means(n1, zero, y1, yy1, skewness_of_means(n1, y1, yy1, one, yyy1))
        found, bare = (compare(*arms, at(0.05, experiments)) for arms in ((control, variant), (unchecked(control), unchecked(variant))))
        scale = 1000 * n1 / messages
        wrong = misses(bare.ci_low * scale, bare.ci_high * scale, 1000 * lift / 4)
        corner = f"holdout n {n_control}, messaged {n_variant}, {lift:g} purchases a person on top"
        title = "Increment of a holdout"
        yield cell(title, "interval 95 %, per 1,000 messages", corner, 0.05, wrong, status=found.status, shown=np.isfinite(bare.effect))
