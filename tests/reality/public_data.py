"""Public data beside the project: where it is, what it must give, and one dbt build of a data set's raw tables.

The data lies in ../shared/real_data (or EMPATHY_ROI_SHARED, the folder that holds `real_data`). Nothing of it is copied into the
project: raw tables, warehouse and dbt's own files go to a folder of pytest's.
"""

import fnmatch
import json
import os
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import dbt_process
import duckdb
import pytest

from python_stats.loading import RAW_TABLES

PROJECT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


def data_folder() -> Path:
    """The folder of the public data, whether it is there or not."""
    return Path(os.environ.get("EMPATHY_ROI_SHARED", PROJECT.parent / "shared")) / "real_data"


def public_file(name: str) -> Path:
    """One file of the public data; skips the test where it is not there."""
    path = data_folder() / name
    if not path.is_file():
        pytest.skip(f"public data not found: {path} (set EMPATHY_ROI_SHARED to the folder that holds real_data)")
    return path


@cache
def _expectations(path: Path) -> dict[str, dict[str, dict[str, Any]]]:
    return dict(json.loads(path.read_text(encoding="utf-8"))["expected"])


def expectations(data_set: str) -> dict[str, dict[str, Any]]:
    """Measure -> {value, tol, how, …} of one data set, as expected.json says; skips where that is not there."""
    return _expectations(public_file("expected.json"))[data_set]


def expected_value(data_set: str, measure: str) -> Any:
    """What a measure must be."""
    return expectations(data_set)[measure]["value"]


def agree(data_set: str, measure: str, found: Any) -> None:
    """Fails unless `found` is the measure's value, within the measure's own tolerance."""
    expectation = expectations(data_set)[measure]
    value, tolerance = expectation["value"], expectation["tol"]
    where = f"{data_set} / {measure}: found {found!r}, expected {value!r} within {tolerance} ({expectation.get('how')})"
    assert found is not None, where
    if isinstance(value, bool | str):
        assert found == value, where
    else:
        allowed = tolerance["abs"] if "abs" in tolerance else tolerance["rel"] * abs(value)
        assert abs(float(found) - value) <= allowed, where


def unaccounted(data_set: str, asserted: Iterable[str], without_a_place: Mapping[str, str]) -> dict[str, list[str]]:
    """What is wrong with the account of a data set's measures: each is asserted, or fits a pattern with a reason, not both."""
    measures, names = set(expectations(data_set)), set(asserted)
    excused = {name for name in measures for pattern in without_a_place if fnmatch.fnmatchcase(name, pattern)}
    idle = [pattern for pattern in without_a_place if not fnmatch.filter(measures, pattern)]
    return {
        "neither asserted nor excused": sorted(measures - names - excused),
        "asserted and excused": sorted(names & excused),
        "asserted but not expected": sorted(names - measures),
        "excuse without a measure": sorted(idle),
    }


NOTHING_WRONG: dict[str, list[str]] = {
    "neither asserted nor excused": [],
    "asserted and excused": [],
    "asserted but not expected": [],
    "excuse without a measure": [],
}


# Sums that must add up are checked on every data set; that columns are not null or unique, the project's other tests check.
LEFT_OUT = ("test_type:generic", "test_type:unit")


def build(folder: Path, data_set: str, source_file: str, variables: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
    """Map a public file into the raw contract, run the project's models over it, and open the warehouse read-only.

    `<data set>/mapping.sql` creates raw tables from `source` (the file as text, with `row_number`); those it does not create are
    switched off. `<data set>/seeds` is the configuration.
    """
    source = public_file(source_file)
    made = _map(folder / "raw", HERE / data_set / "mapping.sql", source)
    switched_off = [table for table in RAW_TABLES if table not in made]
    built = dbt_process.run(
        [
            *("build", "--quiet", "--no-write-json", "--exclude", *LEFT_OUT),
            *("--vars", json.dumps({"disabled_tables": switched_off, **variables})),
            *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        ],
        PROJECT,
        {
            **os.environ,
            "DBT_PROFILES_DIR": str(PROJECT),
            "EMPATHY_ROI_SEEDS": os.path.relpath(HERE / data_set / "seeds", PROJECT),
            "EMPATHY_ROI_RAW_LOCATION": str(folder / "raw" / "{table}.parquet"),
            "EMPATHY_ROI_DATABASE": str(folder / "warehouse.duckdb"),
        },
    )
    assert built.returncode == 0, f"dbt build of {data_set} failed:\n{built.stdout}{built.stderr}"
    return duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True)


def _map(raw: Path, mapping: Path, source: Path) -> set[str]:
    raw.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(
            "create table source as select row_number() over () as row_number, * "
            f"from read_csv('{source}', all_varchar = true, header = true)"
        )
        connection.execute(mapping.read_text(encoding="utf-8"))
        made = {name for (name,) in connection.sql("select table_name from duckdb_tables()").fetchall()} & set(RAW_TABLES)
        for table in made:
            connection.execute(f"copy {table} to '{raw / table}.parquet' (format parquet)")
    return made


def rows(warehouse: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """The rows of a query as dictionaries."""
    cursor = warehouse.execute(query)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def value(warehouse: duckdb.DuckDBPyConnection, query: str) -> Any:
    """The only value of a query's only row."""
    ((found,),) = warehouse.execute(query).fetchall()
    return found
