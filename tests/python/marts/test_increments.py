"""A run with nothing new changes no row; a changed seed is said, and mended. (Increments against full refreshes: tests/incremental.)"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from builds import Inputs, build, content_of, differing, marts_of, read_csv, rows_of, tables_of, write_csv


def log_of(database: Path) -> str:
    return (Path(f"{database.with_suffix('')}-logs") / "dbt.log").read_text(encoding="utf-8")


def test_nothing_new_and_then_a_changed_seed(built: Path, inputs: Inputs, tmp_path: Path) -> None:
    database = Path(shutil.copy(built, tmp_path / "again.duckdb"))
    tables = [table for table in tables_of(built) if table != "int_builds"]
    build(database, inputs)
    unchanged = [table for table in tables if table != "int_checked_users"]  # read whole, with the number of the run
    assert differing(content_of(built, unchanged), content_of(database, unchanged)) == {}
    latest = rows_of(database, "select model_name, is_full from int_builds where run_no = (select max(run_no) from int_builds) and model_name <> '(run)'")
    assert len(latest) > 20
    assert {row["model_name"] for row in latest if row["is_full"]} == {"int_checked_users"}
    assert "Stale" not in log_of(database)

    seeds = Path(shutil.copytree(inputs.seeds, tmp_path / "seeds"))
    journeys = read_csv(seeds / "journeys.csv")
    for row in journeys:
        row["attempt_timeout_minutes"] = "7"
    write_csv(seeds / "journeys.csv", journeys)
    changed = replace(inputs, seeds=seeds)
    build(database, changed)
    said = next(line for line in log_of(database).splitlines() if "Stale: " in line)
    for words in ("journeys.csv changed", "fct_journey_attempts", "fct_step_attempts", "empathy-roi build --full-refresh"):
        assert words in said
    assert "fct_tickets" not in said
    anew = build(tmp_path / "anew.duckdb", changed)
    marts = marts_of(anew, changed)
    assert differing(content_of(database, marts), content_of(anew, marts)) == {}
    assert differing(content_of(built, marts), content_of(anew, marts)) != {}
