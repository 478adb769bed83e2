"""`empathy-roi forget` on Postgres: killed in the middle and run again, it leaves no byte of a person in any file of the server or of the
project, and the marts of a world without them.

    python tests/faults/postgres_forget.py
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "tests" / "python"))

import engines  # noqa: E402
import postgres_server  # noqa: E402
from leaving import DEVICES, IDS, NEIGHBOUR, SHARED, USER, files_with_ids, plant, without_her  # noqa: E402
from postgres_server import Server  # noqa: E402

from python_stats.simulation import simulate  # noqa: E402
from python_stats.tables import TABLES  # noqa: E402

PARTS = ("dbt_project.yml", "profiles.yml", "models", "macros", "seeds", "tests/data")
KEY = "a key of this test's own, long enough to be one"
SCHEMA, RAW = "forgetting", "forgetting_raw"
OWN = ("--vars", f"{{raw_schema: {RAW}}}")
NOT_TESTS = ("--", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
OF_THE_RUNS = {"source_audit", "run_history", "forgotten_persons", *TABLES}


def command(project: Path, server: Server, *arguments: str, schema: str = SCHEMA) -> dict[str, Any]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EMPATHY_ROI_", "DBT_", "PG"))}
    environment = kept | server.environment | {"EMPATHY_ROI_PSEUDONYM_KEY": KEY, "EMPATHY_ROI_SCHEMA": schema, "NO_COLOR": "1"}
    return {"args": [sys.executable, "-m", "python_stats", *arguments], "cwd": project, "env": environment, "text": True}


def run(*arguments: Any, **more: Any) -> None:
    done = subprocess.run(**command(*arguments, **more), capture_output=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr


def files_of(server: Server) -> set[str]:
    with server.connect() as connection:
        connection.execute("checkpoint")
    return files_with_ids(server.folder / "data", but=["pg_wal"])


def marts_of(server: Server, schema: str) -> dict[str, list[str]]:
    with server.connect() as connection:
        names = [name for name in engines.postgres_tables(connection, schema) if engines.is_mart(name) and name not in OF_THE_RUNS]
        return {name: sorted(map(repr, engines.postgres_rows(connection, schema, name)[1])) for name in names}


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="empathy_roi_") as name, postgres_server.running() as server:
        folder = Path(name)
        project = published_with_her(server, folder)
        kill_in_the_middle(server, project)
        receipt = forgotten(server, project)
        same = like_a_world_without_her(server, project, folder)
    print(f"forgotten: {sum(receipt['rows_erased'].values())} rows of marts and {sum(rows['rows'] for rows in receipt['raw_rows_erased'].values())} raw rows; no byte left; {same} marts as without her")
    return 0


def published_with_her(server: Server, folder: Path) -> Path:
    """A project that has run, with the tables about persons; the search finds her where she is."""
    project = folder / "project"
    for part in PARTS:
        (project / part).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (PROJECT / part).is_dir() else shutil.copy)(PROJECT / part, project / part)
    simulate(folder / "raw", events=1_500, seed=5, days=60, file_format="csv")
    plant(folder / "raw")
    run(project, server, "load", f"{folder}/raw/{{table}}.csv", *OWN)
    run(project, server, "run", "--include-persons", *OWN, *NOT_TESTS)
    with server.connect() as connection:
        places = (f"{RAW}.events", f"{RAW}.users", f"{SCHEMA}.fct_sessions", f"{SCHEMA}_publications.fct_sessions", "pg_statistic")
        expected = {connection.execute("select pg_relation_filepath(%s::regclass)", [name]).fetchone()[0] for name in places}
    found = files_of(server)
    assert expected <= found, expected - found
    print(f"before: {len(found)} files of the server with her ids", flush=True)
    return project


def kill_in_the_middle(server: Server, project: Path) -> None:
    """While everything is built anew."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    killed = subprocess.Popen(**command(project, server, "forget", "--person", USER, *OWN), **quiet, start_new_session=True)
    while not list((project / "runs").glob("000002*/target/manifest.json")):
        assert killed.poll() is None
        time.sleep(0.05)
    time.sleep(2)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()


def forgotten(server: Server, project: Path) -> Any:
    """The same command ends it; its receipt."""
    run(project, server, "forget", "--wait", "60", "--person", sorted(DEVICES)[0], *OWN)
    assert files_of(server) == set()
    assert files_with_ids(project) == set()
    (path,) = (project / "runs").glob("*/forgotten.json")
    receipt = json.loads(path.read_text())
    assert len(receipt["identity_hashes"]) == len(IDS)
    assert (receipt["raw_rows_left"], receipt["not_overwritten"], receipt["still_in"]) == ({}, [], {})
    assert {table: erased["rows"] for table, erased in receipt["raw_rows_erased"].items()} == receipt["rows_forgotten"]
    assert receipt["raw_rows_erased"]["events"] == {"rows": 43, "ids": 5}
    assert receipt["publications_removed"] and receipt["publication"] == os.readlink(project / "published" / "current")
    with server.connect() as connection:
        assert connection.execute(f"select publication_id from {SCHEMA}_publications.publications").fetchall() == [(receipt["publication"],)]
        assert {row[0] for row in connection.execute(f"select identity_hash from {SCHEMA}.forgotten_persons").fetchall()} == set(receipt["identity_hashes"])
        assert dict(connection.execute(f"select source_table, rows_forgotten from {SCHEMA}.source_audit").fetchall()) == receipt["rows_forgotten"]
        query = f"select count(distinct anonymous_id), count(*) > 0 from {SCHEMA}.stg_events where user_id = '{NEIGHBOUR}'"
        assert connection.execute(query).fetchone() == (0, True)

    return receipt


def like_a_world_without_her(server: Server, project: Path, folder: Path) -> int:
    """Every mart; how many they are."""
    without_her(folder / "raw")
    elsewhere = ("--vars", "{raw_schema: without_her}")
    run(project, server, "load", f"{folder}/raw/{{table}}.csv", *elsewhere, schema="without")
    run(project, server, "build", *elsewhere, *NOT_TESTS, schema="without")
    expected, marts = marts_of(server, "without"), marts_of(server, SCHEMA)
    assert len(expected) > 40 and SHARED not in str(expected) and NEIGHBOUR in str(expected)
    assert [name for name in expected if marts.get(name) != expected[name]] == []
    return len(expected)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    sys.exit(main())
