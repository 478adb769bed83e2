"""Many metrics and variants at once: adjusted p-values, and what stands when they are counted."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from python_stats.designs import Design
from python_stats.estimators.multiplicity import adjust


def adjust_p_values(rows: Sequence[dict[str, Any]], designs: Mapping[str, Design]) -> None:
    """Adjusted p-values, in the window and segment of the verdict.

    Secondary metrics: by the design's `correction`, over metrics and variants together. Primary: p × variants, the counterpart of
    its shared-out alpha. Guardrails are not adjusted: adjusting would make harm harder to see.
    """
    families: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if not row["is_decision"] or row["p_value"] is None:
            continue
        if row["role"] == "secondary":
            families[row["experiment_id"]].append(row)
        elif row["role"] == "primary":
            row["p_adjusted"] = min(1.0, row["p_value"] * len(designs[row["experiment_id"]].treatments))
    for experiment_id, family in families.items():
        adjusted = adjust(np.array([row["p_value"] for row in family]), designs[experiment_id].correction)
        for row, p_adjusted in zip(family, adjusted, strict=True):
            row["p_adjusted"] = float(p_adjusted)


def good_side(row: Mapping[str, Any], interval: str = "ci") -> int:
    """+1 where an effect is established to be good, −1 bad, 0 open: by its interval and, if secondary, by its corrected p-value too.

    Args:
        row: of `experiment_results`, or one with its `good_direction` and an interval.
        interval: in the columns `{interval}_low` and `{interval}_high`.
    """
    low, high = row[f"{interval}_low"], row[f"{interval}_high"]
    corrected = row.get("p_adjusted") if row.get("role") == "secondary" else None
    if low is None or high is None or (corrected is not None and corrected >= row["alpha"]):
        return 0
    side = 1 if low > 0 else -1 if high < 0 else 0
    return -side if row["good_direction"] == "decrease" else side
