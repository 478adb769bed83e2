"""Shares, means and ratios: a value per person, adjusted for what the person did before where the design asks for it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from python_stats.analysis.pairs import Options, Pair
from python_stats.analysis.rows import CUPED, as_float, clean, hide_small_segment, rows_of
from python_stats.estimators import cuped
from python_stats.estimators.comparison import compare, compare_contrast
from python_stats.estimators.contrast import chosen
from python_stats.estimators.doubts import has_few_events_for_a_ratio
from python_stats.estimators.moments import mean, sample_of_means, sample_of_ratios
from python_stats.estimators.shares import newcombe, sample_of_shares
from python_stats.estimators.skewness import skewness_of_means, skewness_of_ratios
from python_stats.estimators.status import OK, Floats

Row = Mapping[str, Any]


def compare_persons(kind: str, pairs: Sequence[Pair], options: Options) -> list[dict[str, Any]]:
    """Rows of all comparisons of one kind."""
    overall = np.array([overall_ratio(pair.everyone) for pair in pairs]) if kind == "ratio" else None
    control = arm_of(kind, Cells([pair.control for pair in pairs]), overall)
    variant = arm_of(kind, Cells([pair.variant for pair in pairs]), overall)
    alpha = np.array([pair.alpha for pair in pairs])
    plain = compare(control.value, variant.value, alpha)
    adjusted = cuped.adjust(control, variant)
    used = adjusted.usable & np.array([(pair.design.covariate_window_days or 0) > 0 for pair in pairs]) & (plain.status == OK)
    contrast, df = chosen(used, adjusted.contrast, plain.contrast), np.where(used, adjusted.df, plain.df)
    few = has_few_events_for_a_ratio((control.value,), (variant.value,))
    result = compare_contrast(contrast, df, alpha, plain.status, plain.skewness, few)
    score = (np.full(alpha.shape, np.nan), np.full(alpha.shape, np.nan))
    if kind == "share":
        (a, n), (b, m) = ((arm.value.value * arm.value.persons, arm.value.persons) for arm in (control, variant))
        score = newcombe(a, n, b, m, alpha)
    rows = rows_of(pairs, control.value, variant.value, result)
    for index, row in enumerate(rows):
        row.update(control_value=_as_counted(kind, pairs[index].control, row["control_value"]))
        row.update(variant_value=_as_counted(kind, pairs[index].variant, row["variant_value"]))
        if row["status"] == OK:
            row["score_ci_low"], row["score_ci_high"] = clean(score[0][index]), clean(score[1][index])
        if used[index] and row["status"] == OK:
            row.update(
                method=CUPED,
                variant_value=row["control_value"] + row["effect"],
                unadjusted_variant_value=row["variant_value"],
                unadjusted_effect=clean(plain.effect[index]),
                unadjusted_ci_low=clean(plain.ci_low[index]),
                unadjusted_ci_high=clean(plain.ci_high[index]),
                unadjusted_p_value=clean(plain.p_value[index]),
                covariate_slope=clean(adjusted.theta[index]),
                variance_reduction=clean(adjusted.variance_reduction[index]),
            )
    return [hide_small_segment(row, options) for row in rows]


def _as_counted(kind: str, cell: Row | None, value: float | None) -> float | None:
    """An arm's value straight from its two totals: to the last digit what the marts and the semantic layer give."""
    if value is None or cell is None:
        return value
    top, bottom = cell.get("numerator"), cell.get("denominator" if kind == "ratio" else "persons")
    return value if top is None or not bottom else float(top) / float(bottom)


@dataclass(frozen=True)
class Cells:
    """Rows of `experiment_metric_stats`, read by column; `nan` for a row, a column or a value that is not there."""

    rows: Sequence[Row | None]

    def __call__(self, name: str) -> Floats:
        """One column."""
        return np.array([math.nan if row is None else as_float(row.get(name)) for row in self.rows], dtype=float)

    def all(self, names: str) -> Iterator[Floats]:
        """Several columns, named in one string."""
        return (self(name) for name in names.split())


def arm_of(kind: str, cells: Cells, overall: Floats | None = None) -> cuped.Arm:
    """One arm of each comparison, with its covariate.

    Args:
        kind: share, mean or ratio.
        cells: rows of `experiment_metric_stats`.
        overall: ratios: the ratio over all variants, with which the cubes were summed.
    """
    n, pivot_y, sum_y, sum_yy, pivot_x, sum_x, sum_xx, sum_yx = cells.all("persons pivot_y sum_y sum_yy pivot_x sum_x sum_xx sum_yx")
    unit, cubes = cells.all("skew_unit sum_cubes")
    if kind != "ratio":
        if kind == "share":
            value = sample_of_shares(n, pivot_y, sum_y, sum_yy)
        else:
            value = sample_of_means(n, pivot_y, sum_y, sum_yy, skewness_of_means(n, sum_y, sum_yy, unit, cubes))
        covariate = sample_of_means(n, pivot_x, sum_x, sum_xx)
        return cuped.Arm(value, covariate, cuped.covariance_of_means(n, sum_y, sum_x, sum_yx))
    pivot_d, sum_d, sum_dd, sum_yd, pivot_z, sum_z, sum_zz, sum_xz = cells.all("pivot_d sum_d sum_dd sum_yd pivot_z sum_z sum_zz sum_xz")
    dx, yz, dz = cells.all("sum_dx sum_yz sum_dz")
    assert overall is not None
    tail = skewness_of_ratios(n, pivot_y, pivot_d, sum_y, sum_d, sum_yy, sum_dd, sum_yd, overall, unit, cubes)
    value = sample_of_ratios(n, pivot_y, pivot_d, sum_y, sum_d, sum_yy, sum_dd, sum_yd, tail)
    covariate = sample_of_ratios(n, pivot_x, pivot_z, sum_x, sum_z, sum_xx, sum_zz, sum_xz)
    means = mean(n, pivot_d, sum_d), mean(n, pivot_z, sum_z)
    together = cuped.covariance_of_ratios(n, value.value, covariate.value, *means, (sum_y, sum_d, sum_x, sum_z), (sum_yx, dx, yz, dz))
    return cuped.Arm(value, covariate, together)


def overall_ratio(rows: Sequence[Row]) -> float:
    """The ratio of sums over all variants."""
    denominator = sum(row["denominator"] or 0.0 for row in rows)
    return sum(row["numerator"] or 0.0 for row in rows) / denominator if denominator else math.nan
