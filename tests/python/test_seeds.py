"""The configuration's rules: every kind of wrong seed is named by file, key and rule, and stops the build before any mart."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import jinja2
import pytest
import yaml

from python_stats.loading import RAW_TABLES

PROJECT = Path(__file__).parents[2]

Row = dict[str, str]


@dataclass(frozen=True)
class Case:
    """A row put at the end of a seed: a valid row of it with some cells changed; and the broken rule to be reported for it."""

    seed: str
    cells: Row
    column: str
    rule: str
    key: str


def case(seed: str, column: str, rule: str, key: str = "", **cells: str) -> Case:
    """A case whose key is, unless told, the cells that are ids."""
    return Case(seed, cells, column, rule, key or next(f"{name}={value}" for name, value in cells.items()))


def metric(experiment_id: str, metric_id: str, role: str, **cells: str) -> tuple[str, Row]:
    return "experiment_metrics", {"experiment_id": experiment_id, "metric_id": metric_id, "role": role, **cells}


def variant(experiment_id: str, variant_id: str, share: str, control: str = "false", levels: str = "") -> tuple[str, Row]:
    return "experiment_variants", {
        "experiment_id": experiment_id, "variant_id": variant_id, "expected_share": share, "is_control": control, "factor_levels": levels,
    }


CASES = [
    # One wrong cell
    case("journeys", "journey_id", "required", journey_id="", key="journey_id=(empty)"),
    case("journeys", "intent", "allowed", journey_id="t_intent", intent="medium"),
    case("journeys", "owner_team", "required", journey_id="t_team", owner_team=""),
    case("journeys", "owner_team", "reserved", journey_id="t_everyone", owner_team="all"),
    case("campaigns", "owner_team", "reserved", campaign_id="t_everyone", owner_team="all"),
    case("support_costs", "owner_team", "reserved", channel="t_everyone", owner_team="all"),
    case("journeys", "attempt_timeout_minutes", "type", journey_id="t_text", attempt_timeout_minutes="an hour"),
    case("journeys", "attempt_timeout_minutes", "type", journey_id="t_fraction", attempt_timeout_minutes="1.5"),
    case("journeys", "attempt_timeout_minutes", "range", journey_id="t_zero", attempt_timeout_minutes="0"),
    case("journeys", "value_per_completion", "type", journey_id="t_nan", value_per_completion="NaN"),
    case("journeys", "value_per_completion", "range", journey_id="t_negative", value_per_completion="-1"),
    case("journeys", "currency", "value_has_currency", journey_id="t_currency", value_per_completion="5", currency=""),
    case("journeys", "journey_id", "journey_has_steps", journey_id="t_no_steps"),
    case("journey_steps", "is_required", "type", "journey_id=checkout, step_id=t_flag", journey_id="checkout", step_id="t_flag", is_required="maybe"),
    case("journey_steps", "entry_event", "required", "journey_id=checkout, step_id=t_entry", journey_id="checkout", step_id="t_entry", entry_event=""),
    case("journey_steps", "journey_id", "reference", "journey_id=nowhere, step_id=t", journey_id="nowhere", step_id="t"),
    case("journey_steps", "step_order", "step_order_without_gaps", "journey_id=t_gap", journey_id="t_gap", step_id="t", step_order="2"),
    case("signal_events", "signal", "allowed", "event_name=t, signal=tap", event_name="t", signal="tap"),
    case("campaigns", "purpose", "allowed", campaign_id="t_purpose", purpose="annoy"),
    case("campaigns", "target_journey_id", "reference", campaign_id="t_journey", target_journey_id="nowhere", target_step_id=""),
    case("campaigns", "target_step_id", "reference", campaign_id="t_step", target_journey_id="checkout", target_step_id="nowhere"),
    case("campaigns", "target_journey_id", "step_needs_journey", campaign_id="t_orphan", target_journey_id="", target_step_id="cart"),
    case("campaigns", "attribution_hours", "target_needs_attribution", campaign_id="t_hours", target_journey_id="checkout", attribution_hours=""),
    case("campaigns", "attribution_hours", "range", campaign_id="t_no_hours", attribution_hours="0"),
    case("support_costs", "cost_per_contact", "range", channel="t_cost", cost_per_contact="-0.1"),
    case("signal_events", "signal", "allowed", "event_name=t, signal=click|error", event_name="t", signal="click|error"),
    case("business_hours", "weekday", "range", "weekday=8, opens_at=09:00", weekday="8", opens_at="09:00", closes_at="10:00"),
    case("business_hours", "opens_at", "type", "weekday=7, opens_at=9:00", weekday="7", opens_at="9:00", closes_at="10:00"),
    case("business_hours", "closes_at", "opens_before_closing", "weekday=7, opens_at=23:00", weekday="7", opens_at="23:00", closes_at="22:00"),
    case("business_hours", "opens_at", "hours_do_not_overlap", "weekday=7, opens_at=02:00", weekday="7", opens_at="02:00", closes_at="04:00"),
    case("business_hours", "timezone", "known_timezone", "weekday=7, opens_at=01:00", weekday="7", opens_at="01:00", closes_at="03:00", timezone="Mars/Base"),
    case("business_hours", "timezone", "one_timezone", "(all rows)", weekday="7", opens_at="05:00", closes_at="06:00", timezone="Europe/Paris"),
    # Experiments
    case("experiments", "alpha", "range", experiment_id="t_alpha", alpha="1"),
    case("experiments", "power", "range", experiment_id="t_power", power="0"),
    case("experiments", "looks", "range", experiment_id="t_looks", looks="0"),
    case("experiments", "decision_window_days", "allowed", experiment_id="t_window", decision_window_days="14"),
    case("experiments", "journey_id", "reference", experiment_id="t_place", journey_id="nowhere"),
    case("experiments", "what_changes", "one_change_at_a_time", experiment_id="t_several", what_changes="several", design="ab"),
    case("experiments", "looks", "group_sequential_has_a_plan", experiment_id="t_plan", monitoring="group_sequential", spending=""),
    case("experiments", "ended_on", "ends_after_start", experiment_id="t_ends", started_on="2026-03-02", ended_on="2026-03-01"),
    case("experiments", "declared_on", "declared_before_start", experiment_id="t_late", started_on="2026-03-02", declared_on="2026-03-03"),
    case("experiments", "declared_on", "type", experiment_id="t_no_day", declared_on="2025-02-30"),
    case("experiments", "started_on", "type", experiment_id="t_german_day", started_on="1.3.2026"),
    case("experiments", "hypothesis", "required", experiment_id="t_why", hypothesis=""),
    Case(*metric("t_two", "revenue", "primary"), "role", "one_primary", "experiment_id=t_two"),
    Case(*metric("t_unguarded", "revenue", "primary"), "role", "a_guardrail", "experiment_id=t_unguarded"),
    Case(*metric("t_unguarded", "csat", "secondary"), "role", "two_secondaries_at_most", "experiment_id=t_unguarded"),
    Case(*metric("t_unguarded", "mood", "secondary"), "metric_id", "allowed", "experiment_id=t_unguarded, metric_id=mood"),
    Case(*metric("t_unguarded", "nps", "secondary", good_direction="up"), "good_direction", "allowed", "experiment_id=t_unguarded, metric_id=nps"),
    Case(*metric("t_two", "conversion", "primary", min_lift_rollout=""), "min_lift_rollout", "primary_has_thresholds", "experiment_id=t_two, metric_id=conversion"),
    Case(*metric("t_two", "csat", "guardrail", max_harm_rollback=""), "max_harm_rollback", "guardrail_has_threshold", "experiment_id=t_two, metric_id=csat"),
    Case(*metric("t_two", "nps", "guardrail", mde_relative="-0.1"), "mde_relative", "range", "experiment_id=t_two, metric_id=nps"),
    Case(*metric("t_short", "retention", "primary"), "metric_id", "metric_has_the_decision_window", "experiment_id=t_short, metric_id=retention"),
    Case(*metric("t_open", "retention", "primary"), "metric_id", "metric_has_the_decision_window", "experiment_id=t_open, metric_id=retention"),
    Case(*metric("t_nowhere", "nps", "guardrail"), "experiment_id", "reference", "experiment_id=t_nowhere, metric_id=nps"),
    Case(*variant("t_two", "a", "0.5", "true"), "is_control", "one_control", "experiment_id=t_two"),
    Case(*variant("t_two", "b", "0.4", "true"), "expected_share", "shares_add_up", "experiment_id=t_two"),
    Case(*variant("t_unguarded", "b", "1.5"), "expected_share", "range", "experiment_id=t_unguarded, variant_id=b"),
    Case(*variant("t_unguarded", "c", "4.8e25"), "expected_share", "range", "experiment_id=t_unguarded, variant_id=c"),
    Case(*variant("t_unguarded", "b", "0.5"), "variant_id", "two_variants_at_least", "experiment_id=t_alpha"),
    Case(*variant("t_unguarded", "b", "0.5"), "experiment_id, variant_id", "unique", "experiment_id=t_unguarded, variant_id=b"),
    Case(*variant("t_factorial", "a", "0.5", "true"), "factor_levels", "factorial_has_levels", "experiment_id=t_factorial, variant_id=a"),
    Case(*variant("t_factorial", "b", "0.5", levels="copy=new;timing"), "factor_levels", "factor_has_level", "experiment_id=t_factorial, variant_id=b"),
    Case(*variant("t_factorial", "c", "0.5", levels="copy=old;offer=new"), "factor_levels", "same_factors", "experiment_id=t_factorial"),
    # Money and the backlog
    case("value_assumptions", "stream", "allowed", "experiment_id=t_two, stream=luck, metric_id=csat", experiment_id="t_two", stream="luck", metric_id="csat"),
    case("value_assumptions", "metric_id", "stream_has_metric", "experiment_id=t_two, stream=cost_reduced, metric_id=(empty)", experiment_id="t_two", stream="cost_reduced", metric_id=""),
    case("value_assumptions", "value_per_unit", "value_within_its_range", "experiment_id=t_two, stream=cost_reduced, metric_id=nps", experiment_id="t_two", stream="cost_reduced", metric_id="nps", value_low="5", value_per_unit="4", value_high="9"),
    case("value_assumptions", "qualified_share", "range", "experiment_id=t_two, stream=cost_reduced, metric_id=ces", experiment_id="t_two", stream="cost_reduced", metric_id="ces", qualified_share="20"),
    case("value_assumptions", "currency", "required", "experiment_id=t_two, stream=cost_reduced, metric_id=csat", experiment_id="t_two", stream="cost_reduced", metric_id="csat", currency=""),
    case("value_assumptions", "one_off_cost", "range", "experiment_id=t_two, stream=cost_reduced, metric_id=revenue", experiment_id="t_two", stream="cost_reduced", metric_id="revenue", one_off_cost="-1"),
    case("backlog_ideas", "confidence", "range", idea_id="t_sure", confidence="70"),
    case("backlog_ideas", "effort_days", "range", idea_id="t_free", effort_days="0"),
    case("backlog_ideas", "campaign_id", "reference", idea_id="t_campaign", campaign_id="nowhere"),
    case("backlog_ideas", "channel", "reference", idea_id="t_channel", campaign_id="", channel="chatt"),
    case("backlog_ideas", "journey_id", "step_needs_journey", idea_id="t_step", journey_id="", step_id="cart"),
    case("metric_tree", "child_metric_id", "no_self_edge", "parent_metric_id=ces, child_metric_id=ces", parent_metric_id="ces", child_metric_id="ces"),
    case("metric_tree", "child_metric_id", "no_cycle", "parent_metric_id=nps", parent_metric_id="nps", child_metric_id="reply_rate"),
    case("metric_tree", "child_metric_id", "no_cycle", "parent_metric_id=reply_rate", parent_metric_id="reply_rate", child_metric_id="nps"),
    case("metric_tree", "child_metric_id", "child_is_nearer", "parent_metric_id=ces, child_metric_id=revenue", parent_metric_id="ces", child_metric_id="revenue"),
    case("metric_tree", "child_metric_id", "allowed", "parent_metric_id=ces, child_metric_id=mood", parent_metric_id="ces", child_metric_id="mood"),
    case("metric_tree", "expected_sign", "type", "parent_metric_id=ces, child_metric_id=csat", parent_metric_id="ces", child_metric_id="csat", expected_sign="+"),
    case("metric_tree", "expected_sign", "allowed", "parent_metric_id=ces, child_metric_id=pause_rate", parent_metric_id="ces", child_metric_id="pause_rate", expected_sign="0"),
]

# Rows that are right themselves and that the cases need.
SUPPORTING_ROWS: list[tuple[str, Row]] = [
    ("journeys", {"journey_id": "t_gap"}),
    ("business_hours", {"weekday": "7", "opens_at": "00:30", "closes_at": "24:00"}),
    ("experiments", {"experiment_id": "t_two"}),
    ("experiments", {"experiment_id": "t_unguarded"}),
    ("experiments", {"experiment_id": "t_short", "decision_window_days": "7"}),
    ("experiments", {"experiment_id": "t_open", "decision_window_days": ""}),
    ("experiments", {"experiment_id": "t_month", "decision_window_days": "30"}),
    metric("t_short", "csat", "guardrail"),
    metric("t_open", "csat", "guardrail"),
    metric("t_month", "retention", "primary"),
    metric("t_two", "retention", "guardrail"),
    ("experiments", {"experiment_id": "t_factorial", "design": "factorial", "what_changes": "several"}),
    metric("t_unguarded", "ces", "secondary"),
]


@dataclass(frozen=True)
class Build:
    """What a build left behind: its exit code, its output, its violations, and the status of every node."""

    exit_code: int
    output: str
    violations: dict[tuple[str, str, str, str], str]
    statuses: dict[str, str]
    database: Path


def read_seeds() -> dict[str, list[Row]]:
    seeds = {}
    for path in sorted((PROJECT / "seeds").glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            seeds[path.stem] = list(csv.DictReader(file))
    return seeds


def write_seeds(seeds: dict[str, list[Row]], folder: Path) -> None:
    folder.mkdir()
    for seed, rows in seeds.items():
        with (folder / f"{seed}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


def build(seeds: dict[str, list[Row]], folder: Path, *selection: str) -> Build:
    """`dbt build` on these seeds and on no raw tables, in a process of its own (dbt keeps the DuckDB file locked otherwise)."""
    write_seeds(seeds, folder / "seeds")
    database = folder / "warehouse.duckdb"
    environment = os.environ | {
        "EMPATHY_ROI_SEEDS": os.path.relpath(folder / "seeds", PROJECT),
        "EMPATHY_ROI_DATABASE": str(database),
        "EMPATHY_ROI_TARGET": "duckdb",
        "EMPATHY_ROI_SCHEMA": "main",
    }
    run = subprocess.run(
        [
            sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--no-use-colors", "build",
            "--vars", json.dumps({"disabled_tables": list(RAW_TABLES)}),
            "--target-path", str(folder / "target"), "--log-path", str(folder / "logs"), *selection,
        ],
        cwd=PROJECT, env=environment, capture_output=True, text=True, check=False,
    )
    output = run.stdout + run.stderr
    assert (folder / "target" / "run_results.json").exists(), output
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    with duckdb.connect(str(database), read_only=True) as connection:
        found = connection.execute("select file, row_key, column_name, rule, message from seed_violations").fetchall()
    violations = {(Path(file).stem, key, column, rule): message for file, key, column, rule, message in found}
    return Build(run.returncode, output, violations, {result["unique_id"]: result["status"] for result in results}, database)


def test_every_list_of_the_seeds_columns_is_the_same() -> None:
    """The contract, what dbt types (a column that is left out is typed by its guess), what is described, and the files themselves."""
    said: list[dict[str, dict[str, object]]] = []
    source = (PROJECT / "macros" / "configuration" / "seed_contract.sql").read_text("utf-8")
    jinja2.Environment(autoescape=False).from_string(source, {"return": said.append}).module.seed_contract()  # type: ignore[attr-defined]
    contract = {seed: list(each["columns"]) for seed, each in said[0].items()}
    typed = yaml.safe_load((PROJECT / "dbt_project.yml").read_text("utf-8"))["seeds"]["empathy_roi"]
    assert {seed: list(each["+column_types"]) for seed, each in typed.items() if not seed.startswith("+")} == contract
    described = yaml.safe_load((PROJECT / "seeds" / "_seeds.yml").read_text("utf-8"))["seeds"]
    assert {each["name"]: [column["name"] for column in each["columns"]] for each in described} == contract
    headers = {path.stem: next(csv.reader(path.open(encoding="utf-8"))) for path in (PROJECT / "seeds").glob("*.csv")}
    assert headers == contract


@pytest.fixture(scope="module")
def tidy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """The project's own seeds, but for what a file may do: lack the optional files and columns, order columns anew, hold more of them."""
    seeds = read_seeds()
    del seeds["backlog_ideas"], seeds["metric_tree"]
    seeds["journeys"] = [dict(reversed(row.items())) | {"remark": "any"} for row in seeds["journeys"]]
    seeds["experiments"] = [{name: cell for name, cell in row.items() if name not in ("alpha", "pain_point")} for row in seeds["experiments"]]
    yield build(seeds, tmp_path_factory.mktemp("tidy"), "--select", "configuration", "resource_type:seed", "seeds_follow_the_rules",
        "--indirect-selection", "buildable")


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """All cases at once, a required column and a required file missing, in a build of everything."""
    seeds = read_seeds()
    templates = {seed: rows[0] for seed, rows in seeds.items()}
    for seed, cells in [*SUPPORTING_ROWS, *((each.seed, each.cells) for each in CASES)]:
        assert cells.keys() <= templates[seed].keys(), f"{seed} has no such column: {cells}"
        seeds[seed].append(templates[seed] | cells)
    for row in seeds["support_costs"]:
        del row["currency"]
    del seeds["holidays"]
    yield build(seeds, tmp_path_factory.mktemp("broken"))


