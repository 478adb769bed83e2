"""What readers see: a folder a publication, and one pointer (`current`) that is switched when everything in the new one is complete.

    published/
        current -> 000042-20260505T031500Z
        000041-20260504T031500Z/  empathy_roi.duckdb, scorecard.html, …
        000042-20260505T031500Z/

A reader that has the old file open keeps reading the old file. Publications are ordered by their number, never by a clock.
"""

import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from python_stats.errors import UserError, first_line
from python_stats.sql_warehouse import Shown, literal, quoted, shown_source

CURRENT = "current"
DATABASE = "empathy_roi.duckdb"
STORAGE = "v1.0.0"  # DuckDB 1.0 and later can read it

_COMPLETE = re.compile(r"\d{6}-\w+")
_INCOMING = ".incoming-"
_OUTGOING = ".outgoing-"


@dataclass(frozen=True)
class Content:
    """What goes into a publication.

    Attributes:
        database: the working database, closed by everybody.
        schema: of the tables, in the working database and in the published one.
        tables: to be published, by name.
        pages: folder of pages to go beside the database; None for none.
        shown: per table of which not every row may be seen, the query for those that may, made of (relation, its columns).
    """

    database: Path
    schema: str
    tables: Sequence[str]
    pages: Path | None
    shown: Shown = field(default_factory=dict)


class Files:
    """Publications as folders of files, each with a DuckDB database in it (`Publisher`).

    Args:
        root: folder of the publications.
        content: what to publish, given the pages' folder.
    """

    def __init__(self, root: Path, content: Callable[[Path], Content]) -> None:
        self.root = root
        self._content = content

    def sweep(self) -> None:
        """Remove what a killed run left half-written."""
        sweep(self.root)

    def current(self) -> str | None:
        """The publication that readers see."""
        return current(self.root)

    def publications(self) -> list[str]:
        """Complete publications, oldest first."""
        return publications(self.root)

    def publish(self, publication_id: str, pages: Path, as_of: datetime, keep: int) -> None:
        """Write a publication, switch readers to it, and remove what is older than the last `keep`."""
        publish(self.root, publication_id, self._content(pages), as_of, keep)

    def roll_back(self) -> str:
        """Switch readers to the publication before the current one."""
        return roll_back(self.root)


def publish(root: Path, publication_id: str, content: Content, as_of: datetime, keep: int) -> Path:
    """Write a publication, switch readers to it, and remove what is older than the last `keep`.

    Killed at any moment, this leaves the pointer where it was or on a complete publication; the next call sweeps what is half-written.

    Raises:
        UserError: the folder or its disk does not take it.
    """

    def fill(folder: Path) -> None:
        if content.pages is not None:
            shutil.copytree(content.pages, folder, dirs_exist_ok=True)
        _copy_tables(content, folder / DATABASE, publication_id, as_of)

    prepare(root, publication_id, fill)
    switch(root, publication_id, keep)
    return root / publication_id


def prepare(root: Path, publication_id: str, fill: Callable[[Path], None]) -> None:
    """Write a publication that readers do not see yet, complete and on disk; `fill` writes into the folder that it is given.

    Raises:
        UserError: the folder or its disk does not take it.
    """
    with _told(root):
        root.mkdir(parents=True, exist_ok=True)
        sweep(root)
        incoming = root / (_INCOMING + publication_id)
        incoming.mkdir()
        try:
            fill(incoming)
            for path in incoming.rglob("*"):
                _to_disk(path)
            _to_disk(incoming)
            incoming.rename(root / publication_id)
        except BaseException:
            shutil.rmtree(incoming, ignore_errors=True)
            raise


def switch(root: Path, publication_id: str, keep: int) -> None:
    """Point readers to a publication that was prepared, and remove what is older than the last `keep`.

    Raises:
        UserError: the folder or its disk does not take it.
    """
    with _told(root):
        point_to(root, publication_id)
        remove(root, [old for old in publications(root)[:-keep] if old != publication_id])


