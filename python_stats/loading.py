"""Raw files into the raw tables of a warehouse that reads none: Parquet or CSV through DuckDB, as CSV into a copy, as Parquet to Spark."""

import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from python_stats import csv_files
from python_stats.errors import UserError, first_line
from python_stats.project import Project
from python_stats.sql_warehouse import literal, quoted

if TYPE_CHECKING:
    import duckdb

RAW_TABLES = (
    "events", "message_events", "ticket_events", "survey_responses", "transactions", "experiment_assignments", "consents", "users",
)  # fmt: skip
_CHUNK = 1 << 20
_CSV = (  # as in macros/staging/raw_relation.sql; what is not said, DuckDB guesses: `#` for a comment, rows to skip
    "all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', comment = '', skip = 0, "
    "union_by_name = true, max_line_size = 33554432"
)
_TYPES = {
    "VARCHAR": "text", "TIMESTAMP": "timestamp", "TIMESTAMP WITH TIME ZONE": "timestamptz", "DATE": "date", "BOOLEAN": "boolean",
    "DOUBLE": "double precision", "FLOAT": "real", "BIGINT": "bigint", "INTEGER": "integer", "SMALLINT": "smallint",
}  # fmt: skip


_SPARK_TYPES = {"VARCHAR": "string", "TIMESTAMP WITH TIME ZONE": "timestamp", "REAL": "float"} | {
    kind: kind.lower() for kind in ("TIMESTAMP", "DATE", "BOOLEAN", "DOUBLE", "FLOAT", "BIGINT", "INTEGER", "SMALLINT")
}  # fmt: skip


def load(project: Project, location: str) -> dict[str, int]:
    """Replace the raw tables of the target by the rows of files; where one cannot be read, none is touched.

    Args:
        project: its target is of type postgres or spark; its variable `raw_schema` says where the tables go.
        location: path with {table} in it, as for the variable `raw_location`: Parquet, CSV, or folders of Parquet.

    Returns:
        Rows per table; a table whose files are not there is left out, and not touched.

    Raises:
        UserError: another kind of target, no file at all, a file that cannot be read, a table that is somebody else's.
    """
    kind = project.output.get("type")
    loaders: Mapping[Any, Callable[[Project, str, str], dict[str, int]]] = {"postgres": _load_postgres, "spark": _load_spark}
    if kind not in loaders:
        raise UserError(
            f"target '{project.target_name}' is of type '{kind}': load fills 'postgres' and 'spark'; DuckDB reads the files where they are"
        )
    if "{table}" not in location:
        raise UserError(f"'{location}': write {{table}} where the table's name goes, such as data/raw/{{table}}.parquet")
    rows = loaders[kind](project, location, str(project.variables.get("raw_schema") or "raw"))
    if not rows:
        raise UserError(f"{location}: no file fits it")
    return rows


def _load_postgres(project: Project, location: str, schema: str) -> dict[str, int]:
    """In one transaction."""
    from python_stats import postgres

    rows: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="empathy_roi_") as folder, postgres.connect(project) as connection, connection.transaction():
        for table in RAW_TABLES:
            exported = Path(folder) / f"{table}.csv"
            found = _export(location.replace("{table}", table), exported, _TYPES, "text")
            if found is None:
                continue
            columns, rows[table] = found
            lowered = {name.lower(): kind for name, kind in columns.items()}  # DuckDB looks at no case, Postgres does
            postgres.replace_raw_table(connection, schema, table, lowered, _chunks(exported))
            exported.unlink()
    return rows


def _load_spark(project: Project, location: str, schema: str) -> dict[str, int]:
    """All files are read before the first table is replaced; each is replaced in one step."""
    from python_stats import spark

    rows: dict[str, int] = {}
    exchange = os.environ.get("EMPATHY_ROI_SPARK_EXCHANGE") or None  # a folder that the cluster sees under the same name
    if exchange and not Path(exchange).is_dir():
        raise UserError(f"EMPATHY_ROI_SPARK_EXCHANGE is '{exchange}', which is no folder; name one that the cluster sees as well")
    with tempfile.TemporaryDirectory(prefix="empathy_roi_", dir=exchange) as name, spark.connect(project) as session:
        folder, columns = Path(name), {}
        folder.chmod(0o755)
        for table in RAW_TABLES:
            spark.check_raw_table(session, schema, table)
            found = _export(location.replace("{table}", table), folder / f"{table}.parquet", _SPARK_TYPES, "string")
            if found is not None:
                columns[table], rows[table] = found
        for table, kinds in columns.items():
            spark.replace_raw_table(session, schema, table, kinds, f"file://{folder / table}.parquet", spark.table_format())
    return rows


