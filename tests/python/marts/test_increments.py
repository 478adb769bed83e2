"""A run with nothing new changes no row; a changed seed is said, and mended. (Increments against full refreshes: tests/incremental.)"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
from builds import Inputs, build, content_of, differing, marts_of, read_csv, rows_of, run_dbt, slow, tables_of, write_csv

KEPT_SUMS = ("int_change_sums", "int_pair_sums")  # each state as a whole, under the run that wrote it


def states_of(database: Path) -> list[list[dict[str, object]]]:
    """The last state of kept sums, without the run that wrote it; the one before it lies beside it."""
    return [rows_of(database, f"select * exclude (run_no) from {table} where run_no = (select max(run_no) from {table}) order by all") for table in KEPT_SUMS]


def log_of(database: Path) -> str:
    return (Path(f"{database.with_suffix('')}-logs") / "dbt.log").read_text(encoding="utf-8")


def built_last(database: Path) -> set[str]:
    """What the last run built: models and seeds, and tests that it ran and that passed."""
    latest = rows_of(database, "select model_name from int_builds where run_no = (select max(run_no) from int_builds)")
    return {row["model_name"] for row in latest} - {"(run)", "(end)"}


def execute(database: Path, statement: str) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute(statement)


def test_nothing_new_and_then_a_changed_seed(built: Path, inputs: Inputs, tmp_path: Path) -> None:
    database = Path(shutil.copy(built, tmp_path / "built.duckdb"))
    unchanged = [table for table in tables_of(built) if table != "int_builds"]
    build(database, inputs)
    assert differing(content_of(built, unchanged), content_of(database, unchanged)) == {}
    assert built_last(database) == set()
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
    anew = build(tmp_path / "anew" / "built.duckdb", changed)
    marts = marts_of(anew, changed)
    assert differing(content_of(database, marts), content_of(anew, marts)) == {}
    assert differing(content_of(built, marts), content_of(anew, marts)) != {}


@slow
def test_what_is_in_doubt_is_built_again(built: Path, inputs: Inputs, tmp_path: Path) -> None:
    database = Path(shutil.copy(built, tmp_path / "built.duckdb"))
    tables = [table for table in tables_of(built) if table not in ("int_builds", *KEPT_SUMS)]

    execute(database, "insert into int_builds select '(run)', max(run_no) + 1, false, null, null from int_builds")  # one that died
    build(database, inputs)
    assert {"stg_events", "journeys", "cfg_journeys", "friction_step_daily"} <= built_last(database)
    assert not built_last(database) & {"int_checked_events", "int_checked_users"}  # these had said so themselves
    assert differing(content_of(built, tables), content_of(database, tables)) == {}
    assert states_of(database) == states_of(built)

    execute(database, "drop table survey_summary")
    build(database, inputs)
    assert "survey_summary" in built_last(database) and not built_last(database) & {"fct_survey_responses", "friction_step_daily"}
    assert differing(content_of(built, tables), content_of(database, tables)) == {}

    for number in (1, 2):
        assert run_dbt("build", database, inputs, "--select", "survey_summary").returncode == 0
        tests = {name for name in built_last(database) if name.startswith("test.")}
        assert bool(tests) == (number == 1)
        assert built_last(database) == tests
    execute(database, "update int_builds set fingerprint = 'of another one' where model_name like 'test.%'")
    assert run_dbt("build", database, inputs, "--select", "survey_summary").returncode == 0
    assert {name for name in built_last(database) if name.startswith("test.")} != set()


@slow
def test_models_that_are_all_built_again_write_no_row_where_none_has_landed(built: Path, inputs: Inputs, tmp_path: Path) -> None:
    """As after a changed comment. `run_no` tells in which run a row was written; of users nothing says when their rows landed."""
    database = Path(shutil.copy(built, tmp_path / "built.duckdb"))
    tables = [table for table in tables_of(built) if table not in ("int_builds", "int_checked_users", *KEPT_SUMS)]
    execute(database, "update int_builds set fingerprint = 'of other comments' where model_name = '(end)'")
    build(database, inputs)
    assert {"int_checked_events", "int_identity_pairs", "int_person_events", "fct_tickets"} <= built_last(database)
    assert differing(content_of(built, tables), content_of(database, tables)) == {}
    assert states_of(database) == states_of(built)


@slow
def test_a_part_is_made_up_for(built: Path, inputs: Inputs, tmp_path: Path) -> None:
    database = Path(shutil.copy(built, tmp_path / "built.duckdb"))
    later = replace(inputs, variables=inputs.variables | {"as_of": "2025-06-17 23:00:00"})
    build(database, later, "--select", "as_of")
    assert built_last(database) == {"as_of"}
    build(database, later)
    assert {"fct_journey_attempts", "fct_tickets", "experiment_metric_stats"} <= built_last(database)
    assert not built_last(database) & {"as_of", "int_checked_events", "int_person_events", "stg_events"}
    anew = build(tmp_path / "anew" / "built.duckdb", later)
    marts = marts_of(anew, later)
    assert differing(content_of(database, marts), content_of(anew, marts)) == {}
