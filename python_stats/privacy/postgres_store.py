"""Erasing persons from a Postgres database.

What a full refresh has built anew lies in new files. Rows that were deleted (earlier publications, raw rows that `empathy-roi load` had
copied) stay in theirs, and so do the samples of values that the planner keeps of every column: all of these are written anew
(`vacuum full`). No id stands in a statement.

A materialized view that somebody has made in one of the schemas is a table like the others, but for its rows: when it is refreshed is
up to whoever made it, so that one with a person in it is told.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from python_stats import postgres
from python_stats.errors import DatabaseLockedError, UserError
from python_stats.loading import RAW_TABLES, raw_tables
from python_stats.operations.database_publication import NUMBER
from python_stats.privacy.forgotten import ForgottenTable
from python_stats.privacy.persons import Ask, RawRows
from python_stats.privacy.store import Store, search_columns, word_pattern
from python_stats.project import Project
from python_stats.sql_warehouse import quoted

_STATISTICS = "pg_catalog.pg_statistic"
_PATIENCE_S = 30.0
_TRY = "2s"  # readers queue up behind whoever waits for a table
_PAUSE_S = 0.5
_TEXTS = ["A", "C", "S", "U"]  # categories of types: arrays, records, texts, and what has none (JSON, uuid)


class PostgresStore(Store):
    """The schemas of a target: the marts, the publications, and raw tables that `empathy-roi load` made.

    Args:
        key: of the list of the forgotten.
    """

    def __init__(self, project: Project, key: str) -> None:
        super().__init__(project, ForgottenTable(key, project))
        self._kept, self._shown = f"{project.schema}_publications", f"{project.schema}_published"
        self._raw = str(project.variables.get("raw_schema") or "raw")

    @contextmanager
    def asking(self) -> Iterator[Ask]:
        """To ask the working database."""
        with postgres.connect(self.project) as connection:
            if not postgres.columns_of(connection, self.project.schema, "person_identities"):
                raise UserError(
                    f"{postgres.place_of(self.project.output)}, schema {self.project.schema}: nothing was built there;"
                    " run 'empathy-roi build' first, so that it is known who an id belongs to"
                )
            yield _ask(connection)

    def raw_tables(self, ask: Ask) -> dict[str, RawRows]:
        """Tables of the raw schema."""
        found = {}
        for table in raw_tables(self.project):
            columns = {name for name, _ in ask(postgres.COLUMNS_OF, self._raw, table)}
            if columns:
                ids = tuple(name for name in ("user_id", "anonymous_id") if name in columns)
                found[table] = RawRows(f"{quoted(self._raw)}.{quoted(table)}", False, ids)
        return found

    def publishes_persons(self) -> bool:
        """Is a table about single persons in the current publication?"""
        kept = quoted(self._kept)
        query = (
            f"select count(*) from {kept}.publication inner join {kept}.current using (publication_no) where table_name in"
            " (select table_name from information_schema.columns where table_schema = ? and column_name = 'person_id')"
        )
        with postgres.connect(self.project) as connection:
            if not postgres.columns_of(connection, self._kept, "current"):
                return False
            return bool(_ask(connection)(query, self._kept)[0][0])

    def erase_raw_rows(self, identities: Iterable[str]) -> dict[str, dict[str, int]]:
        """All tables or none: rows of theirs go; rows of others that they came with lose the anonymous id."""
        known = sorted(identities)
        users, devices = ([identity[2:] for identity in known if identity.startswith(prefix)] for prefix in ("u:", "a:"))
        erased = {}
        with postgres.connect(self.project) as connection, connection.transaction():
            for table in self._copies(connection):
                name, columns = f"{quoted(self._raw)}.{quoted(table)}", postgres.columns_of(connection, self._raw, table)
                user = "nullif(cast(user_id as text), '')" if "user_id" in columns else "cast(null as text)"
                device = "cast(anonymous_id as text)" if "anonymous_id" in columns else "cast(null as text)"
                is_theirs = f"coalesce({user} = any(%s), {device} = any(%s), false)"
                rows = connection.execute(f"delete from {name} where {is_theirs}", [users, devices]).rowcount
                ids = 0
                if "anonymous_id" in columns:
                    ids = connection.execute(f"update {name} set anonymous_id = null where {device} = any(%s)", [devices]).rowcount
                if rows or ids:
                    erased[table] = {"rows": rows, "ids": ids}
        return erased

    def overwrite(self, wait_s: float) -> list[str]:
        """Write every table anew, and what the planner knows of their values."""
        deadline = monotonic() + max(wait_s, _PATIENCE_S)
        with postgres.connect(self.project) as connection:
            connection.execute(f"set lock_timeout = '{_TRY}'")
            copies = [f"{quoted(self._raw)}.{quoted(name)}" for name in self._copies(connection)]
            emptied = [*self._tables(connection, [self._kept], "r"), *copies]
            for name in emptied:
                _forget_values(connection, name)
            self._wait_for_readers(connection, deadline)
            tables = [*self._tables(connection, [self.project.schema, self._kept, self._shown], "rm"), *copies]
            left = [name for name in tables if not _written_anew(connection, f"vacuum (full, analyze) {name}", name, deadline)]
            self._wait_for_readers(connection, deadline)
            if not _written_anew(connection, f"vacuum full {_STATISTICS}", _STATISTICS, deadline):
                left.append(_STATISTICS)
        return left

    def files(self) -> list[Path]:
        """None: they are the server's."""
        return []

    def search(self, ids: Sequence[str]) -> dict[str, int]:
        """In tables, materialized views, and what the planner knows of their values; views show the same tables."""
        own, word = [self.project.schema, self._kept, self._shown], word_pattern(ids)
        with postgres.connect(self.project) as connection:
            copies, ask = self._copies(connection), _ask(connection)
            place = "(table_schema = any(?) or (table_schema = ? and table_name = any(?)))"
            columns: Any = ask(
                "select table_schema, table_name, attname from (select pg_class.*, nspname as table_schema, relname as table_name"
                " from pg_class inner join pg_namespace on relnamespace = pg_namespace.oid) as known"
                " inner join pg_attribute on attrelid = known.oid inner join pg_type on atttypid = pg_type.oid"
                " where relkind in ('r', 'm') and relispopulated and attnum > 0 and not attisdropped"
                " and has_column_privilege(attrelid, attnum, 'select')"
                f" and typcategory::text = any(?) and {place} order by 1, 2, attnum",
                *(_TEXTS, own, self._raw, copies),
            )
            found = search_columns(ask, columns, ids, "{text} ~ ?")
            if word is not None:
                known = ask(
                    "select table_schema, table_name, attname from (select *, schemaname as table_schema, tablename as table_name"
                    f" from pg_stats) as known where {place} and"
                    " concat_ws(' ', most_common_vals::text, histogram_bounds::text, most_common_elems::text) ~ ? order by 1, 2, 3",
                    *(own, self._raw, copies, word),
                )
                found |= {f"pg_stats of {'.'.join(column)}": 1 for column in known}
        return found

    def _copies(self, connection: Any) -> list[str]:
        """Raw tables that `empathy-roi load` made of files."""
        return [table for table in RAW_TABLES if postgres.is_loaded(connection, self._raw, table)]

    def _tables(self, connection: Any, schemas: Sequence[str], kinds: str) -> list[str]:
        """Tables (`r`) and materialized views (`m`) of schemas, whoever may read them."""
        found = connection.execute(
            "select nspname, relname from pg_class inner join pg_namespace on relnamespace = pg_namespace.oid"
            " where nspname = any(%s) and strpos(%s, relkind::text) > 0 and relispopulated order by 1, 2",
            [list(schemas), kinds],
        )
        return [f"{quoted(schema)}.{quoted(name)}" for schema, name in found.fetchall()]

    def _wait_for_readers(self, connection: Any, deadline: float) -> None:
        """Wait until no transaction is open that may still need rows deleted before now: `vacuum full` would copy them along.

        A table of one row tells, which is deleted here and now: once `vacuum full` leaves nothing of it, older rows go as well.
        """
        name = f"{quoted(self.project.schema)}.deleted_just_now"
        connection.execute(f"drop table if exists {name}")
        connection.execute(f"create table {name} as select 1 as one")
        connection.execute(f"delete from {name}")
        try:
            while True:
                connection.execute(f"vacuum full {name}")
                if connection.execute("select pg_relation_size(%s::regclass)", [name]).fetchone()[0] == 0:
                    return
                if monotonic() >= deadline:
                    raise DatabaseLockedError(
                        f"{postgres.place_of(self.project.output)}: a transaction is still open that began before the persons were erased,"
                        " and the server keeps for it what was deleted; end it, or give --wait, and run the same command again"
                    )
                sleep(_PAUSE_S)
        finally:
            connection.execute(f"drop table {name}")


