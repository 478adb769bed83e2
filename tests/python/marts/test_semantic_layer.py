"""The semantic layer answers: every metric by the dimensions its mart has, the saved queries, and the same totals as the weekly mart."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from builds import rows_of
from semantic_layer import SemanticLayer

from python_stats.metrics import metrics

COUNTED = sorted(metric_id for metric_id, metric in metrics().items() if metric.kind != "time" and metric_id != "net_value")
TIME = "metric_time__week"
DIMENSIONS = {  # of a semantic model: what its metrics can be cut by
    "attempts": (TIME, "journey", "attempt__outcome", "attempt__last_step_id"),
    "step_attempts": (TIME, "journey", "step_attempt__step_id"),
    "messages_sent": (TIME, "campaign", "message__channel", "message__lifecycle_stage"),
    "support_tickets": (TIME, "ticket__channel", "ticket__path", "ticket__handover_timing"),
    "survey_answers": (TIME, "survey_answer__subject_type", "survey_answer__survey_type"),
    "transactions": (TIME, "transaction__transaction_type"),
    "sessions": (TIME,),
}


@pytest.fixture(scope="module")
def target(built: Path) -> Path:
    return Path(f"{built.with_suffix('')}-target")


@pytest.fixture(scope="module")
def layer(target: Path) -> SemanticLayer:
    return SemanticLayer(target)


@pytest.fixture(scope="module")
def manifest(target: Path) -> dict[str, dict]:
    return json.loads((target / "manifest.json").read_text())


@pytest.mark.parametrize("metric_id", COUNTED)
def test_every_metric_answers_by_the_dimensions_of_its_mart(built: Path, layer: SemanticLayer, manifest: dict[str, dict], metric_id: str) -> None:
    defined = {metric["name"]: metric for metric in manifest["metrics"].values()}
    metric = defined[metric_id]
    numerator = defined[metric["type_params"]["numerator"]["name"]]
    dimensions = DIMENSIONS[numerator["type_params"]["metric_aggregation_params"]["semantic_model"]]
    kind = metric["config"]["meta"]["kind"]
    with duckdb.connect(str(built), read_only=True) as connection:
        def asked(name: str, *group_by: str) -> list[tuple]:
            return connection.execute(layer.sql(name, group_by=group_by)).fetchall()

        whole, weeks = asked(metric_id), asked(metric_id, TIME)
        assert len(whole) == 1 and len(weeks) > 1
        for dimension in dimensions if kind == "ratio" else ():
            assert asked(metric_id, dimension), dimension
        for dimension in dimensions:  # a sum over its parts is the sum
            if numerator["type_params"]["metric_aggregation_params"]["agg"] == "sum":
                parts = asked(numerator["name"], dimension)
                assert sum(row[-1] or 0 for row in parts) == asked(numerator["name"])[0][0]
    weekly = rows_of(built, f"select * from metric_weekly where owner_team = 'all' and metric_id = '{metric_id}'")
    if numerator["type_params"]["metric_aggregation_params"]["agg"] == "sum":
        with duckdb.connect(str(built), read_only=True) as connection:
            total = connection.execute(layer.sql(numerator["name"])).fetchall()[0][0]
        assert sum(row["numerator"] for row in weekly) == pytest.approx(float(total), rel=1e-12)
    for row in weekly:
        assert row["value"] == (row["numerator"] / row["denominator"] if row["denominator"] else None)


def test_the_saved_queries_answer(built: Path, layer: SemanticLayer, manifest: dict[str, dict]) -> None:
    saved = [query["name"] for query in manifest["saved_queries"].values()]
    assert len(saved) >= 6
    with duckdb.connect(str(built), read_only=True) as connection:
        for name in saved:
            assert connection.execute(layer.sql_of_saved(name)).fetchall(), name


def test_every_metric_of_the_scorecard_is_in_a_saved_query(manifest: dict[str, dict]) -> None:
    """Saved queries are by week: without what has windows after an exposure alone."""
    asked = {metric for query in manifest["saved_queries"].values() for metric in query["query_params"]["metrics"]}
    windowed = {metric["name"] for metric in manifest["metrics"].values() if metric["config"]["meta"].get("windows")}
    assert windowed == {"retention"} and asked == set(COUNTED) - windowed
