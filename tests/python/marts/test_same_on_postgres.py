"""The same rows give the same tables on Postgres as on DuckDB: every model, every seed, and what the statistics write."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import psycopg
import pytest
from builds import PROJECT, Inputs, environment, run_dbt, tables_of
from engines import differences, duckdb_rows, postgres_rows, postgres_tables
from postgres_server import Server

TEXTS = {
    "a_time": [
        "2026-01-02", "2026-01-02 03:04", "2026-01-02T03:04:05", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.1234567Z", "2026-01-02 03:04:05.999999999",
        "2026-01-02T03:04:05+02:00", "2026-01-02T03:04:05-0330", "2026-01-02T03:04+14", "2024-02-29", "2000-02-29", "1900-02-29", "2026-02-29", "2026-02-28 23:59:59",
        "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00", "0000-01-01", "0001-01-01", "9999-12-31 23:59:59.999999", "2026-01-02T24:00:00", "2026-01-02T23:60:00",
        "2026-01-02T23:59:60", "infinity", "now", "epoch", "today", " 2026-01-02", "2026-01-02 ", "2026-01-02T", "2026-01-02 3:04", "20260102", "2026-1-2", "02/01/2026",
        "2026-01-02T03:04:05.", "2026-01-02T03:04:05+2", "2026-01-02T03:04:05 +02:00", "2026-01-02\\n", "2026-01-02T03:04:05Z\\n", "", "NULL", "x",
        "2026-01-02T03:04:05.1-00:00", "0004-02-29", "2100-02-29", "2400-02-29T00:00:00Z", "２０２６-01-02",
    ],
    "a_number": [
        "0", "-0", "+1", "1.", ".5", ".", "1e3", "1E-3", "1e", "e5", "NaN", "Infinity", "-inf", "1e308", "1.7976931348623157e308", "1e309", "-1e999", "1e99999999", "1e-320",
        "1e-400", "-1e-99999999", "0e999999", "0.0e-5000", "1 ", " 1", "1_000", "1,5", "0x10", "1d", "9" * 400, "0." + "0" * 400 + "1", "12345678901234567890", "", "--1", "+-1",
        "0.1", "123456.789e-3", "1\\n", "１", "1e+05", "000012", "4.9e-324", "2.2250738585072014e-308",
    ],
    "a_boolean": ["true", "TRUE", "t", "yes", "Y", "1", "false", "F", "no", "n", "0", "on", "off", "", "2", " true", "tr", "null"],
}  # fmt: skip
READER = "readers_of_bi"
QUERY = """select id, {{ safe_cast_timestamp('a_time') }} as as_time, {{ safe_cast_number('a_number') }} as as_number,
{{ parse_boolean('a_boolean') }} as as_boolean from texts"""


CLOCK_TIMES = [  # that come twice (an hour, half an hour, at midnight, 24 hours later), once, and never
    ("America/Havana", datetime(2025, 11, 2)), ("America/Havana", datetime(2025, 11, 2, 0, 30)), ("America/Havana", datetime(2025, 11, 2, 1)),
    ("Australia/Lord_Howe", datetime(2025, 4, 6, 1, 30)), ("Australia/Lord_Howe", datetime(2025, 4, 6, 1, 59)), ("Australia/Lord_Howe", datetime(2025, 4, 6, 2)),
    ("Europe/Berlin", datetime(2025, 10, 26, 2, 30)), ("Europe/Berlin", datetime(2025, 10, 26, 3)), ("Europe/Berlin", datetime(2025, 10, 26, 1, 59)),
    ("Europe/Berlin", datetime(2025, 3, 30, 2, 30)), ("Atlantic/Azores", datetime(2025, 10, 26)), ("Antarctica/Troll", datetime(2025, 10, 26, 1, 30)), ("UTC", datetime(2025, 10, 26)),
]  # fmt: skip


def run(command: list[str], settings: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=PROJECT, text=True, capture_output=True, check=False, env=settings)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def engine(postgres: Server) -> Iterator[dict[str, str]]:
    """The environment of a build on Postgres, in an empty database."""
    with postgres.connect() as connection:
        for schema in ("empathy_roi", "empathy_roi_published", "empathy_roi_publications", "raw"):
            connection.execute(f"drop schema if exists {schema} cascade")
    yield postgres.environment | {"EMPATHY_ROI_SCHEMA": "empathy_roi"}


@pytest.fixture(scope="module")
def on_duckdb(built: Path, inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shared build, analysed, as a file of its own."""
    copy = tmp_path_factory.mktemp("analyzed") / "found.duckdb"
    copy.write_bytes(built.read_bytes())
    analyze(environment(copy, inputs), inputs)
    return copy


