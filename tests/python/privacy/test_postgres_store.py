"""Erasing persons from Postgres, on small tables: where they are found, and that no byte of the server's files is left of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from leaving import DEVICES, IDS, NEIGHBOUR, SHARED, USER, files_with_ids
from marts.builds import PROJECT
from postgres_server import Server

from python_stats import postgres as database
from python_stats.errors import DatabaseLockedError, UserError
from python_stats.operations.postgres_publication import PostgresPublications
from python_stats.privacy import keys, postgres_store
from python_stats.privacy.postgres_store import PostgresStore
from python_stats.project import Flags, Project, open_project

SCHEMA, RAW = "leaving", "leaving_raw"
KEY = keys.connection_keys({keys.FORGET_KEY: "a key of this test's own, long enough to be one"})["forget"]
HERS, PHONE = sorted(DEVICES)
EVENTS = [(USER, HERS), (USER, SHARED), ("", PHONE), (NEIGHBOUR, SHARED), (NEIGHBOUR, ""), (USER, "")]
PERSONS = {HERS: f"u:{USER}", PHONE: f"u:{USER}", SHARED: f"u:{USER}"}


class Warehouse:
    """Marts, raw tables and publications of a server, with her in them until they are built without."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.project = opened()
        self.store = PostgresStore(self.project, KEY)
        self.marts = ["fct_tickets", "daily"]
        self.publications = PostgresPublications(self.project, folder / "published", lambda pages: self.marts)
        self.pages = folder / "pages"
        self.pages.mkdir()

    def load(self, table: str, rows: list[tuple[str, str]], columns: tuple[str, ...] = ("user_id", "anonymous_id", "said")) -> None:
        lines = [",".join(columns), *(",".join((*row, f"{row[0]} and more")[: len(columns)]) for row in rows for _ in range(30))]
        with database.connect(self.project) as connection, connection.transaction():
            database.replace_raw_table(connection, RAW, table, dict.fromkeys(columns, "text"), ["\n".join(lines).encode()])

    def build(self, persons: dict[str, str], number: int) -> None:
        """As dbt does it, and a publication."""
        with self.server.connect() as connection:
            connection.execute(f"drop table if exists {SCHEMA}.person_identities, {SCHEMA}.fct_tickets, {SCHEMA}.daily cascade")
            connection.execute(f"create table {SCHEMA}.person_identities (anonymous_id text, person_id text)")
            connection.execute(f"create table {SCHEMA}.fct_tickets (person_id text, note jsonb, said text[])")
            connection.execute(f"create table {SCHEMA}.daily as select 1 as persons")
            for device, person in persons.items():
                connection.execute(f"insert into {SCHEMA}.person_identities values (%s, %s)", [device, person])
                connection.execute(
                    f"insert into {SCHEMA}.fct_tickets select %s, jsonb_build_object('by', %s::text), array[%s] from generate_series(1, 20)", [person, person, device]
                )
            connection.execute(f"analyze {SCHEMA}.fct_tickets")
        self.publications.publish(f"{number:06d}-x", self.pages, datetime(2026, 5, 5), keep=1)

    def files(self) -> set[str]:
        with self.server.connect() as connection:
            connection.execute("checkpoint")
        return files_with_ids(self.server.folder / "data", but=["pg_wal"])

    def file_of(self, table: str) -> str:
        with self.server.connect() as connection:
            return str(connection.execute("select pg_relation_filepath(%s::regclass)", [table]).fetchone()[0])


def opened() -> Project:
    return open_project(Flags(project_dir=str(PROJECT), profiles_dir=str(PROJECT), target="postgres", vars=f"{{raw_schema: {RAW}}}"))


