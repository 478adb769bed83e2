"""A schema on a Spark Thrift server as the profile names it: reads marts, writes tables back, takes raw rows in. Knows no mathematics."""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from python_stats.errors import DatabaseLockedError, UserError, first_line
from python_stats.project import Project
from python_stats.sql_warehouse import SqlWarehouse
from python_stats.tables import DESCRIPTIONS, TABLES, row_of

_TYPES = {"varchar": "string"}
_REPLACEABLE = ("iceberg", "delta")  # formats whose tables are replaced in one step
_CHUNK = 2_000  # rows of one statement
_LOADED = "Loaded by empathy-roi"
_LOST = ("TTransportException", "Connection lost while polling", "TSocket read 0 bytes", "Broken pipe", "SparkContext was shut down")


@contextlib.contextmanager
def connect(project: Project) -> Iterator["Session"]:
    """A session as the profile says, in UTC.

    Raises:
        UserError: no driver, another method than thrift, no server, or a statement that Spark refuses.
        DatabaseLockedError: the server went away while it worked.
    """
    try:
        from pyhive import exc, hive
        from thrift.transport.TTransport import TTransportException
    except ImportError as error:
        raise UserError(
            "the target is of type 'spark', which needs (in the project's folder) pip install --no-deps -r requirements-spark.lock -e ."
        ) from error
    output = project.output
    source = f"target '{project.target_name}' of {project.profiles_folder / 'profiles.yml'}"
    if output.get("method") != "thrift":
        raise UserError(f"{source}: method '{output.get('method')}' is not supported by analyze, report and load; use 'thrift'")
    host, port = str(output.get("host", "")), int(output.get("port") or 10000)
    settings = {str(name): str(value) for name, value in (output.get("server_side_parameters") or {}).items()}
    settings |= {"spark.sql.session.timeZone": "UTC", "spark.sql.ansi.enabled": "false"}  # as dbt-spark
    try:
        connection = hive.connect(
            host,
            port,
            username=output.get("user") or None,
            password=output.get("password") or None,
            auth=output.get("auth") or "NONE",
            kerberos_service_name=output.get("kerberos_service_name") or None,
        )
    except (TTransportException, OSError, exc.Error) as error:
        raise UserError(
            f"{host}:{port}: no Spark Thrift server answers ({first_line(error)}); check host and port"
            f" (EMPATHY_ROI_SPARK_HOST, EMPATHY_ROI_SPARK_PORT) in {source}"
        ) from error
    try:
        session = Session(connection.cursor())
        for name, value in settings.items():
            session.execute(f"set {name}={value}")
        yield session
    except exc.OperationalError as error:
        raise UserError(f"{host}:{port}: {_said(error)}") from error
    except (TTransportException, OSError, EOFError) as error:
        raise DatabaseLockedError(f"{host}:{port}: the connection was lost ({first_line(error)}); try again later") from error
    finally:
        _close(connection)


def table_format() -> str:
    """The format of every table, as dbt_project.yml reads it."""
    return os.environ.get("EMPATHY_ROI_SPARK_FORMAT") or "iceberg"


class Session:
    """A cursor that is used like a DuckDB or Postgres connection."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def execute(self, statement: str) -> "Session":
        """Run one statement to its end."""
        self._cursor.execute(statement)
        return self

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Rows of the last query; dates as dates (the driver gives text)."""
        rows = self._cursor.fetchall()
        days = [place for place, column in enumerate(self._cursor.description or []) if column[1] == "DATE_TYPE"]
        if not days:
            return [tuple(row) for row in rows]
        return [tuple(_day(value) if place in days else value for place, value in enumerate(row)) for row in rows]


