"""`empathy-roi forget`: put persons on the list of the forgotten, build and publish everything without them, leave no byte of the old.

The order makes it repeatable: the list comes first, so that whatever is built from then on is without them; a run that was killed is
ended by the same command.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from python_stats import stages
from python_stats.errors import EXIT_DONE, UserError
from python_stats.operations import history, nightly
from python_stats.privacy import receipt, traces
from python_stats.privacy.forgotten import list_key
from python_stats.privacy.keys import key_check
from python_stats.privacy.receipt import Receipt
from python_stats.privacy.store import Found, Store
from python_stats.project import Project
from python_stats.warehouse import open_warehouse

_BUILD_FLAGS: dict[str, Any] = {
    **dict.fromkeys(("select", "exclude", "resource_type", "exclude_resource_type"), ()),
    **dict.fromkeys(("selector", "threads", "log_path"), None),
    "full_refresh": True,
    "fail_fast": False,
}


class _Nowhere:
    """A publisher for whoever publishes nothing."""

    def sweep(self) -> None:
        pass

    def current(self) -> str | None:
        return None

    def publications(self) -> list[str]:
        return []

    def publish(self, publication_id: str, pages: Path, as_of: datetime, keep: int) -> None:
        pass

    def roll_back(self) -> str:
        raise UserError("nothing is published")


def forget(project: Project, flags: Mapping[str, Any], given: Sequence[str], root: Path, runs: Path, wait_s: float) -> tuple[Receipt, Path]:
    """Forget persons.

    Args:
        flags: the connection's, by the name of their parameter.
        given: user ids, anonymous ids or person ids.
        root: folder of the publications.
        runs: folder of the runs' records, logs and artifacts.
        wait_s: how long to wait for another run to end, in seconds.

    Returns:
        The receipt, and the file that it stands in.

    Raises:
        DatabaseLockedError: another run holds the lock, or a reader what is to be overwritten.
        UserError: no key, an id that nobody has, a build that fails: the persons may be on the list by then; run it again.
    """
    store = _store(project, root)
    places = stages.places(project, root, runs)
    with places.lock("an erasure of persons", wait_s):
        found = store.find(given)
        store.the_list.add(found.identities)
        before = places.published.publications()
        with_persons = store.publishes_persons()
    record = _build_without_them(project, flags, root, runs, with_persons, bool(before), wait_s)
    with places.lock("an erasure of persons", wait_s):
        done = _leave_nothing(project, store, found, record, root, runs, wait_s)
        shown, kept = places.published.current(), places.published.publications()
        done = replace(done, publication=shown, publications_removed=[name for name in before if name not in kept])
        path = runs / record.run_id / receipt.FILE
        path.write_text(json.dumps(done.as_json(), indent=1) + "\n", encoding="utf-8")
    return done, path


def _store(project: Project, root: Path) -> Store:
    key, kind = list_key(), project.output.get("type")
    if kind == "duckdb":
        from python_stats.privacy.duckdb_store import DuckDBStore

        return DuckDBStore(project, key, root)
    if kind == "postgres":
        from python_stats.privacy.postgres_store import PostgresStore

        return PostgresStore(project, key)
    raise UserError(f"target '{project.target_name}': 'forget' works on targets of type 'duckdb' or 'postgres'")


def _build_without_them(
    project: Project, flags: Mapping[str, Any], root: Path, runs: Path, with_persons: bool, is_published: bool, wait_s: float
) -> history.RunRecord:
    """A nightly run that builds everything anew, and leaves its publication alone."""
    steps, places = stages.nightly_run(project, {**flags, **_BUILD_FLAGS}, [], root, runs, include_persons=with_persons)
    if not is_published:
        places = nightly.Places(places.runs, _Nowhere(), places.lock, places.target)
    code, record = nightly.run(steps, places, keep=1, wait_s=wait_s)
    if code != EXIT_DONE:
        raise UserError(
            f"run {record.run_id} ended in '{record.stage}': the persons are on the list, but not yet erased everywhere;"
            " mend what the run says and run the same command again"
        )
    return record


def _leave_nothing(
    project: Project, store: Store, found: Found, record: history.RunRecord, root: Path, runs: Path, wait_s: float
) -> Receipt:
    """Erase what the run has not built anew, and look whether anything is left."""
    out, logs = project.folder / "out", Path(os.environ.get("DBT_LOG_PATH") or project.folder / "logs")
    erased = store.erase_raw_rows(found.identities)
    not_overwritten = store.overwrite(wait_s)
    if (out / "scorecard.html").is_file():
        stages.report(project, None)
    traces.purge(runs, record.run_id, project.target_folder, logs, found.ids)
    with open_warehouse(project, read_only=True) as warehouse:
        audit = warehouse.read("source_audit", ("source_table", "rows_forgotten"), ("source_table",))
    files, size, still_in = traces.search_files([*store.files(), root, runs, project.target_folder, logs, out], found.ids)
    still_in |= store.search(found.ids)
    return Receipt(
        run_id=record.run_id,
        finished_at=record.finished_at or "",
        identity_hashes=sorted(map(store.the_list.hash_of, found.identities)),
        key_check=key_check(store.the_list.key),
        rows_forgotten={row["source_table"]: row["rows_forgotten"] for row in audit},
        rows_erased=found.rows_erased,
        rows_rebuilt=store.table_rows(),
        publication=None,
        publications_removed=[],
        raw_rows_erased=erased,
        raw_rows_left={table: rows for table, rows in found.raw_rows.items() if table not in erased},
        not_overwritten=not_overwritten,
        files_searched=files,
        bytes_searched=size,
        still_in=dict(sorted(still_in.items())),
    )
