"""A metric is one number: by the semantic layer over an experiment's people and window, in the experiments' marts, and in the results.

Generated from the list of metrics. MetricFlow writes the SQL, for the two sums that a metric is of, of the people and the window of
each experiment and variant; both must be the marts' own, to the last digit, and so must what is made of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from builds import GENERATOR, Inputs, build, declare_all_metrics, generate_by_oracle, generate_by_simulation, rows_of, slow
from semantic_layer import SemanticLayer

from python_stats.analysis import Options, analyze
from python_stats.metrics import metrics
from python_stats.pipeline import read_all_designs
from python_stats.warehouse import DuckDBWarehouse

COUNTED = sorted(metric_id for metric_id, metric in metrics().items() if metric.kind != "time" and metric_id != "net_value")
ROW_OF = {  # how a row of the mart is known in the semantic layer
    "fct_journey_attempts": "f.attempt_id = {{ Entity('attempt') }}",
    "fct_step_attempts": "f.attempt_id = {{ Entity('attempt') }} and f.step_id = {{ Dimension('step_attempt__step_id') }}",
    "fct_messages": "f.message_id = {{ Entity('message') }}",
    "fct_tickets": "f.ticket_id = {{ Entity('ticket') }}",
    "fct_survey_responses": "f.response_id = {{ Entity('survey_answer') }}",
    "fct_transactions": "f.transaction_id = {{ Entity('transaction') }}",
    "fct_sessions": "f.session_id = {{ Entity('session') }}",
}
WINDOWS = {"7": 7, "30": 30, "90": 90, "all": None}


class Database:
    """A build, its semantic layer, and what was analysed from it."""

    def __init__(self, path: Path, *, is_demo: bool) -> None:
        self.is_demo = is_demo
        target = Path(f"{path.with_suffix('')}-target")
        manifest = json.loads((target / "manifest.json").read_text())
        self.path, self.layer = path, SemanticLayer(target)
        self.metrics = {metric["name"]: metric for metric in manifest["metrics"].values()}
        self.models = {model["name"]: model for model in manifest["semantic_models"].values()}
        self.connection = duckdb.connect(str(path), read_only=True)
        self.stats = {
            (row["metric_id"], row["experiment_id"], row["variant_id"], row["metric_window"]): row
            for row in rows_of(path, "select * from experiment_metric_stats where segment = 'all'")
        }
        self.controls = {row["experiment_id"]: row["variant_id"] for row in rows_of(path, "select * from cfg_experiment_variants where is_control")}
        warehouse = DuckDBWarehouse(self.connection, "main")
        self.results = analyze(read_all_designs(warehouse), rows_of(path, "select * from experiment_metric_stats order by all"), [], Options())

    def sums_of(self, metric_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
        params = self.metrics[metric_id]["type_params"]
        return self.metrics[params["numerator"]["name"]], self.metrics[params["denominator"]["name"]]

    def asked(self, sum_: dict[str, Any], meta: dict[str, Any]) -> str:
        """MetricFlow's SQL for a sum over the people of an experiment; $experiment_id, $variant_id and $days are still open."""
        model = self.models[sum_["type_params"]["metric_aggregation_params"]["semantic_model"]]
        said, mart = sum_["config"]["meta"], model["node_relation"]["alias"]
        people = """fct_exposures as e inner join cfg_experiments as x on e.experiment_id = x.experiment_id
            cross join as_of as now where not e.is_contaminated and e.experiment_id = $experiment_id and e.variant_id = $variant_id
            and ($days is null or e.exposed_at + to_days(cast($days as integer)) <= now.as_of)"""
        if mart == "fct_person_days":
            where = f"{{{{ Entity('person') }}}} in (select e.person_id from {people})"
            return self.layer.sql(sum_["name"], where=(where,))
        happened = sum_["type_params"]["metric_aggregation_params"]["agg_time_dimension"]
        end = "e.exposed_at + to_days(cast($days as integer))"
        journey = model["config"]["meta"].get("journey_column")
        begin = f"f.{said.get('ends_at', happened)} >= e.exposed_at"
        if meta.get("last_days"):
            begin = f"f.{said['ends_at']} >= {end} - to_days({meta['last_days']})"
        return self.layer.sql(sum_["name"], where=(f"""exists (
            select 1 from {mart} as f inner join {people} and e.person_id = f.person_id and {ROW_OF[mart]} and {begin}
            and ($days is null or (f.{happened} < {end} and coalesce(f.{said.get('event_at', happened)}, f.{happened}) < {end}))
            {f"and (x.journey_id is null or x.journey_id = f.{journey})" if journey else ""}
        )""".replace("inner join fct_exposures", "cross join fct_exposures"),))  # fmt: skip

    def answer(self, sql: str, **parameters: Any) -> Any:
        return self.connection.execute(sql, parameters).fetchall()[0][0] or 0


def databases() -> Iterator[Any]:
    beside = pytest.mark.skipif(not GENERATOR.is_file(), reason="no oracle beside the project")
    yield pytest.param(("oracle", 3), id="oracle-3", marks=beside)
    yield pytest.param(("oracle", 4), id="oracle-4", marks=[beside, slow])
    yield pytest.param(("demo", 7), id="demo")


@pytest.fixture(scope="module", params=databases())
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Database:
    kind, seed = request.param
    folder = tmp_path_factory.mktemp(f"{kind}-{seed}")
    if kind == "oracle":
        inputs: Inputs = generate_by_oracle(folder, persons=200, days=100, seed=seed)
    else:
        events = 200_000 if os.environ.get("EMPATHY_ROI_ALL_TESTS") else 10_000
        inputs = generate_by_simulation(folder, events=events, days=100, seed=seed)
    declare_all_metrics(inputs.seeds)
    return Database(build(folder / "built.duckdb", inputs, artifacts=True), is_demo=kind == "demo")


@pytest.mark.parametrize("metric_id", COUNTED)
def test_it_is_one_number(database: Database, metric_id: str) -> None:
    meta = database.metrics[metric_id]["config"]["meta"]
    numerator, denominator = (database.asked(sum_, meta) for sum_ in database.sums_of(metric_id))
    cells = {key[1:]: row for key, row in database.stats.items() if key[0] == metric_id}
    asked = {}
    for (experiment_id, variant_id, window), row in cells.items():
        parameters = {"experiment_id": experiment_id, "variant_id": variant_id, "days": WINDOWS[window]}
        top, bottom = database.answer(numerator, **parameters), database.answer(denominator, **parameters)
        assert float(top) == row["numerator"], (metric_id, experiment_id, variant_id, window)
        assert bottom == (row["denominator"] if meta["kind"] == "ratio" else row["persons"]), (metric_id, experiment_id, variant_id, window)
        asked[experiment_id, variant_id, window] = float(top) / float(bottom) if bottom else None
    assert any(asked.values()) or database.is_demo, "nothing ever happened: the comparison is worth nothing"
    compared = [row for row in database.results if row["metric_id"] == metric_id and row["segment"] == "all" and row["status"] == "ok"]
    for row in compared:
        control_id = database.controls[row["experiment_id"]]
        variant_value = "variant_value" if row["unadjusted_variant_value"] is None else "unadjusted_variant_value"
        for name, variant_id in (("control_value", control_id), (variant_value, row["variant_id"])):
            assert row[name] == asked[row["experiment_id"], variant_id, row["metric_window"]], row