@pytest.fixture(scope="module")
def on_postgres(postgres: Server, engine: dict[str, str], inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The same inputs, loaded, and a whole run: built with all checks, analysed, reported, and published for a role of readers."""
    place = tmp_path_factory.mktemp("postgres")
    settings = environment(place / "found.duckdb", inputs) | engine
    assert inputs.raw_location
    run([sys.executable, "-m", "python_stats", "load", inputs.raw_location], settings)
    with postgres.connect() as connection:
        connection.execute(f"create role {READER} login password '{READER}'")
        folders = [f"--{name}={place / name}" for name in ("runs-folder", "publish-folder", "target-path")]
        variables = json.dumps(inputs.variables | {"mart_grants": {"select": [READER]}})
        run([sys.executable, "-m", "python_stats", "run", *folders, "--vars", variables, "--exclude-resource-type", "unit_test"], settings)
        assert (place / "publish-folder" / "current" / "scorecard.html").is_file()
        yield connection
        connection.execute(f"drop owned by {READER}")
        connection.execute(f"drop role {READER}")


def analyze(settings: dict[str, str], inputs: Inputs) -> None:
    run([sys.executable, "-m", "python_stats", "analyze", "--vars", json.dumps(inputs.variables)], settings)


def test_every_table_is_the_same(on_duckdb: Path, on_postgres: Any) -> None:
    # what each model was last built from names the raw columns' types, which are the engine's own
    tables = [table for table in tables_of(on_duckdb) if table != "int_builds"]
    assert {*tables, "int_builds", "run_history"} == set(postgres_tables(on_postgres, "empathy_roi")) and len(tables) > 100
    found = {table: differences(duckdb_rows(on_duckdb, table), postgres_rows(on_postgres, "empathy_roi", table)) for table in tables}
    assert [f"{table}: {line}" for table, lines in found.items() for line in lines] == []
    assert {"experiment_results", "experiment_decisions", "roi_estimates"} < set(tables)


def test_the_comparison_would_see_a_difference(on_duckdb: Path, on_postgres: Any) -> None:
    on_postgres.execute("create table public.changed as select * from empathy_roi.experiment_results")
    on_postgres.execute("update public.changed set effect = effect * (1 + 1e-8) where effect is not null and abs(effect) > 1e-3")
    found = differences(duckdb_rows(on_duckdb, "experiment_results"), postgres_rows(on_postgres, "public", "changed"))
    assert len(found) == 1 and found[0].startswith("effect: ")


def test_readers_see_the_aggregates_and_nobody(postgres: Server, on_postgres: Any, inputs: Inputs) -> None:
    """With a role of its own: every view is the mart, to the row, and no table of persons is within reach, by any name."""
    views = postgres_tables(on_postgres, "empathy_roi_published")
    assert len(views) > 30 and {"experiment_results", "experiment_decisions", "friction_step_daily", "run_history", "publication"} < set(views)
    with postgres.connect(user=READER, password=READER) as reader:
        for view in views:
            seen = postgres_rows(reader, "empathy_roi_published", view)
            if view != "publication":
                assert differences(seen, postgres_rows(on_postgres, "empathy_roi", view)) == [], view
                assert not {"person_id", "person_key", "user_id", "anonymous_id", "ticket_id", "message_id", "payload"} & set(seen[0]), view
        everything = on_postgres.execute(
            "select nspname, relname from pg_class inner join pg_namespace on relnamespace = pg_namespace.oid where relkind in ('r', 'v', 'm', 'p')"
            " and nspname in ('empathy_roi', 'empathy_roi_publications', 'raw')"
        ).fetchall()
        assert len(everything) > 150
        for schema, table in everything:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(f'select * from "{schema}"."{table}" limit 1')


def test_types_and_comments_are_declared(on_postgres: Any) -> None:
    types = dict(
        on_postgres.execute(
            "select column_name, data_type from information_schema.columns where table_schema = 'empathy_roi' and table_name = 'fct_tickets'"
        ).fetchall()
    )
    assert types["opened_at"] == "timestamp without time zone" and types["resolution_s"] == "double precision"
    assert types["ticket_id"] == "text" and types["reopens"] == "bigint" and types["is_resolved"] == "boolean"
    assert on_postgres.execute("select obj_description('empathy_roi.fct_tickets'::regclass)").fetchone()[0]


def compiled_for_both(query: str, inputs: Inputs, folder: Path, engine: dict[str, str]) -> dict[str, str]:
    """What dbt makes of a query on each engine."""
    compiled = {}
    for name, changed in (("duckdb", {}), ("postgres", engine)):
        done = run_dbt("compile", folder / name / "found.duckdb", inputs, "--inline", query, "--output", "json", **changed)
        assert done.returncode == 0, done.stdout + done.stderr
        compiled[name] = json.loads(done.stdout[done.stdout.index("{") :])["compiled"]
    return compiled


def test_a_clock_time_that_comes_twice_is_the_first(postgres: Server, engine: dict[str, str], inputs: Inputs, tmp_path: Path) -> None:
    cells = ", ".join(f"{{{{ utc_us_of_local(\"timestamp '{clock}'\", '{zone}') }}}} as moment_{place}" for place, (zone, clock) in enumerate(CLOCK_TIMES))
    compiled = compiled_for_both(f"select {cells}", inputs, tmp_path, engine)
    expected = [round(clock.replace(tzinfo=ZoneInfo(zone), fold=0).timestamp() * 1_000_000) for zone, clock in CLOCK_TIMES]
    with duckdb.connect() as local, postgres.connect() as connection:
        found = {"duckdb": local.execute(compiled["duckdb"]).fetchone(), "postgres": connection.execute(compiled["postgres"]).fetchone()}
    assert {name: list(row) for name, row in found.items() if row} == {"duckdb": expected, "postgres": expected}


def test_texts_become_the_same_values(postgres: Server, engine: dict[str, str], inputs: Inputs, tmp_path: Path, on_postgres: Any) -> None:
    length = max(map(len, TEXTS.values()))
    rows = [(number, *(values[number] if number < len(values) else None for values in TEXTS.values())) for number in range(length)]
    create = f"create table texts (id integer, {', '.join(f'{name} text' for name in TEXTS)})"
    insert = "insert into texts values ({})"
    compiled = compiled_for_both(QUERY, inputs, tmp_path, engine)
    with duckdb.connect() as local:
        local.execute(create)
        local.executemany(insert.format("?, ?, ?, ?"), rows)
        expected = local.execute(compiled["duckdb"] + " order by id").fetchall()
    with postgres.connect() as connection:
        connection.execute("drop table if exists texts")
        connection.execute(create)
        connection.cursor().executemany(insert.format("%s, %s, %s, %s"), rows)
        found = connection.execute(compiled["postgres"] + " order by id").fetchall()
    assert [(rows[row[0]], *row[1:]) for row in found] == [(rows[row[0]], *row[1:]) for row in expected]
    assert sum(row[1] is not None for row in found) > 15 and sum(row[2] is not None for row in found) > 15
