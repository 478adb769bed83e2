"""The evidence on each edge of the metric tree: an experiment that moved both, their weeks, or nothing but the assumption."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

from python_stats.analysis.many import good_side
from python_stats.estimators.association import Association, associate
from python_stats.estimators.status import OK

Row = Mapping[str, Any]
Place = tuple[str, str, str]  # experiment, variant, window of the verdict
Judged = Mapping[str, Mapping[Place, Row]]
EXPERIMENT, OBSERVATIONAL, ASSUMED = "experiment", "observational", "assumed"


def edges(tree: Iterable[Row], weeks: Iterable[Row], results: Sequence[Row], decisions: Iterable[Row]) -> list[dict[str, Any]]:
    """One row per edge, with the strongest evidence there is and, in any case, what its weeks say.

    Args:
        tree: rows of `cfg_metric_tree`.
        weeks: rows of `metric_tree_weekly`; weeks that are not over are left out.
        results: rows of `experiment_results`.
        decisions: rows of `experiment_decisions`; an experiment with an unsound split is no evidence.
    """
    invalid = {row["experiment_id"] for row in decisions if row["verdict"] == "invalid"}
    judged = _judged([row for row in results if row["experiment_id"] not in invalid])
    series = _series(weeks)
    return [_edge(edge, judged, series) for edge in tree]


def _edge(edge: Row, judged: Judged, series: Mapping[str, Any]) -> dict[str, Any]:
    parent, child = edge["parent_metric_id"], edge["child_metric_id"]
    children, parents = judged.get(child, {}), judged.get(parent, {})
    best = _surest(children, parents)
    weekly = associate(series[child], series[parent]) if child in series and parent in series else None
    row = {
        "parent_metric_id": parent,
        "child_metric_id": child,
        "expected_sign": edge["expected_sign"],
        "evidence": ASSUMED,
        "is_as_expected": None,
        "experiment_id": None,
        "variant_id": None,
        "metric_window": None,
        **_effects("child", None),
        **_effects("parent", None),
        **_association(weekly),
    }
    if best is not None:
        one, other = children[best], parents[best]
        row |= {"evidence": EXPERIMENT, "is_as_expected": bool(np.sign(one["effect"] * other["effect"]) == edge["expected_sign"])}
        row |= dict(zip(("experiment_id", "variant_id", "metric_window"), best, strict=True))
        row |= _effects("child", one) | _effects("parent", other)
    elif weekly is not None and weekly.status == OK and weekly.low * weekly.high > 0:
        row |= {"evidence": OBSERVATIONAL, "is_as_expected": bool(np.sign(weekly.correlation) == edge["expected_sign"])}
    return row


def _judged(results: Iterable[Row]) -> Judged:
    """Per metric, by experiment, variant and window of the verdict, the results that have an estimate with an interval."""
    found: dict[str, dict[Place, Row]] = {}
    for row in results:
        if row["is_decision"] and row["segment"] == "all" and row["status"] == OK:
            found.setdefault(row["metric_id"], {})[row["experiment_id"], row["variant_id"], row["metric_window"]] = row
    return found


def _surest(children: Mapping[Place, Row], parents: Mapping[Place, Row]) -> Place | None:
    """Where both moved for sure; of several places, where the weaker of the two effects is surest.

    Whoever looks into many places finds one by luck, so all places that have both metrics share alpha.
    """
    both = sorted(children.keys() & parents.keys())
    moved = [place for place in both if _has_moved(children[place], len(both)) and _has_moved(parents[place], len(both))]
    return max(moved, key=lambda place: _strength(children[place], parents[place]), default=None)


def _has_moved(row: Row, places: int) -> bool:
    return bool(good_side(row)) and row["p_value"] is not None and row["p_value"] * places < row["alpha"]


def _strength(child: Row, parent: Row) -> float:
    """How surely both moved: the weaker of the two, in standard errors."""
    return float(min(abs(row["effect"]) / row["standard_error"] if row["standard_error"] else 0.0 for row in (child, parent)))


def _effects(which: str, row: Row | None) -> dict[str, Any]:
    names = ("relative_effect", "relative_ci_low", "relative_ci_high", "effect", "ci_low", "ci_high")
    return {f"{which}_{name}": row[name] if row else None for name in names}


def _association(found: Association | None) -> dict[str, Any]:
    is_known = found is not None and found.status == OK
    return {
        "weekly_status": found.status if found else "no_weeks",
        "weeks": found.weeks if found else 0,
        "lag_weeks": found.lag if found and is_known else None,
        "correlation": found.correlation if found and is_known else None,
        "correlation_ci_low": found.low if found and is_known else None,
        "correlation_ci_high": found.high if found and is_known else None,
    }


def _series(weeks: Iterable[Row]) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    """Per metric its value in every week from the first to the last that any metric has; `nan` for none."""
    whole = [row for row in weeks if row["is_complete"]]
    if not whole:
        return {}
    first, last = min(row["week"] for row in whole), max(row["week"] for row in whole)
    places: dict[date, int] = {first + timedelta(weeks=number): number for number in range((last - first).days // 7 + 1)}
    found: dict[str, Any] = {}
    for row in whole:
        values = found.setdefault(row["metric_id"], np.full(len(places), np.nan))
        values[places[row["week"]]] = np.nan if row["value"] is None else row["value"]
    return found
