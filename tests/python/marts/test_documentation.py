"""Every model and every column is described once, in the YAML beside it, and what is described is what is in the database."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
from builds import PROJECT, Inputs, is_mart, run_dbt

from python_stats.tables import TABLES

Described = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def documents(built: Path, inputs: Inputs) -> Path:
    """The folder in which `dbt docs generate` put its manifest and catalog of the shared build."""
    generated = run_dbt("docs", built, inputs, "generate", artifacts=True)
    assert generated.returncode == 0, generated.stdout + generated.stderr
    return Path(f"{built.with_suffix('')}-target")


@pytest.fixture(scope="module")
def models(documents: Path) -> Described:
    """The project's models as the manifest has them, by name."""
    nodes = json.loads((documents / "manifest.json").read_text())["nodes"].values()
    return {node["name"]: node for node in nodes if node["resource_type"] == "model"}


@pytest.fixture(scope="module")
def columns(documents: Path) -> dict[str, list[str]]:
    """The columns of the models as the catalog found them in the database, by model."""
    nodes = json.loads((documents / "catalog.json").read_text())["nodes"]
    return {key.rsplit(".", 1)[-1]: list(node["columns"]) for key, node in nodes.items() if key.startswith("model.")}


def test_every_model_says_what_a_row_is(models: Described) -> None:
    assert models
    assert [name for name, model in models.items() if not model["description"].strip()] == []


def test_every_column_of_the_database_is_described_and_no_other(models: Described, columns: dict[str, list[str]], inputs: Inputs) -> None:
    assert models.keys() == columns.keys()
    undescribed, absent = [], []
    for model, found in columns.items():
        described = {name for name, column in models[model]["columns"].items() if column["description"].strip()}
        optional = set(inputs.variables.get("user_segments", [])) if model in ("stg_users", "int_checked_users") else set()
        undescribed += [f"{model}.{column}" for column in found if column not in described | optional]
        absent += [f"{model}.{column}" for column in models[model]["columns"] if column not in found]
    assert undescribed == []
    assert absent == []


def test_every_mart_has_an_enforced_contract(models: Described, inputs: Inputs) -> None:
    marts = {name: model for name, model in models.items() if is_mart(name, inputs.seeds)}
    assert [name for name, mart in marts.items() if not mart["config"]["contract"]["enforced"]] == []
    assert [f"{name}.{column}" for name, mart in marts.items() for column, said in mart["columns"].items() if not said["data_type"]] == []


def test_every_mart_has_a_test_of_its_grain(documents: Path, models: Described, inputs: Inputs) -> None:
    nodes = json.loads((documents / "manifest.json").read_text())["nodes"].values()
    tested = {node["attached_node"].rsplit(".", 1)[-1] for node in nodes if (node.get("test_metadata") or {}).get("name") == "one_row_per"}
    grainless = {"rejected_rows", "as_of"}  # a copy of a broken row is a row of its own; "now" is one row, with a test of its own
    assert {name for name in models if is_mart(name, inputs.seeds)} - tested == grainless


def test_descriptions_stand_where_bi_tools_see_them(built: Path, models: Described) -> None:
    with duckdb.connect(str(built), read_only=True) as connection:
        tables = dict(connection.execute("select table_name, comment from duckdb_tables() union all select view_name, comment from duckdb_views()").fetchall())
        found = connection.execute("select table_name, column_name, comment from duckdb_columns() where schema_name = 'main'").fetchall()
    seen = {(table, column): comment for table, column, comment in found}
    assert {name: tables[name] for name in models} == {name: model["description"] for name, model in models.items()}
    described = {(name, column): said["description"] for name, model in models.items() for column, said in model["columns"].items()}
    assert {key: seen[key] for key in described} == described


def test_aggregates_are_public_and_persons_are_not(models: Described, inputs: Inputs) -> None:
    access = {name: model["config"]["access"] for name, model in models.items()}
    assert {model["config"]["group"] for model in models.values()} == {"empathy_roi"}
    marts = {name for name in models if is_mart(name, inputs.seeds)}
    of_persons = {name for name in marts if {"person_id", "payload"} & models[name]["columns"].keys()}
    assert "fct_tickets" in of_persons and "rejected_rows" in of_persons
    assert {access[name] for name in marts - of_persons} == {"public"}
    assert {access[name] for name in of_persons} == {"protected"}
    assert {access[name] for name in models.keys() - marts} == {"private"}


def test_readme_says_which_question_each_mart_answers(models: Described, inputs: Inputs) -> None:
    told: set[str] = set()
    for line in (PROJECT / "README.md").read_text("utf-8").splitlines():
        names = re.findall(r"`(…?\w+)`", line.split("|")[1]) if line.startswith("| `") else []
        told |= {names[0] + name[1:] if name.startswith("…") else name for name in names}
    readable = {name for name in models if is_mart(name, inputs.seeds) and models[name]["config"]["access"] != "private"}
    assert (readable | set(TABLES)) - told == set()


def test_pages_and_statistics_say_what_they_read(documents: Path, models: Described) -> None:
    exposures = json.loads((documents / "manifest.json").read_text())["exposures"].values()
    read = {name.rsplit(".", 1)[-1] for exposure in exposures for name in exposure["depends_on"]["nodes"]}
    assert len(exposures) == 2
    assert {models[name]["config"]["access"] for name in read} == {"public"}
