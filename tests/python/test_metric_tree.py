"""Each edge of the metric tree carries its strongest evidence."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np

from python_stats.metric_tree import edges

TREE = [{"parent_metric_id": "revenue", "child_metric_id": "conversion", "expected_sign": 1}]


def result(metric_id: str, effect: float, *, experiment_id: str = "x", low: float | None = None, **more: Any) -> dict[str, Any]:
    return {
        "experiment_id": experiment_id, "variant_id": "new", "metric_id": metric_id, "metric_window": "7", "segment": "all", "is_decision": True,
        "status": "ok", "effect": effect, "standard_error": 1.0, "ci_low": effect - 2 if low is None else low, "ci_high": effect + 2,
        "relative_effect": effect / 10, "relative_ci_low": None, "relative_ci_high": None, "role": "secondary", "good_direction": "increase",
        "alpha": 0.05, "p_adjusted": None,
    } | more  # fmt: skip


def weekly(metric_id: str, values: np.ndarray) -> list[dict[str, Any]]:
    return [{"metric_id": metric_id, "week": date(2026, 1, 5) + timedelta(weeks=number), "is_complete": True, "value": float(value)}
            for number, value in enumerate(values)]  # fmt: skip


def together(sign: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(3)
    child = np.cumsum(rng.normal(size=40))
    return weekly("conversion", child) + weekly("revenue", sign * child + 0.05 * rng.normal(size=40))


def test_an_experiment_that_moved_both_is_the_strongest() -> None:
    (edge,) = edges(TREE, together(1), [result("conversion", 3), result("revenue", 4)], [])
    assert (edge["evidence"], edge["experiment_id"], edge["is_as_expected"]) == ("experiment", "x", True)
    assert (edge["child_effect"], edge["parent_effect"], edge["weekly_status"]) == (3, 4, "ok")
    (edge,) = edges(TREE, [], [result("conversion", 3), result("revenue", -4)], [])
    assert (edge["evidence"], edge["is_as_expected"]) == ("experiment", False)


def test_of_several_the_surest() -> None:
    both = [result("conversion", 9), result("revenue", 3)]
    surer = [result("conversion", 5, experiment_id="y"), result("revenue", 5, experiment_id="y")]
    assert edges(TREE, [], both + surer, [])[0]["experiment_id"] == "y"


def test_one_that_moved_the_child_alone_or_is_invalid_is_none() -> None:
    alone = [result("conversion", 3), result("revenue", 1)]
    assert edges(TREE, [], alone, [])[0]["evidence"] == "assumed"
    moved = [result("conversion", 3), result("revenue", 4)]
    assert edges(TREE, [], moved, [{"experiment_id": "x", "verdict": "invalid"}])[0]["evidence"] == "assumed"
    doubted = [result("conversion", 3), result("revenue", 4, p_adjusted=0.064)]  # the interval of it alone excludes 0
    assert edges(TREE, [], doubted, [])[0]["evidence"] == "assumed"
    elsewhere = [result("conversion", 3), result("revenue", 4, experiment_id="y")]
    assert edges(TREE, [], elsewhere, [])[0]["evidence"] == "assumed"


def test_weeks_that_move_together_are_observational() -> None:
    (edge,) = edges(TREE, together(1), [], [])
    assert (edge["evidence"], edge["is_as_expected"], edge["lag_weeks"]) == ("observational", True, 0)
    assert 0 < edge["correlation_ci_low"] < edge["correlation"] < edge["correlation_ci_high"]
    (edge,) = edges(TREE, together(-1), [], [])
    assert (edge["evidence"], edge["is_as_expected"]) == ("observational", False)


def test_without_weeks_it_is_assumed() -> None:
    (edge,) = edges(TREE, [], [], [])
    assert (edge["evidence"], edge["is_as_expected"], edge["weekly_status"], edge["weeks"]) == ("assumed", None, "no_weeks", 0)