class SparkWarehouse(SqlWarehouse):
    """A schema of Spark's catalog."""

    def __init__(self, connection: Session, schema: str, file_format: str) -> None:
        super().__init__(connection, schema)
        self._format = file_format

    def write(self, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Replace tables, each in one step (with Iceberg and Delta): all rows are at the server before the first table changes.

        Spark has no transaction over several tables: a crash between two steps leaves the later tables as they were.
        """
        for table, rows in tables.items():
            self._stage(table, rows)
        for table in tables:
            comment = f"comment {literal(row_of(table))}"
            replace_table(self._connection, self._name(table), self._format, f"select * from {self._name(_staged(table))}", comment)
        for table in tables:
            self._connection.execute(f"drop table {self._name(_staged(table))}")

    def _stage(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        types = {column: _TYPES.get(kind, kind) for column, kind in TABLES[table].items()}
        name = self._name(_staged(table))
        said = DESCRIPTIONS[table]  # a table that is made of this one takes them over
        declared = ", ".join(f"{quoted(column)} {kind} comment {literal(said[column])}" for column, kind in types.items())
        self._connection.execute(f"drop table if exists {name}")
        self._connection.execute(f"create table {name} ({declared}) using {self._format}")
        for start in range(0, len(rows), _CHUNK):
            chunk = [{column: row[column] for column in types} for row in rows[start : start + _CHUNK]]
            content = json.dumps(chunk, default=str, allow_nan=False)
            structure = f"array<struct<{', '.join(f'{quoted(column)}: {kind}' for column, kind in types.items())}>>"
            self._connection.execute(f"insert into {name} select inline(from_json({literal(content)}, '{structure}'))")

    def _columns(self, table: str) -> Mapping[str, str]:
        return columns_of(self._connection, self._schema, table)

    @staticmethod
    def _quoted(name: str) -> str:
        return quoted(name)

    @staticmethod
    def _literal(text: str) -> str:
        return literal(text)


def columns_of(session: Session, schema: str, table: str) -> dict[str, str]:
    """Name → type of a table's or view's columns, in order; nothing where there is none."""
    return {name: kind for name, (kind, _) in described(session, schema, table).items()}


def described(session: Session, schema: str, table: str) -> dict[str, tuple[str, str]]:
    """Name → (type, comment) of a table's or view's columns, in order; nothing where there is none."""
    if not session.execute(f"show schemas like {literal(schema)}").fetchall():
        return {}
    if not session.execute(f"show tables in {quoted(schema)} like {literal(table)}").fetchall():
        return {}
    columns = {}
    for name, kind, comment, *_ in session.execute(f"describe table {quoted(schema)}.{quoted(table)}").fetchall():
        if not name or name.startswith("#"):
            break
        columns[name] = (kind, comment or "")
    return columns


def comment_of(session: Session, schema: str, table: str) -> str:
    """What is said about a table; '' where nothing is."""
    rows = session.execute(f"describe table extended {quoted(schema)}.{quoted(table)}").fetchall()
    return next((value or "" for name, value, *_ in reversed(rows) if name == "Comment"), "")


def replace_table(session: Session, name: str, file_format: str, query: str, clauses: str = "") -> None:
    """A table made of a query, in place of the one that is there: in one step with Iceberg and Delta."""
    verb = "create or replace table" if file_format in _REPLACEABLE else "create table"
    if file_format not in _REPLACEABLE:
        session.execute(f"drop table if exists {name}")
    session.execute(f"{verb} {name} using {file_format} {clauses} as {query}")


def check_raw_table(session: Session, schema: str, table: str) -> None:
    """May a raw table be replaced?

    Raises:
        UserError: a table of that name is there that was not made here; it is never touched.
    """
    if not columns_of(session, schema, table):
        return
    if comment_of(session, schema, table) != _LOADED:
        raise UserError(f"{schema}.{table}: was not made by 'empathy-roi load', so it stays; name another raw_schema, or drop it")


def replace_raw_table(session: Session, schema: str, table: str, columns: Mapping[str, str], folder: str, file_format: str) -> None:
    """Make a raw table anew of a folder of Parquet files that the cluster can read."""
    session.execute(f"create schema if not exists {quoted(schema)}")
    selected = ", ".join(f"cast({quoted(column)} as {kind}) as {quoted(column)}" for column, kind in columns.items())
    query = f"select {selected} from parquet.`{folder}`"
    replace_table(session, f"{quoted(schema)}.{quoted(table)}", file_format, query, f"comment {literal(_LOADED)}")


def is_lost_message(text: str) -> bool:
    """Is this dbt saying that the Thrift server, or the cluster behind it, went away in the middle of the work?"""
    return any(words in text for words in _LOST)


def place_of(project: Project) -> str:
    """The server, as messages say it."""
    return f"{project.output.get('host', 'localhost')}:{project.output.get('port') or 10000}"


def quoted(name: str) -> str:
    """A name as Spark writes it."""
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    """A text as Spark writes it: a backslash escapes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _staged(table: str) -> str:
    return f"{table}__staged"


def _day(value: Any) -> Any:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _close(connection: Any) -> None:
    with contextlib.suppress(Exception):  # a server that has gone cannot be told goodbye
        connection.close()


def _said(error: Any) -> str:
    """Spark's own sentence out of the answer that Thrift wraps it in."""
    status = getattr(error.args[0], "status", None) if error.args else None
    message = str(getattr(status, "errorMessage", None) or error)
    return (message.splitlines() or [type(error).__name__])[0]
