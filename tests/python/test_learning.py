"""Patterns over experiments: what counts, and on which side."""

from __future__ import annotations

from typing import Any

import pytest

from python_stats.learning import patterns


def decision(experiment_id: str, verdict: str = "ship", variant_id: str | None = "b") -> dict[str, Any]:
    return {"experiment_id": experiment_id, "verdict": verdict, "feature_class": "human_handover", "variant_id": variant_id}


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


def test_a_declared_metric_without_an_interval_is_unclear() -> None:
    """Skewed, or without any figures: the experiment has declared it all the same."""
    results = [result("up", 0.1, 0.2), result("skewed", None, None, relative_effect=1.2), result("empty", None, None)]
    (row,) = patterns(results, [decision(name) for name in ("up", "skewed", "empty")])
    assert [row[name] for name in ("experiments", "improved", "unclear", "worsened", "best_experiment_id")] == [3, 1, 2, 0, "up"]


def test_a_verdict_about_no_variant_leaves_its_metrics_unclear() -> None:
    (row,) = patterns([result("a", 0.1, 0.2), result("a", 0.3, 0.4, variant_id="c")], [decision("a", "hold", variant_id=None)])
    assert (row["experiments"], row["improved"], row["unclear"]) == (1, 0, 1)


@pytest.mark.parametrize("change", [{"variant_id": "c"}, {"segment": "plan=pro"}, {"role": "value"}, {"is_decision": False}])
def test_what_does_not_count(change: dict[str, Any]) -> None:
    assert patterns([result("a", 0.1, 0.2) | change], [decision("a")]) == []


@pytest.mark.parametrize("verdict", ["invalid", "keep_running"])
def test_undecided_and_unsound_experiments_teach_nothing(verdict: str) -> None:
    assert patterns([result("a", 0.1, 0.2)], [decision("a", verdict)]) == []
