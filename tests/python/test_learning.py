"""Patterns over experiments: what counts, and on which side."""

from __future__ import annotations

from typing import Any

import pytest

from python_stats.learning import patterns


def decision(experiment_id: str, verdict: str = "ship", **more: Any) -> dict[str, Any]:
    return {"experiment_id": experiment_id, "verdict": verdict, "feature_class": "human_handover", "variant_id": "b", **more}


def result(experiment_id: str, low: float | None, high: float | None, **more: Any) -> dict[str, Any]:
    return {
        "experiment_id": experiment_id, "variant_id": "b", "metric_id": "csat", "segment": "all", "role": "primary", "is_decision": True,
        "good_direction": "increase", "ci_low": low, "ci_high": high, "relative_effect": None if low is None else (low + high) / 2, **more,
    }  # fmt: skip


def test_sides_are_counted_once_an_experiment() -> None:
    decisions = [decision(name) for name in ("up", "higher", "open", "down")]
    results = [result("up", 0.1, 0.2), result("higher", 0.2, 0.4), result("open", -0.1, 0.2), result("down", -0.3, -0.1)]
    assert patterns(results, decisions) == [
        {
            "feature_class": "human_handover", "metric_id": "csat", "experiments": 4, "improved": 2, "unclear": 1, "worsened": 1,
            "best_experiment_id": "higher", "best_relative_effect": pytest.approx(0.3),
        }
    ]  # fmt: skip


def test_less_is_better_where_the_design_says_so() -> None:
    (row,) = patterns([result("a", -0.3, -0.1, good_direction="decrease")], [decision("a")])
    assert (row["improved"], row["worsened"]) == (1, 0) and row["best_relative_effect"] == pytest.approx(-0.2)


@pytest.mark.parametrize(
    "change", [{"variant_id": "c"}, {"segment": "plan=pro"}, {"role": "value"}, {"is_decision": False}, {"ci_low": None}]
)
def test_what_does_not_count(change: dict[str, Any]) -> None:
    assert patterns([result("a", 0.1, 0.2) | change], [decision("a")]) == []


@pytest.mark.parametrize("verdict", ["invalid", "keep_running"])
def test_undecided_and_unsound_experiments_teach_nothing(verdict: str) -> None:
    assert patterns([result("a", 0.1, 0.2)], [decision("a", verdict)]) == []
