"""The same project on two engines: what a schema of Postgres or Spark holds, and how it differs from a DuckDB file."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

Rows = list[tuple[Any, ...]]

SCHEMAS = ("empathy_roi", "raw")  # of the marts, of the raw tables
TOLERANCE = 1e-9  # of a decimal's size, or absolute
FINGERPRINTS = ("run_id",)  # of every digit of a run's rows, the last ones included


class Engine:
    """A server that was started for tests.

    Args:
        connection: a connection or cursor, to execute statements.
        environment: of a build on it.
    """

    name: str
    numbers: frozenset[str] = frozenset()  # columns with numbers of the engine's own, which say nothing elsewhere

    def __init__(self, connection: Any, environment: dict[str, str]) -> None:
        self._connection, self.environment = connection, environment

    def drop(self, *schemas: str) -> None:
        """Take away what earlier builds left."""
        for schema in schemas:
            self._connection.execute(f"drop schema if exists {schema} cascade")

    def tables(self, schema: str = SCHEMAS[0]) -> list[str]:
        """Its tables and views."""
        raise NotImplementedError

    def rows(self, table: str, schema: str = SCHEMAS[0]) -> tuple[list[str], Rows]:
        """Columns and rows of one of them."""
        raise NotImplementedError


class Postgres(Engine):
    name = "postgres"

    def tables(self, schema: str = SCHEMAS[0]) -> list[str]:
        return postgres_tables(self._connection, schema)

    def rows(self, table: str, schema: str = SCHEMAS[0]) -> tuple[list[str], Rows]:
        return postgres_rows(self._connection, schema, table)


class Spark(Engine):
    name = "spark"
    numbers = frozenset({"person_key"})

    def tables(self, schema: str = SCHEMAS[0]) -> list[str]:
        return spark_tables(self._connection, schema)

    def rows(self, table: str, schema: str = SCHEMAS[0]) -> tuple[list[str], Rows]:
        return spark_rows(self._connection, schema, table)


def is_mart(name: str) -> bool:
    """Neither a seed nor a step on the way, by its name."""
    return not name.startswith(("int_", "stg_", "cfg_", "seed_violations"))


def duckdb_tables(database: Path) -> set[str]:
    """Tables and views in a DuckDB file."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return {name for (name,) in connection.execute("select table_name from information_schema.tables").fetchall()}


def duckdb_rows(database: Path, table: str) -> tuple[list[str], Rows]:
    """Columns and rows of a table in a DuckDB file."""
    with duckdb.connect(str(database), read_only=True) as connection:
        found = connection.execute(f'select * from "{table}"')
        return [column[0] for column in found.description or []], found.fetchall()


def postgres_tables(connection: Any, schema: str) -> list[str]:
    found = connection.execute("select table_name from information_schema.tables where table_schema = %s order by 1", [schema])
    return [name for (name,) in found.fetchall()]


def postgres_rows(connection: Any, schema: str, table: str) -> tuple[list[str], Rows]:
    """Columns and rows of a table in Postgres; its exact decimals (sums of steps on the way) as integers where they are whole."""
    found = connection.execute(f'select * from "{schema}"."{table}"')
    rows = [tuple(_plain(value) for value in row) for row in found.fetchall()]
    return [column.name for column in found.description], rows


def spark_tables(cursor: Any, schema: str) -> list[str]:
    cursor.execute(f"show tables in {schema}")
    return sorted(row[1] for row in cursor.fetchall() if row[0] == schema)  # without the session's own views


def spark_rows(cursor: Any, schema: str, table: str) -> tuple[list[str], Rows]:
    """Columns and rows of a table in Spark; the driver gives dates as text."""
    cursor.execute(f"select * from {schema}.{table}")
    names, kinds = [column[0] for column in cursor.description], [column[1] for column in cursor.description]
    found = [
        tuple(date.fromisoformat(value) if kind == "DATE_TYPE" and value is not None else _plain(value) for value, kind in zip(row, kinds, strict=True))
        for row in cursor.fetchall()
    ]
    return names, found


def export_csv(rows_of: Callable[[str], tuple[list[str], Rows]], tables: list[str], folder: Path) -> None:
    """Each table as <table>.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in tables:
        names, rows = rows_of(table)
        with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(names)
            writer.writerows(rows)


def differences(one: tuple[list[str], Rows], other: tuple[list[str], Rows]) -> list[str]:
    """What differs, in a few lines: columns by name, rows in an order of their own, decimals within the tolerance."""
    (names, rows), (other_names, other_rows) = one, other
    if sorted(names) != sorted(other_names):
        return [f"columns {sorted(set(names) ^ set(other_names))}"]
    places = [other_names.index(name) for name in names]
    other_rows = [tuple(row[place] for place in places) for row in other_rows]
    if len(rows) != len(other_rows):
        return [f"{len(rows)} rows and {len(other_rows)}"]
    found: dict[str, list[str]] = {}
    order = partial(_order, skipped=[names.index(name) for name in FINGERPRINTS if name in names])
    for row, other_row in zip(sorted(rows, key=order), sorted(other_rows, key=order), strict=True):
        for name, value, other_value in zip(names, row, other_row, strict=True):
            if name not in FINGERPRINTS and not _is_same(value, other_value):
                found.setdefault(name, []).append(f"{value!r} and {other_value!r}")
    return [f"{name}: {len(examples)} rows, such as {examples[0]}" for name, examples in found.items()]


def _is_same(value: Any, other: Any) -> bool:
    if isinstance(value, float) and isinstance(other, float):
        return math.isclose(value, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE) or (math.isnan(value) and math.isnan(other))
    return type(value) is type(other) and bool(value == other)


def _order(row: tuple[Any, ...], skipped: list[int]) -> tuple[Any, ...]:
    """By all that is exact first, then by decimals without their last digits."""
    row = tuple(value for place, value in enumerate(row) if place not in skipped)
    exact = tuple((value is None, "" if isinstance(value, float) else str(value)) for value in row)
    return exact + tuple(f"{value:.6g}" if isinstance(value, float) else "" for value in row)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
