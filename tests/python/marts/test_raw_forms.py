"""The same accepted rows as text or typed, in files or in tables, give the same marts.

Only staging reads raw tables: where it yields the same to the last byte, so do all the marts, which are built but once.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import brute_force
import duckdb
import pytest
from brute_force import CELL, differences, keyed
from builds import RAW_KEYS, Inputs, build, content_of, differing, marts_of, rows_of
from clean_rows import clean_rows, write_folders, write_tables

STAGING = "+path:models/staging"


@pytest.fixture(scope="module")
def rows(built: Path) -> duckdb.DuckDBPyConnection:
    return clean_rows(built)


@pytest.fixture(scope="module")
def then(inputs: Inputs, built: Path) -> Inputs:
    """Looked back at from forty days before the last row, in UTC."""
    as_of = rows_of(built, "select as_of from as_of")[0]["as_of"] - timedelta(days=40, seconds=12_345)
    return replace(inputs, variables=inputs.variables | {"as_of": f"{as_of:%Y-%m-%d %H:%M:%S}", "reporting_timezone": "UTC"})


@pytest.fixture(scope="module")
def from_text(then: Inputs, rows: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("text")
    write_folders(rows, folder, as_text=True)
    return build(folder / "built.duckdb", replace(then, raw_location=str(folder / "{table}" / "*.csv")), artifacts=True)


def test_clean_rows_are_all_accepted(from_text: Path) -> None:
    audit = rows_of(from_text, "select * from source_audit")
    assert len(audit) == 8
    assert all(row["rows_in"] == row["rows_accepted"] > 0 for row in audit)


def test_only_staging_reads_raw_tables(from_text: Path) -> None:
    nodes = json.loads((Path(f"{from_text.with_suffix('')}-target") / "manifest.json").read_text())["nodes"].values()
    readers = {node["name"]: node["original_file_path"] for node in nodes if any(name.startswith("source.") for name in node["depends_on"].get("nodes", []))}
    assert readers
    assert {path.split("/")[1] for path in readers.values()} == {"staging"}, readers


def test_typed_parquet_in_a_folder(from_text: Path, then: Inputs, rows: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    write_folders(rows, tmp_path, as_text=False)
    typed = build(tmp_path / "built.duckdb", replace(then, raw_location=str(tmp_path / "{table}")), "--select", STAGING)
    assert_same_staging(from_text, typed, then)


def test_tables_with_time_zones_and_decimals(from_text: Path, then: Inputs, rows: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    write_tables(rows, tmp_path / "built.duckdb")
    tables = build(tmp_path / "built.duckdb", replace(then, raw_location=None), "--select", STAGING)
    assert_same_staging(from_text, tables, then)


def assert_same_staging(one: Path, other: Path, inputs: Inputs) -> None:
    staged = [f"stg_{table}" for table in RAW_KEYS]
    marts = marts_of(other, inputs)
    assert {"as_of", "source_audit", "rejected_rows"} <= set(marts)
    assert differing(content_of(one, [*staged, *marts]), content_of(other, [*staged, *marts])) == {}


def test_statistics_as_of_an_earlier_moment(from_text: Path) -> None:
    """A set as_of hides no rows: what came later counts on the last day, but closes no window."""
    study = brute_force.study_of(from_text, "UTC", [])
    found = keyed(rows_of(from_text, "select * from experiment_metric_stats where segment = 'all'"), (*CELL, "segment"))
    assert not differences(found, brute_force.metric_stats(study))
    daily = keyed(rows_of(from_text, "select * from experiment_metric_stats_daily"), (*CELL, "day"))
    assert daily and not differences(daily, brute_force.metric_stats_daily(study))
