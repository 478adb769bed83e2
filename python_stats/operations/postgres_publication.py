"""What readers of a Postgres database see (`database_publication`): rows are added and the number is changed in one transaction.

So no reader waits, none is in the way, and none sees two publications in one statement. Only where a mart has got a column, its view is
widened, at its end.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any

from python_stats import postgres
from python_stats.errors import UserError
from python_stats.operations import postgres_views as views
from python_stats.operations.database_publication import NUMBER, OWN_COLUMNS, OWN_COMMENT, DatabasePublications, number_of
from python_stats.operations.postgres_lock import DatabaseLock, database_lock
from python_stats.sql_warehouse import Shown, quoted, shown_source

_OWN_TABLES = (
    "create table if not exists {kept}.publications ("
    "publication_no integer primary key, publication_id text not null unique, as_of timestamp not null)",
    "create table if not exists {kept}.current ("
    "is_current boolean primary key default true check (is_current), publication_no integer not null references {kept}.publications)",
    "create table if not exists {kept}.publication ("
    "publication_no integer not null references {kept}.publications on delete cascade, publication_id text, as_of timestamp,"
    " table_name text, row_count bigint, checksum text, rows_withheld bigint, primary key (publication_no, table_name))",
    "alter table {kept}.publication add column if not exists rows_withheld bigint",  # of a database where it was not counted yet
)


class PostgresPublications(DatabasePublications):
    """Publications in a PostgreSQL database, in one transaction each."""

    _held: Any = None

    @property
    def target(self) -> str:
        """Names the schema and its server."""
        return f"{postgres.place_of(self._project.output)} {self._project.schema}"

    @contextmanager
    def lock(self, holder: str, wait_s: float) -> Iterator[DatabaseLock]:
        """Hold the run's lock while the block runs; publishing works on the session that holds it (`database_lock`)."""
        with database_lock(self._project, holder, wait_s) as lock:
            self._held = lock.connection
            try:
                yield lock
            finally:
                self._held = None

    @staticmethod
    def _quoted(name: str) -> str:
        return quoted(name)

    def _connection(self) -> AbstractContextManager[Any]:
        """The lock's own session where it is held: if the server has ended it, another run may be at work."""
        if self._held is None:
            return postgres.connect(self._project)
        return _told(self._held, postgres.place_of(self._project.output))

    def _is_prepared(self, connection: Any) -> bool:
        return views.exists(connection, f"{self._kept}.current")

    def _add(
        self, connection: Any, publication_id: str, as_of: datetime, tables: Sequence[str], shown: Shown, keep: int
    ) -> None:
        self._prepare_schemas(connection)
        columns = {table: views.widen(connection, self._project.schema, self._kept, self._shown, table) for table in tables}
        self._grant(connection)
        with connection.transaction():
            self._copy(connection, publication_id, as_of, columns, shown)
            self._prune(connection, keep)

    def _point_to(self, connection: Any, number: int) -> None:
        connection.execute(
            f"insert into {self._kept}.current (publication_no) values (%s)"
            " on conflict (is_current) do update set publication_no = excluded.publication_no",
            [number],
        )

    def _prepare_schemas(self, connection: Any) -> None:
        if views.columns_of(connection, f"{self._shown}.publication").keys() >= set(OWN_COLUMNS):
            return
        with connection.transaction():
            for schema in (self._kept, self._shown):
                connection.execute(f"create schema if not exists {schema}")
            for statement in _OWN_TABLES:
                connection.execute(statement.format(kept=self._kept))
            connection.execute(views.definition(self._kept, self._shown, "publication", OWN_COLUMNS))
            connection.execute(f"comment on view {self._shown}.publication is '{OWN_COMMENT}'")

    def _grant(self, connection: Any) -> None:
        """Let the readers' roles (variable `mart_grants`) read the views; what was granted by hand stays."""
        for role in _readers(self._project.variables):
            connection.execute(f"grant usage on schema {self._shown} to {quoted(role)}")
            connection.execute(f"grant select on all tables in schema {self._shown} to {quoted(role)}")

    def _copy(self, connection: Any, publication_id: str, as_of: datetime, columns: Mapping[str, Sequence[str]], shown: Shown) -> None:
        """Add the rows, what is known about them, and only then change the number that the views show."""
        number, run = number_of(publication_id), connection.execute
        run(f"insert into {self._kept}.publications values (%s, %s, %s)", [number, publication_id, as_of])
        for table, names in columns.items():
            listed, stored = ", ".join(map(quoted, names)), f"{self._kept}.{quoted(table)}"
            mart = f"{quoted(self._project.schema)}.{quoted(table)}"
            source = shown_source(shown, table, mart, names)
            run(f"insert into {stored} ({NUMBER}, {listed}) select %s, {listed} from {source}", [number])
            rows, checksum = fingerprint(connection, f"select {listed} from {stored} where {NUMBER} = {number}")
            known = [number, publication_id, as_of, table, rows, checksum, rows]
            run(f"insert into {self._kept}.publication select %s, %s, %s, %s, %s, %s, count(*) - %s from {mart}", known)
            run(f"analyze {stored}")
        self._point_to(connection, number)

    def _prune(self, connection: Any, keep: int) -> None:
        old = f"select publication_no from {self._kept}.publications order by publication_no desc offset {int(keep)}"
        gone = [number for (number,) in connection.execute(old).fetchall()]
        if gone:
            for table in views.stored(connection, self._kept):
                connection.execute(f"delete from {self._kept}.{quoted(table)} where {NUMBER} = any(%s)", [gone])
            connection.execute(f"delete from {self._kept}.publications where publication_no = any(%s)", [gone])


def fingerprint(connection: Any, query: str) -> tuple[int, str]:
    """(rows, checksum) of what a query gives: a sum over the MD5 of each row as JSON, without what is null.

    It depends neither on the order of rows and columns nor on a session's settings, and a column that was added later changes nothing.
    """
    row = connection.execute(
        "select count(*), coalesce(sum(('x' || left(md5(jsonb_strip_nulls(to_jsonb(found))::text), 15))::bit(60)::bigint), 0)"
        f" from ({query}) as found"
    ).fetchone()
    return int(row[0]), f"{int(row[1]):032x}"


@contextmanager
def _told(connection: Any, place: str) -> Iterator[Any]:
    with postgres.told(connection, place):
        yield connection


def _readers(variables: Mapping[str, Any]) -> list[str]:
    """The roles that may select, as dbt's own grants have it: a name, or a list of them.

    Raises:
        UserError: `mart_grants` is something else.
    """
    grants = variables.get("mart_grants") or {}
    found = grants.get("select", []) if isinstance(grants, Mapping) else None
    found = [found] if isinstance(found, str) else found
    if not isinstance(found, list) or not all(isinstance(role, str) and role for role in found):
        raise UserError(f"variable 'mart_grants': {grants!r} must be like {{select: [analysts]}}")
    return found