@pytest.mark.parametrize("absolute", [True, False], ids=["absolute", "relative"])
def test_seeds_beside_the_project_are_read_and_left_as_they_are(absolute: bool, tmp_path: Path) -> None:
    """dbt would write its own SQL to target/run/<their path>: over them, or out of target."""
    folder, target = tmp_path / "seeds", tmp_path / "some" / "where" / "target"
    write_seeds(read_seeds(), folder)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.csv")}
    environment = os.environ | {
        "EMPATHY_ROI_SEEDS": str(folder) if absolute else os.path.relpath(folder, PROJECT),
        "EMPATHY_ROI_DATABASE": str(tmp_path / "warehouse.duckdb"), "EMPATHY_ROI_TARGET": "duckdb", "EMPATHY_ROI_SCHEMA": "main",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "seed", "--target-path", str(target), "--log-path", str(tmp_path / "logs")],
        cwd=PROJECT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*.csv")}
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        for path in before:
            rows = len(list(csv.DictReader(path.open(encoding="utf-8"))))
            assert connection.execute(f"select count(*) from {path.stem}").fetchall() == [(rows,)]


def test_the_projects_own_seeds_break_no_rule(tidy: Build) -> None:
    assert tidy.violations == {}
    assert tidy.exit_code == 0, tidy.output


