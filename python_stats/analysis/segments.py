"""Segments: do they differ at all, and what is left of each one's effect without chance. Rows of `experiment_segments`."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from python_stats.analysis.rows import clean
from python_stats.designs import Design
from python_stats.estimators.comparison import critical_value
from python_stats.estimators.heterogeneity import Heterogeneity, heterogeneity, log_ratios
from python_stats.estimators.multiplicity import adjust
from python_stats.estimators.status import OK
from python_stats.evidence import contrast_of

Row = Mapping[str, Any]

RELATIVE, ABSOLUTE = "relative", "absolute"  # scales
ONE_SEGMENT = "one_segment"  # nothing to compare it with


def segment_effects(designs: Iterable[Design], results: Iterable[Row]) -> list[dict[str, Any]]:
    """One row per experiment, variant, metric, window and segment that has a row in `experiment_results`.

    The segments of one column (`plan=free`, `plan=pro`) are tested and shrunken together, by relative changes where every segment allows
    it, else in the metric's own unit (`scale`). Segments without an estimate of their own (too small, say) keep their row and status, and
    take no part. The interaction test's p-values are adjusted over columns and metrics, in the window of the verdict, by the design's
    `correction`, and read at the level of the segments' own intervals.
    """
    by_id = {design.experiment_id: design for design in designs}
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in results:
        if row["segment"] != "all":
            column = row["segment"].partition("=")[0]
            groups[row["experiment_id"], row["variant_id"], row["metric_id"], row["metric_window"], column].append(row)
    rows: list[dict[str, Any]] = []
    families: dict[str, list[list[dict[str, Any]]]] = defaultdict(list)
    for key, members in sorted(groups.items()):
        shown = _group(key[4], members, key[3] == by_id[key[0]].decision_window)
        rows += shown
        if shown[0]["is_decision"] and shown[0]["interaction_p_value"] is not None:
            families[key[0]].append(shown)
    for experiment_id, family in families.items():
        p_values = np.array([group[0]["interaction_p_value"] for group in family])
        for group, p_adjusted in zip(family, adjust(p_values, by_id[experiment_id].correction), strict=True):
            for row in group:
                row["interaction_p_adjusted"] = float(p_adjusted)
                row["is_different"] = bool(p_adjusted < row["nominal_alpha"])
    return rows


def _group(column: str, members: Sequence[Row], is_decision: bool) -> list[dict[str, Any]]:
    known = [row for row in members if row["status"] == OK]
    relative = log_ratios(contrast_of(*known), members[0]["metric_kind"] == "share")
    plain = np.array([row["effect"] for row in known]), np.array([row["standard_error"] ** 2 for row in known])
    found = heterogeneity(*(plain if relative is None else relative))
    scale = None if found is None else ABSOLUTE if relative is None else RELATIVE
    position = {row["segment"]: index for index, row in enumerate(known)}
    return [{**_row(column, row, found, scale, position.get(row["segment"])), "is_decision": is_decision} for row in members]


def _row(column: str, row: Row, found: Heterogeneity | None, scale: str | None, index: int | None) -> dict[str, Any]:
    copied = "experiment_id variant_id control_variant_id metric_id metric_window segment role metric_kind good_direction"
    levels = ("alpha", "nominal_alpha")
    own = "n_control n_variant effect ci_low ci_high relative_effect relative_ci_low relative_ci_high"
    shown: dict[str, Any] = {
        **{name: row[name] for name in (*copied.split(), *levels)},
        "segment_column": column,
        "status": row["status"] if index is None or found is not None else ONE_SEGMENT,
        **{name: row[name] for name in own.split()},
        "scale": scale,
        "interaction_q": found.q if found else None,
        "interaction_df": found.df if found else None,
        "interaction_p_value": found.p_value if found else None,
        "interaction_p_adjusted": None,
        "is_different": None,
        "between_sd": math.sqrt(found.between) if found else None,
        "common_effect": _on_scale(found.common, scale) if found else None,
        "shrunken_effect": None,
        "shrunken_ci_low": None,
        "shrunken_ci_high": None,
    }
    if found is not None and index is not None:
        effect = float(found.shrunken[index])
        critical = float(critical_value(np.array([row["nominal_alpha"]]), np.array([np.inf]))[0])
        reach = critical * math.sqrt(float(found.shrunken_variance[index]))
        shown["shrunken_effect"] = _on_scale(effect, scale)
        shown |= {"shrunken_ci_low": _on_scale(effect - reach, scale), "shrunken_ci_high": _on_scale(effect + reach, scale)}
    return shown


def _on_scale(value: float, scale: str | None) -> float | None:
    """A log ratio as the relative change that it stands for; a difference as it is."""
    with np.errstate(over="ignore"):
        return clean(np.expm1(value) if scale == RELATIVE else value)
