"""MetricFlow in this process: it writes the SQL, DuckDB answers."""

from __future__ import annotations

from pathlib import Path

from dbt_metricflow.cli.dbt_connectors.dbt_config_accessor import parse_manifest_from_dbt_generated_manifest
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup


class _Dialect:
    """As much of a client as MetricFlow needs to write DuckDB's SQL."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = DuckDbSqlPlanRenderer()

    def render_bind_parameter_key(self, bind_parameter_key: str) -> str:
        return f"${bind_parameter_key}"


class SemanticLayer:
    """The semantic layer of a parsed project, by the artifacts in its target folder."""

    def __init__(self, target: Path) -> None:
        manifest = parse_manifest_from_dbt_generated_manifest((target / "semantic_manifest.json").read_text())
        self._engine = MetricFlowEngine(SemanticManifestLookup(manifest), _Dialect())

    def sql(self, *metrics: str, group_by: tuple[str, ...] = (), where: tuple[str, ...] = ()) -> str:
        """The SQL that answers a query."""
        request = MetricFlowQueryRequest.create(metric_names=metrics, group_by_names=group_by, where_constraints=where)
        return self._engine.explain(request).sql_statement.sql

    def sql_of_saved(self, name: str) -> str:
        """The SQL that answers a saved query."""
        return self._engine.explain(MetricFlowQueryRequest.create(saved_query_name=name)).sql_statement.sql
