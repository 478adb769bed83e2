"""What a user can get wrong: one clear line naming what is wrong, a non-zero exit code, and nothing half-written."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from builds import PROJECT, RAW_KEYS, Inputs, content_of, environment, in_one_place, marts_of, parsed_before, read_csv, tables_of, write_csv

Done = subprocess.CompletedProcess[str]
SEED_FAULTS = [  # file and key, column and value, what would be right
    ("experiment_variants.csv, experiment_id=", "0 variants are the control", "mark exactly one"),
    ("journey_steps.csv, journey_id=nowhere, step_id=lost", 'journey_id is "nowhere"', "name one that it has"),
    ("journeys.csv, journey_id=", 'attempt_timeout_minutes is "soon"', "write a whole number"),
]


def build(database: Path, inputs: Inputs, *options: str, by_their_names: bool = False) -> Done:
    """`empathy-roi build`, as a user would; `by_their_names`: with the inputs where they are, instead of behind links."""
    database.parent.mkdir(parents=True, exist_ok=True)
    place = database.with_suffix("")
    with parsed_before(Path(f"{place}-target"), inputs, "empathy-roi", database.name, *options):
        return subprocess.run(
            [sys.executable, "-m", "python_stats", "build", "--target-path", f"{place}-target", "--log-path", f"{place}-logs", *options],
            cwd=PROJECT, text=True, capture_output=True, check=False, env=environment(*((database, inputs) if by_their_names else in_one_place(database, inputs))),
        )  # fmt: skip


def assert_says(done: Done, faults: Sequence[tuple[str, ...]], code: int = 2) -> None:
    """Each fault is told in one line, no stack trace stands around it, and the exit code tells checks from usage."""
    lines = (done.stdout + done.stderr).splitlines()
    assert done.returncode == code, "\n".join(lines)
    for fault in faults:
        assert any(all(word in line for word in fault) for line in lines), (fault, "\n".join(lines))
    assert not any("Traceback" in line or line.lstrip().startswith('File "') for line in lines), "\n".join(lines)


@pytest.fixture(scope="module")
def wrong_raw(inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """No file of tickets, transactions without their type, and consents with semicolons."""
    folder = tmp_path_factory.mktemp("wrong_raw")
    assert inputs.raw_location
    for table in RAW_KEYS.keys() - {"ticket_events", "transactions", "consents"}:
        (folder / f"{table}.csv").symlink_to(inputs.raw_location.format(table=table))
    rows = read_csv(Path(inputs.raw_location.format(table="transactions")))
    write_csv(folder / "transactions.csv", [{name: value for name, value in row.items() if name != "transaction_type"} for row in rows])
    (folder / "consents.csv").write_text("consent_id;user_id;purpose\nc1;u1;marketing\n")
    return replace(inputs, raw_location=str(folder / "{table}.csv"))


@pytest.fixture(scope="module")
def wrong_seeds(inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """An experiment without control, a step of an unknown journey, a number that is none."""
    folder = tmp_path_factory.mktemp("wrong_seeds")
    shutil.copytree(inputs.seeds, folder, dirs_exist_ok=True)
    variants, steps, journeys = (read_csv(folder / f"{seed}.csv") for seed in ("experiment_variants", "journey_steps", "journeys"))
    for row in variants:
        row["is_control"] = "false" if row["experiment_id"] == variants[0]["experiment_id"] else row["is_control"]
    steps.append(steps[0] | {"journey_id": "nowhere", "step_id": "lost", "step_order": "1"})
    journeys[0]["attempt_timeout_minutes"] = "soon"
    write_csv(folder / "experiment_variants.csv", variants)
    write_csv(folder / "journey_steps.csv", steps)
    write_csv(folder / "journeys.csv", journeys)
    return replace(inputs, seeds=folder)


def copied(built: Path, folder: Path) -> Path:
    return Path(shutil.copy(built, folder / "new.duckdb"))


def test_wrong_raw_tables_are_named_and_nothing_is_touched(built: Path, inputs: Inputs, wrong_raw: Inputs, tmp_path: Path) -> None:
    database = copied(built, tmp_path)
    everything = tables_of(database)
    before = content_of(database, everything)
    done = build(database, wrong_raw)
    assert_says(done, [
        ("Nothing was built", "raw table 'ticket_events' is not there", "ticket_events.csv", "disabled_tables"),
        ("raw table 'transactions' has no column 'transaction_type'",),
        ("raw table 'consents' has one column only", "separated by semicolons"),
    ])  # fmt: skip
    assert tables_of(database) == everything
    assert content_of(database, everything) == before


def test_wrong_seeds_are_named_and_no_mart_is_touched(built: Path, inputs: Inputs, wrong_seeds: Inputs, tmp_path: Path) -> None:
    database = copied(built, tmp_path)
    marts = marts_of(database, inputs)
    before = content_of(database, marts)
    done = build(database, wrong_seeds)
    assert_says(done, SEED_FAULTS, 1)
    assert marts_of(database, inputs) == marts
    assert content_of(database, marts) == before


def test_wrong_seeds_leave_no_mart_in_a_new_database(wrong_seeds: Inputs, tmp_path: Path) -> None:
    assert_says(build(tmp_path / "new.duckdb", wrong_seeds), SEED_FAULTS, 1)
    assert marts_of(tmp_path / "new.duckdb", wrong_seeds) == []


@pytest.mark.parametrize("option", ["--target", "--profile", "--profiles-dir"])
def test_a_profile_that_points_nowhere(option: str, inputs: Inputs, tmp_path: Path) -> None:
    assert_says(build(tmp_path / "new.duckdb", inputs, option, str(tmp_path / "nowhere")), [("nowhere",)])
    assert not (tmp_path / "new.duckdb").is_file()


def test_a_database_that_is_none(inputs: Inputs, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("This is no database.\n" * 1000)
    assert_says(build(tmp_path / "taken", inputs), [("taken", "not a valid DuckDB database file")])
    assert (tmp_path / "taken").read_text() == "This is no database.\n" * 1000


def test_variables_that_make_no_sense_leave_a_new_database_empty(wrong_raw: Inputs, tmp_path: Path) -> None:
    done = build(tmp_path / "new.duckdb", wrong_raw, "--vars", "{as_of: next Tuesday, reporting_timezone: Mars/Base, disabled_tables: [ticket]}")
    assert_says(done, [
        ("Nothing was built", "variable 'as_of' is \"next Tuesday\"", "write 2026-01-31"),
        ("variable 'reporting_timezone' is \"Mars/Base\"", "Europe/Berlin"),
        ("variable 'disabled_tables' names \"ticket\"", "ticket_events"),
        ("raw table 'ticket_events' is not there",),
    ])  # fmt: skip
    assert tables_of(tmp_path / "new.duckdb") == []


def test_variables_are_no_sql(inputs: Inputs, tmp_path: Path) -> None:
    """Numbers and names stand in SQL as they are: what is neither is told, and nothing is built."""
    variables = (
        '{handover_threshold: "2) or 1=1 --", max_clock_skew_hours: "24", pause_seconds: -1, baseline_days: 1.5, cost_window_days: 0,'
        ' user_segments: [plan, "x; drop table y"], event_dimensions: [ok, "c\'d"], backlog_weights: {severity: x, luck: 1},'
        " disabled_tables: events}"
    )
    done = build(tmp_path / "new.duckdb", inputs, "--vars", variables)
    assert_says(done, [
        ("variable 'handover_threshold' is \"2) or 1=1 --\", which is no whole number of at least 1",),
        ("variable 'max_clock_skew_hours' is \"24\", which is no number",),
        ("variable 'pause_seconds' is \"-1\"",),
        ("variable 'baseline_days' is \"1.5\", which is no whole number",),
        ("variable 'cost_window_days' is \"0\", which is no whole number of at least 1",),
        ("variable 'user_segments' names \"x; drop table y\", which is no plain name",),
        ("variable 'event_dimensions' names \"c'd\"",),
        ("variable 'disabled_tables' is \"events\", which is no list",),
        ("variable 'backlog_weights'", "must give some of severity"),
    ])  # fmt: skip
    assert (done.stdout + done.stderr).count("'disabled_tables' is") == 1
    assert tables_of(tmp_path / "new.duckdb") == []


def test_a_segment_that_users_do_not_have(inputs: Inputs, tmp_path: Path) -> None:
    done = build(tmp_path / "new.duckdb", inputs, "--vars", "{user_segments: [plan, nope]}")
    assert_says(done, [("variable 'user_segments' names \"nope\", which raw table 'users' does not have; it has country, created_at, ", "plan, updated_at")])
    assert "names \"plan\"" not in done.stdout
    assert tables_of(tmp_path / "new.duckdb") == []


def test_a_folder_of_seeds_with_a_quote_in_its_name(wrong_seeds: Inputs, tmp_path: Path) -> None:
    """Its name is in every message about a seed, and must not become SQL there."""
    folder = Path(shutil.copytree(wrong_seeds.seeds, tmp_path / "it's { mine }"))
    done = build(tmp_path / "new.duckdb", replace(wrong_seeds, seeds=folder), "--select", "resource_type:seed", "--select", "path:models/configuration", "--select", "seeds_follow_the_rules", by_their_names=True)
    assert_says(done, [("it's { mine }/journeys.csv, journey_id=",)], 1)
