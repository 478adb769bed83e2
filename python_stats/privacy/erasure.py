"""What `empathy-roi forget` does once the persons are on the list and everything is built anew: nothing of the old stays on the disk.

A database that deletes rows keeps their bytes in blocks that it may write again some day. So the file is copied into a new one, which
takes its place by a rename. Then every file that is left is searched for the ids.
"""

import mmap
import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from python_stats.errors import UserError, first_line
from python_stats.operations import history
from python_stats.sql_warehouse import literal, quoted

RECEIPT = "forgotten.json"

_IDENTITY_COLUMNS = ("user_id", "anonymous_id", "agent_id", "person_id", "identity", "row_id")
_LEAST_SEARCHED = 6  # shorter ids are found everywhere by chance, and are looked for in the columns of ids alone


@dataclass(frozen=True)
class Receipt:
    """What was done, without a plain id.

    Attributes:
        run_id: of the run that built everything anew; finished_at: of that run, ISO 8601, UTC.
        identity_hashes: what stands in the list of the forgotten; key_check: which key made them.
        rows_forgotten: per raw table, rows of all the forgotten so far (`source_audit`).
        rows_erased: per mart, rows of these persons that were there before.
        rows_rebuilt: per table that was built anew, its rows now.
        publication: what readers see now; None where nothing is published. publications_removed: what they could see before.
        raw_rows_left: per raw table that still holds the ids, `rows` and `files`: yours to delete.
        files_searched, bytes_searched: in which the ids were looked for.
        still_in: places that hold an id all the same (`file`, or `table.column`): how many times.
    """

    run_id: str
    finished_at: str
    identity_hashes: Sequence[str]
    key_check: str
    rows_forgotten: Mapping[str, int]
    rows_erased: Mapping[str, int]
    rows_rebuilt: Mapping[str, int]
    publication: str | None
    publications_removed: Sequence[str]
    raw_rows_left: Mapping[str, Mapping[str, Any]]
    files_searched: int
    bytes_searched: int
    still_in: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """For json.dump."""
        return asdict(self)


def rows_of_persons(connection: Any, schema: str, person_ids: Sequence[str]) -> dict[str, int]:
    """Per table of the marts, the rows of these persons.

    Args:
        connection: to DuckDB, with the database attached as `working`.
    """
    tables = connection.execute(
        "select table_name from duckdb_columns() where database_name = 'working' and schema_name = ? and column_name = 'person_id'"
        " order by 1",
        [schema],
    ).fetchall()
    found = {}
    for (table,) in tables:
        (rows,) = connection.execute(
            f"select count(*) from working.{quoted(schema)}.{quoted(table)} where person_id in (select unnest(?::varchar[]))",
            [list(person_ids)],
        ).fetchone()
        if rows:
            found[str(table)] = int(rows)
    return found


def table_rows(connection: Any, schema: str) -> dict[str, int]:
    """Rows per table of the schema."""
    names = connection.execute(
        "select table_name from duckdb_tables() where database_name = 'working' and schema_name = ? order by 1", [schema]
    ).fetchall()
    return {
        str(name): int(connection.execute(f"select count(*) from working.{quoted(schema)}.{quoted(name)}").fetchone()[0])
        for (name,) in names
    }


def rewrite(database: Path) -> None:
    """Copy the database into a new file that takes its place, so that no byte of a deleted row stays.

    Killed at any moment, this leaves the old file or the new one; call it again.

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
            connection.execute(f"attach {literal(str(fresh))} as new")
            connection.execute("copy from database old to new")
            connection.execute("checkpoint new")
            connection.execute("detach new")
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
        log.unlink(missing_ok=True)
        fresh.replace(database)
        damaged.unlink(missing_ok=True)  # what an earlier run has set aside
        shutil.rmtree(spill, ignore_errors=True)
    except duckdb.Error as error:
        raise UserError(
            f"{database}: cannot be copied into a new file ({first_line(error)}); run the same command again"
        ) from error
    except OSError as error:
        raise UserError(f"{database}: cannot be copied into a new file ({error.strerror}); run the same command again") from error


def purge(runs: Path, keep_run: str, target_folder: Path, log_folder: Path, ids: Sequence[str]) -> None:
    """Remove the logs and artifacts of earlier builds; records of runs stay, without a message that shows an id.

    Args:
        runs: the runs' folder; that of `keep_run` stays as it is.
        target_folder, log_folder: dbt's own. What it parsed stays: it knows no rows.
    """
    for folder in (path for path in runs.glob("*") if path.is_dir() and path.name != keep_run):
        for part in (path for path in folder.iterdir() if path.is_dir()):
            shutil.rmtree(part)
    for record in history.load(runs):
        if record.message and any(text in record.message for text in ids):
            history.save(runs, type(record)(**{**asdict(record), "message": None}))
    for name in ("compiled", "run"):
        shutil.rmtree(target_folder / name, ignore_errors=True)
    for artifact in (*target_folder.glob("*.json"), *log_folder.glob("dbt.log*")):
        artifact.unlink(missing_ok=True)


def search_files(places: Iterable[Path], ids: Sequence[str]) -> tuple[int, int, dict[str, int]]:
    """Look for the ids in every byte of every file.

    Args:
        places: files and folders; what is not there is passed over.

    Returns:
        Files and bytes searched, and how many times an id stands in which file.
    """
    long_enough = sorted((text.encode() for text in ids if len(text) >= _LEAST_SEARCHED), key=lambda text: -len(text))
    pattern = re.compile(b"|".join(map(re.escape, long_enough))) if long_enough else None
    files = size = 0
    found: dict[str, int] = {}
    for path in sorted({path for place in places for path in (place.rglob("*") if place.is_dir() else [place]) if path.is_file()}):
        files += 1
        length = path.stat().st_size
        size += length
        if pattern is None or not length:
            continue
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            hits = sum(1 for _ in pattern.finditer(content))
        if hits:
            found[str(path)] = hits
    return files, size, found


def search_tables(database: Path, ids: Sequence[str]) -> dict[str, int]:
    """Look for the ids in every text of every table (DuckDB's files are compressed): as a value in columns of ids, as a word elsewhere.

    Returns:
        `schema.table.column` → rows.
    """
    import duckdb

    found = {}
    sought: Any
    words = "|".join(re.escape(text) for text in ids if len(text) >= _LEAST_SEARCHED)
    word = f"(^|[^0-9A-Za-z])({words})($|[^0-9A-Za-z])" if words else None
    values = [form for text in ids for form in (text, "u:" + text, "a:" + text)]
    with duckdb.connect(str(database), read_only=True) as connection:
        columns = connection.execute(
            "select columns.schema_name, columns.table_name, columns.column_name from duckdb_columns() as columns"
            " semi join duckdb_tables() as tables using (database_name, schema_name, table_name)"
            " where columns.data_type = 'VARCHAR' and not columns.internal order by all"
        ).fetchall()
        for schema, table, column in columns:
            if column in _IDENTITY_COLUMNS:
                condition, sought = f"{quoted(column)} in (select unnest(?::varchar[]))", values
            elif word is not None:
                condition, sought = f"regexp_matches({quoted(column)}, ?)", word
            else:
                continue
            row = connection.execute(f"select count(*) from {quoted(schema)}.{quoted(table)} where {condition}", [sought]).fetchone()
            if row and row[0]:
                found[f"{schema}.{table}.{column}"] = int(row[0])
    return found
