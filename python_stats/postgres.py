"""A PostgreSQL database as the profile names it: reads marts, writes tables back, takes raw rows in. Knows no mathematics."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from python_stats.errors import DatabaseLockedError, UserError, first_line
from python_stats.project import Project
from python_stats.sql_warehouse import SqlWarehouse, quoted
from python_stats.tables import TABLES

Row = dict[str, Any]

_LOCK_TIMEOUT = "30s"
_TYPES = {"varchar": "text", "double": "double precision"}
_COMES_BACK = ("starting up", "shutting down", "too many clients", "too many connections", "remaining connection slots", "in recovery mode")
_LOST = (
    "server closed the connection unexpectedly", "connection has been closed unexpectedly", "terminating connection",
    "connection already closed",
    "connection not open", "Connection refused", *_COMES_BACK[:2], "in recovery mode",
)  # fmt: skip
_NO_ANSWER = (
    "Connection refused", "failed to resolve", "could not translate host name", "timeout expired", "timed out", "No route to host",
    "unreachable", "No such file or directory", "server closed the connection",
    "invalid response to SSL negotiation", "expected authentication request",  # another kind of server
)  # fmt: skip
_LOADED = "Loaded by empathy-roi"

#: The columns that may be read, with their types, of a schema's table or view; `information_schema` knows no materialized view.
COLUMNS_OF = (
    "select attname, format_type(atttypid, null) from pg_attribute inner join pg_class on attrelid = pg_class.oid"
    " inner join pg_namespace on relnamespace = pg_namespace.oid"
    " where nspname = %s and relname = %s and relkind in ('r', 'p', 'f', 'v', 'm')"
    " and attnum > 0 and not attisdropped and has_column_privilege(attrelid, attnum, 'select') order by attnum"
)

_SAID = (
    "select attname, col_description(attrelid, attnum) from pg_attribute"
    " where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped"
    " union all select '', obj_description(to_regclass(%s), 'pg_class')"
)


@contextmanager
def connect(project: Project, *, read_only: bool = False) -> Iterator[Any]:
    """A connection as the profile says; every statement commits by itself unless a transaction is opened.

    Raises:
        UserError: no driver, no server, no such database, or a user who is not let in.
        DatabaseLockedError: the server is there but takes nobody just now.
    """
    try:
        import psycopg
    except ImportError as error:
        raise UserError(
            "the target is of type 'postgres', which needs "
            "(in the project's folder) pip install --no-deps -r requirements-postgres.lock -e ."
        ) from error
    output = project.output
    names = {"host": "host", "port": "port", "user": "user", "dbname": "dbname", "sslmode": "sslmode", "connect_timeout": "connect_timeout"}
    given = {ours: output[theirs] for ours, theirs in names.items() if output.get(theirs) not in (None, "")}
    password = output.get("password") or output.get("pass") or None
    options = f"-c timezone=UTC -c lock_timeout={_LOCK_TIMEOUT}"
    try:
        connection = psycopg.connect(**given, password=password, options=options, autocommit=True)
    except psycopg.Error as error:
        raise _refused(str(error), given, project) from error
    try:
        connection.read_only = read_only
        with told(connection, place_of(given)):
            yield connection
    finally:
        connection.close()


@contextmanager
def told(connection: Any, place: str) -> Iterator[None]:
    """What the server refuses, in the project's own errors.

    Args:
        connection: whose errors they are.
        place: the server and database, for the message.

    Raises:
        DatabaseLockedError: trying again later helps.
        UserError: anything else that the server says.
    """
    import psycopg

    try:
        yield
    except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
        raise DatabaseLockedError(f"{place}: another process holds a table; try again later") from error
    except psycopg.Error as error:
        if connection.broken:
            raise DatabaseLockedError(f"{place}: the connection was lost ({first_line(error)}); try again later") from error
        raise UserError(f"{place}: {first_line(error)}") from error


def _refused(message: str, given: Mapping[str, Any], project: Project) -> UserError:
    """What to do about a connection that did not come about, by the words of the server."""
    place, source = place_of(given), f"target '{project.target_name}' of {project.profiles_folder / 'profiles.yml'}"
    user, reason = given.get("user"), _reason(message)
    if any(words in message for words in _COMES_BACK):
        return DatabaseLockedError(f"{place}: the server takes no connection just now ({reason}); try again later")
    if any(words in message for words in ("authentication failed", "no password supplied", "not permitted to log in")):
        return UserError(f"{place}: user '{user}' is not let in; check user and password (PGUSER, PGPASSWORD) in {source}")
    if "permission denied for database" in message:
        return UserError(
            f"{place}: user '{user}' may not connect to it; grant connect on the database, or check PGDATABASE and PGUSER in {source}"
        )
    if "pg_hba.conf" in message:
        return UserError(
            f"{place}: the server's pg_hba.conf does not let us in ({reason}); check PGUSER, PGDATABASE and PGSSLMODE in {source}"
        )
    if any(words in message for words in _NO_ANSWER) and "certificate" not in message:
        return UserError(f"{place}: no server answers ({reason}); check host and port (PGHOST, PGPORT) in {source}")
    if any(words in message for words in ("sslmode", "SSL", "certificate")):
        return UserError(f"{place}: no connection ({reason}); check sslmode (PGSSLMODE) in {source}")
    if "does not exist" in message:
        return UserError(f"{place}: {reason}; check dbname and user (PGDATABASE, PGUSER) in {source}")
    return UserError(f"{place}: no connection ({reason}); check PGHOST, PGPORT, PGSSLMODE, PGDATABASE and PGUSER in {source}")


class PostgresWarehouse(SqlWarehouse):
    """A schema of a PostgreSQL database."""

    def write(self, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Replace tables in one transaction: readers see the old ones until it ends, and a crash leaves them.

        A table that has the right columns is emptied and filled, so that grants and views on it stay.
        """
        with self._connection.transaction():
            for table, rows in tables.items():
                self._replace(table, rows)

    def _replace(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        types = {column: _TYPES.get(kind, kind) for column, kind in TABLES[table].items()}
        name = self._name(table)
        if list(self._columns(table).items()) == [(column, _long(kind)) for column, kind in types.items()]:
            self._connection.execute(f"delete from {name}")
        else:
            declared = ", ".join(f"{quoted(column)} {kind}" for column, kind in types.items())
            self._connection.execute(f"drop table if exists {name}")
            self._connection.execute(f"create table {name} ({declared})")
        for statement in self._comments(table, dict(self._connection.execute(_SAID, [name, name]).fetchall())):
            self._connection.execute(statement)
        with self._connection.cursor() as cursor, cursor.copy(f"copy {name} ({', '.join(map(quoted, types))}) from stdin") as copy:
            for row in rows:
                copy.write_row([row[column] for column in types])

    def _columns(self, table: str) -> Mapping[str, str]:
        return columns_of(self._connection, self._schema, table)

    def _by_bytes(self, column: str, known: Mapping[str, str]) -> str:
        is_text = known[column] in ("text", "character varying", "character")
        return f"{quoted(column)}{' collate ' + quoted('C') if is_text else ''}"


def columns_of(connection: Any, schema: str, table: str) -> dict[str, str]:
    """Name → type of the columns that may be read of a table or view of any kind, in order; nothing where there are none."""
    return dict(connection.execute(COLUMNS_OF, [schema, table]).fetchall())


def replace_raw_table(connection: Any, schema: str, table: str, columns: Mapping[str, str], chunks: Iterable[bytes]) -> None:
    """Create a raw table anew and fill it with CSV (a header first; an empty cell is null). To be called in a transaction.

    Raises:
        UserError: a table of that name is there that was not made here; it is never touched.
    """
    name = f"{quoted(schema)}.{quoted(table)}"
    if connection.execute("select to_regclass(%s)", [name]).fetchone()[0] is not None:
        if not is_loaded(connection, schema, table):
            raise UserError(f"{schema}.{table}: was not made by 'empathy-roi load', so it stays; name another raw_schema, or drop it")
        connection.execute(f"drop table {name}")
    connection.execute(f"create schema if not exists {quoted(schema)}")
    connection.execute(f"create table {name} ({', '.join(f'{quoted(column)} {kind}' for column, kind in columns.items())})")
    connection.execute(f"comment on table {name} is '{_LOADED}'")
    with connection.cursor() as cursor, cursor.copy(f"copy {name} from stdin (format csv, header)") as copy:
        for chunk in chunks:
            copy.write(chunk)
    connection.execute(f"analyze {name}")


def is_loaded(connection: Any, schema: str, table: str) -> bool:
    """Was this raw table made here, by `replace_raw_table`?"""
    name = f"{quoted(schema)}.{quoted(table)}"
    return bool(connection.execute("select obj_description(to_regclass(%s), 'pg_class')", [name]).fetchone()[0] == _LOADED)


def _long(kind: str) -> str:
    return "timestamp without time zone" if kind == "timestamp" else kind


def is_lost_message(text: str) -> bool:
    """Is this somebody saying that the server went away in the middle of the work, or is coming back?"""
    return any(words in text for words in _LOST)


def place_of(given: Mapping[str, Any]) -> str:
    """Server and database of a profile's output, as messages say it."""
    return f"{given.get('host', 'localhost')}:{given.get('port', 5432)}/{given.get('dbname', '')}"


def _reason(message: str) -> str:
    """The first of the reasons that a connection did not come about, without where to."""
    line = (message.strip().splitlines() or [""])[0]
    return re.split(r"(?: failed| is bad): (?:FATAL: +)?", line)[-1].strip()
