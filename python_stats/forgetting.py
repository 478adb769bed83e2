"""`empathy-roi forget`: put persons on the list of the forgotten, build and publish everything without them, leave no byte of the old.

The order makes it repeatable: the list comes first, so that whatever is built from then on is without them; a run that was killed is
ended by the same command.
"""

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from python_stats import stages
from python_stats.errors import EXIT_DONE, UserError
from python_stats.operations import history, nightly, publication
from python_stats.privacy import erasure, persons
from python_stats.privacy.erasure import Receipt
from python_stats.privacy.forgotten import ForgottenList, open_list
from python_stats.privacy.keys import connection_keys, key_check, keyed_hash
from python_stats.project import Project
from python_stats.sql_warehouse import literal
from python_stats.warehouse import database_path, open_warehouse

_BUILD_FLAGS: dict[str, Any] = {
    **dict.fromkeys(("select", "exclude", "resource_type", "exclude_resource_type"), ()),
    **dict.fromkeys(("selector", "threads", "log_path"), None),
    "full_refresh": True,
    "fail_fast": False,
}


class _Found(NamedTuple):
    identities: set[str]
    ids: list[str]
    rows_erased: dict[str, int]
    raw_rows: dict[str, dict[str, Any]]


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
        DatabaseLockedError: another run holds the lock.
        UserError: no key, an id that nobody has, a build that fails: the persons may be on the list by then; run it again.
    """
    the_list = open_list(project)
    if project.output.get("type") != "duckdb":
        raise UserError(f"target '{project.target_name}': 'forget' works on targets of type 'duckdb'")
    lock, database = stages.places(project, root, runs).lock, database_path(project)
    if not database.is_file():
        raise UserError(f"{database}: no database there; run 'empathy-roi build' first, so that it is known who an id belongs to")
    with lock("an erasure of persons", wait_s):
        found = _find(project, database, given, the_list)
        the_list.add(found.identities)
        before = publication.publications(root)
        with_persons = _holds_persons(root)
    steps, places = stages.nightly_run(
        project, {**flags, **_BUILD_FLAGS}, ["--exclude-resource-type", "unit_test"], root, runs, include_persons=with_persons
    )
    if not before:
        places = nightly.Places(places.runs, _Nowhere(), places.lock, places.target)
    code, record = nightly.run(steps, places, keep=1, wait_s=wait_s)
    if code != EXIT_DONE:
        raise UserError(
            f"run {record.run_id} ended in '{record.stage}': the persons are on the list, but not yet erased everywhere;"
            " mend what the run says and run the same command again"
        )
    with lock("an erasure of persons", wait_s):
        receipt = _finish(project, database, the_list, found, record, before, root, runs)
        path = runs / record.run_id / erasure.RECEIPT
        path.write_text(json.dumps(receipt.as_json(), indent=1) + "\n", encoding="utf-8")
    return receipt, path


def _find(project: Project, database: Path, given: Sequence[str], the_list: ForgottenList) -> _Found:
    import duckdb

    on_it = the_list.read()
    pseudonym_key = connection_keys().get("pseudonym") if project.variables.get("pseudonymize") else None
    pseudonym = None if pseudonym_key is None else lambda text: keyed_hash(pseudonym_key, text)
    with duckdb.connect() as connection:
        raw = persons.attach(project, database, connection)
        identities = persons.identities_of(
            connection, raw, project.schema, given, lambda identity: the_list.hash_of(identity) in on_it, pseudonym
        )
        ids = [identity[2:] for identity in sorted(identities)]
        written = ids if pseudonym is None else [pseudonym(text) for text in ids]
        person_ids = [identity[:2] + text for identity, text in zip(sorted(identities), written, strict=True)]
        rows_erased = erasure.rows_of_persons(connection, project.schema, person_ids)
        return _Found(identities, sorted({*ids, *written}), rows_erased, persons.rows_with(connection, raw, identities))


def _holds_persons(root: Path) -> bool:
    import duckdb

    path = root / publication.CURRENT / publication.DATABASE
    if not path.is_file():
        return False
    with duckdb.connect(str(path), read_only=True) as connection:
        return bool(connection.execute("select count(*) from duckdb_columns() where column_name = 'person_id'").fetchall()[0][0])


def _finish(
    project: Project,
    database: Path,
    the_list: ForgottenList,
    found: _Found,
    record: history.RunRecord,
    before: Sequence[str],
    root: Path,
    runs: Path,
) -> Receipt:
    import duckdb

    out, logs = project.folder / "out", Path(os.environ.get("DBT_LOG_PATH") or project.folder / "logs")
    erasure.rewrite(database)
    if (out / "scorecard.html").is_file():
        stages.report(project, None)
    erasure.purge(runs, record.run_id, project.target_folder, logs, found.ids)
    with open_warehouse(project, read_only=True) as warehouse:
        audit = warehouse.read("source_audit", ("source_table", "rows_forgotten"), ("source_table",))
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(str(database))} as working (read_only)")
        rebuilt = erasure.table_rows(connection, project.schema)
    own = [*database.parent.glob(database.name + "*"), root, runs, project.target_folder, logs, out, the_list.path]
    files, size, still_in = erasure.search_files(own, found.ids)
    still_in |= erasure.search_tables(database, found.ids)
    shown = publication.current(root)
    if shown is not None:
        still_in |= {
            f"published: {place}": rows for place, rows in erasure.search_tables(root / shown / publication.DATABASE, found.ids).items()
        }
    return Receipt(
        run_id=record.run_id,
        finished_at=record.finished_at or "",
        identity_hashes=sorted(map(the_list.hash_of, found.identities)),
        key_check=key_check(the_list.key),
        rows_forgotten={row["source_table"]: row["rows_forgotten"] for row in audit},
        rows_erased=found.rows_erased,
        rows_rebuilt=rebuilt,
        publication=shown,
        publications_removed=[name for name in before if name not in publication.publications(root)],
        raw_rows_left=found.raw_rows,
        files_searched=files,
        bytes_searched=size,
        still_in=dict(sorted(still_in.items())),
    )