@contextmanager
def _told(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unwritten(Path(error.filename or root), str(error.strerror)) from error


def publications(root: Path) -> list[str]:
    """Complete publications, oldest first."""
    if not root.is_dir():
        return []
    return sorted(path.name for path in root.iterdir() if path.is_dir() and not path.is_symlink() and _COMPLETE.fullmatch(path.name))


def current(root: Path) -> str | None:
    """The publication that readers see; None where nothing is published."""
    try:
        return str((root / CURRENT).readlink())
    except OSError:
        return None


def roll_back(root: Path) -> str:
    """Switch readers to the publication before the current one.

    Raises:
        UserError: there is none.
    """
    now = current(root)
    older = [name for name in publications(root) if now is not None and name < now and is_whole(root / name / DATABASE)]
    if not older:
        raise UserError(f"{root}: there is no whole publication before {now or 'the first'} to go back to")
    with _told(root):
        point_to(root, older[-1])
    return older[-1]


def is_whole(database: Path) -> bool:
    """Does every table of a published database fit the checksum that it was published with?"""
    import duckdb

    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            (schema,) = connection.execute("select schema_name from duckdb_tables() where table_name = 'publication'").fetchall()[0]
            told = connection.execute(f"select table_name, row_count, checksum from {quoted(schema)}.publication").fetchall()
            return all(fingerprint(connection, f"{quoted(schema)}.{quoted(table)}") == (rows, checksum) for table, rows, checksum in told)
    except (duckdb.Error, IndexError):
        return False


def point_to(root: Path, publication_id: str) -> None:
    """Switch the pointer: a rename, so that there is no moment without one."""
    link = root / f"{_INCOMING}{CURRENT}"
    link.unlink(missing_ok=True)
    link.symlink_to(publication_id)
    link.replace(root / CURRENT)
    _to_disk(root)


def sweep(root: Path) -> None:
    """Remove what a killed run left half-written or half-removed.

    Raises:
        UserError: the folder does not let it.
    """
    with _told(root):
        for path in [*root.glob(_INCOMING + "*"), *root.glob(_OUTGOING + "*")]:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def remove(root: Path, names: Sequence[str]) -> None:
    """Remove publications."""
    with _told(root):
        for name in names:
            gone = root / (_OUTGOING + name)  # killed half-way, what is left must not look like a publication
            (root / name).rename(gone)
            shutil.rmtree(gone)


def _unwritten(path: Path, reason: str) -> UserError:
    return UserError(f"{path}: the publication cannot be written ({reason}); readers keep the last one")


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy_tables(content: Content, target: Path, publication_id: str, as_of: datetime) -> None:
    """Tables with their comments, and `publication`: per table its rows and a checksum over them that does not depend on their order."""
    import duckdb

    with duckdb.connect(":memory:") as connection:
        try:
            connection.execute(f"attach {literal(str(content.database))} as working (read_only)")
            connection.execute(f"attach {literal(str(target))} as published (storage_version {literal(STORAGE)})")
            schema = quoted(content.schema)
            connection.execute(f"create schema if not exists published.{schema}")
            connection.execute("begin transaction")
            for table in content.tables:
                source = f"working.{schema}.{quoted(table)}"
                names = [name for (name, *_) in connection.execute(f"describe {source}").fetchall()]
                source = shown_source(content.shown, table, source, names)
                connection.execute(f"create table published.{schema}.{quoted(table)} as select * from {source}")
            _copy_comments(connection, content)
            connection.execute(
                f"create table published.{schema}.publication"
                " (publication_id varchar, as_of timestamp, table_name varchar, row_count bigint, checksum varchar, rows_withheld bigint)"
            )
            for table in content.tables:
                rows, checksum = fingerprint(connection, f"published.{schema}.{quoted(table)}")
                connection.execute(
                    f"insert into published.{schema}.publication select ?, ?, ?, ?, ?, count(*) - ? from working.{schema}.{quoted(table)}",
                    [publication_id, as_of, table, rows, checksum, rows],
                )
            connection.execute(
                f"comment on table published.{schema}.publication is"
                " 'One row per published table: whose run it is of, its rows, a checksum over them, and how many rows are withheld'"
            )
            connection.execute("commit")
            connection.execute("detach published")
        except duckdb.Error as error:
            full = os.strerror(errno.ENOSPC)  # DuckDB says it in a later line
            raise _unwritten(target, full if full in str(error) else first_line(error)) from error


def fingerprint(connection: "duckdb.DuckDBPyConnection", table: str) -> tuple[int, str]:  # type: ignore[name-defined]  # noqa: F821
    """(rows, checksum) of a table given by its quoted name: a sum over the MD5 of each row's text."""
    row = connection.execute(f"select count(*), coalesce(sum(md5_number_lower(cast(t as varchar))), 0) from {table} as t").fetchone()
    assert row is not None
    return int(row[0]), f"{int(row[1]):032x}"


def _copy_comments(connection: "duckdb.DuckDBPyConnection", content: Content) -> None:  # type: ignore[name-defined]  # noqa: F821
    where = "database_name = 'working' and schema_name = ? and comment is not null"
    tables: Mapping[str, str] = dict(
        connection.execute(f"select table_name, comment from duckdb_tables() where {where}", [content.schema]).fetchall()
    )
    columns = connection.execute(
        f"select table_name, column_name, comment from duckdb_columns() where {where} order by all", [content.schema]
    ).fetchall()
    schema = quoted(content.schema)
    for table in content.tables:
        if table in tables:
            connection.execute(f"comment on table published.{schema}.{quoted(table)} is {literal(tables[table])}")
    for table, column, comment in columns:
        if table in content.tables:
            connection.execute(f"comment on column published.{schema}.{quoted(table)}.{quoted(column)} is {literal(comment)}")
