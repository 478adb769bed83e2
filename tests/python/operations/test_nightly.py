"""Readers see a whole publication or the one before, whatever happens to a run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from operations.conftest import Business

from python_stats.errors import DatabaseLockedError, UserError
from python_stats.operations import history, nightly, publication
from python_stats.operations.nightly import STAGES


def run(business: Business, keep: int = 7) -> tuple[int, history.RunRecord]:
    return nightly.run(business.stages(), business.places, keep=keep, wait_s=0)


def test_a_run_publishes_marts_and_pages_together(business: Business) -> None:
    code, record = run(business)
    assert (code, record.outcome) == (0, "published")
    assert business.seen() == (1, "version 1")
    business.version = 2
    run(business)
    assert business.seen() == (2, "version 2")


def test_what_is_published_carries_comments_and_a_checksum_that_fits(business: Business) -> None:
    run(business)
    with duckdb.connect(str(business.published / "current" / "empathy_roi.duckdb"), read_only=True) as connection:
        assert connection.execute("select comment from duckdb_tables() where table_name = 'mart'").fetchone() == (
            "It's one row per version",
        )
        assert connection.execute("select comment from duckdb_columns() where column_name = 'version'").fetchone() == (
            "Which build it is of",
        )
        names = connection.execute("select table_name from duckdb_tables() order by 1").fetchall()
        assert names == [("mart",), ("publication",)]  # and no table about persons
        row_count, checksum = connection.execute("select row_count, checksum from publication").fetchone()  # type: ignore[misc]
        assert (row_count, checksum) == publication.fingerprint(connection, "mart")
        connection.execute("create temp table other as select version, row_number + 1 as row_number from mart")
        assert publication.fingerprint(connection, "other") != (row_count, checksum)


@pytest.mark.parametrize("stage", STAGES)
def test_a_run_that_breaks_leaves_readers_what_they_had(business: Business, stage: str) -> None:
    run(business)
    business.version = 2

    def breaks() -> None:
        raise UserError("the disk is full")

    business.break_in[stage] = breaks
    with pytest.raises(UserError, match="the disk is full"):
        run(business)
    assert business.seen() == (1, "version 1")
    last = history.load(business.places.runs)[-1]
    assert (last.outcome, last.exit_code, last.message) == ("failed", 2, "the disk is full")
    business.break_in.clear()
    assert run(business)[0] == 0
    assert business.seen() == (2, "version 2")


def test_checks_that_fail_are_not_published(business: Business) -> None:
    run(business)
    business.version, business.code = 2, 1
    code, record = run(business)
    assert (code, record.outcome) == (1, "checks_failed")
    assert business.seen() == (1, "version 1")


def test_history_tells_of_every_run_once_per_raw_table(business: Business) -> None:
    run(business)
    business.code = 1
    run(business)
    business.code = 0
    run(business)
    rows = history.rows(business.recorded)
    assert [(row["run_id"][:6], row["source_table"], row["outcome"], row["rows_in"]) for row in rows] == [
        ("000001", "events", "published", 10),
        ("000002", "", "checks_failed", None),
        ("000003", "events", "published", 10),
    ]


def test_only_the_last_publications_are_kept_and_the_current_one_always(business: Business) -> None:
    for business.version in (1, 2, 3, 4):
        run(business, keep=2)
    names = publication.publications(business.published)
    assert [name[:6] for name in names] == ["000003", "000004"]
    assert publication.current(business.published) == names[-1]


def test_rolling_back_goes_to_the_one_before_and_no_further_than_the_first(business: Business) -> None:
    for business.version in (1, 2):
        run(business)
    publication.roll_back(business.published)
    assert business.seen() == (1, "version 1")
    with pytest.raises(UserError, match="no whole publication before 000001"):
        publication.roll_back(business.published)
    business.version = 3
    run(business)  # its number is above all there are, so that it is the newest
    assert business.seen() == (3, "version 3")


def test_a_clock_set_back_changes_no_order(business: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    class Clock(datetime):
        year_now = 2031

        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime(cls.year_now, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(nightly, "datetime", Clock)
    run(business)
    Clock.year_now = 2020
    business.version = 2
    run(business)
    assert business.seen() == (2, "version 2")
    assert [name[:11] for name in publication.publications(business.published)] == ["000001-2031", "000002-2020"]


def test_an_open_reader_keeps_its_publication_through_many_runs(business: Business) -> None:
    run(business)
    with duckdb.connect(str((business.published / "current").resolve() / "empathy_roi.duckdb"), read_only=True) as reader:
        for business.version in range(2, 12):
            assert run(business, keep=2)[0] == 0
            assert reader.execute("select count(*), min(version), max(version) from mart").fetchone() == (1000, 1, 1)
    assert business.seen() == (11, "version 11")


_KILLED = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = [{tests!r}]
from operations.conftest import Business
from python_stats.operations import nightly, publication
business = Business(Path({folder!r}))
business.version = 2
left = [{steps}]
real = {{name: getattr(os, name) for name in ("rename", "replace", "symlink", "fsync", "unlink", "mkdir")}}
def counted(name):
    def call(*arguments, **named):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real[name](*arguments, **named)
    return call
for name in real:
    setattr(os, name, counted(name))
nightly.run(business.stages(), business.places, keep=2, wait_s=0)
"""


