"""The Spark side of reading and writing, as far as it can be told without a cluster (`make test-spark` has one)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from python_stats.cli import main
from python_stats.errors import EXIT_USAGE, UserError
from python_stats.spark import SparkWarehouse, check_raw_table, is_lost_message, literal, quoted, replace_table
from python_stats.tables import DESCRIPTIONS, TABLES

PROJECT = Path(__file__).resolve().parents[2]


class Said:
    """A session that remembers what it was told, and answers as it was told to."""

    def __init__(self, answers: dict[str, list[tuple[Any, ...]]] | None = None) -> None:
        self.statements: list[str] = []
        self._answers = answers or {}

    def execute(self, statement: str) -> Said:
        self.statements.append(statement)
        return self

    def fetchall(self) -> list[tuple[Any, ...]]:
        return next((rows for start, rows in self._answers.items() if self.statements[-1].startswith(start)), [])


def test_texts_and_names_are_escaped_as_spark_reads_them() -> None:
    assert literal("it's a \\ ''") == r"'it\'s a \\ \'\''"
    assert quoted("a`b") == "`a``b`"


def test_all_rows_are_at_the_server_before_a_table_changes() -> None:
    session = Said()
    row = dict.fromkeys(TABLES["learning_notes"]) | {"experiment_id": "it's"}
    SparkWarehouse(session, "marts", "iceberg").write({"learning_notes": [row], "learning_patterns": []})  # type: ignore[arg-type]
    first_change = next(place for place, said in enumerate(session.statements) if "create or replace table" in said)
    inserts = [place for place, said in enumerate(session.statements) if said.startswith("insert into")]
    assert inserts and max(inserts) < first_change
    assert sum("create or replace table" in said for said in session.statements) == 2
    assert "it\\'s" in session.statements[inserts[0]]
    assert all("__staged" in said for said in session.statements if said.startswith("drop table"))


def test_columns_say_what_they_are() -> None:
    session = Said()
    SparkWarehouse(session, "marts", "iceberg").write({"roi_estimates": []})  # type: ignore[arg-type]
    created = next(said for said in session.statements if said.startswith("create table"))
    missing = [column for column, text in DESCRIPTIONS["roi_estimates"].items() if f"comment {literal(text)}" not in created]
    assert missing == [] and any("'" in text for text in DESCRIPTIONS["roi_estimates"].values())
    replaced = next(said for said in session.statements if said.startswith("create or replace table"))
    assert "comment 'One row per experiment_id, stream, metric_id' as select * from" in replaced  # which takes the columns' comments over


def test_a_format_that_cannot_replace_is_dropped_first() -> None:
    session = Said()
    replace_table(session, "a.b", "parquet", "select 1")  # type: ignore[arg-type]
    assert [said.split(" a.b")[0] for said in session.statements] == ["drop table if exists", "create table"]


def test_a_table_of_somebody_else_stays() -> None:
    there = {"show schemas": [("raw",)], "show tables": [("raw", "events", False)], "describe table `raw`": [("event_id", "string", None)]}
    with pytest.raises(UserError, match="was not made by 'empathy-roi load'"):
        check_raw_table(Said(there | {"describe table extended": [("Comment", "ours", "")]}), "raw", "events")  # type: ignore[arg-type]
    check_raw_table(Said(there | {"describe table extended": [("Comment", "Loaded by empathy-roi", "")]}), "raw", "events")  # type: ignore[arg-type]


@pytest.mark.skipif(find_spec("pyhive") is not None, reason="the driver is here")
@pytest.mark.parametrize("command", ["analyze", "report", "load"])
def test_a_missing_driver_is_said_in_one_line(command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, [command, "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target", "spark"])
    assert done.exit_code == EXIT_USAGE
    assert "pip install --no-deps -r requirements-spark.lock -e ." in done.output and done.output.count("\n") == 1


@pytest.mark.parametrize(
    ("line", "is_lost"),
    [
        ("    Connection lost while polling query status after 2 attempts. This often happens with long-running queries", True),
        ("  failed to connect: TTransportException: Could not connect to any of [('127.0.0.1', 10000)]", True),
        ("  Error running query: java.lang.IllegalStateException: SparkContext was shut down", True),
        ("  [TABLE_OR_VIEW_NOT_FOUND] The table or view `raw`.`events` cannot be found", False),
        ("1 of 9 OK created sql table model empathy_roi.as_of ... [OK in 1.20s]", False),
    ],
)
def test_a_server_that_went_away_is_told_from_other_failures(line: str, is_lost: bool) -> None:
    assert is_lost_message(line) is is_lost
