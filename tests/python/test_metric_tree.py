"""Each edge of the metric tree carries its strongest evidence."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
from scipy.special import ndtr

from python_stats.metric_tree import edges

TREE = [{"parent_metric_id": "revenue", "child_metric_id": "conversion", "expected_sign": 1}]


def result(metric_id: str, effect: float, *, experiment_id: str = "x", low: float | None = None, **more: Any) -> dict[str, Any]:
    return {
        "experiment_id": experiment_id, "variant_id": "new", "metric_id": metric_id, "metric_window": "7", "segment": "all", "is_decision": True,
        "status": "ok", "effect": effect, "standard_error": 1.0, "ci_low": effect - 2 if low is None else low, "ci_high": effect + 2,
        "relative_effect": effect / 10, "relative_ci_low": None, "relative_ci_high": None, "role": "secondary", "good_direction": "increase",
        "alpha": 0.05, "p_adjusted": None, "p_value": 2 * ndtr(-abs(effect)),
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


def test_a_hundred_experiments_of_nothing_show_an_edge_no_more_often_than_one() -> None:
    """Two metrics that hang together, moved by nothing: all places that have both share alpha."""
    rng = np.random.default_rng(14)
    for together, experiments in ((0.8, 5), (1.0, 20), (0.8, 60)):
        drawn = rng.multivariate_normal([0, 0], [[1, together], [together, 1]], (400, experiments), method="eigh")
        found = 0
        for effects in drawn:
            rows = [
                result(metric_id, effect, experiment_id=f"{number:03d}", low=effect - 1.96, ci_high=effect + 1.96)
                for number, pair in enumerate(effects)
                for metric_id, effect in zip(("conversion", "revenue"), pair, strict=True)
            ]
            found += edges(TREE, [], rows, [])[0]["evidence"] == "experiment"
        assert found / 400 < 0.05 + 3 * (0.05 * 0.95 / 400) ** 0.5


def test_many_that_show_nothing_do_not_hide_a_sure_one() -> None:
    nothing = [result(name, 0.1, experiment_id=f"{number:03d}") for number in range(40) for name in ("conversion", "revenue")]
    nothing += [result("conversion", 0.1, experiment_id=f"alone{number}") for number in range(400)]  # has the child alone: no second chance
    both = [result("conversion", 4), result("revenue", 3.5)]
    assert edges(TREE, [], nothing + both, [])[0]["experiment_id"] == "x"
    (edge,) = edges(TREE, [], [*nothing, result("conversion", 4), result("revenue", 3)], [])  # 41 × 0.0027 > 0.05
    assert edge["evidence"] == "assumed"


def test_weeks_that_move_together_are_observational() -> None:
    (edge,) = edges(TREE, together(1), [], [])
    assert (edge["evidence"], edge["is_as_expected"], edge["lag_weeks"]) == ("observational", True, 0)
    assert 0 < edge["correlation_ci_low"] < edge["correlation"] < edge["correlation_ci_high"]
    (edge,) = edges(TREE, together(-1), [], [])
    assert (edge["evidence"], edge["is_as_expected"]) == ("observational", False)


def test_without_weeks_it_is_assumed() -> None:
    (edge,) = edges(TREE, [], [], [])
    assert (edge["evidence"], edge["is_as_expected"], edge["weekly_status"], edge["weeks"]) == ("assumed", None, "no_weeks", 0)