def test_what_a_file_leaves_out_is_empty_or_its_default(tidy: Build) -> None:
    with duckdb.connect(str(tidy.database), read_only=True) as connection:
        assert connection.execute("select count(*) from cfg_backlog_ideas").fetchone() == (0,)
        assert connection.execute("select count(*) from cfg_metric_tree").fetchone() == (0,)
        assert connection.execute("select distinct alpha, pain_point from cfg_experiments").fetchall() == [(0.05, None)]
        columns = [name for name, *_ in connection.execute("describe cfg_journeys").fetchall()]
        journeys = connection.execute("select journey_id, attempt_timeout_minutes from cfg_journeys").fetchall()
    assert columns == list(read_seeds()["journeys"][0])
    assert sorted(journeys) == sorted((row["journey_id"], int(row["attempt_timeout_minutes"])) for row in read_seeds()["journeys"])


@pytest.mark.parametrize("each", CASES, ids=lambda each: f"{each.seed}-{each.rule}-{each.key}")
def test_a_broken_rule_is_named_by_file_key_column_and_rule(broken: Build, each: Case) -> None:
    message = broken.violations.get((each.seed, each.key, each.column, each.rule))
    assert message is not None, sorted(broken.violations)
    assert f"{each.seed}.csv, {each.key}: " in message


