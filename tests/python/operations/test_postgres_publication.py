"""On Postgres, too, readers see a whole publication or the one before; they are never in the way, and see nothing else."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from operations.versions import AS_OF, MARTS, SCHEMA, Versions, opened, start_afresh, started
from postgres_server import Server

from python_stats.errors import DatabaseLockedError, UserError
from python_stats.operations import history, publication
from python_stats.operations.lock import RunLock
from python_stats.operations.nightly import Places
from python_stats.operations.postgres_publication import PostgresPublications, fingerprint


class Business(Versions):
    def __init__(self, folder: Path) -> None:
        super().__init__(PostgresPublications(opened("postgres"), folder / "published", lambda pages: self.marts), folder)
        self.columns = "{version} as version, row_number, 'it''s ' || row_number as said"

    def build(self, folder: Path, lock: RunLock) -> int:
        with connected() as connection:  # as dbt does it: new tables take the old ones' names
            for mart in MARTS:
                columns = self.columns.format(version=self.version)
                connection.execute(f"drop table if exists {SCHEMA}.{mart} cascade")
                connection.execute(f"create table {SCHEMA}.{mart} as select {columns} from generate_series(1, 200) as numbers(row_number)")
                connection.execute(f"comment on table {SCHEMA}.{mart} is 'It''s one row per version {self.version}'")
                connection.execute(f"comment on column {SCHEMA}.{mart}.row_number is '100 % of them'")
            connection.execute(f"create table if not exists {SCHEMA}.persons as select 'u:anna' as person_id")
        return self.code

    def asked(self, query: str) -> list[tuple[Any, ...]]:
        with connected() as connection:
            return list(connection.execute(query).fetchall())


def connected(**more: Any) -> Any:
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    return psycopg.connect(**({name: os.environ[variable] for name, variable in names.items()} | {"autocommit": True} | more))


@pytest.fixture
def business(postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Business]:
    for name, value in {**postgres.environment, "EMPATHY_ROI_SCHEMA": SCHEMA}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DBT_TARGET", raising=False)
    with postgres.connect() as connection:
        start_afresh(connection)
    yield Business(tmp_path)


def test_a_run_switches_marts_and_pages_and_their_checksums_fit(business: Business, postgres: Server) -> None:
    for version in (1, 2):
        run_id = business.run(version)
        assert business.seen() == (version, f"version {version}")
    with postgres.connect() as connection:
        known = connection.execute(f"select publication_id, as_of, table_name, row_count, checksum from {SCHEMA}_published.publication order by 3").fetchall()
        assert [row[:3] for row in known] == [(run_id, AS_OF, "daily"), (run_id, AS_OF, "weekly")]
        for *_, mart, rows, checksum in known:
            assert (rows, checksum) == fingerprint(connection, f"select * from {SCHEMA}_published.{mart}") and rows == 200
            assert fingerprint(connection, f"select version, row_number + 1 as row_number, said from {SCHEMA}_published.{mart}") != (rows, checksum)
        told = connection.execute(f"select obj_description('{SCHEMA}_published.daily'::regclass), col_description('{SCHEMA}_published.daily'::regclass, 2)")
        assert told.fetchone() == ("It's one row per version 2", "100 % of them")
        views = connection.execute(f"select relname from pg_class where relnamespace = '{SCHEMA}_published'::regnamespace order by 1").fetchall()
    assert views == [("daily",), ("publication",), ("weekly",)]  # and no table about persons


def test_rows_about_few_are_withheld_and_counted_also_where_nobody_counted_before(business: Business, postgres: Server) -> None:
    few = {"daily": lambda relation, columns: f"select {', '.join(columns)} from {relation} where row_number > 7"}
    business.run(1)
    with postgres.connect() as connection:  # as an earlier version of the project made it
        told = f"{SCHEMA}_published.publication"
        listed = "publication_id, as_of, table_name, row_count, checksum"
        connection.execute(f"drop view {told}")
        connection.execute(f"alter table {SCHEMA}_publications.publication drop column rows_withheld")
        connection.execute(f"create view {told} as select {listed} from {SCHEMA}_publications.publication")
        business.publications._shown_rows = lambda pages: few
        business.run(2)
        query = f"select table_name, row_count, rows_withheld from {told} order by 1"
        assert connection.execute(query).fetchall() == [("daily", 193, 7), ("weekly", 200, 0)]
        assert connection.execute(f"select min(row_number), max(version) from {SCHEMA}_published.daily").fetchone() == (8, 2)
        assert connection.execute(f"select rows_withheld from {SCHEMA}_publications.publication where publication_no = 1").fetchall() == [(None,), (None,)]


def test_readers_are_never_in_the_way_and_never_see_two_publications(business: Business) -> None:
    """One holds a transaction open through all runs; one asks all the time, for two marts and the checksums at once."""
    business.run(1)
    asked: list[tuple[Any, ...]] = []
    ends = threading.Event()

    def ask() -> None:
        with connected() as connection:
            while not ends.is_set():
                asked.append(connection.execute(
                    f"select (select min(version) || '-' || max(version) from {SCHEMA}_published.daily),"
                    f" (select min(version) || '-' || max(version) from {SCHEMA}_published.weekly),"
                    f" (select ltrim(min(publication_id), '0') from {SCHEMA}_published.publication)"
                ).fetchone())  # fmt: skip

    reader = threading.Thread(target=ask)
    with connected(autocommit=False) as holder:
        holder.execute("set transaction isolation level repeatable read")
        held = holder.execute(f"select count(*), min(version), max(version) from {SCHEMA}_published.daily").fetchone()
        reader.start()
        try:
            for version in range(2, 12):
                business.run(version, keep=2)
                assert holder.execute(f"select count(*), min(version), max(version) from {SCHEMA}_published.daily").fetchone() == held == (200, 1, 1)
        finally:
            ends.set()
            reader.join()
    assert len(asked) > 20
    assert [row for row in asked if not (row[0] == row[1] and row[2].split("-")[0] == row[0].split("-")[0] == row[0].split("-")[1])] == []
    assert business.seen() == (11, "version 11")


def test_what_bi_built_stays_while_columns_come_and_go(business: Business, postgres: Server) -> None:
    business.run(1)
    with postgres.connect() as connection:
        connection.execute(f"create view bi.board as select said, row_number from {SCHEMA}_published.daily where row_number < 3")
        business.columns = "0.5::double precision as share, row_number, {version} as version"
        business.run(2)
        names = [column.name for column in connection.execute(f"select * from {SCHEMA}_published.daily").description]
        assert names == ["version", "row_number", "said", "share"]  # the new one at the end, the lost one still there
        assert connection.execute("select * from bi.board order by row_number").fetchall() == [(None, 1), (None, 2)]
        assert connection.execute(f"select distinct version, share from {SCHEMA}_published.daily").fetchall() == [(2, 0.5)]
        business.marts = ["weekly"]
        business.run(3)
        assert connection.execute("select count(*) from bi.board").fetchone() == (0,)
        business.marts = ["daily", "weekly"]
        business.publications.roll_back()
        business.publications.roll_back()
        assert connection.execute("select * from bi.board order by row_number").fetchall() == [("it's 1", 1), ("it's 2", 2)]
        for mart, rows, checksum in connection.execute(f"select table_name, row_count, checksum from {SCHEMA}_published.publication").fetchall():
            assert (rows, checksum) == fingerprint(connection, f"select * from {SCHEMA}_published.{mart}")


def test_a_type_changes_only_where_nothing_is_built_on_it(business: Business, postgres: Server) -> None:
    business.run(1)
    with postgres.connect() as connection:
        connection.execute("drop role if exists by_hand")
        connection.execute("create role by_hand")
        connection.execute(f"grant select on {SCHEMA}_published.daily to by_hand")
        connection.execute(f"create view bi.board as select version from {SCHEMA}_published.daily")
        business.columns = "{version}::bigint as version, row_number, 'x' as said"
        with pytest.raises(UserError, match=r"column 'version' was integer and is bigint now, and bi.board is built on the view; drop that"):
            business.run(2)
        assert business.seen() == (1, "version 1")
        connection.execute("drop view bi.board")
        business.run(3)
        assert business.seen() == (3, "version 3")
        assert connection.execute(f"select has_table_privilege('by_hand', '{SCHEMA}_published.daily', 'select')").fetchone() == (True,)
        connection.execute("drop owned by by_hand")
        connection.execute("drop role by_hand")


def test_only_the_last_are_kept_and_one_can_go_back(business: Business, postgres: Server) -> None:
    for version in (1, 2, 3, 4):
        business.run(version, keep=2)
    assert [name[:6] for name in business.publications.publications()] == ["000003", "000004"]
    with postgres.connect() as connection:
        assert connection.execute(f"select distinct publication_no from {SCHEMA}_publications.daily order by 1").fetchall() == [(3,), (4,)]
    business.publications.roll_back()
    assert business.seen() == (3, "version 3")
    with pytest.raises(UserError, match="no publication before 000003"):
        business.publications.roll_back()
    business.run(5, keep=2)
    assert business.seen() == (5, "version 5")


def test_a_reader_sees_the_aggregates_and_nothing_else(business: Business, postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with postgres.connect() as connection:
        connection.execute("drop role if exists analyst")
        connection.execute("create role analyst login password 'seen'")
    project = opened("postgres", vars="{mart_grants: {select: [analyst]}}")
    business.publications = PostgresPublications(project, business.publications.root, lambda pages: business.marts)
    business.places = Places(business.places.runs, business.publications, business.publications.lock)
    business.run(1)
    with connected(user="analyst", password="seen") as reader:
        assert reader.execute(f"select count(*) from {SCHEMA}_published.daily").fetchone() == (200,)
        assert reader.execute(f"select count(*) from {SCHEMA}_published.publication").fetchone() == (2,)
        for table in (f"{SCHEMA}.persons", f"{SCHEMA}.daily", f"{SCHEMA}_publications.daily", f"{SCHEMA}_publications.current"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(f"select * from {table}")
        for statement in (f"delete from {SCHEMA}_published.daily", f"create table {SCHEMA}_published.mine (a integer)", f"drop view {SCHEMA}_published.daily"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(statement)
    with postgres.connect() as connection:
        connection.execute("drop owned by analyst")
        connection.execute("drop role analyst")


HOLD = """
import subprocess, sys, time
from operations.versions import opened
from python_stats.operations.postgres_lock import database_lock
with database_lock(opened("postgres"), "run 000001-x") as lock:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], pass_fds=[lock.descriptor]) if sys.argv[1] == "child" else None
    print(child.pid if child else 0, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("how", ["alone", "child"])
def test_the_lock_ends_with_the_last_process_that_holds_it(business: Business, how: str) -> None:
    process = started(HOLD, how)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    try:
        with pytest.raises(DatabaseLockedError, match=rf"run 000001-x, process {process.pid} on .* is still at work") as caught:
            business.run(1)
        assert caught.value.exit_code == 75
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    if child:
        with pytest.raises(DatabaseLockedError), business.publications.lock("2", 0.3):
            pass
        os.kill(child, signal.SIGKILL)
    with business.publications.lock("2", 5):
        pass


def test_who_has_lost_the_lock_publishes_nothing(business: Business, postgres: Server) -> None:
    business.run(1)
    build = business.build

    def cut_off(folder: Path, lock: RunLock) -> int:
        with postgres.connect() as connection:
            connection.execute("select pg_terminate_backend(%s::integer)", [next(iter(lock.environment.values()))])
        return build(folder, lock)

    business.build = cut_off  # type: ignore[method-assign]
    with pytest.raises(DatabaseLockedError, match="the connection was lost"):
        business.run(2)
    assert history.load(business.places.runs)[-1].exit_code == 75
    assert business.seen() == (1, "version 1")
    business.build = build  # type: ignore[method-assign]
    business.run(3)
    assert business.seen() == (3, "version 3")


KILLED = """
import os, signal, sys
from pathlib import Path
import psycopg
from operations.test_postgres_publication import Business
left, real = [int(sys.argv[2])], psycopg.Connection.execute
def execute(*arguments, **named):
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments, **named)
business = Business(Path(sys.argv[1]))
psycopg.Connection.execute = execute
business.run(2, keep=1)
"""


@pytest.mark.parametrize("steps", [9, 16, 30, 36, 40, 44, 48, 52])
def test_killed_between_two_statements(business: Business, tmp_path: Path, steps: int) -> None:
    business.run(1)
    process = started(KILLED, str(tmp_path), str(steps))
    assert process.wait() in (0, -signal.SIGKILL)
    assert business.seen()[0] in (1, 2)
    before = business.seen()[0]
    business.publications.sweep()
    assert business.seen() == (before, f"version {before}")
    business.run(3)
    assert business.seen() == (3, "version 3")
    assert {record.outcome for record in history.load(business.places.runs)} <= {"published", "interrupted"}
    assert set(publication.publications(business.publications.root)) == set(business.publications.publications())
