"""Which ingredient did it? Main effects and interactions of a crossed design, as linear contrasts of cell means.

For a set S of factors, each moved from its base level to another, the effect is the mean over all combinations of the other factors of
Σ_{T ⊆ S} (−1)^{|S|−|T|} m(T moved). For one factor that is the difference its level makes, every combination of the others weighing the
same; for two, how much more both do together than each alone: m₁₁ − m₁₀ − m₀₁ + m₀₀ (Montgomery 2017, "Design and analysis of
experiments", § 6.2, in units of one difference).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from python_stats.estimators import cuped
from python_stats.estimators.contrast import Contrast
from python_stats.estimators.doubts import doubts, has_few_events_for_a_ratio
from python_stats.estimators.moments import Sample
from python_stats.estimators.skewness import skewness_of_contrast
from python_stats.estimators.status import OK, Flags, Floats, Words

Levels = Mapping[str, str]


@dataclass(frozen=True)
class Effect:
    """One effect of a design.

    Attributes:
        moved: the level to which each factor of the effect is moved.
        weights: of each cell in the contrast, in the order of the cells; 0 for cells that do not take part.
        base: of each cell in the mean that the effect starts from: all factors of the effect at their base level.
    """

    moved: Levels
    weights: tuple[float, ...]
    base: tuple[float, ...]


def effects(cells: Sequence[Levels], control: Levels) -> list[Effect]:
    """Every main effect and interaction, main effects first.

    Args:
        cells: the levels of each cell.
        control: the base levels.

    Returns:
        nothing where the cells do not hold every combination of their levels exactly once.
    """
    factors = sorted(control)
    levels = {factor: sorted({cell.get(factor, "") for cell in cells}) for factor in factors}
    keys = [tuple(cell.get(factor, "") for factor in factors) for cell in cells]
    if sorted(keys) != sorted(product(*(levels[factor] for factor in factors))):
        return []
    found = []
    for size in range(1, len(factors) + 1):
        for chosen in combinations(factors, size):
            for moved in product(*([level for level in levels[factor] if level != control[factor]] for factor in chosen)):
                found.append(_effect(cells, control, dict(zip(chosen, moved, strict=True))))
    return found


def _effect(cells: Sequence[Levels], control: Levels, moved: Levels) -> Effect:
    counts = [
        -1
        if any(cell[factor] not in (level, control[factor]) for factor, level in moved.items())
        else sum(cell[factor] == level for factor, level in moved.items())
        for cell in cells
    ]  # how many of the factors are moved in each cell; −1 where one has a third level
    others = sum(count == 0 for count in counts)  # combinations of the other factors
    weights = tuple(0.0 if count < 0 else (-1.0) ** (len(moved) - count) / others for count in counts)
    return Effect(moved, weights, tuple(float(count == 0) / others for count in counts))


@dataclass(frozen=True)
class Estimated:
    """An effect in each of several metrics: what `comparison.compare_contrast` takes, beside the level."""

    contrast: Contrast
    df: Floats
    status: Words
    skewness: Floats
    few_events: Flags


def estimate(cells: Sequence[Sample], effect: Effect) -> Estimated:
    """Σ w m with variance Σ w² v and Satterthwaite's df, relative to the mean it starts from.

    Args:
        cells: one sample per cell, arrays over metrics.
        effect: its weights.
    """
    base, others = _sides(cells, effect)
    values, variances = [cell.value for cell in cells], [cell.variance for cell in cells]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        status = np.full(cells[0].value.shape, OK, dtype=object)
        for cell in (*base, *others):
            status = np.where(status == OK, cell.status, status)
        status = np.where(status == OK, doubts((*base, *others)), status)
        contrast = Contrast(
            effect=_sum(effect.weights, values),
            control=_sum(effect.base, values),
            control_variance=_sum(_squares(effect.base), variances),
            # the cells that the effect starts from are in it with the sign (−1)^{factors}
            slope=np.full(status.shape, (-1.0) ** len(effect.moved)),
            rest_variance=_sum(_squares(_others(effect)), variances),
        )
        df = _degrees_of_freedom(cells, effect, variances)
    return Estimated(contrast, df, status, skewness_of_contrast(cells, effect.weights), has_few_events_for_a_ratio(base, others))


def adjust(cells: Sequence[cuped.Arm], effect: Effect, slope: cuped.Slope) -> tuple[Contrast, Floats]:
    """The same of the cells' means less θ x̄, still relative to the unadjusted mean that the effect starts from.

    Args:
        cells: one arm per cell, with its covariate.
        effect: its weights.
        slope: θ over all cells of the experiment stacked, so that all effects are of the same adjusted means.

    Returns:
        the contrast and its degrees of freedom; void where the slope is not usable.
    """
    plain = estimate([cell.value for cell in cells], effect).contrast
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        rests = [cuped.left_over(cell, slope.theta) for cell in cells]
        squares = _squares(effect.base)
        contrast = cuped.adjusted_contrast(
            plain,
            slope.theta,
            _sum(effect.weights, [cell.covariate.value for cell in cells]),
            _sum(squares, [cell.covariate.variance for cell in cells]),
            _sum(squares, [cell.covariance for cell in cells]),
            _sum(_squares(_others(effect)), rests),
        )
        return contrast, _degrees_of_freedom([cell.value for cell in cells], effect, rests)


def _sides(cells: Sequence[Sample], effect: Effect) -> tuple[list[Sample], list[Sample]]:
    """The cells that the effect starts from, and the others that take part."""

    def taking_part(weights: Sequence[float]) -> list[Sample]:
        return [cell for cell, weight in zip(cells, weights, strict=True) if weight]

    return taking_part(effect.base), taking_part(_others(effect))


def _others(effect: Effect) -> list[float]:
    """The weights of the cells that the effect does not start from."""
    return [0.0 if part else weight for weight, part in zip(effect.weights, effect.base, strict=True)]


def _squares(weights: Sequence[float]) -> list[float]:
    return [weight**2 for weight in weights]


def _sum(weights: Sequence[float], parts: Sequence[Floats]) -> Floats:
    """Σ w × part; a cell that does not take part may lack its own."""
    return np.asarray(sum(weight * part for weight, part in zip(weights, parts, strict=True) if weight))


def _degrees_of_freedom(cells: Sequence[Sample], effect: Effect, variances: Sequence[Floats]) -> Floats:
    """Satterthwaite's (Σ w² v)² / Σ (w² v)² / (n − 1)."""
    squares = _squares(effect.weights)
    fourth = [variance**2 / (cell.persons - 1) for cell, variance in zip(cells, variances, strict=True)]
    return np.asarray(_sum(squares, variances) ** 2 / _sum(_squares(squares), fourth))
