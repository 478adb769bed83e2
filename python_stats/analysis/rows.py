"""Rows of `experiment_results`: what every method fills in, and what is left out."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from python_stats.analysis.pairs import METHODS, MISSING, Options, Pair
from python_stats.estimators.comparison import Comparison
from python_stats.estimators.moments import Sample
from python_stats.estimators.status import OK, WARNINGS
from python_stats.metrics import metric

SEGMENT_TOO_SMALL = "segment_too_small"
MISSING_METRIC = "missing_metric"
NO_CONTROL = "no_control"
CUPED = "cuped"  # a method
PAIRED_DAYS = "paired_days"  # a method of `empathy-roi compare`: its units are days


def rows_of(pairs: Sequence[Pair], control: Sample, variant: Sample, result: Comparison) -> list[dict[str, Any]]:
    """One row per pair, from arrays in the order of the pairs."""
    return [
        row_of(
            pair,
            status=str(result.status[index]),
            relative_status=str(result.relative_status[index]),
            n_control=count(control.persons[index]),
            n_variant=count(variant.persons[index]),
            control_value=clean(control.value[index]),
            control_se=clean(np.sqrt(control.variance[index])),
            variant_value=clean(variant.value[index]),
            variant_se=clean(np.sqrt(variant.variance[index])),
            effect=clean(result.effect[index]),
            standard_error=clean(result.standard_error[index]),
            control_slope=clean(result.contrast.slope[index]) if result.status[index] == OK else None,
            rest_se=clean(np.sqrt(result.contrast.rest_variance[index])) if result.status[index] == OK else None,
            skewness=clean(result.skewness[index]),
            df=clean(result.df[index]),
            ci_low=clean(result.ci_low[index]),
            ci_high=clean(result.ci_high[index]),
            relative_effect=clean(result.relative[index]),
            relative_ci_low=clean(result.relative_low[index]),
            relative_ci_high=clean(result.relative_high[index]),
            p_value=clean(result.p_value[index]),
        )
        for index, pair in enumerate(pairs)
    ]


NUMBERS = (
    "n_control n_variant control_value control_se variant_value variant_se effect standard_error control_slope rest_se skewness df "
    "ci_low ci_high relative_effect relative_ci_low relative_ci_high p_value p_adjusted score_ci_low score_ci_high "
    "unadjusted_variant_value unadjusted_effect unadjusted_ci_low unadjusted_ci_high unadjusted_p_value covariate_slope variance_reduction "
    "horizon_s non_inferiority_p_value"
).split()


def row_of(pair: Pair, status: str, relative_status: str | None = None, **numbers: Any) -> dict[str, Any]:
    """What is known of a pair without any figure, with the figures given; all others null."""
    objective = pair.objective
    return {
        "experiment_id": pair.design.experiment_id,
        "variant_id": pair.variant_id,
        "control_variant_id": pair.control_id,
        "metric_id": pair.metric_id,
        "metric_window": pair.metric_window,
        "segment": pair.segment,
        "role": objective.role if objective else "value",
        "metric_kind": None if pair.kind == MISSING else pair.kind,
        "method": METHODS.get(pair.kind),
        "good_direction": objective.good_direction if objective else metric(pair.metric_id).good_direction,
        "is_decision": pair.is_decision,
        "alpha": pair.alpha,
        "nominal_alpha": pair.alpha,
        "known_on": None,
        "min_lift_rollout": objective.min_lift_rollout if objective else None,
        "max_harm_rollback": objective.max_harm_rollback if objective else None,
        "status": status,
        "relative_status": relative_status or status,
        "non_inferiority": None,
        **dict.fromkeys(NUMBERS),
        **numbers,
    }


def hide_small_segment(row: dict[str, Any], options: Options) -> dict[str, Any]:
    """No figure but the counts for a segment with fewer persons than `min_segment_size` in either arm."""
    persons = min(row["n_control"] or 0, row["n_variant"] or 0)
    if row["segment"] == "all" or persons >= options.min_segment_size:
        return row
    hidden = {name: None for name in NUMBERS if not name.startswith("n_")}
    status = small_status(row["status"])
    return {**row, **hidden, "status": status, "relative_status": status}


def small_status(status: str) -> str:
    """The status of a small segment: why there was no estimate in the first place, or else its size."""
    return SEGMENT_TOO_SMALL if status in (OK, *WARNINGS) else status


def as_float(value: Any) -> float:
    """A float; `nan` for null."""
    return math.nan if value is None else float(value)


def clean(value: Any) -> float | None:
    """A plain float, or None for what is not finite: no NaN leaves this package."""
    return float(value) if np.isfinite(value) else None


def count(value: Any) -> int | None:
    """A whole number, or None for what is not finite."""
    return int(value) if np.isfinite(value) else None
