"""`empathy-roi forget`: killed in the middle and run again, it leaves no byte of a person in any file, and the marts of a world without them."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from leaving import DEVICES, IDS, NEIGHBOUR, USER, files_with_ids, plant, without_her
from marts.builds import PROJECT, content_of, differing, marts_of
from marts.builds import Inputs as Inputs

PARTS = ("dbt_project.yml", "models", "macros", "seeds", "tests/data")
KEY = "a key of this test's own, long enough to be one"
NOT_TESTS = ("--", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")


def command(project: Path, *arguments: str, **changed: str) -> list[str] | Any:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EMPATHY_ROI_", "DBT_"))}
    environment = kept | {"EMPATHY_ROI_PSEUDONYM_KEY": KEY, "EMPATHY_ROI_RAW_LOCATION": "raw/{table}.csv", "NO_COLOR": "1"} | changed
    return {"args": [sys.executable, "-m", "python_stats", *arguments], "cwd": project, "env": environment, "text": True}


def run(project: Path, *arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(**command(project, *arguments, **changed), capture_output=True, check=False)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project of its own, run and published with the tables about persons; its database is not compressed, so that bytes tell."""
    from python_stats.simulation import simulate

    folder = tmp_path_factory.mktemp("forget") / "project"
    for part in PARTS:
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (PROJECT / part).is_dir() else shutil.copy)(PROJECT / part, folder / part)
    profile = (PROJECT / "profiles.yml").read_text()
    assert profile.count("        TimeZone: UTC\n") == 1
    (folder / "profiles.yml").write_text(profile.replace("        TimeZone: UTC\n", "        TimeZone: UTC\n        force_compression: uncompressed\n"))
    simulate(folder / "raw", events=1_500, seed=5, days=60, file_format="csv")
    plant(folder / "raw")
    done = run(folder, "run", "--include-persons", *NOT_TESTS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert run(folder, "report").returncode == 0
    (folder / "logs").mkdir(exist_ok=True)
    (folder / "logs" / "dbt.log").write_text(f"a message of the database about {USER}")
    yield folder


def test_the_search_finds_her_where_she_is(project: Path) -> None:
    found = files_with_ids(project)
    published = os.readlink(project / "published" / "current")
    assert {"data/empathy_roi.duckdb", f"published/{published}/empathy_roi.duckdb", "logs/dbt.log", "raw/events.csv"} <= found


def test_what_is_wrong_is_told_without_the_id(project: Path) -> None:
    for arguments, changed, words in (
        (("--person", "nobody-at-all"), {}, "nobody is known by the id given as number 1"),
        (("--person", USER), {"EMPATHY_ROI_PSEUDONYM_KEY": ""}, "forgetting needs a key"),
        (("--person", USER), {"EMPATHY_ROI_PSEUDONYM_KEY": "short"}, "the key has 5 characters; take 32 or more"),
        ((), {}, "say whom, with --person ID or --person-file FILE"),
    ):
        done = run(project, "forget", *arguments, **changed)
        assert (done.returncode, done.stdout) == (2, "")
        assert words in done.stderr
        assert "nobody-at-all" not in done.stderr
    assert not (project / "forgotten_persons.csv").exists()


def test_no_byte_is_left_and_the_marts_are_those_of_a_world_without_her(project: Path, tmp_path: Path) -> None:
    killed = subprocess.Popen(**command(project, "forget", "--person", USER), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while not (project / "forgotten_persons.csv").exists() or not list((project / "runs").glob("000002*/target/manifest.json")):
        assert killed.poll() is None
        time.sleep(0.05)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()

    done = subprocess.run(**command(project, "forget", "--person-file", "-"), input=f"{sorted(DEVICES)[0]}\n", capture_output=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert {name for name in files_with_ids(project) if not name.startswith("raw/")} == set()
    (path,) = (project / "runs").glob("*/forgotten.json")
    receipt = json.loads(path.read_text())
    with (project / "forgotten_persons.csv").open(newline="") as file:
        assert receipt["identity_hashes"] == [row["identity_hash"] for row in csv.DictReader(file)]
    assert len(receipt["identity_hashes"]) == len(IDS)
    assert receipt["raw_rows_left"]["events"] == {"rows": 48, "files": ["raw/events.csv"]} | {"files": receipt["raw_rows_left"]["events"]["files"]}
    assert receipt["publications_removed"] and receipt["publication"] == os.readlink(project / "published" / "current")
    assert [entry.name for entry in (project / "published").iterdir() if not entry.is_symlink()] == [receipt["publication"]]
    database = project / "data" / "empathy_roi.duckdb"
    with duckdb.connect(str(database), read_only=True) as connection:
        audit = {row[0]: row[1:] for row in connection.execute("select source_table, rows_in, rows_accepted, rows_duplicate, rows_rejected, rows_forgotten from source_audit").fetchall()}
        assert connection.execute("select count(distinct anonymous_id), count(*) > 0 from stg_events where user_id = ?", [NEIGHBOUR]).fetchone() == (0, True)
    assert {table: figures[-1] for table, figures in audit.items()} == receipt["rows_forgotten"]
    for table, (rows_in, *parts) in audit.items():
        assert rows_in == sum(parts)
        assert parts[-1] == (1 if table == "users" else 43)

    without_her(project / "raw")
    assert files_with_ids(project) == set()
    kept = shutil.copy(database, tmp_path / "after.duckdb")
    (project / "forgotten_persons.csv").rename(tmp_path / "set_aside.csv")
    anew = run(project, "build", "--full-refresh", *NOT_TESTS)
    assert anew.returncode == 0, anew.stdout
    inputs = Inputs(project / "seeds", None)
    marts = [mart for mart in marts_of(database, inputs) if mart not in ("source_audit", "run_history", "publication") and "learning" not in mart]
    assert len(marts) > 40
    assert differing(content_of(Path(kept), marts), content_of(database, marts)) == {}


def test_with_another_key_nothing_is_built(project: Path, tmp_path: Path) -> None:
    header = "identity_hash,key_check\n"
    (tmp_path / "list.csv").write_text(header + "00000000000000000000000000000000,made with another key\n")
    done = run(project, "build", "--select", "as_of", EMPATHY_ROI_FORGOTTEN=str(tmp_path / "list.csv"))
    assert done.returncode == 2
    assert "were forgotten with another key than that of EMPATHY_ROI_FORGET_KEY" in done.stdout
    done = run(project, "build", "--select", "as_of", EMPATHY_ROI_FORGOTTEN=str(tmp_path / "list.csv"), EMPATHY_ROI_PSEUDONYM_KEY="")
    assert done.returncode == 2
    assert "the key to know them by is missing or too short" in done.stdout
