"""A metric is added by touching one file: what docs/metrics.md promises, done once in a copy of the project."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from builds import PROJECT, Inputs, environment, read_csv, rows_of, write_csv
from semantic_layer import SemanticLayer

from python_stats import metrics

SUM = """      - name: tickets_unanswered
        type: simple
        description: Tickets that neither a bot nor a human answered.
        agg: sum
        expr: case when path = 'unanswered' then 1 else 0 end
"""
METRIC = """  - name: unanswered_rate
    type: ratio
    label: tickets unanswered
    description: Tickets that neither a bot nor a human answered, of all tickets.
    numerator: tickets_unanswered
    denominator: tickets
    config: {meta: {kind: ratio, unit: share, good_direction: decrease, tree_level: experience, feature_classes: [human_handover]}}
"""


def test_a_new_metric_is_everywhere_by_a_change_of_one_file(inputs: Inputs, tmp_path: Path) -> None:
    project = tmp_path / "project"
    for part in ("models", "macros", "analysis", "tests/data"):
        shutil.copytree(PROJECT / part, project / part)
    for part in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(PROJECT / part, project / part)
    seeds = project / "seeds"
    shutil.copytree(inputs.seeds, seeds)
    for path in (PROJECT / "seeds").glob("*.csv"):
        if not (seeds / path.name).exists():
            shutil.copy(path, seeds / path.name)
    shutil.copy(PROJECT / "seeds" / "_seeds.yml", seeds / "_seeds.yml")

    yaml = project / "models" / "handover" / "_handover.yml"
    text = yaml.read_text()
    in_model, in_file = "      - name: tickets\n        type: simple\n", "\nmetrics:\n"
    assert text.count(in_model) == text.count(in_file) == 1
    yaml.write_text(text.replace(in_model, SUM + in_model).replace(in_file, in_file + METRIC))

    declared = read_csv(seeds / "experiment_metrics.csv")
    chosen = next(row for row in declared if row["metric_id"] == "escalation_rate")
    write_csv(seeds / "experiment_metrics.csv", [*declared, chosen | {"metric_id": "unanswered_rate", "good_direction": "decrease"}])

    built = subprocess.run(
        [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "build", "--quiet", "--exclude-resource-type", "test",
         "--exclude-resource-type", "unit_test", "--vars", json.dumps(inputs.variables), "--target-path", str(tmp_path / "target"),
         "--log-path", str(tmp_path / "logs")],
        cwd=project, text=True, capture_output=True, check=False,
        env=environment(tmp_path / "built.duckdb", inputs) | {"EMPATHY_ROI_SEEDS": "seeds", "DBT_PROFILES_DIR": str(project)},
    )  # fmt: skip
    assert built.returncode == 0, built.stdout + built.stderr

    database = tmp_path / "built.duckdb"
    found = rows_of(database, "select * from experiment_metric_stats where metric_id = 'unanswered_rate' and segment = 'all' and metric_window = 'all'")
    assert {row["experiment_id"] for row in found} == {chosen["experiment_id"]} and sum(row["denominator"] for row in found) > 0
    total = rows_of(database, "select count(*) as tickets, sum((path = 'unanswered')::int) as unanswered from fct_tickets")[0]
    asked = rows_of(database, SemanticLayer(tmp_path / "target").sql("unanswered_rate"))
    assert asked == [{"unanswered_rate": total["unanswered"] / total["tickets"]}]
    weekly = rows_of(database, "select sum(numerator) as unanswered from metric_weekly where metric_id = 'unanswered_rate' and owner_team = 'all'")
    assert weekly[0]["unanswered"] == total["unanswered"] > 0
    assert rows_of(database, "select metric_name from metric_catalog where metric_id = 'unanswered_rate'") == [{"metric_name": "tickets unanswered"}]
    before = metrics._folder
    try:
        metrics.use_project(project)
        assert metrics.metric("unanswered_rate").name == "tickets unanswered"
    finally:
        metrics.use_project(before)
