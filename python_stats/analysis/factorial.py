"""Factorial designs: what each ingredient does, and what they do together. Rows of `experiment_effects_factorial`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from python_stats.analysis.levels import BEFORE_FIRST_LOOK, is_for_looks
from python_stats.analysis.pairs import METHODS, Key, Row, stats_cells
from python_stats.analysis.persons import Cells, arm_of, overall_ratio
from python_stats.analysis.rows import CUPED, clean, count
from python_stats.designs import Design
from python_stats.estimators import cuped
from python_stats.estimators.comparison import Comparison, compare_contrast
from python_stats.estimators.contrast import chosen
from python_stats.estimators.factorial import Effect, adjust, effects, estimate
from python_stats.estimators.multiplicity import adjust as adjust_p_values
from python_stats.estimators.status import OK, Flags, Floats
from python_stats.metrics import metric

NOT_CROSSED = "not_crossed"  # the variants do not hold every combination of their levels once

_NUMBERS = (
    "persons persons_in_smallest_cell base_value effect standard_error df ci_low ci_high relative_effect relative_ci_low "
    "relative_ci_high p_value p_adjusted skewness unadjusted_effect variance_reduction nominal_alpha"
).split()
_COUNTS = ("persons", "persons_in_smallest_cell")


@dataclass(frozen=True)
class _Level:
    """At which level the effects of an experiment are read."""

    nominal: float
    is_for_looks: bool
    is_before_first_look: bool


def factorial_effects(designs: Iterable[Design], stats: Iterable[Row], results: Iterable[Row] = ()) -> list[dict[str, Any]]:
    """One row per factorial experiment, effect, metric and window, over all persons; times have none.

    Intervals are at the strictest level at which the primary metric of a variant is read: there are as many effects as variants, and
    they are seen whenever it is. p-values are adjusted over the effects of a metric and window, by the design's `correction`; they are
    those of a single look, and left out where there may be more. Before the first look there is no estimate.

    Args:
        designs: experiments as declared.
        stats: rows of `experiment_metric_stats`.
        results: rows of `experiment_results`, as they were judged.
    """
    cells = stats_cells(stats)
    primaries: dict[str, list[Row]] = defaultdict(list)
    for row in results:
        if row["role"] == "primary" and row["is_decision"]:
            primaries[row["experiment_id"]].append(row)
    rows: list[dict[str, Any]] = []
    for design in designs:
        if design.design != "factorial" or design.control is None:
            continue
        found = effects([variant.factor_levels for variant in design.variants], design.control.factor_levels)
        by_kind: dict[str, list[Key]] = defaultdict(list)
        own = cells.get(design.experiment_id, {})
        for key, arms in sorted(own.items()):
            if key[3] == "all":
                by_kind[str(next(iter(arms.values()))["metric_kind"])].append(key)
        for kind, keys in sorted(by_kind.items()):
            level = _level(design, primaries[design.experiment_id])
            rows += _of_kind(design, found, kind, keys, own, level) if found else [_not_crossed(design, kind, key) for key in keys]
    return rows


def _level(design: Design, primaries: Sequence[Row]) -> _Level:
    return _Level(
        nominal=min((row["nominal_alpha"] for row in primaries), default=design.alpha),
        is_for_looks=any(is_for_looks(row) for row in primaries),
        is_before_first_look=any(row["status"] == BEFORE_FIRST_LOOK for row in primaries),
    )


def _of_kind(
    design: Design, found: Sequence[Effect], kind: str, keys: Sequence[Key], cells: Mapping[Key, Mapping[str, Row]], level: _Level
) -> list[dict[str, Any]]:
    overall = np.array([overall_ratio(tuple(cells[key].values())) for key in keys]) if kind == "ratio" else None
    arms = [arm_of(kind, Cells([cells[key].get(variant.variant_id) for key in keys]), overall) for variant in design.variants]
    slope = cuped.slope_over(arms)
    has_window = (design.covariate_window_days or 0) > 0
    compared = [_compare(arms, effect, slope if has_window else None, np.full(len(keys), level.nominal)) for effect in found]
    rows = []
    for index, key in enumerate(keys):
        adjusted = adjust_p_values(np.array([one.result.p_value[index] for one in compared]), design.correction)
        for effect, one, p_adjusted in zip(found, compared, adjusted, strict=True):
            numbers = {**_numbers(effect, arms, one, index), "p_adjusted": clean(p_adjusted), "nominal_alpha": level.nominal}
            words = {"status": str(one.result.status[index]), "relative_status": str(one.result.relative_status[index])}
            if level.is_before_first_look:
                numbers = {name: numbers[name] if name in _COUNTS else None for name in numbers}
                words = dict.fromkeys(words, BEFORE_FIRST_LOOK)
            elif level.is_for_looks:
                numbers.update(p_value=None, p_adjusted=None)
            effect_id = ";".join(f"{factor}={moved}" for factor, moved in effect.moved.items())
            method = CUPED if one.used[index] else METHODS[kind]
            place = {**_place(design, kind, key), "method": method, "effect_id": effect_id, "factors": len(effect.moved)}
            rows.append({**place, **words, **numbers})
    return rows


@dataclass(frozen=True)
class _Compared:
    """One effect in each of several metrics: as it is told, without adjustment, and where it was adjusted."""

    result: Comparison
    plain: Comparison
    used: Flags
    variance_reduction: Floats


def _compare(arms: Sequence[cuped.Arm], effect: Effect, slope: cuped.Slope | None, alpha: Floats) -> _Compared:
    """Adjusted under the conditions of a variant against its control: a window before the exposure, and nothing to be warned of."""
    found = estimate([arm.value for arm in arms], effect)
    plain = compare_contrast(found.contrast, found.df, alpha, found.status, found.skewness, found.few_events)
    if slope is None:
        return _Compared(plain, plain, np.zeros(alpha.shape, dtype=bool), np.full(alpha.shape, np.nan))
    contrast, df = adjust(arms, effect, slope)
    used = slope.usable & (plain.status == OK) & np.isfinite(contrast.effect) & (contrast.variance > 0)
    contrast, df = chosen(used, contrast, found.contrast), np.where(used, df, found.df)
    result = compare_contrast(contrast, df, alpha, found.status, found.skewness, found.few_events)
    return _Compared(result, plain, used, slope.variance_reduction)


def _not_crossed(design: Design, kind: str, key: Key) -> dict[str, Any]:
    words = {"effect_id": "none", "factors": 0, "status": NOT_CROSSED, "relative_status": NOT_CROSSED}
    return {**_place(design, kind, key), "method": METHODS[kind], **words, **dict.fromkeys(_NUMBERS)}


def _place(design: Design, kind: str, key: Key) -> dict[str, Any]:
    _, metric_id, window, _ = key
    objective = design.objective(metric_id)
    return {
        "experiment_id": design.experiment_id,
        "metric_id": metric_id,
        "metric_window": window,
        "role": objective.role if objective else "value",
        "metric_kind": kind,
        "good_direction": objective.good_direction if objective else metric(metric_id).good_direction,
        "is_decision": window == design.decision_window,
        "alpha": design.alpha,
    }


def _numbers(effect: Effect, arms: Sequence[cuped.Arm], one: _Compared, index: int) -> dict[str, Any]:
    result = one.result
    persons = [arm.value.persons[index] for arm, weight in zip(arms, effect.weights, strict=True) if weight]
    known = np.isfinite(result.effect[index])
    return {
        "persons": count(np.nansum(persons)),
        "persons_in_smallest_cell": count(np.min(persons)),
        "base_value": clean(result.contrast.control[index]) if known else None,
        "effect": clean(result.effect[index]),
        "standard_error": clean(result.standard_error[index]),
        "df": clean(result.df[index]),
        "ci_low": clean(result.ci_low[index]),
        "ci_high": clean(result.ci_high[index]),
        "relative_effect": clean(result.relative[index]),
        "relative_ci_low": clean(result.relative_low[index]),
        "relative_ci_high": clean(result.relative_high[index]),
        "p_value": clean(result.p_value[index]),
        "skewness": clean(result.skewness[index]),
        "unadjusted_effect": clean(one.plain.effect[index]) if one.used[index] else None,
        "variance_reduction": clean(one.variance_reduction[index]) if one.used[index] else None,
    }