@pytest.mark.parametrize("steps", range(0, 30, 2))
def test_killed_between_any_two_steps(business: Business, steps: int) -> None:
    """The process dies before its n-th change of a folder: readers see the whole old or the whole new one, and the next run goes through."""
    run(business)
    script = _KILLED.format(tests=str(Path(__file__).resolve().parents[1]), folder=str(business.places.runs.parent), steps=steps)
    process = subprocess.run([sys.executable, "-c", script], check=False, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert process.returncode in (0, -signal.SIGKILL)
    assert business.seen() in ((1, "version 1"), (2, "version 2"))
    business.version = 3
    assert run(business)[0] == 0
    assert business.seen() == (3, "version 3")
    outcomes = [record.outcome for record in history.load(business.places.runs)]
    assert "running" not in outcomes
    assert not [path for path in business.published.iterdir() if path.name.startswith((".incoming", ".outgoing"))]


def test_a_publication_is_never_half_removed(business: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is taken away bears another name by then, so that nobody can roll back to the half of it."""
    for business.version in (1, 2, 3):
        run(business, keep=3)

    def dies(path: Path) -> None:
        (path / "empathy_roi.duckdb").unlink()
        raise KeyboardInterrupt

    monkeypatch.setattr(publication.shutil, "rmtree", dies)
    with pytest.raises(KeyboardInterrupt):
        publication.switch(business.published, publication.publications(business.published)[-1], keep=2)
    monkeypatch.undo()
    assert all((business.published / name / "empathy_roi.duckdb").is_file() for name in publication.publications(business.published))
    run(business)
    assert not list(business.published.glob(".outgoing*"))


def test_the_lock_names_the_run_that_holds_it(business: Business) -> None:
    messages = []

    def meets_it() -> None:
        with pytest.raises(DatabaseLockedError) as caught:
            run(business)
        messages.append(str(caught.value))

    business.break_in["build"] = meets_it
    _, record = run(business)
    assert f"run {record.run_id} (process {os.getpid()}) is still at work" in messages[0]


def test_runs_on_another_target_are_left_alone(business: Business) -> None:
    """Two working databases of one project share the folder of runs: numbers are shared, histories are not."""
    run(business)
    theirs = history.RunRecord(history.claim_run_id(business.places.runs, [], "20260505T000000Z"), "2026-05-05", target="other.duckdb")
    history.save(business.places.runs, theirs)
    _, record = run(business)
    assert [known.outcome for known in history.load(business.places.runs)] == ["published", "running", "published"]
    assert (theirs.run_id[:6], record.run_id[:6]) == ("000002", "000003")
    assert [known.run_id[:6] for known in business.recorded] == ["000001", "000003"]


def test_history_tells_how_far_each_raw_table_reaches_and_how_long_each_stage_took(business: Business) -> None:
    run(business)
    run(business)
    first, second = history.rows(business.recorded)
    assert (first["source_table"], first["landed_until"]) == ("events", "2026-05-05 11:58:00")
    assert all(first[f"seconds_{stage}"] is not None for stage in STAGES)
    assert first["seconds_total"] == pytest.approx(sum(first[f"seconds_{stage}"] for stage in STAGES), abs=0.01)
    assert second["seconds_publish"] is None  # it is in what is being published


def test_a_folder_of_runs_that_cannot_be_written_is_named(business: Business) -> None:
    business.places.runs.write_text("a file in its place")
    with pytest.raises(UserError, match="runs: the folder of runs cannot be written"):
        run(business)


def test_half_a_record_is_no_reason_to_fail(business: Business) -> None:
    run(business)
    broken = business.places.runs / "000007-20260101T000000Z"
    broken.mkdir()
    (broken / history.FILE).write_text('{"run_id": ')
    code, record = run(business)
    assert (code, record.run_id[:6]) == (0, "000008")
    assert json.loads((business.places.runs / record.run_id / history.FILE).read_text())["outcome"] == "published"