def raw_tables(project: Project) -> list[str]:
    """The raw tables that are not switched off (variable `disabled_tables`)."""
    return [table for table in RAW_TABLES if table not in (project.variables.get("disabled_tables") or [])]


def raw_files(location: str, more: str = "") -> tuple[str, str]:
    """The pattern that a raw table's files fit, and how DuckDB selects from them.

    Args:
        location: Parquet, CSV, or a folder of Parquet.
        more: options for the reader, such as `, filename = 'raw_file'`.
    """
    is_csv = ".csv" in location
    path = location if is_csv or ".parquet" in location else location.rstrip("/") + "/**/*.parquet"
    if not is_csv:
        return path, f"read_parquet({literal(path)}, union_by_name = true{more})"
    return path, f"read_csv({literal(path)}, {_CSV}{more})"


def _export(location: str, target: Path, types: Mapping[str, str], text: str) -> tuple[dict[str, str], int] | None:
    """Write the files' rows to one file, CSV or Parquet by its name.

    A column of a type that is not among `types` goes as text; lists, structs and maps as JSON.

    Returns:
        Columns with the target's types, and how many rows; None where no file is there.
    """
    import duckdb

    path, relation = raw_files(location)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        if not _first(connection, f"select count(*) from glob({literal(path)})"):
            return None
        try:
            described = connection.execute(f"describe select * from {relation}").fetchall()
            separator = csv_files.separator_fault([name for name, *_ in described]) if ".csv" in path else None
            if separator:
                raise UserError(f"{path}: {separator}")
            columns = {name: types.get(kind, text) for name, kind, *_ in described}
            as_text = [f"{_text(quoted(name), kind)} as {quoted(name)}" for name, kind, *_ in described if kind not in types]
            selected = f"* replace ({', '.join(as_text)})" if as_text else "*"
            form = "format parquet" if target.suffix == ".parquet" else "format csv, header"
            copied = _first(connection, f"copy (select {selected} from {relation}) to {literal(str(target))} ({form})")
        except duckdb.Error as error:
            raise UserError(unreadable_file(connection, path, True) or f"{path}: cannot be read ({first_line(error)})") from error
    return columns, int(copied)


def _text(column: str, kind: str) -> str:
    is_nested = kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION"))
    return f"cast({f'to_json({column})' if is_nested else column} as varchar)"


def unreadable_file(connection: "duckdb.DuckDBPyConnection", pattern: str, is_whole: bool) -> str | None:
    """The first of a raw table's files that cannot be read, and why, in one line; None where all can be.

    Args:
        pattern: what the files fit (`raw_files`).
        is_whole: read every row, not the columns alone.
    """
    import duckdb

    is_csv = ".csv" in pattern
    for (path,) in connection.execute(f"select file from glob({literal(pattern)}) order by 1").fetchall():
        try:
            _, relation = raw_files(re.sub(r"[*?[]", r"[\g<0>]", path))
            columns = [name for name, *_ in connection.execute(f"describe select * from {relation}").fetchall()]
            separator = csv_files.separator_fault(columns) if is_csv else None
            if separator:
                return f"{path}: {separator}"
            if is_whole:
                connection.execute(f"select max(hash(found)) from {relation} as found")
        except duckdb.Error as error:
            return (is_csv and _csv_fault(Path(path))) or f"{path}: cannot be read ({first_line(error)})"
    return None


def _csv_fault(path: Path) -> str | None:
    """What is wrong with a CSV file that DuckDB cannot read; None where it cannot be told, as of a compressed one."""
    with suppress(OSError):
        return csv_files.fault(path, is_one_line_end=True) if path.suffix == ".csv" else None
    return None


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _first(connection: Any, query: str) -> Any:
    return connection.execute(query).fetchone()[0]
