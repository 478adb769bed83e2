"""Factorial designs: what each ingredient does, and what they do together. Rows of `experiment_effects_factorial`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from python_stats.analysis.levels import BEFORE_FIRST_LOOK, is_for_looks
from python_stats.analysis.pairs import METHODS, Key, Row, stats_cells
from python_stats.analysis.persons import Cells, arm_of, overall_ratio
from python_stats.analysis.rows import clean, count
from python_stats.designs import Design
from python_stats.estimators.comparison import Comparison, compare_contrast
from python_stats.estimators.factorial import Effect, effects, estimate
from python_stats.estimators.moments import Sample
from python_stats.estimators.multiplicity import adjust
from python_stats.metrics import metric

NOT_CROSSED = "not_crossed"  # the variants do not hold every combination of their levels once

_NUMBERS = (
    "persons persons_in_smallest_cell base_value effect standard_error df ci_low ci_high relative_effect relative_ci_low "
    "relative_ci_high p_value p_adjusted skewness nominal_alpha"
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
    samples = [arm_of(kind, Cells([cells[key].get(variant.variant_id) for key in keys]), overall).value for variant in design.variants]
    alpha = np.full(len(keys), level.nominal)
    estimated = [estimate(samples, effect) for effect in found]
    compared = [compare_contrast(part.contrast, part.df, alpha, part.status, part.skewness) for part in estimated]
    rows = []
    for index, key in enumerate(keys):
        adjusted = adjust(np.array([result.p_value[index] for result in compared]), design.correction)
        for effect, result, p_adjusted in zip(found, compared, adjusted, strict=True):
            numbers = {**_numbers(effect, samples, result, index), "p_adjusted": clean(p_adjusted), "nominal_alpha": level.nominal}
            words = {"status": str(result.status[index]), "relative_status": str(result.relative_status[index])}
            if level.is_before_first_look:
                numbers = {name: numbers[name] if name in _COUNTS else None for name in numbers}
                words = dict.fromkeys(words, BEFORE_FIRST_LOOK)
            elif level.is_for_looks:
                numbers.update(p_value=None, p_adjusted=None)
            effect_id = ";".join(f"{factor}={moved}" for factor, moved in effect.moved.items())
            rows.append({**_place(design, kind, key), "effect_id": effect_id, "factors": len(effect.moved), **words, **numbers})
    return rows


def _not_crossed(design: Design, kind: str, key: Key) -> dict[str, Any]:
    words = {"effect_id": "none", "factors": 0, "status": NOT_CROSSED, "relative_status": NOT_CROSSED}
    return {**_place(design, kind, key), **words, **dict.fromkeys(_NUMBERS)}


def _place(design: Design, kind: str, key: Key) -> dict[str, Any]:
    _, metric_id, window, _ = key
    objective = design.objective(metric_id)
    return {
        "experiment_id": design.experiment_id,
        "metric_id": metric_id,
        "metric_window": window,
        "role": objective.role if objective else "value",
        "metric_kind": kind,
        "method": METHODS[kind],
        "good_direction": objective.good_direction if objective else metric(metric_id).good_direction,
        "is_decision": window == design.decision_window,
        "alpha": design.alpha,
    }


def _numbers(effect: Effect, samples: Sequence[Sample], result: Comparison, index: int) -> dict[str, Any]:
    persons = [sample.persons[index] for sample, weight in zip(samples, effect.weights, strict=True) if weight]
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
    }
