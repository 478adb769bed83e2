"""Pseudonyms and the forgotten on Postgres: the same rows are seen, under the same names, as on DuckDB."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from marts.builds import PROJECT, RAW_KEYS
from postgres_server import Server

from python_stats.privacy import keys
from python_stats.privacy.forgotten import ForgottenFile

KEY = "a key of this test's own, long enough to be one"
SEEN = {
    "source_audit": "select * from {schema}.source_audit",
    "rejected_rows": "select * from {schema}.rejected_rows",
    "events": "select event_id, occurred_at, page_path, user_id, anonymous_id, rejection_reason, copy_number from {schema}.int_checked_events",
    "ticket_events": "select event_id, agent_id, user_id, anonymous_id, rejection_reason, copy_number from {schema}.int_checked_ticket_events",
    "users": "select user_id, created_at, rejection_reason, copy_number from {schema}.int_checked_users",
}


def run(folder: Path, command: str, *arguments: str, **changed: str) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EMPATHY_ROI_", "DBT_"))}
    environment = kept | {"EMPATHY_ROI_PSEUDONYM_KEY": KEY, "EMPATHY_ROI_DATABASE": str(folder / "found.duckdb")} | changed
    done = subprocess.run(
        [sys.executable, "-m", "python_stats", command, *arguments], cwd=PROJECT, env=environment, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_same_is_seen(postgres: Server, tmp_path: Path) -> None:
    from python_stats.simulation import simulate

    location = simulate(tmp_path / "raw", events=800, seed=4, days=60, file_format="csv", dirty_share=0.05).raw_location
    with duckdb.connect() as connection:
        picked = connection.execute(
            f"select any_value(user_id), any_value(anonymous_id) from read_csv('{location.format(table='events')}', all_varchar = true) where user_id <> ''"
            " group by user_id order by count(*) desc, 1 limit 2"
        ).fetchall()
    the_list = ForgottenFile(keys.connection_keys({keys.PSEUDONYM_KEY: KEY})["forget"], tmp_path / "forgotten.csv")
    the_list.add(identity for user, device in picked for identity in (f"u:{user}", f"a:{device}"))
    arguments = ("--select", "+source_audit +rejected_rows", "--exclude-resource-type", "test", "--vars", "{pseudonymize: true}")
    places = ("--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path / "logs"))
    run(tmp_path, "build", *arguments, *places, EMPATHY_ROI_RAW_LOCATION=location, EMPATHY_ROI_FORGOTTEN=str(the_list.path))

    with postgres.connect() as connection:
        connection.execute("drop schema if exists raw cascade")
        connection.execute("drop schema if exists privacy cascade")
        connection.execute("create schema privacy")
        connection.execute("create table privacy.forgotten_persons (identity_hash text, key_check text)")
        for value in sorted(the_list.read()):
            connection.execute("insert into privacy.forgotten_persons values (%s, %s)", [value, keys.key_check(the_list.key)])
    server = postgres.environment | {"EMPATHY_ROI_SCHEMA": "privacy"}
    run(tmp_path, "load", location, **server)
    run(tmp_path, "build", *arguments, *places, **server)

    with postgres.connect() as there, duckdb.connect(str(tmp_path / "found.duckdb"), read_only=True) as here:
        for table, query in SEEN.items():
            expected = sorted(map(repr, here.execute(query.format(schema="main")).fetchall()))
            assert sorted(map(repr, there.execute(query.format(schema="privacy")).fetchall())) == expected, table
        forgotten = dict(here.execute("select source_table, rows_forgotten from source_audit").fetchall())
        there.execute("drop schema privacy cascade")
    assert forgotten.keys() == RAW_KEYS.keys()
    assert forgotten["events"] > 1
    assert forgotten["users"] == 2
    secrets = [KEY.encode(), *(key.encode() for key in keys.connection_keys({keys.PSEUDONYM_KEY: KEY}).values())]
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        assert not [secret for secret in secrets if secret in path.read_bytes()], path


@pytest.mark.parametrize("key", ["", "too short"])
def test_without_a_key_nothing_is_built(postgres: Server, tmp_path: Path, key: str) -> None:
    with pytest.raises(AssertionError, match="EMPATHY_ROI_PSEUDONYM_KEY"):
        run(tmp_path, "build", "--select", "+as_of", "--vars", "{pseudonymize: true}", "--target-path", str(tmp_path / "target"),
            "--log-path", str(tmp_path / "logs"), EMPATHY_ROI_PSEUDONYM_KEY=key, **postgres.environment)  # fmt: skip
