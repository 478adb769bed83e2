"""Shares, means and ratios: a value per person."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from python_stats.analysis.pairs import Options, Pair
from python_stats.analysis.rows import as_float, clean, hide_small_segment, rows_of
from python_stats.estimators.comparison import compare
from python_stats.estimators.moments import Sample, sample_of_means, sample_of_ratios
from python_stats.estimators.shares import newcombe
from python_stats.estimators.status import Floats

Row = Mapping[str, Any]


def compare_persons(kind: str, pairs: Sequence[Pair], options: Options) -> list[dict[str, Any]]:
    """Shares, means and ratios: a value per person, Welch's t."""
    control, variant = _sample(kind, [pair.control for pair in pairs]), _sample(kind, [pair.variant for pair in pairs])
    alpha = np.array([pair.alpha for pair in pairs])
    result = compare(control, variant, alpha)
    score = (np.full(alpha.shape, np.nan), np.full(alpha.shape, np.nan))
    if kind == "share":
        score = newcombe(control.value * control.persons, control.persons, variant.value * variant.persons, variant.persons, alpha)
    rows = rows_of(pairs, control, variant, result)
    for row, low, high in zip(rows, *score, strict=True):
        row["score_ci_low"], row["score_ci_high"] = clean(low), clean(high)
    return [hide_small_segment(row, options) for row in rows]


def _sample(kind: str, cells: Sequence[Row | None]) -> Sample:
    def column(name: str) -> Floats:
        return np.array([math.nan if cell is None else as_float(cell[name]) for cell in cells], dtype=float)

    if kind == "ratio":
        names = ("persons", "pivot_y", "pivot_d", "sum_y", "sum_d", "sum_yy", "sum_dd", "sum_yd")
        return sample_of_ratios(*(column(name) for name in names))
    return sample_of_means(*(column(name) for name in ("persons", "pivot_y", "sum_y", "sum_yy")))
