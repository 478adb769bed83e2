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


@slow
def test_a_changed_seed_counts_once_it_is_loaded_and_read(built: Path, inputs: Inputs, tmp_path: Path) -> None:
    """`dbt run` loads no seeds; a part may load one and leave out the table between it and a mart. The next whole build mends both."""
    database = Path(shutil.copy(built, tmp_path / "built.duckdb"))
    seeds = Path(shutil.copytree(inputs.seeds, tmp_path / "seeds"))
    write_csv(seeds / "journeys.csv", [row | {"attempt_timeout_minutes": "7"} for row in read_csv(seeds / "journeys.csv")])
    changed = replace(inputs, seeds=seeds)
    marts = marts_of(built, changed)
    assert run_dbt("run", database, changed).returncode == 0
    assert "not loaded by this run: journeys.csv" in log_of(database)
    assert differing(content_of(built, marts), content_of(database, marts)) == {}
    part = Path(shutil.copy(built, tmp_path / "part.duckdb"))
    assert run_dbt("run", part, changed, "--select", "fct_tickets").returncode == 0
    assert run_dbt("build", part, changed, "--select", "journeys", "fct_journey_attempts", "int_attempts").returncode == 0
    anew = content_of(build(tmp_path / "anew" / "built.duckdb", changed), marts)
    for one in (database, part):
        assert differing(content_of(build(one, changed), marts), anew) == {}
    assert differing(content_of(built, marts), anew) != {}


@slow
def test_what_is_carried_along_may_change(built: Path, inputs: Inputs, tmp_path: Path) -> None:
    """`user_segments` and `event_dimensions` add columns to tables, take some away, and change their order."""
    database = Path(shutil.copy(built, tmp_path / "built.duckdb"))
    other = replace(inputs, variables=inputs.variables | {"user_segments": ["country"], "event_dimensions": ["device"]})
    build(database, other)
    anew = build(tmp_path / "anew" / "built.duckdb", other)
    marts = marts_of(anew, other)
    assert "friction_step_daily_by_dimension" in differing(content_of(built, marts), content_of(anew, marts))
    assert differing(content_of(database, marts), content_of(anew, marts)) == {}
    build(database, replace(inputs, variables=inputs.variables | {"user_segments": inputs.variables["user_segments"][::-1]}))
    build(database, inputs)
    assert differing(content_of(database, marts), content_of(built, marts)) == {}


@slow
def test_users_who_leave_and_come_back(built: Path, inputs: Inputs, tmp_path: Path) -> None:
    """Every second user is no longer in `users`: who they were when a message reached them is told anew, and once."""
    assert inputs.raw_location is not None
    database = Path(shutil.copy(built, tmp_path / "built.duckdb"))
    raw = Path(shutil.copytree(Path(inputs.raw_location).parent, tmp_path / "raw"))
    users = read_csv(raw / "users.csv")
    gone = set(sorted({row["user_id"] for row in users})[::2])
    write_csv(raw / "users.csv", [row for row in users if row["user_id"] not in gone])
    left = replace(inputs, raw_location=str(raw / "{table}.csv"))
    build(database, left)
    anew = build(tmp_path / "anew" / "built.duckdb", left)
    marts = marts_of(anew, left)
    assert differing(content_of(database, marts), content_of(anew, marts)) == {}
    assert "fct_messages" in differing(content_of(built, marts), content_of(anew, marts))
    told = content_of(database, ["int_changed_users"])
    assert content_of(build(database, left), ["int_changed_users"]) == told
    assert differing(content_of(build(database, inputs), marts), content_of(built, marts)) == {}
