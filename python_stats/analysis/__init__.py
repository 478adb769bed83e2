"""From experiment marts to one row per comparison.

Knows designs and estimators; knows neither warehouse nor page. Rows in and rows out are plain mappings, with None for null.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from python_stats.analysis.guardrails import assess_guardrails
from python_stats.analysis.many import adjust_p_values
from python_stats.analysis.pairs import MISSING, Options, Pair, Row, life_cells, pairs_of, stats_cells
from python_stats.analysis.persons import compare_persons
from python_stats.analysis.rows import MISSING_METRIC, NO_CONTROL, as_float, row_of
from python_stats.analysis.times import compare_times
from python_stats.designs import Design
from python_stats.estimators.split import Split, sample_ratio

__all__ = ["Options", "analyze", "split_of"]

RESULT_KEY = ("experiment_id", "variant_id", "metric_id", "metric_window", "segment")


def analyze(designs: Iterable[Design], stats: Iterable[Row], life_tables: Iterable[Row], options: Options) -> list[dict[str, Any]]:
    """One row per experiment, variant (against its control), metric, window and segment; ordered by these.

    Args:
        designs: experiments as declared.
        stats: rows of `experiment_metric_stats`.
        life_tables: rows of `experiment_life_tables`.
        options: the project's variables.
    """
    by_kind: dict[str, list[Pair]] = defaultdict(list)
    by_stats, by_life = stats_cells(stats), life_cells(life_tables)
    for design in designs:
        for pair in pairs_of(design, by_stats, by_life):
            by_kind[pair.kind].append(pair)
    rows: list[dict[str, Any]] = []
    for kind, pairs in sorted(by_kind.items()):
        if kind == "time":
            rows += compare_times(pairs, options)
        elif kind == MISSING:
            rows += [row_of(pair, status=MISSING_METRIC if pair.control_id else NO_CONTROL) for pair in pairs]
        else:
            rows += compare_persons(kind, pairs, options)
    by_id = {design.experiment_id: design for design in designs}
    adjust_p_values(rows, by_id)
    assess_guardrails(rows, by_id)
    rows.sort(key=lambda row: tuple(str(row[part]) for part in RESULT_KEY))
    return rows


def split_of(design: Design, traffic: Iterable[Row]) -> Split:
    """Sample-ratio test of one experiment over its rows of `experiment_traffic`, of those seen and of those who are compared.

    Shares come from the design; an arm that is declared but saw nobody counts with 0 persons.
    """
    rows = list(traffic)
    exposed = {row["variant_id"]: row["exposed"] or 0 for row in rows}
    left_out = {row["variant_id"]: (row.get("contaminated") or 0) + (row.get("without_consent") or 0) for row in rows}
    shares = {variant.variant_id: variant.expected_share for variant in design.variants}
    arms = sorted({*exposed, *shares})
    declared = np.array([as_float(shares.get(arm)) for arm in arms], dtype=float)
    found = sample_ratio(np.array([exposed.get(arm, 0) for arm in arms], dtype=float), declared)
    if any(left_out.values()):
        kept = np.array([exposed.get(arm, 0) - left_out.get(arm, 0) for arm in arms], dtype=float)
        found = found.with_compared(sample_ratio(kept, declared))
    return replace(found, strays=tuple(arm for arm in arms if exposed.get(arm) and not shares.get(arm)))
