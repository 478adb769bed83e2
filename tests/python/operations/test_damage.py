"""Files that are cut off or overwritten: the run says so, sets aside what can be built anew, and touches nothing else."""

from __future__ import annotations

import dataclasses
import os
import random
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result
from operations.conftest import Business

from python_stats import dbt_runner, seed_files, stages
from python_stats.cli import main
from python_stats.errors import UserError
from python_stats.operations import history, nightly, publication
from python_stats.warehouse import is_damage_message


def run(folder: Path) -> Result:
    return CliRunner().invoke(main, ["run", "--runs-folder", str(folder / "runs"), "--publish-folder", str(folder / "published")])


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


@pytest.fixture
def damaged(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project with its database cut off, after a run of its that published."""
    monkeypatch.setenv("EMPATHY_ROI_RAW_LOCATION", "raw/{table}.parquet")
    target = f"{(project / 'w.duckdb.lock').resolve()} main"
    record = history.RunRecord("000001-20260505T000000Z", "2026-05-05", outcome="published", target=target)
    history.save(project / "runs", record)
    cut_off(project / "w.duckdb")
    return project


def test_a_damaged_working_database_is_set_aside_and_the_next_run_starts_anew(damaged: Path) -> None:
    before = (damaged / "w.duckdb").read_bytes()
    result = run(damaged)
    assert result.exit_code == 2
    assert "w.duckdb: the working database is damaged, and was set aside as w.duckdb.damaged; run again" in result.stderr
    assert not (damaged / "w.duckdb").exists()
    assert (damaged / "w.duckdb.damaged").read_bytes() == before
    assert history.load(damaged / "runs")[-1].outcome == "failed"


def test_damage_that_dbt_did_not_meet_is_seen_by_the_stages_after_it(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "build", lambda *_, **__: 0)
    result = run(damaged)
    assert result.exit_code == 2 and "is damaged, and was set aside as w.duckdb.damaged" in result.stderr
    assert not (damaged / "w.duckdb").exists()


def test_damage_that_shows_when_it_is_published(business: Business) -> None:
    """DuckDB reads a block when it needs it, and publishing reads them all."""
    business.break_in["publish"] = lambda: cut_off(business.database)
    told: list[BaseException] = []

    def mend(error: BaseException) -> BaseException:
        told.append(error)
        return UserError("set aside")

    with pytest.raises(UserError, match="set aside"):
        nightly.run(dataclasses.replace(business.stages(), mend=mend), business.places, keep=7, wait_s=0)
    assert is_damage_message(str(told[0].__cause__), business.database)
    assert business.places.published.current() is None
    assert history.load(business.places.runs)[-1].message == "set aside"


def test_a_file_that_no_run_made_stays_where_it_is(damaged: Path) -> None:
    for path in (damaged / "runs").glob("*/run.json"):
        path.unlink()
    result = run(damaged)
    assert result.exit_code == 2 and "cannot be opened as a DuckDB database" in result.stderr
    assert (damaged / "w.duckdb").is_file() and not (damaged / "w.duckdb.damaged").exists()


def test_a_database_with_the_raw_tables_in_it_stays_where_it_is(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It could not be built anew."""
    monkeypatch.delenv("EMPATHY_ROI_RAW_LOCATION")
    assert run(damaged).exit_code == 2
    assert (damaged / "w.duckdb").is_file()


@pytest.mark.parametrize("how", ["cut in half", "cut to a page", "empty", "overwritten"])
def test_damage_is_recognised_by_what_duckdb_says(how: str, tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table t as select i, md5(cast(i as varchar)) as h from range(100000) as r(i)")
    size = path.stat().st_size
    with path.open("r+b") as file:
        if how == "overwritten":
            file.seek(12_288)
            file.write(random.Random(1).randbytes(size - 12_288))
        else:
            file.truncate({"cut in half": size // 2, "cut to a page": 12_288, "empty": 0}[how])
    with pytest.raises(duckdb.Error) as caught, duckdb.connect(str(path)) as connection:
        connection.execute("select max(h) from t").fetchall()
    assert is_damage_message(str(caught.value), path)


def test_a_raw_file_that_is_cut_off_is_no_damage_of_the_database(tmp_path: Path) -> None:
    assert not is_damage_message('IO Error: Could not read enough bytes from file "raw/events.parquet": attempted …', tmp_path / "w.duckdb")


def test_nobody_rolls_back_to_half_a_file(business: Business) -> None:
    ids = []
    for business.version in (1, 2, 3):
        _, record = nightly.run(business.stages(), business.places, keep=7, wait_s=0)
        ids.append(record.run_id)
    cut_off(business.published / ids[1] / publication.DATABASE)
    assert publication.roll_back(business.published) == ids[0]
    assert business.seen() == (1, "version 1")
    with pytest.raises(UserError, match="no whole publication before"):
        publication.roll_back(business.published)


def test_a_disk_that_takes_nothing_is_one_line(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "runs/000001/run.json")

    monkeypatch.setattr(history, "save", fails)
    result = run(project)
    assert result.exit_code == 2
    assert result.stderr == "empathy-roi: runs/000001/run.json: No space left on device\n"


def test_a_disk_that_filled_up_under_dbt_is_one_line(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbt_runner, "dbt_command", lambda: [sys.executable, "-c", "print('IO Error: No space left on device'); raise SystemExit(2)"])
    result = run(project)
    assert result.exit_code == 2
    assert "No space left on device, or on the disk of" in result.stderr.splitlines()[-1]
    assert "make room, and run again" in result.stderr.splitlines()[-1]


def test_a_log_that_cannot_be_written_is_no_stack(tmp_path: Path) -> None:
    """What dbt's own log does on a full disk: Python would show a stack for every line."""
    prelude = dbt_runner.dbt_command()[2].partition("from dbt")[0]
    script = prelude + "import logging; logging.FileHandler('/dev/full').handle(logging.makeLogRecord({'msg': 'x'}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    without = subprocess.run([sys.executable, "-c", script.removeprefix(prelude)], capture_output=True, text=True, check=False)
    assert "Traceback" in without.stderr


def test_stacks_of_dbt_stay_in_its_log() -> None:
    said = (
        "Encountered an error:\nIO Error: Cannot open file\n10:00:00  Traceback (most recent call last):\n  File \"x.py\", line 1, in f\n    g()\n    ^^^\n"
        "_duckdb.IOException: IO Error: Cannot open file\n\nDuring handling of the above exception, another exception occurred:\n\n"
        "Traceback (most recent call last):\n  File \"y.py\", line 2, in g\nRuntimeError: again\n10:00:01  Done.\n  an indented line\n"
    )
    shown = "".join(dbt_runner.without_stacks(said.splitlines(keepends=True)))
    assert shown == "Encountered an error:\nIO Error: Cannot open file\n10:00:01  Done.\n  an indented line\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("journey_id\nm\u00fcnchen\n".encode("latin-1"), "journeys.csv, line 2: is no UTF-8 text (byte 0xfc)"),
        (b"\n", "journeys.csv: is empty"),
        (b'a,b,c\n1,"2\n\n",3\nx,0,40,y\n', "journeys.csv, line 5, a=x, b=0: has 4 cells where the header has 3: is a decimal comma or a comma in a text unquoted?"),
        (b"a,b,c\n1,2,3\nx,y\n1,2,3\nz\n", "line 3, a=x, b=y: has 2 cells where the header has 3: is a cell missing, or a quotation mark not closed? (further lines: 5)"),
        (b"a,b\n1,2,3\n4,5,6\n", "line 1: the header has 2 names where all 2 rows have 3 cells: is a name missing?"),
        (b"a,,c\n1,2,3\n", "line 1: the header has no name for column 2"),
        (b"a;b;c\n1;2,5;3\n", "line 1: the cells are separated by semicolons; save it with commas"),
    ],
)
def test_a_seed_that_is_no_csv_is_named_before_dbt_starts(project: Path, content: bytes, words: str) -> None:
    (project / "seeds").mkdir()
    (project / "seeds" / "journeys.csv").write_bytes(content)
    result = run(project)
    assert result.exit_code == 2
    assert words in result.stderr


def test_all_seeds_that_are_no_csv_are_named_at_once(project: Path) -> None:
    for name in ("journeys", "holidays"):
        (project / "seeds").mkdir(exist_ok=True)
        (project / "seeds" / f"{name}.csv").write_text("a,b\n1,0,40\n2,3\n")
    said = run(project).stderr
    assert all(f"{name}.csv, line 2, a=1, b=0: has 3 cells" in said for name in ("journeys", "holidays"))


@pytest.mark.parametrize("content", ["\ufeffa,b\r\n1,2\r\n", 'a,b\n"1\n,",2\n\n', "a,b\n1,2\r\n"])
def test_seeds_as_spreadsheets_save_them_are_fine(tmp_path: Path, content: str) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "journeys.csv").write_bytes(content.encode())
    seed_files.check(tmp_path)
