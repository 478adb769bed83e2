"""Two arms of an experiment, from the marts through the product's own analysis, under the names that expected.json uses."""

from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
from public_data import expected_value, rows

from python_stats.analysis import Options, analyze
from python_stats.designs import Design, read_designs
from python_stats.estimators.multiplicity import adjust

SHARE_FIELDS = ("diff", "ci_low", "ci_high", "newcombe_low", "newcombe_high", "rel_lift")
MEAN_FIELDS = ("diff", "se", "ci_low", "ci_high", "t", "p")


def share_measures(prefix: str, control: str = "control", variant: str = "treatment") -> list[str]:
    """What is asserted of a share in two arms."""
    counts = [f"{field}_{arm}" for field in ("n", "x", "rate") for arm in (control, variant)]
    return [f"{prefix}.{field}" for field in (*counts, *SHARE_FIELDS)]


def mean_measures(prefix: str, control: str = "control", variant: str = "treatment") -> list[str]:
    """What is asserted of a mean in two arms."""
    counts = [f"{field}_{arm}" for field in ("n", "mean") for arm in (control, variant)]
    return [f"{prefix}.{field}" for field in (*counts, *MEAN_FIELDS)]


def design_of(warehouse: duckdb.DuckDBPyConnection, experiment_id: str) -> Design:
    """The experiment as its seeds declare it."""
    names = ("experiments", "experiment_variants", "experiment_metrics", "value_assumptions")
    tables = (rows(warehouse, f"select * from cfg_{name} where experiment_id = '{experiment_id}'") for name in names)
    (design,) = read_designs(*tables)
    return design


def of_two(design: Design, control: str, variant: str, covariate_window_days: int | None = None) -> Design:
    """The same experiment as if it had these two arms alone, so that no error rate is shared out among more; unadjusted unless told."""
    arms = {arm.variant_id: arm for arm in design.variants}
    two = (replace(arms[control], is_control=True), replace(arms[variant], is_control=False))
    return replace(design, variants=two, covariate_window_days=covariate_window_days)


def results_of(warehouse: duckdb.DuckDBPyConnection, design: Design) -> list[dict[str, Any]]:
    """The product's analysis of a design: its rows of experiment_results."""
    condition = f"where experiment_id = '{design.experiment_id}'"
    stats = rows(warehouse, f"select * from experiment_metric_stats {condition}")
    tables = rows(warehouse, f"select * from experiment_life_tables {condition}")
    return analyze([design], stats, tables, Options())


def result_of(warehouse: duckdb.DuckDBPyConnection, design: Design, metric_id: str, segment: str = "all") -> dict[str, Any]:
    """One comparison over all days, with the totals of both arms that the mart holds."""
    (result,) = [
        row
        for row in results_of(warehouse, design)
        if (row["metric_id"], row["metric_window"], row["segment"]) == (metric_id, "all", segment)
    ]
    totals = rows(
        warehouse,
        f"""
        select variant_id, numerator
        from experiment_metric_stats
        where experiment_id = '{design.experiment_id}' and metric_id = '{metric_id}' and metric_window = 'all' and segment = '{segment}'
        """,
    )
    numerators = {row["variant_id"]: row["numerator"] for row in totals}
    return {
        **result,
        "numerator_control": numerators.get(result["control_variant_id"]),
        "numerator_variant": numerators.get(result["variant_id"]),
    }


def named_share(prefix: str, result: dict[str, Any], control: str = "control", variant: str = "treatment") -> dict[str, Any]:
    """A row of experiment_results about a share, under expected.json's names."""
    return {
        f"{prefix}.n_{control}": result["n_control"],
        f"{prefix}.n_{variant}": result["n_variant"],
        f"{prefix}.x_{control}": result["numerator_control"],
        f"{prefix}.x_{variant}": result["numerator_variant"],
        f"{prefix}.rate_{control}": result["control_value"],
        f"{prefix}.rate_{variant}": result["variant_value"],
        f"{prefix}.diff": result["effect"],
        f"{prefix}.ci_low": result["ci_low"],
        f"{prefix}.ci_high": result["ci_high"],
        f"{prefix}.newcombe_low": result["score_ci_low"],
        f"{prefix}.newcombe_high": result["score_ci_high"],
        f"{prefix}.rel_lift": result["relative_effect"],
    }


def named_mean(prefix: str, result: dict[str, Any], control: str = "control", variant: str = "treatment") -> dict[str, Any]:
    """A row of experiment_results about a mean, under expected.json's names."""
    return {
        f"{prefix}.n_{control}": result["n_control"],
        f"{prefix}.n_{variant}": result["n_variant"],
        f"{prefix}.mean_{control}": result["control_value"],
        f"{prefix}.mean_{variant}": result["variant_value"],
        f"{prefix}.diff": result["effect"],
        f"{prefix}.se": result["standard_error"],
        f"{prefix}.ci_low": result["ci_low"],
        f"{prefix}.ci_high": result["ci_high"],
        f"{prefix}.t": result["effect"] / result["standard_error"],
        f"{prefix}.p": result["p_value"],
    }


def adjusted(data_set: str, family: list[str], known: dict[str, Any], correction: str) -> dict[str, float]:
    """Adjusted p-values of a family of comparisons: ours where `known` has them, else those of expected.json (pooled z)."""
    p_values = np.array([known.get(f"{name}.p") or expected_value(data_set, f"{name}.p") for name in family])
    return dict(zip(family, (float(p) for p in adjust(p_values, correction)), strict=True))
