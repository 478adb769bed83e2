"""What readers of a Postgres database see: a schema of views that stay, over rows that carry the number of their publication.

    <schema>_published      the views; readers' roles have usage here and nowhere else
    <schema>_publications   one table a mart, with the rows of the last publications; `current`, the number that the views show

Publishing adds rows and then changes the one number, in one transaction. No view and no table is replaced, so no reader waits, none
is in the way, none sees two publications in one statement, and what is built on the views stays. Only where a mart has got a column,
its view is widened, at its end.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from shutil import copytree
from typing import Any

from python_stats import postgres
from python_stats.errors import UserError
from python_stats.operations import postgres_views as views
from python_stats.operations import publication
from python_stats.operations.postgres_lock import DatabaseLock, database_lock
from python_stats.project import Project
from python_stats.sql_warehouse import Shown, quoted, shown_source

NUMBER = views.NUMBER

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
_OWN_COLUMNS = ("publication_id", "as_of", "table_name", "row_count", "checksum", "rows_withheld")


def _everything(_: Path) -> Shown:
    return {}


class DatabasePublications:
    """Publications in the database itself, the pages in a folder beside the project (`Publisher`).

    Args:
        project: its target is of type postgres.
        root: folder of the pages' publications.
        tables: names of the marts to publish, given the pages' folder.
        shown: per table of which not every row may be seen, the query for those that may, made of (relation, its columns).
    """

    def __init__(
        self, project: Project, root: Path, tables: Callable[[Path], Sequence[str]], shown: Callable[[Path], Shown] = _everything
    ) -> None:
        self.root = root
        self._project = project
        self._tables = tables
        self._shown_rows = shown
        self._held: Any = None
        self._kept, self._shown = quoted(f"{project.schema}_publications"), quoted(f"{project.schema}_published")

    @contextmanager
    def lock(self, holder: str, wait_s: float) -> Iterator[DatabaseLock]:
        """Hold the run's lock while the block runs; publishing works on the session that holds it (`database_lock`)."""
        with database_lock(self._project, holder, wait_s) as lock:
            self._held = lock.connection
            try:
                yield lock
            finally:
                self._held = None

    def sweep(self) -> None:
        """Have the pages follow the database: a killed run may have left them one publication behind, or some that never came to be."""
        publication.sweep(self.root)
        there, now = self.publications(), self.current()
        pages = publication.publications(self.root)
        if now in pages and publication.current(self.root) != now:
            publication.point_to(self.root, str(now))
        publication.remove(self.root, [name for name in pages if name not in there])

    def current(self) -> str | None:
        """The publication that readers see; None where nothing is published."""
        found = self._ids("where publication_no = (select publication_no from {kept}.current)")
        return found[0] if found else None

    def publications(self) -> list[str]:
        """Complete publications, oldest first."""
        return self._ids("order by publication_no")

    def publish(self, publication_id: str, pages: Path, as_of: datetime, keep: int) -> None:
        """Write a publication, switch readers to it, and remove what is older than the last `keep`.

        The pages are written first and pointed to last; killed in between, the next run's `sweep` points to them.

        Raises:
            DatabaseLockedError: the lock's session is gone, or a reader holds a view that has to be widened.
            UserError: the database or the pages' folder does not take it.
        """

        def fill(folder: Path) -> None:
            copytree(pages, folder, dirs_exist_ok=True)

        publication.prepare(self.root, publication_id, fill)
        tables = self._tables(pages)
        with self._connection() as connection:
            self._prepare_schemas(connection)
            columns = {
                table: views.widen(connection, self._project.schema, self._kept, self._shown, table) for table in tables
            }
            self._grant(connection)
            with connection.transaction():
                self._copy(connection, publication_id, as_of, columns, self._shown_rows(pages))
                self._prune(connection, keep)
        publication.switch(self.root, publication_id, keep)

    def roll_back(self) -> str:
        """Switch readers to the publication before the current one.

        Raises:
            UserError: there is none.
        """
        now = self.current()
        older = [name for name in self.publications() if now is not None and name < now]
        if not older:
            raise UserError(f"{self._shown}: there is no publication before {now or 'the first'} to go back to")
        with self._connection() as connection:
            connection.execute(f"update {self._kept}.current set publication_no = %s", [_number(older[-1])])
        if older[-1] in publication.publications(self.root):
            publication.point_to(self.root, older[-1])
        return older[-1]

    def _ids(self, which: str) -> list[str]:
        with self._connection() as connection:
            if not views.exists(connection, f"{self._kept}.current"):
                return []
            query = f"select publication_id from {{kept}}.publications {which}".format(kept=self._kept)
            return [name for (name,) in connection.execute(query).fetchall()]

    def _connection(self) -> AbstractContextManager[Any]:
        """The lock's own session where it is held: if the server has ended it, another run may be at work."""
        if self._held is None:
            return postgres.connect(self._project)
        return _told(self._held, postgres.place_of(self._project.output))

    def _prepare_schemas(self, connection: Any) -> None:
        if views.columns_of(connection, f"{self._shown}.publication").keys() >= set(_OWN_COLUMNS):
            return
        with connection.transaction():
            for schema in (self._kept, self._shown):
                connection.execute(f"create schema if not exists {schema}")
            for statement in _OWN_TABLES:
                connection.execute(statement.format(kept=self._kept))
            connection.execute(views.definition(self._kept, self._shown, "publication", _OWN_COLUMNS))
            connection.execute(
                f"comment on view {self._shown}.publication is"
                " 'One row per published table: whose run it is of, its rows, a checksum over them, and how many rows are withheld'"
            )

    def _grant(self, connection: Any) -> None:
        """Let the readers' roles (variable `mart_grants`) read the views; what was granted by hand stays."""
        for role in _readers(self._project.variables):
            connection.execute(f"grant usage on schema {self._shown} to {quoted(role)}")
            connection.execute(f"grant select on all tables in schema {self._shown} to {quoted(role)}")

    def _copy(self, connection: Any, publication_id: str, as_of: datetime, columns: Mapping[str, Sequence[str]], shown: Shown) -> None:
        """Add the rows, what is known about them, and only then change the number that the views show."""
        number, run = _number(publication_id), connection.execute
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
        run(
            f"insert into {self._kept}.current (publication_no) values (%s)"
            " on conflict (is_current) do update set publication_no = excluded.publication_no",
            [number],
        )

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


def _number(publication_id: str) -> int:
    return int(publication_id[:6])


