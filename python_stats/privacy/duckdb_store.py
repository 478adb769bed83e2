"""Erasing persons from a DuckDB file.

A database that deletes rows keeps their bytes in blocks that it may write again some day. So the file is copied into a new one, which
takes its place by a rename.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from python_stats.errors import UserError, first_line
from python_stats.loading import raw_files, raw_tables
from python_stats.operations import publication
from python_stats.privacy.forgotten import ForgottenFile, list_file
from python_stats.privacy.persons import Ask, RawRows
from python_stats.privacy.store import Store, search_columns
from python_stats.project import Project
from python_stats.sql_warehouse import literal, quoted
from python_stats.warehouse import database_path


class DuckDBStore(Store):
    """A DuckDB file, and the files that readers see.

    Args:
        key: of the list of the forgotten.
        root: folder of the publications.
    """

    def __init__(self, project: Project, key: str, root: Path) -> None:
        super().__init__(project, ForgottenFile(key, list_file(project)))
        self._database = database_path(project)
        self._root = root

    @contextmanager
    def asking(self) -> Iterator[Ask]:
        """To ask the working database, which is only read."""
        if not self._database.is_file():
            raise UserError(f"{self._database}: no database there; run 'empathy-roi build' first, so that it is known who an id belongs to")
        with _opened(self._database) as ask:
            yield ask

    def raw_tables(self, ask: Ask) -> dict[str, RawRows]:
        """Files, or tables of the same database."""
        location, schema = self.project.raw_location, str(self.project.variables.get("raw_schema") or "raw")
        found = {}
        for table in raw_tables(self.project):
            if location:
                path, relation = raw_files(str(self.project.folder / location.replace("{table}", table)), ", filename = 'raw_file'")
                if not ask("select count(*) from glob(?)", path)[0][0]:
                    continue
            else:
                relation = f"{quoted(schema)}.{quoted(table)}"
            kinds = {row[0]: row[1] for row in ask(f"describe select * from {relation}")}
            ids = tuple(name for name in ("user_id", "anonymous_id") if name in kinds)
            as_text = [f"{_text_of_float(name)} as {name}" for name in ids if kinds[name] in ("DOUBLE", "FLOAT")]
            if as_text:
                relation = f"(select * replace ({', '.join(as_text)}) from {relation}) as raw_rows"
            found[table] = RawRows(relation, bool(location), ids)
        return found

    def publishes_persons(self) -> bool:
        """Has the published file a table about single persons?"""
        path = self._root / publication.CURRENT / publication.DATABASE
        if not path.is_file():
            return False
        with _opened(path) as ask:
            return bool(ask("select count(*) from duckdb_columns() where column_name = 'person_id'")[0][0])

    def erase_raw_rows(self, identities: Iterable[str]) -> dict[str, dict[str, int]]:  # noqa: ARG002
        """Nothing: raw files and tables are the user's, since nothing was copied."""
        return {}

    def overwrite(self, wait_s: float) -> list[str]:  # noqa: ARG002
        """Copy the database into a new file that takes its place: killed at any moment, this leaves the old file or the new one."""
        rewrite(self._database)
        return []

    def files(self) -> list[Path]:
        """The file with what belongs to it, and the list."""
        return [*self._database.parent.glob(self._database.name + "*"), list_file(self.project)]

    def search(self, ids: Sequence[str]) -> dict[str, int]:
        """In tables, since DuckDB's files are compressed."""
        found = _search_file(self._database, ids)
        shown = publication.current(self._root)
        if shown is not None:
            hits = _search_file(self._root / shown / publication.DATABASE, ids)
            found |= {f"published: {place}": rows for place, rows in hits.items()}
        return found


def rewrite(database: Path) -> None:
    """Copy a database into a new file that takes its place.

    Raises:
        UserError: the file cannot be copied: no room, or another process holds it.
    """
    import duckdb

    fresh = database.with_name(database.name + ".rewriting")
    log, spill, damaged = (database.with_name(database.name + suffix) for suffix in (".wal", ".tmp", ".damaged"))
    try:
        for leftover in (fresh, fresh.with_name(fresh.name + ".wal")):
            leftover.unlink(missing_ok=True)
        with duckdb.connect(str(database)) as connection:
            connection.execute("checkpoint")
        with duckdb.connect() as connection:
            connection.execute(f"attach {literal(str(database))} as old (read_only)")
            told = "select tags['storage_version'] from duckdb_databases() where database_name = 'old'"
            ((version,),) = connection.execute(told).fetchall()
            connection.execute(f"attach {literal(str(fresh))} as new (storage_version {literal(version.rstrip('+'))})")
            connection.execute("copy from database old to new")
            connection.execute("checkpoint new")
            connection.execute("detach new")
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
        log.unlink(missing_ok=True)
        fresh.replace(database)
        damaged.unlink(missing_ok=True)  # what an earlier run has set aside
        shutil.rmtree(spill, ignore_errors=True)
    except (duckdb.Error, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else first_line(error)
        raise UserError(f"{database}: cannot be copied into a new file ({reason}); run the same command again") from error


def _text_of_float(name: str) -> str:
    """An id that is stored as a float, as the models write it (`text_of_float` in macros/staging/checked_rows.sql)."""
    whole = f"{name} between -9e18 and 9e18 and {name} = floor({name})"
    return f"case when {whole} then cast(cast({name} as bigint) as varchar) when isfinite({name}) then cast({name} as varchar) end"


@contextmanager
def _opened(database: Path) -> Iterator[Ask]:
    import duckdb

    with duckdb.connect(str(database), read_only=True) as connection:

        def ask(query: str, *values: Any) -> list[tuple[Any, ...]]:
            return connection.execute(query, list(values)).fetchall()

        yield ask


def _search_file(database: Path, ids: Sequence[str]) -> dict[str, int]:
    with _opened(database) as ask:
        columns = ask(
            "select columns.schema_name, columns.table_name, columns.column_name from duckdb_columns() as columns"
            " semi join duckdb_tables() as tables using (database_name, schema_name, table_name)"
            " where columns.data_type = 'VARCHAR' and not columns.internal order by all"
        )
        return search_columns(ask, columns, ids, "regexp_matches({text}, ?)")
