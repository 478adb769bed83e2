"""The Postgres side of reading, writing and loading, on a real server."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result
from postgres_server import USER, Server

from python_stats import loading
from python_stats.cli import main
from python_stats.errors import EXIT_LOCKED, EXIT_USAGE, DatabaseLockedError, UserError
from python_stats.operations.postgres_lock import database_lock
from python_stats.project import Flags, Project, open_project
from python_stats.tables import DESCRIPTIONS, TABLES
from python_stats.warehouse import Warehouse, open_warehouse

PROJECT = Path(__file__).resolve().parents[2]
SCHEMA = "written"


@pytest.fixture
def project(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> Project:
    """This project with its target `postgres` on the test's server, in a schema of its own."""
    for name, value in {**postgres.environment, "EMPATHY_ROI_SCHEMA": SCHEMA, "DBT_PROFILES_DIR": str(PROJECT)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DBT_TARGET", raising=False)
    monkeypatch.chdir(PROJECT)
    with postgres.connect() as connection:
        for schema in (SCHEMA, "raw"):
            connection.execute(f"drop schema if exists {schema} cascade")
        connection.execute(f"create schema {SCHEMA}")
    return open_project(Flags(vars="{raw_schema: raw}"))


@pytest.fixture
def warehouse(project: Project) -> Iterator[Warehouse]:
    with open_warehouse(project) as opened:
        yield opened


def note(experiment_id: str, **cells: Any) -> dict[str, Any]:
    return dict.fromkeys(TABLES["learning_notes"]) | {"experiment_id": experiment_id, "as_of": datetime(2026, 5, 4, 17, 51, 0, 1)} | cells


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--project-dir", str(PROJECT)])


def test_what_is_written_is_read_back(warehouse: Warehouse) -> None:
    written = [note("b", hypothesis="a\ttab, a \"quote\",\na line and ''"), note("B"), note("a", what_next="")]
    assert not warehouse.has("learning_notes")
    warehouse.write({"learning_notes": written})
    columns = list(TABLES["learning_notes"])
    by_bytes = [written[1], written[2], written[0]]  # the server itself sorts by language: a, b, B
    assert warehouse.has("learning_notes")
    assert warehouse.read("learning_notes", columns, ["experiment_id"]) == by_bytes
    with pytest.raises(UserError, match="no such table"):
        warehouse.read("experiment_results", ["experiment_id"])
    with pytest.raises(UserError, match="no column 'nothing'"):
        warehouse.read("learning_notes", ["nothing"])


def test_a_failing_write_leaves_the_old_tables(warehouse: Warehouse, postgres: Server) -> None:
    warehouse.write({"learning_notes": [note("old")]})
    with pytest.raises(Exception, match="invalid input syntax"):
        warehouse.write({"learning_notes": [note("new")], "run_history": [dict.fromkeys(TABLES["run_history"]) | {"exit_code": "none"}]})
    with postgres.connect() as connection:
        assert connection.execute(f"select experiment_id from {SCHEMA}.learning_notes").fetchall() == [("old",)]
        made = "select count(*) from information_schema.tables where table_schema = %s and table_name = 'run_history'"
        assert connection.execute(made, [SCHEMA]).fetchone() == (0,)


def test_writing_again_keeps_grants_and_views_and_the_comment(warehouse: Warehouse, postgres: Server) -> None:
    warehouse.write({"learning_notes": [note("old")]})
    with postgres.connect() as connection:
        connection.execute(f"create view {SCHEMA}.of_bi as select experiment_id from {SCHEMA}.learning_notes")
        warehouse.write({"learning_notes": [note("new")]})
        assert connection.execute(f"select * from {SCHEMA}.of_bi").fetchall() == [("new",)]
        found = connection.execute(f"select obj_description('{SCHEMA}.learning_notes'::regclass)").fetchone()
    assert found == ("One row per experiment_id",)


def test_columns_say_what_they_are_and_are_told_anew_only_where_that_changes(
    warehouse: Warehouse, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = (
        "select attname, col_description(attrelid, attnum), pg_description.xmin::text from pg_attribute"
        " inner join pg_description on objoid = attrelid and objsubid = attnum"
        f" where attrelid = '{SCHEMA}.learning_notes'::regclass and attnum > 0"
    )
    with postgres.connect() as connection:
        warehouse.write({"learning_notes": [note("old")]})
        first = {name: (text, written) for name, text, written in connection.execute(said).fetchall()}
        assert {name: text for name, (text, _) in first.items()} == DESCRIPTIONS["learning_notes"]
        hostile = "It's 5 %s; \"quoted\" -- and 'so' on"
        monkeypatch.setitem(DESCRIPTIONS["learning_notes"], "what_next", hostile)
        warehouse.write({"learning_notes": [note("new")]})
        second = {name: (text, written) for name, text, written in connection.execute(said).fetchall()}
    assert {name for name in first if first[name] != second[name]} == {"what_next"} and second["what_next"][0] == hostile


def test_readers_are_not_in_the_way_of_writing(warehouse: Warehouse, postgres: Server) -> None:
    warehouse.write({"learning_notes": [note("old")]})
    with postgres.connect(autocommit=False) as reader:
        assert reader.execute(f"select count(*) from {SCHEMA}.learning_notes").fetchone() == (1,)
        warehouse.write({"learning_notes": [note("new"), note("newer")]})
    assert len(warehouse.read("learning_notes", ["experiment_id"])) == 2


def test_a_table_that_somebody_holds_is_exit_75(postgres: Server, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("python_stats.postgres._LOCK_TIMEOUT", "200ms")
    with open_warehouse(project) as opened:
        opened.write({"learning_notes": [note("old")]})
    with postgres.connect(autocommit=False) as other:
        other.execute(f"lock table {SCHEMA}.learning_notes in exclusive mode")
        with pytest.raises(DatabaseLockedError, match="another process holds a table") as raised, open_warehouse(project) as opened:
            opened.write({"learning_notes": [note("new")]})
    assert raised.value.exit_code == EXIT_LOCKED


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PGPORT", "1", "127.0.0.1:1/empathy_roi: no server answers (Connection refused)"),
        ("PGPORT", "abc", "profiles.yml: '{{ env_var('PGPORT', '5432') | as_number }}' gives 'abc', which is no number; write a whole number"),
        ("PGPORT", "99999", 'no connection (invalid port number: "99999"); check PGHOST, PGPORT, PGSSLMODE, PGDATABASE and PGUSER in target'),
        ("PGSSLMODE", "bogus", 'no connection (invalid sslmode value: "bogus"); check sslmode (PGSSLMODE) in target'),
        ("PGSSLMODE", "require", "no connection (server does not support SSL, but SSL was required); check sslmode (PGSSLMODE) in target"),
        ("PGPASSWORD", "wrong", f"user '{USER}' is not let in; check user and password (PGUSER, PGPASSWORD)"),
        ("PGPASSWORD", "", f"user '{USER}' is not let in"),
        ("PGUSER", "nobody", "user 'nobody' is not let in"),
        ("PGDATABASE", "elsewhere", 'database "elsewhere" does not exist; check dbname'),
        ("PGHOST", "no-such-host.invalid", "no server answers"),
    ],
)
@pytest.mark.parametrize("command", ["analyze", "build"])
def test_why_there_is_no_connection(command: str, name: str, value: str, words: str, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    result = call(command)
    assert result.exit_code == EXIT_USAGE
    assert len(result.stderr.strip().splitlines()) == 1 and words in result.stderr


def test_what_the_server_says_of_a_user_it_knows(postgres: Server, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with postgres.connect() as connection:
        connection.execute("create role outsider login password 'outsider'")
        connection.execute("create database closed")
        connection.execute("revoke connect on database closed from public")
        rules = postgres.folder / "data" / "pg_hba.conf"
        kept = rules.read_text()
        try:
            monkeypatch.setenv("PGUSER", "outsider")
            monkeypatch.setenv("PGPASSWORD", "outsider")
            rules.write_text("host all outsider 127.0.0.1/32 reject\n" + kept)
            connection.execute("select pg_reload_conf()")
            refused = call("analyze")
            rules.write_text(kept)
            connection.execute("select pg_reload_conf()")
            monkeypatch.setenv("PGDATABASE", "closed")
            closed = call("analyze")
        finally:
            rules.write_text(kept)
            connection.execute("select pg_reload_conf()")
            connection.execute("drop role outsider")
            connection.execute("drop database closed")
    assert refused.exit_code == closed.exit_code == EXIT_USAGE
    assert "pg_hba.conf does not let us in (pg_hba.conf rejects connection for host" in refused.stderr
    assert "/closed: user 'outsider' may not connect to it; grant connect on the database, or check PGDATABASE and PGUSER" in closed.stderr
    assert "no server answers" not in refused.stderr + closed.stderr


OF_RAW_TABLES = "{raw_schema: Raw-Data, disabled_tables: [ticket_events, survey_responses], mart_grants: {select: [readers_to_be, public]}}"
MOMENTS = "'2026-01-02 03:04:05' as occurred_at, timestamptz '2026-01-02 03:04:06+00' as received_at, 'u1' as user_id, 'X' as \"Extra\""
RAW_ROWS = {
    "events": f"'1' as event_id, 'page_view' as event_name, array['a'] as properties, {MOMENTS}",
    "message_events": f"1 as event_id, '1' as message_id, 'sent' as event_type, '1' as campaign_id, 'email' as channel, {MOMENTS}",
    "transactions": f"'1' as transaction_id, 'purchase' as transaction_type, 1.5::real as amount, 'EUR' as currency, {MOMENTS}",
    "experiment_assignments": f"'1' as assignment_id, 'e' as experiment_id, 'v' as variant_id, '2026-01-02' as assigned_at, {MOMENTS}",
    "consents": f"'1' as consent_id, 'analytics' as purpose, true as is_granted, {MOMENTS}",
    "users": "'u1' as user_id, date '2026-01-01' as created_at, now() as updated_at, 'a secret' as plan",
}


def test_raw_relations_of_any_kind_are_read_and_what_cannot_be_is_named(
    postgres: Server, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A materialized view, a view, a partitioned table; no right to a table, its schema or a column, and a view that is not filled."""
    monkeypatch.setenv("PGUSER", "roi")
    monkeypatch.setenv("PGPASSWORD", "roi")
    raw, selected = '"Raw-Data"', "+source_audit +rejected_rows +stg_users +stg_transactions"
    arguments = ["--select", selected, "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test", "--vars", OF_RAW_TABLES]
    arguments += ["--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path / "logs")]
    with postgres.connect() as connection:
        run = connection.execute
        run(f"drop schema {SCHEMA}")
        run("create role roi login password 'roi'")
        run("grant create on database empathy_roi to roi")
        run(f"create schema {raw}")
        try:
            run(f"create materialized view {raw}.events as select {RAW_ROWS['events']}")
            run(f"create materialized view {raw}.message_events as select {RAW_ROWS['message_events']} with no data")
            run(f"create view {raw}.experiment_assignments as select {RAW_ROWS['experiment_assignments']}")
            run(f"create table {raw}.consents as select {RAW_ROWS['consents']}")
            run(f"create table {raw}.users as select {RAW_ROWS['users']}")
            run(f"create table {raw}.rows as select {RAW_ROWS['transactions']}")
            run(f"create table {raw}.transactions (like {raw}.rows) partition by list (currency)")
            run(f"create table {raw}.in_euros partition of {raw}.transactions for values in ('EUR')")
            run(f"insert into {raw}.transactions select * from {raw}.rows")
            run(f"alter table {raw}.transactions rename transaction_type to kind")
            result = call("build", *arguments)
            assert result.exit_code == EXIT_USAGE
            assert "raw table 'users' (Raw-Data.users): role roi may not read it; grant usage on its schema and select on it" in result.stdout
            run(f"grant usage on schema {raw} to roi")
            for table in RAW_ROWS.keys() - {"consents", "users"}:
                run(f"grant select on {raw}.{table} to roi")
            run(f"grant select (user_id, updated_at) on {raw}.users to roi")
            result = call("build", *arguments)
            assert result.exit_code == EXIT_USAGE
            told = result.stdout.split("Nothing was built: ")[1].split(". Say where")[0].split("; raw table ")
            assert told == [
                "variable 'mart_grants' names \"readers_to_be\", which is no role of this server (write the name of one, or create it)",
                "'message_events' (Raw-Data.message_events): the materialized view has never been filled; refresh it",
                "'transactions' has no column 'transaction_type', which the raw contract requires",
                "'consents' (Raw-Data.consents): role roi may not read it; grant select on it",
                "'users' (Raw-Data.users): role roi may not read column 'created_at', which the raw contract requires; grant select on it",
            ]
            assert run("select count(*) from pg_class where relnamespace = to_regnamespace(%s)", [SCHEMA]).fetchone() == (0,)
            run("create role readers_to_be")
            run(f"grant select on {raw}.consents to roi")
            run(f"grant select (created_at) on {raw}.users to roi")
            run(f"alter table {raw}.transactions rename kind to transaction_type")
            run(f"refresh materialized view {raw}.message_events")
            result = call("build", *arguments)
            assert result.exit_code == 0, result.output
            audit = dict(run(f"select source_table, rows_accepted from {SCHEMA}.source_audit where rows_in > 0").fetchall())
            assert audit == dict.fromkeys(RAW_ROWS, 1), run(f"select * from {SCHEMA}.rejected_rows").fetchall()
            assert run(f"select amount, occurred_at from {SCHEMA}.stg_transactions").fetchall() == [(1.5, datetime(2026, 1, 2, 3, 4, 5))]
        finally:
            run(f"drop schema if exists {SCHEMA} cascade")
            run(f"drop schema {raw} cascade")
            run("drop owned by roi")
            run("drop role roi")
            run("drop role if exists readers_to_be")


def test_a_second_build_is_exit_75_and_a_dbt_by_hand_stops(postgres: Server, project: Project) -> None:
    with database_lock(project, "run 000042-x"):
        result = call("build")
        assert result.exit_code == EXIT_LOCKED
        assert f"schema {SCHEMA}: run 000042-x, process {os.getpid()} on " in result.stderr and "is still at work" in result.stderr
        by_hand = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "build", "--no-use-colors", "--select", "as_of", "--vars", "{raw_schema: raw}"]
        done = subprocess.run([*by_hand, "--target-path", "build/by-hand", "--log-path", "build/by-hand"], text=True, capture_output=True, check=False)
        assert done.returncode != 0
        assert f"another build or run holds the lock of schema {SCHEMA}; try again later" in done.stdout
    with postgres.connect() as connection:
        assert connection.execute("select count(*) from pg_tables where schemaname = %s", [SCHEMA]).fetchone() == (0,)


SERVE = """
import sys, time
import postgres_server
with postgres_server.running() as server:
    print(server.folder, server.process.pid, flush=True)
    time.sleep(60)
"""


def test_a_killed_test_run_takes_its_server_along(postgres: Server) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE], stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    )
    assert process.stdout is not None
    folder, server = process.stdout.readline().rsplit(" ", 1)
    assert Path(folder).is_dir()
    process.kill()
    process.wait()
    deadline = time.monotonic() + 30
    while Path(folder).exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(folder).exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int(server), 0)


def test_a_full_server_is_exit_75(postgres: Server, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGUSER", "guest")
    monkeypatch.setenv("PGPASSWORD", "guest")
    with postgres.connect() as connection:
        connection.execute("create role guest login password 'guest' connection limit 0")
        try:
            result = call("analyze")
        finally:
            connection.execute("drop role guest")
    assert result.exit_code == EXIT_LOCKED, result.output
    assert "takes no connection just now" in result.stderr


def write_raw(folder: Path, **queries: str) -> str:
    folder.mkdir(exist_ok=True)
    for table, query in queries.items():
        duckdb.sql(query).write_parquet(str(folder / f"{table}.parquet"))
    return str(folder / "{table}.parquet")


def test_raw_rows_are_loaded_as_they_are(tmp_path: Path, postgres: Server, project: Project) -> None:
    location = write_raw(
        tmp_path / "raw",
        consents="select 'ü, \"x\"\n' as consent_id, timestamp '2026-01-02 03:04:05.000006' as occurred_at, true as is_granted,"
        " timestamptz '2026-01-02 03:04:05+02' as received_at, null::varchar as user_id, '' as anonymous_id, 1.5 as loaded_at",
    )
    assert loading.load(project, location) == {"consents": 1}
    assert loading.load(project, location) == {"consents": 1}  # what it loaded itself it may replace
    with postgres.connect() as connection:
        found = connection.execute("select * from raw.consents").fetchone()
        types = dict(connection.execute("select column_name, data_type from information_schema.columns where table_name = 'consents'").fetchall())
    assert found is not None and found[0] == 'ü, "x"\n' and found[1] == datetime(2026, 1, 2, 3, 4, 5, 6) and found[2] is True
    assert found[3].timestamp() == datetime.fromisoformat("2026-01-02T01:04:05+00:00").timestamp()
    assert found[4:] == (None, "", "1.5")
    assert types["occurred_at"] == "timestamp without time zone" and types["received_at"] == "timestamp with time zone"


def test_columns_are_loaded_under_small_letters(tmp_path: Path, postgres: Server, project: Project) -> None:
    """As DuckDB takes them, which looks at no case."""
    assert loading.load(project, write_raw(tmp_path / "raw", users="select 'a' as \"User_ID\", 1 as \"plan\"")) == {"users": 1}
    with postgres.connect() as connection:
        assert connection.execute("select user_id, plan from raw.users").fetchall() == [("a", 1)]


def test_loading_touches_no_table_of_somebody_else(tmp_path: Path, postgres: Server, project: Project) -> None:
    location = write_raw(tmp_path / "raw", events="select 'new' as event_id", users="select 'new' as user_id")
    with postgres.connect() as connection:
        connection.execute("create schema raw")
        connection.execute("create table raw.users as select 'theirs' as user_id")
        result = call("load", location)
        assert result.exit_code == EXIT_USAGE and "raw.users: was not made by 'empathy-roi load'" in result.stderr
        assert connection.execute("select user_id from raw.users").fetchall() == [("theirs",)]
        assert connection.execute("select to_regclass('raw.events')").fetchone() == (None,)  # all tables or none


def test_the_file_that_cannot_be_loaded_is_named(tmp_path: Path, postgres: Server, project: Project) -> None:
    (tmp_path / "raw").mkdir()
    for table in ("events", "users"):
        write_raw(tmp_path / "raw" / table, **dict.fromkeys("abc", "select i as key from range(3000) as t(i)"))
    broken = tmp_path / "raw" / "users" / "b.parquet"
    broken.write_bytes(broken.read_bytes()[:500])
    result = call("load", str(tmp_path / "raw" / "{table}"))
    assert result.exit_code == EXIT_USAGE and result.stderr.count("\n") == 1 and f"{broken}: cannot be read (" in result.stderr
    with postgres.connect() as connection:
        assert connection.execute("select to_regclass('raw.events'), to_regclass('raw.users')").fetchone() == (None, None)


@pytest.mark.parametrize(("location", "words"), [("nowhere/{table}.csv", "no file fits it"), ("data/raw", "write {table} where")])
def test_where_there_is_nothing_to_load(location: str, words: str, project: Project) -> None:
    result = call("load", location)
    assert result.exit_code == EXIT_USAGE and words in result.stderr


def test_duckdb_needs_no_loading(project: Project) -> None:
    result = call("load", "--target", "duckdb")
    assert result.exit_code == EXIT_USAGE and "DuckDB reads the files where they are" in result.stderr