def _ask(connection: Any) -> Ask:
    def ask(query: str, *values: Any) -> list[tuple[Any, ...]]:
        cursor = connection.execute(query.replace("?", "%s"), values or None)
        return list(cursor.fetchall()) if cursor.description else []

    return ask


def _forget_values(connection: Any, name: str) -> None:
    """Have the planner forget the values of a table that has become empty: analysing it would change nothing."""
    if connection.execute(f"select exists (select from {name})").fetchone()[0]:
        return
    columns = connection.execute("select attname from pg_attribute where attrelid = %s::regclass and attnum = 1", [name]).fetchone()
    first = f"({NUMBER}) values (0)" if columns and columns[0] == NUMBER else "default values"
    with connection.transaction():
        connection.execute(f"insert into {name} {first}")
        connection.execute(f"analyze {name}")
        connection.execute(f"delete from {name}")


def _written_anew(connection: Any, statement: str, name: str, deadline: float) -> bool:
    """Run a statement that writes a table into a new file, as soon as its readers let it; False where it is not ours to write."""
    import psycopg

    file = "select pg_relation_filenode(%s::regclass)"
    before = connection.execute(file, [name]).fetchone()
    while True:
        try:
            connection.execute(statement)
        except psycopg.errors.LockNotAvailable:
            if monotonic() >= deadline:
                raise
            sleep(_PAUSE_S)
        else:
            return bool(connection.execute(file, [name]).fetchone() != before)
