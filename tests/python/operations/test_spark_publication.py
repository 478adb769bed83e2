"""On a Spark cluster, too, readers see a whole publication or the one before, and what they built on the views stays (`make test-spark`)."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from operations.versions import AS_OF, MARTS, SCHEMA, Versions, opened, start_afresh, started
from spark_cluster import Cluster, NoClusterError, running

from python_stats.errors import DatabaseLockedError, UserError
from python_stats.operations import history, publication
from python_stats.operations.lock import RunLock
from python_stats.operations.spark_publication import SparkPublications, fingerprint, machine_lock
from python_stats.spark import Session, connect


class Business(Versions):
    def __init__(self, folder: Path) -> None:
        self.few: dict[str, Any] = {}
        super().__init__(SparkPublications(opened("spark"), folder / "published", lambda pages: self.marts, lambda pages: self.few), folder)
        self.columns = "{version} as version, row_number, concat('it\\'s ', row_number) as said"

    def build(self, folder: Path, lock: RunLock) -> int:
        with session() as connection:
            for mart in MARTS:
                columns = self.columns.format(version=self.version)
                connection.execute(f"create or replace temporary view made (version comment 'Which build it is of', row_number, said) as select {columns} from range(200) as r(row_number)")
                comment = f"comment 'It\\'s one row per version {self.version}'"
                connection.execute(f"create or replace table {SCHEMA}.{mart} using iceberg {comment} as select * from made")
            connection.execute(f"create table if not exists {SCHEMA}.persons using iceberg as select 'u:anna' as person_id")
        return self.code

    def asked(self, query: str) -> list[tuple[Any, ...]]:
        return asked(query)


@contextmanager
def session() -> Iterator[Session]:
    with connect(opened("spark")) as found:
        yield found


def asked(query: str) -> list[tuple[Any, ...]]:
    """As a reader who has just come."""
    with session() as connection:
        return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    try:
        with running() as found:
            yield found
    except NoClusterError as error:
        pytest.skip(str(error).splitlines()[0])


@pytest.fixture
def business(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Business]:
    for name, value in {**cluster.environment, "EMPATHY_ROI_SCHEMA": SCHEMA}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DBT_TARGET", raising=False)
    with session() as connection:
        start_afresh(connection)
    yield Business(tmp_path)


def test_readers_see_whole_publications_and_their_checksums_fit(business: Business) -> None:
    business.run(1)
    assert business.seen() == (1, "version 1")
    business.few = {"daily": lambda relation, columns: f"select {', '.join(columns)} from {relation} where row_number >= 7"}
    run_id = business.run(2)
    business.code = 1  # a check fails
    business.run(3)
    assert business.seen() == (2, "version 2")
    with session() as connection:
        known = connection.execute(f"select * from {SCHEMA}_published.publication order by table_name").fetchall()
        assert [(*row[:4], row[5]) for row in known] == [(run_id, AS_OF, "daily", 193, 7), (run_id, AS_OF, "weekly", 200, 0)]
        for *_, mart, rows, checksum, _withheld in known:
            assert (rows, checksum) == fingerprint(connection, f"select * from {SCHEMA}_published.{mart}")
            assert fingerprint(connection, f"select version, row_number + 1 as row_number, said from {SCHEMA}_published.{mart}") != (rows, checksum)
        assert [row[1] for row in connection.execute(f"show tables in {SCHEMA}_published").fetchall()] == ["daily", "publication", "weekly"]
        told = connection.execute(f"describe table extended {SCHEMA}_published.daily").fetchall()
    assert told[0] == ("version", "int", "Which build it is of") and ("Comment", "It's one row per version 1", "") in told


def test_no_statement_sees_two_publications(business: Business) -> None:
    """One session asks all the time, for two marts and the checksums at once, while runs publish and go back."""
    business.run(1)
    seen: list[tuple[Any, ...]] = []
    ends = threading.Event()

    def ask() -> None:
        with session() as connection:
            while not ends.is_set():
                seen.extend(connection.execute(
                    f"select (select concat(count(*), ' ', min(version), ' ', max(version)) from {SCHEMA}_published.daily),"
                    f" (select concat(count(*), ' ', min(version), ' ', max(version)) from {SCHEMA}_published.weekly),"
                    f" (select cast(max(publication_id) as string) from {SCHEMA}_published.publication)"
                ).fetchall())  # fmt: skip

    reader = threading.Thread(target=ask)
    reader.start()
    try:
        for version in (2, 3, 4):
            business.run(version, keep=2)
        for number in (3, 4) * 10:
            with session() as connection:
                business.publications._point_to(connection, number)
    finally:
        ends.set()
        reader.join()
    assert {(f"200 {version} {version}",) * 2 + (f"00000{version}",) for version in range(1, 5)} >= {(*row[:2], row[2][:6]) for row in seen}
    assert len(seen) >= 20 and len({row[2] for row in seen}) >= 3
    assert business.seen() == (4, "version 4")


def test_what_bi_built_stays_while_columns_come_go_and_change(business: Business) -> None:
    business.run(1)
    with session() as connection:
        connection.execute(f"create view bi.board as select said, row_number from {SCHEMA}_published.daily where row_number < 2")
    business.columns = "0.5d as share, row_number, cast({version} as bigint) as version"
    business.build = made_of(business, "share, row_number, version")  # type: ignore[method-assign]
    business.run(2)
    with session() as connection:
        assert [row[:2] for row in connection.execute(f"describe table {SCHEMA}_published.daily").fetchall()] == [
            ("version", "bigint"), ("row_number", "bigint"), ("said", "string"), ("share", "double")]  # fmt: skip
        assert connection.execute("select * from bi.board order by row_number").fetchall() == [(None, 0), (None, 1)]
        assert connection.execute(f"select distinct version, share from {SCHEMA}_published.daily").fetchall() == [(2, 0.5)]
    business.marts = ["weekly"]
    business.run(3)
    assert asked("select count(*) from bi.board") == [(0,)]
    business.publications.roll_back()
    assert business.publications.roll_back()[:6] == "000001"
    assert asked("select * from bi.board order by row_number") == [("it's 0", 0), ("it's 1", 1)]
    with session() as connection:
        for mart, rows, checksum in connection.execute(f"select table_name, row_count, checksum from {SCHEMA}_published.publication").fetchall():
            assert (rows, checksum) == fingerprint(connection, f"select * from {SCHEMA}_published.{mart}")
    with pytest.raises(UserError, match="no publication before 000001"):
        business.publications.roll_back()


def made_of(business: Business, names: str) -> Any:
    def build(folder: Path, lock: RunLock) -> int:
        with session() as connection:
            for mart in MARTS:
                columns = business.columns.format(version=business.version)
                connection.execute(f"create or replace table {SCHEMA}.{mart} using iceberg as select {names} from (select {columns} from range(200) as r(row_number))")
        return 0

    return build


def test_one_run_at_a_time_and_only_the_last_are_kept(business: Business) -> None:
    for version in (1, 2, 3):
        business.run(version, keep=2)
    assert [name[:6] for name in business.publications.publications()] == ["000002", "000003"]
    for table in ("daily", "publication", "publications"):
        assert asked(f"select distinct publication_no from {SCHEMA}_publications.{table} order by 1") == [(2,), (3,)]
    code = "import sys; from operations.test_spark_publication import *; lock = machine_lock(opened('spark'), 'run 7'); lock.__enter__(); print('held', flush=True); sys.stdin.read()"
    holder = started(code, stdin=subprocess.PIPE)
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with pytest.raises(DatabaseLockedError, match=rf"run 7 \(process {holder.pid}\) is still at work"):
            business.run(4)
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with machine_lock(opened("spark"), "a build"):
        pass
    business.run(4, keep=2)
    assert business.seen() == (4, "version 4")


KILLED = """
import os, signal, sys
from pathlib import Path
from operations.test_spark_publication import Business, Session
left, real = [int(sys.argv[2])], Session.execute
def execute(self, statement):
    left[0] -= statement.startswith(("insert", "create", "delete"))
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, statement)
business = Business(Path(sys.argv[1]))
Session.execute = execute
business.run(2, keep=1)
"""


@pytest.mark.parametrize("steps", [4, 6, 7, 8, 9, 11])
def test_killed_between_two_statements(business: Business, tmp_path: Path, steps: int) -> None:
    """The changes of a run: 5 of the build, 2 tables, `publication`, `publications`, `current`, and what is removed."""
    business.run(1)
    process = started(KILLED, str(tmp_path), str(steps))
    assert process.wait() == -signal.SIGKILL
    before = business.seen()[0]
    assert before == (1 if steps < 10 else 2)
    business.publications.sweep()
    assert business.seen() == (before, f"version {before}")
    business.run(3, keep=2)
    business.run(4, keep=2)
    assert business.seen() == (4, "version 4")
    assert [number for (number,) in asked(f"select distinct publication_no from {SCHEMA}_publications.daily order by 1")] == [3, 4]
    assert {record.outcome for record in history.load(business.places.runs)} <= {"published", "interrupted"}
    assert set(publication.publications(business.publications.root)) == set(business.publications.publications())
