"""Raw files into the raw tables of a database that reads none: Parquet or CSV through DuckDB, as CSV, into a copy."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from python_stats import postgres
from python_stats.errors import UserError
from python_stats.project import Project

RAW_TABLES = (
    "events", "message_events", "ticket_events", "survey_responses", "transactions", "experiment_assignments", "consents", "users",
)  # fmt: skip
_CHUNK = 1 << 20
_TYPES = {
    "VARCHAR": "text", "TIMESTAMP": "timestamp", "TIMESTAMP WITH TIME ZONE": "timestamptz", "DATE": "date", "BOOLEAN": "boolean",
    "DOUBLE": "double precision", "FLOAT": "real", "BIGINT": "bigint", "INTEGER": "integer", "SMALLINT": "smallint",
}  # fmt: skip


def load(project: Project, location: str) -> dict[str, int]:
    """Replace the raw tables of the target by the rows of files, all of them or none.

    Args:
        project: its target is of type postgres; its variable `raw_schema` says where the tables go.
        location: path with {table} in it, as for the variable `raw_location`: Parquet, CSV, or folders of Parquet.

    Returns:
        Rows per table; a table whose files are not there is left out, and not touched.

    Raises:
        UserError: another kind of target, no file at all, a file that cannot be read, a table that is somebody else's.
    """
    kind = project.output.get("type")
    if kind != "postgres":
        raise UserError(f"target '{project.target_name}' is of type '{kind}': load fills 'postgres'; DuckDB reads the files where they are")
    if "{table}" not in location:
        raise UserError(f"'{location}': write {{table}} where the table's name goes, such as data/raw/{{table}}.parquet")
    schema = str(project.variables.get("raw_schema") or "raw")
    rows: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="empathy_roi_") as folder, postgres.connect(project) as connection, connection.transaction():
        for table in RAW_TABLES:
            exported = Path(folder) / f"{table}.csv"
            found = _export(location.replace("{table}", table), exported)
            if found is None:
                continue
            columns, rows[table] = found
            postgres.replace_raw_table(connection, schema, table, columns, _chunks(exported))
            exported.unlink()
    if not rows:
        raise UserError(f"{location}: no file fits it")
    return rows


def _export(location: str, target: Path) -> tuple[dict[str, str], int] | None:
    """Write the files' rows to one CSV; (columns with Postgres types, rows), or None where no file is there."""
    import duckdb

    is_csv = ".csv" in location
    path = location if is_csv or ".parquet" in location else location.rstrip("/") + "/**/*.parquet"
    options = "all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', max_line_size = 33554432, " if is_csv else ""
    relation = f"{'read_csv' if is_csv else 'read_parquet'}({_literal(path)}, {options}union_by_name = true)"
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        if not _first(connection, f"select count(*) from glob({_literal(path)})"):
            return None
        try:
            described = connection.execute(f"describe select * from {relation}").fetchall()
            columns = {name: _TYPES.get(kind, "text") for name, kind, *_ in described}
            copied = _first(connection, f"copy (select * from {relation}) to {_literal(str(target))} (format csv, header)")
        except duckdb.Error as error:
            raise UserError(f"{path}: cannot be read ({str(error).splitlines()[0]})") from error
    return columns, int(copied)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _first(connection: Any, query: str) -> Any:
    return connection.execute(query).fetchone()[0]


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
