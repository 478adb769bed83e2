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

from python_stats.estimators.contrast import Contrast
from python_stats.estimators.doubts import doubts
from python_stats.estimators.moments import Sample
from python_stats.estimators.skewness import skewness_of_contrast
from python_stats.estimators.status import OK, Floats, Words

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
    """An effect in each of several metrics: what `comparison.compare_contrast` takes."""

    contrast: Contrast
    df: Floats
    status: Words
    skewness: Floats


def estimate(cells: Sequence[Sample], effect: Effect) -> Estimated:
    """Σ w m with variance Σ w² v and Satterthwaite's df (Σ w² v)² / Σ (w² v)² / (n − 1), relative to the mean it starts from.

    Args:
        cells: one sample per cell, arrays over metrics.
        effect: its weights.
    """
    shape = cells[0].value.shape
    total, spread, fourth, base, base_spread = (np.zeros(shape) for _ in range(5))
    status = np.full(shape, OK, dtype=object)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for cell, weight, part in zip(cells, effect.weights, effect.base, strict=True):
            if weight == 0:
                continue
            own = weight**2 * cell.variance
            total, spread, fourth = total + weight * cell.value, spread + own, fourth + own**2 / (cell.persons - 1)
            if part:
                base, base_spread = base + part * cell.value, base_spread + part**2 * cell.variance
            status = np.where(status == OK, cell.status, status)
        taking_part = [cell for cell, weight in zip(cells, effect.weights, strict=True) if weight]
        status = np.where(status == OK, doubts(taking_part), status)
        df = spread**2 / fourth
    # the cells that the effect starts from are in it with the sign (−1)^{factors}
    slope = np.full(shape, (-1.0) ** len(effect.moved))
    contrast = Contrast(total, base, base_spread, slope, spread - base_spread)
    return Estimated(contrast, df, status, skewness_of_contrast(cells, effect.weights))