def test_only_the_primary_metric_must_have_the_window_of_the_verdict(broken: Build) -> None:
    found = {key for _, key, _, rule in broken.violations if rule == "metric_has_the_decision_window"}
    assert found == {"experiment_id=t_short, metric_id=retention", "experiment_id=t_open, metric_id=retention"}  # neither of 30 days, nor a guardrail


def test_a_missing_column_is_named_once(broken: Build) -> None:
    found = [violation for violation in broken.violations if violation[0] == "support_costs" and violation[2] == "currency"]
    assert found == [("support_costs", "(the header)", "currency", "missing_column")]


def test_a_missing_file_is_named(broken: Build) -> None:
    assert ("holidays", "(the file)", "(all)", "missing_file") in broken.violations


def test_no_innocent_row_is_accused(broken: Build) -> None:
    first_ids = {key.split(", ")[0].partition("=")[2] for _, key, _, _ in broken.violations}
    seeds = read_seeds()
    innocent = {row["journey_id"] for row in seeds["journeys"]} - {"checkout"} | {row["experiment_id"] for row in seeds["experiments"]}
    assert not first_ids & innocent


def test_the_build_prints_what_to_correct_and_stops_before_any_mart(broken: Build) -> None:
    assert broken.exit_code == 1
    assert 'intent is "medium"; write one of high, low.' in broken.output
    built = {
        node.split(".")[-1] for node, status in broken.statuses.items() if node.startswith("model.") and status == "success"
    }
    assert built == {name for name in built if name.startswith("seed_violations")} and "seed_violations" in built