@pytest.fixture
def warehouse(postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    for name, value in {**postgres.environment, "EMPATHY_ROI_SCHEMA": SCHEMA}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DBT_TARGET", raising=False)
    monkeypatch.setattr(postgres_store, "_PATIENCE_S", 0.5)
    monkeypatch.setattr(postgres_store, "_TRY", "100ms")

    def clean() -> None:
        with postgres.connect() as connection:
            for schema in (SCHEMA, f"{SCHEMA}_published", f"{SCHEMA}_publications", RAW):
                connection.execute(f"drop schema if exists {schema} cascade")
            connection.execute("vacuum full pg_statistic")

    clean()
    with postgres.connect() as connection:
        connection.execute(f"create schema {SCHEMA}")
    found = Warehouse(postgres, tmp_path)
    found.load("events", EVENTS)
    found.build(PERSONS | {"another": f"u:{NEIGHBOUR}"}, 1)
    yield found
    clean()


def test_whom_an_id_means(warehouse: Warehouse) -> None:
    warehouse.load("users", [(NEIGHBOUR, ""), (USER, "")], ("user_id",))
    everything = {f"u:{USER}", f"a:{HERS}", f"a:{PHONE}", f"a:{SHARED}"}
    for given in (USER, f"u:{USER}", HERS, f"a:{PHONE}", SHARED):
        found = warehouse.store.find([given])
        assert found.identities == everything, given
        assert set(found.ids) == IDS
        assert found.rows_erased == {"fct_tickets": 60, "person_identities": 3}
        assert found.raw_rows == {"events": {"rows": 150, "files": []}, "users": {"rows": 30, "files": []}}
    with pytest.raises(UserError, match="nobody is known by the id given as number 2"):
        warehouse.store.find([USER, "nobody-at-all"])


def test_no_byte_is_left_but_in_what_is_not_ours(warehouse: Warehouse) -> None:
    with warehouse.server.connect() as connection:  # raw rows of the user's own
        connection.execute(f"create table {RAW}.consents as select * from {RAW}.events")
    own = warehouse.file_of(f"{RAW}.consents")
    there = {f"{RAW}.events", f"{SCHEMA}.fct_tickets", f"{SCHEMA}.person_identities", f"{SCHEMA}_publications.fct_tickets", "pg_catalog.pg_statistic"}
    assert {own, *map(warehouse.file_of, there)} <= warehouse.files()
    found = warehouse.store.find([USER])
    assert warehouse.store.publishes_persons()
    assert {place.split(".")[-2] for place in warehouse.store.search(found.ids)} == {"events", "fct_tickets", "person_identities"}
    assert any(place.startswith("pg_stats of leaving_publications") for place in warehouse.store.search(found.ids))

    warehouse.build({"another": f"u:{NEIGHBOUR}"}, 2)
    assert warehouse.store.erase_raw_rows(found.identities) == {"events": {"rows": 120, "ids": 30}}
    assert len(warehouse.files()) > 3  # deleting leaves the bytes
    assert warehouse.store.overwrite(0) == []
    assert warehouse.files() == {own}
    assert warehouse.store.search(found.ids) == {}
    assert set(warehouse.store.find([USER, NEIGHBOUR]).raw_rows) == {"consents", "events"}
    with warehouse.server.connect() as connection:
        rows = connection.execute(f"select user_id, anonymous_id, count(*) from {RAW}.events group by 1, 2 order by 2").fetchall()
        assert rows == [(NEIGHBOUR, None, 60)]
        assert connection.execute(f"select distinct person_id from {SCHEMA}_published.fct_tickets").fetchall() == [(f"u:{NEIGHBOUR}",)]
        connection.execute(f"drop table {RAW}.consents")


def test_the_planner_forgets_the_values_of_tables_that_become_empty(warehouse: Warehouse) -> None:
    """Analysing an empty table leaves what was known of its values."""
    warehouse.load("users", [(USER, "")], ("user_id",))
    found = warehouse.store.find([USER])
    warehouse.marts = ["daily"]
    warehouse.build({"another": f"u:{NEIGHBOUR}"}, 2)
    assert not warehouse.store.publishes_persons()
    warehouse.store.erase_raw_rows(found.identities)
    assert warehouse.store.overwrite(0) == []
    assert warehouse.files() == set()
    with warehouse.server.connect() as connection:
        for empty in (f"{RAW}.users", f"{SCHEMA}_publications.fct_tickets", f"{SCHEMA}_published.fct_tickets"):
            assert connection.execute(f"select count(*) from {empty}").fetchone() == (0,)


def test_a_materialized_view_is_told_of_until_its_owner_refreshes_it(warehouse: Warehouse) -> None:
    views = [f"{RAW}.consents", f"{SCHEMA}.of_bi", f"{SCHEMA}_published.of_bi"]
    with warehouse.server.connect() as connection:
        for view in views:
            connection.execute(f"create materialized view {view} as select *, events as whole from {RAW}.events")
        connection.execute(f"create materialized view {SCHEMA}.never_filled as select * from {RAW}.events with no data")
    found = warehouse.store.find([USER])
    assert found.raw_rows == {table: {"rows": 150, "files": []} for table in ("consents", "events")}
    warehouse.build({"another": f"u:{NEIGHBOUR}"}, 2)
    warehouse.store.erase_raw_rows(found.identities)
    assert warehouse.store.overwrite(0) == []
    still_in = warehouse.store.search(found.ids)
    rows_of = {"user_id": 90, "anonymous_id": 120, "said": 90, "whole": 150}
    places = {f"{view}.{column}": rows for view in views[1:] for column, rows in rows_of.items()}
    assert {place: rows for place, rows in still_in.items() if not place.startswith("pg_stats")} == places
    with warehouse.server.connect() as connection:
        for view in views:
            connection.execute(f"refresh materialized view {view}")
    assert warehouse.store.overwrite(0) == []
    assert warehouse.store.search(found.ids) == {}
    assert warehouse.files() == set()


def test_a_reader_of_the_old_rows_is_waited_for_and_told_of(warehouse: Warehouse) -> None:
    shown = f"select count(*) from {SCHEMA}_published.fct_tickets where person_id = 'u:{USER}'"
    with warehouse.server.connect(autocommit=False) as reader:
        reader.execute("set transaction isolation level repeatable read")
        assert reader.execute("select 1").fetchone() == (1,)  # its view of the database is from now on
        warehouse.build({}, 2)
        with pytest.raises(DatabaseLockedError, match="a transaction is still open that began before the persons were erased"):
            warehouse.store.overwrite(0)
        assert reader.execute(shown).fetchone() == (60,)
        reader.commit()
        assert reader.execute(shown).fetchone() == (0,)  # this one holds the table, and needs nothing old
        with pytest.raises(DatabaseLockedError, match="another process holds a table"):
            warehouse.store.overwrite(0)
        reader.commit()
    assert warehouse.store.overwrite(0) == []


def test_who_does_not_own_the_database_is_told_what_to_do(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    with warehouse.server.connect() as connection:
        connection.execute("drop role if exists tenant")
        connection.execute("create role tenant login password 'tenant'")
        for schema in (SCHEMA, f"{SCHEMA}_published", f"{SCHEMA}_publications", RAW):
            connection.execute(f"alter schema {schema} owner to tenant")
            for (table,) in connection.execute("select relname from pg_class where relnamespace = %s::regnamespace and relkind in ('r', 'v')", [schema]).fetchall():
                connection.execute(f"alter table {schema}.{table} owner to tenant")
        connection.execute(f"alter table {SCHEMA}.daily owner to {connection.info.user}")
        connection.execute(f"create materialized view {SCHEMA}_published.out_of_sight as select 1 as one")
    monkeypatch.setenv("PGUSER", "tenant")
    monkeypatch.setenv("PGPASSWORD", "tenant")
    with warehouse.server.connect() as connection:
        connection.execute(f"grant select on {SCHEMA}.daily to tenant")
        assert PostgresStore(opened(), KEY).overwrite(0) == [f'"{SCHEMA}"."daily"', f'"{SCHEMA}_published"."out_of_sight"', "pg_catalog.pg_statistic"]
        connection.execute("reassign owned by tenant to current_user")
        connection.execute("drop owned by tenant")
        connection.execute("drop role tenant")


def test_the_list_is_a_table_of_hashes_and_knows_its_key(warehouse: Warehouse) -> None:
    the_list = warehouse.store.the_list
    assert the_list.read() == set()
    for _ in range(2):
        the_list.add({f"u:{USER}", f"a:{HERS}"})
        assert the_list.read() == {the_list.hash_of(f"u:{USER}"), the_list.hash_of(f"a:{HERS}")}
    other = keys.connection_keys({keys.FORGET_KEY: "another key than the one of the list, long enough"})["forget"]
    for act in (lambda: PostgresStore(warehouse.project, other).the_list.read(), lambda: PostgresStore(warehouse.project, other).the_list.add({"u:x"})):
        with pytest.raises(UserError, match=r"leaving\.forgotten_persons: was written with another key"):
            act()


def test_nothing_built_is_told(warehouse: Warehouse) -> None:
    with warehouse.server.connect() as connection:
        connection.execute(f"drop table {SCHEMA}.person_identities")
    with pytest.raises(UserError, match=f"schema {SCHEMA}: nothing was built there; run 'empathy-roi build' first"):
        warehouse.store.find([USER])
