"""What all experiments together have taught: which kinds of feature improved which metrics."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from python_stats import verdicts
from python_stats.analysis.many import good_side

Row = Mapping[str, Any]

_UNDECIDED = frozenset({verdicts.INVALID, verdicts.KEEP_RUNNING})


def patterns(results: Iterable[Row], decisions: Sequence[Row]) -> list[dict[str, Any]]:
    """One row per kind of feature and metric, over experiments that are decided and sound.

    An experiment counts once for each metric it declared: by the variant that its verdict is about, in the window that decides. The
    metric improved where the whole interval lies on the good side of 0, and worsened where it lies on the bad side; a secondary metric only
    where that stands after the design's correction. Whether it is harmed beyond what a guardrail allows is another question. It is
    unclear where the interval holds 0, where there is none (too few people, no figures), and where the verdict is about no variant.

    Args:
        results: rows of experiment_results.
        decisions: rows of experiment_decisions.
    """
    decided = {row["experiment_id"]: row for row in decisions if row["verdict"] not in _UNDECIDED}
    found: dict[tuple[str, str], dict[str, tuple[str, Row]]] = {}
    for row in results:
        decision = decided.get(row["experiment_id"])
        is_declared = row["is_decision"] and row["segment"] == "all" and row["role"] != "value"
        if decision and is_declared and decision["variant_id"] in (None, row["variant_id"]):
            side = "unclear" if decision["variant_id"] is None else _side(row)
            found.setdefault((decision["feature_class"], row["metric_id"]), {})[row["experiment_id"]] = (side, row)
    return [_pattern(*key, list(found[key].values())) for key in sorted(found)]


def _side(row: Row) -> str:
    return {1: "improved", -1: "worsened"}.get(good_side(row), "unclear")


def _pattern(feature_class: str, metric_id: str, found: Sequence[tuple[str, Row]]) -> dict[str, Any]:
    improved = [row for side, row in found if side == "improved" and row["relative_effect"] is not None]
    best = max(improved, key=lambda row: (abs(row["relative_effect"]), row["experiment_id"]), default=None)
    sides = [side for side, _ in found]
    return {
        "feature_class": feature_class,
        "metric_id": metric_id,
        "experiments": len(found),
        **{side: sides.count(side) for side in ("improved", "unclear", "worsened")},
        "best_experiment_id": best["experiment_id"] if best else None,
        "best_relative_effect": best["relative_effect"] if best else None,
    }
