"""The warehouse: reads marts, writes tables back. Knows no mathematics."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from python_stats.errors import DamagedDatabaseError, DatabaseLockedError, UserError, first_line
from python_stats.project import Project
from python_stats.sql_warehouse import Among, Shown, SqlWarehouse, quoted
from python_stats.tables import TABLES

Row = dict[str, Any]


class Warehouse(Protocol):
    """What the rest of the package needs of a database."""

    def read(self, table: str, columns: Sequence[str], order_by: Sequence[str] = (), among: Among | None = None) -> list[Row]:
        """Rows of a mart as mappings, in that order; of those alone, where `among` says so, in which some columns have one of some values.

        Raises:
            UserError: where the table or a column is not there.
        """
        ...

    def has(self, table: str) -> bool:
        """Is there such a table or view?"""
        ...

    def show_only(self, shown: Shown) -> None:
        """From now on, read of these tables what may be seen."""
        ...

    def write(self, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Replace these tables, all of them or none."""
        ...


@contextmanager
def open_warehouse(project: Project, *, read_only: bool = False) -> Iterator[Warehouse]:
    """Connect as the profile says.

    Raises:
        UserError: an adapter that is not supported, a database that is not there.
        DatabaseLockedError: another process holds the file.
    """
    kind = project.output.get("type")
    if kind == "postgres":
        from python_stats import postgres

        with postgres.connect(project, read_only=read_only) as opened:
            yield postgres.PostgresWarehouse(opened, project.schema)
        return
    if kind == "spark":
        from python_stats import spark

        with spark.connect(project) as session:
            yield spark.SparkWarehouse(session, project.schema, spark.table_format())
        return
    if kind != "duckdb":
        raise UserError(
            f"{project.profiles_folder / 'profiles.yml'}, target '{project.target_name}': type '{kind}' is not supported by"
            " analyze and report; use a target of type 'duckdb', 'postgres' or 'spark'"
        )
    path = database_path(project)
    if not path.is_file():
        raise UserError(f"{path}: no database there; run 'empathy-roi build' first, or check path in profiles.yml")
    connection = _connect(path, read_only)
    try:
        connection.execute("set TimeZone = 'UTC'")
        yield DuckDBWarehouse(connection, project.schema)
    finally:
        connection.close()


def check_available(project: Project) -> None:
    """Say at once, and in one line, that another process holds the DuckDB file, or that the server does not let us in.

    A DuckDB profile with `retries` is left to wait for the file.

    Raises:
        DatabaseLockedError: trying again later helps.
        UserError: the file is no database; there is no server, or it refuses the user.
    """
    kind, path = project.output.get("type"), database_path(project)
    if kind == "duckdb" and not project.output.get("retries") and path.is_file():
        _connect(path, read_only=False).close()
    elif kind == "postgres":
        from python_stats import postgres

        with postgres.connect(project):
            pass
    elif kind == "spark":
        from python_stats import spark

        with spark.connect(project):
            pass


def _connect(path: Path, read_only: bool) -> Any:
    import duckdb

    try:
        return duckdb.connect(str(path), read_only=read_only)
    except duckdb.IOException as error:
        if is_lock_message(str(error)):
            raise DatabaseLockedError(f"{path}: another process holds the database; close it or try again later") from error
        raise _not_opened(path, error) from error
    except duckdb.Error as error:
        raise _not_opened(path, error) from error


def _not_opened(path: Path, error: BaseException) -> UserError:
    kind = DamagedDatabaseError if is_damage_message(str(error), path) else UserError
    return kind(f"{path}: cannot be opened as a DuckDB database ({first_line(error)})")


def database_path(project: Project) -> Path:
    """The DuckDB file of the profile; relative paths count from the project, as they do for dbt."""
    return project.folder / str(project.output.get("path", ""))


def is_lock_message(text: str) -> bool:
    """Is this DuckDB saying that another process holds the file, or Postgres that one holds a table?"""
    return any(words in text for words in ("Could not set lock on file", "Conflicting lock", "due to lock timeout", "deadlock detected"))


def is_damage_message(text: str, path: Path) -> bool:
    """Is this DuckDB saying that its database file is cut off, overwritten, or none?"""
    says_so = "Could not read enough bytes from file" in text or "not a valid DuckDB database file" in text
    return (says_so and path.name in text) or "Corrupt database file" in text


class DuckDBWarehouse(SqlWarehouse):
    """A DuckDB file."""

    def write(self, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Replace tables in one transaction: a crash leaves the old ones."""
        self._connection.execute("begin transaction")
        try:
            for table, rows in tables.items():
                self._replace(table, rows)
            self._connection.execute("commit")
        except BaseException:
            self._connection.execute("rollback")
            raise

    def _replace(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        types = TABLES[table]
        declared = ", ".join(f"{quoted(column)} {kind}" for column, kind in types.items())
        self._connection.execute(f"drop table if exists {self._name(table)}")
        self._connection.execute(f"create table {self._name(table)} ({declared})")
        self._connection.execute("; ".join(self._comments(table, {})))
        if rows:
            # as one JSON text: DuckDB looks for pandas once per value that it is handed as a Python object
            content = json.dumps([{column: row[column] for column in types} for row in rows], default=str, allow_nan=False)
            self._connection.execute(
                f"insert into {self._name(table)} select unnest(from_json(?::json, ?), max_depth := 2)", [content, json.dumps([types])]
            )

    def _columns(self, table: str) -> Mapping[str, str]:
        cursor = self._connection.execute(
            "select column_name, data_type from information_schema.columns where table_schema = ? and table_name = ?"
            " and table_catalog = current_database() order by ordinal_position",
            [self._schema, table],
        )
        return dict(cursor.fetchall())
