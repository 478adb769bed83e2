"""What the tests of the marts share: raw rows, builds by dbt in a process of their own, and what a database holds."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import dbt_process
import duckdb
import pytest
from raw_keys import RAW_KEYS

PROJECT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("EMPATHY_ROI_SHARED", PROJECT.parent / "shared"))
GENERATOR = SHARED / "oracle" / "generate.py"

METRICS = [  # one primary, two secondary, the rest guardrails
    "conversion", "attempt_completion_rate", "step_abandonment_rate", "completion_time", "time_to_first_action", "required_step_failure_rate",
    "error_rate", "retry_rate", "backtrack_rate", "rage_click_rate", "help_view_rate", "repeated_edit_rate", "pause_rate", "silent_friction_rate",
    "fields_per_attempt", "task_success_rate", "messages_delivered", "engagement_rate", "open_rate", "click_rate", "reply_rate",
    "message_conversion_rate", "relevance_score", "unsubscribe_rate", "complaint_rate", "unconsented_rate", "escalation_rate", "reopen_rate",
    "repeat_contact_rate", "missed_handover_rate", "early_handover_rate", "tickets_per_person", "support_cost", "csat", "nps", "ces",
    "confidence_rate", "retention", "repeat_visits", "revenue", "purchase_rate", "churn_rate", "refund_rate", "net_value",
    "time_to_complete", "latency_to_action", "first_response_time", "resolution_time", "handover_wait",
]  # fmt: skip
STREAMS = [  # stream, metric, qualified share, value, currency: all kinds, and what net_value leaves out
    ("revenue_created", "conversion", "0.2", "300", "EUR"), ("revenue_preserved", "conversion", "0.01", "7.5", "EUR"),
    ("revenue_created", "revenue", "0.4", "1", "EUR"), ("cost_reduced", "support_cost", "1", "1", "EUR"),
    ("cost_reduced", "error_rate", "0.3", "0.07", "EUR"), ("revenue_preserved", "retention", "1", "11", "EUR"),
    ("cost_reduced", "resolution_time", "1", "0.01", "EUR"), ("decision_velocity", "churn_rate", "1", "100", "EUR"),
    ("revenue_preserved", "refund_rate", "1", "20", "USD"),
]  # fmt: skip
TIMEZONE = "America/New_York"  # what the shared build reports days in, and cuts experiments by
SEGMENTS = ["plan", "country"]
LEAST = 5  # so many are enough for a guardrail of the scorecard
VARIABLES = {"reporting_timezone": TIMEZONE, "user_segments": SEGMENTS, "min_segment_size": LEAST}

slow = pytest.mark.skipif(not os.environ.get("EMPATHY_ROI_ALL_TESTS"), reason="minutes of builds: EMPATHY_ROI_ALL_TESTS=1")

Row = dict[str, str]
Content = dict[str, list[str]]


@dataclass(frozen=True)
class Inputs:
    """Where a build finds its raw rows and seeds. `raw_location` None: the tables of the schema `raw` in the database itself."""

    seeds: Path
    raw_location: str | None
    variables: dict[str, Any] = field(default_factory=dict)


def write_csv(path: Path, rows: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_csv(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def declare_all_metrics(seeds: Path) -> None:
    """Rewrite experiment_metrics.csv so that every experiment declares every metric, and value_assumptions.csv so that all kinds are worth something."""
    rows, streams = [], []
    for experiment in read_csv(seeds / "experiments.csv"):
        for place, metric_id in enumerate(METRICS):
            rows.append({
                "experiment_id": experiment["experiment_id"], "metric_id": metric_id,
                "role": ("primary", "secondary", "secondary")[place] if place < 3 else "guardrail",
                "good_direction": "decrease" if metric_id in ("error_rate", "support_cost") else "increase", "mde_relative": "0.05", "min_lift_rollout": "0.02", "max_harm_rollback": "0.05",
            })  # fmt: skip
        for stream, metric_id, share, value, currency in STREAMS:
            streams.append({
                "experiment_id": experiment["experiment_id"], "stream": stream, "metric_id": metric_id, "units_per_month": "1000",
                "qualified_share": share, "value_per_unit": value, "value_low": value, "value_high": value, "is_direct": "true",
                "monthly_run_cost": "0", "one_off_cost": "0", "currency": currency,
            })  # fmt: skip
    write_csv(seeds / "experiment_metrics.csv", rows)
    write_csv(seeds / "value_assumptions.csv", streams)


def cost_a_channel_in_dollars(seeds: Path) -> None:
    """The last support channel's costs are in another currency than the reports."""
    rows = read_csv(seeds / "support_costs.csv")
    rows[-1]["currency"] = "USD"
    write_csv(seeds / "support_costs.csv", rows)


def declare_backlog(seeds: Path) -> None:
    """An idea of each kind: about a step, a journey, a campaign, a support channel, and nothing that is measured; and the project's own tree."""
    step, campaign, channel = (read_csv(seeds / f"{name}.csv")[0] for name in ("journey_steps", "campaigns", "support_costs"))
    places = [
        {"journey_id": step["journey_id"], "step_id": step["step_id"]}, {"journey_id": step["journey_id"]},
        {"campaign_id": campaign["campaign_id"]}, {"channel": channel["channel"]}, {},
    ]  # fmt: skip
    empty = dict.fromkeys(("journey_id", "step_id", "campaign_id", "channel"), "")
    write_csv(seeds / "backlog_ideas.csv", [
        {"idea_id": f"idea-{number}", "idea_name": f"Idea {number}", "feature_class": "reduced_friction", "owner_team": "shop", "hypothesis": "If so, then so.",
         **empty, **place, "expected_lift": f"0.{number}", "confidence": f"0.{9 - number}", "effort_days": f"{number}.5", "days_to_learn": f"{30 - number}"}
        for number, place in enumerate(places, start=1)
    ])  # fmt: skip
    (seeds / "metric_tree.csv").write_bytes((PROJECT / "seeds" / "metric_tree.csv").read_bytes())


def plant(raw: Path) -> None:
    """Persons who act at the very moments that the experiments' definitions turn on, in the oracle's journeys and calendar.

    In the days' time zone midnight is at 04:00 UTC; as_of is 2025-06-17 18:00 UTC.
    """
    tables: dict[str, list[Row]] = {table: read_csv(raw / f"{table}.csv") for table in ("events", "transactions", "survey_responses", "experiment_assignments")}

    def add(table: str, person: str, moment: str, **cells: str) -> None:
        rows = tables[table]
        time = "assigned_at" if table == "experiment_assignments" else "occurred_at"
        key = {RAW_KEYS[table]: f"planted-{len(rows)}", "user_id": person, time: moment, "received_at": moment}
        rows.append(dict.fromkeys(rows[0], "") | key | cells)

    def expose(person: str, moment: str, variant_id: str = "control") -> None:
        add("experiment_assignments", person, moment, experiment_id="exp-copy", variant_id=variant_id)

    expose("planted-midnight", "2025-03-20 04:00:00")  # its week has passed at a midnight, its month too
    expose("planted-last", "2025-03-19 18:00:00")  # its 90 days have passed at as_of
    expose("planted-just-not", "2025-03-19 18:00:00.000001")
    expose("planted-giving-up", "2025-03-20 12:00:00", "treatment")  # completes a step and leaves; an hour later, on the next day, that is known
    for moment, name, page in (
        ("2025-03-26 03:30:00", "page_view", "/cart"), ("2025-03-26 03:35:00", "page_view", "/checkout/shipping"),
        ("2025-03-26 03:40:00", "shipping_submitted", ""),
    ):  # fmt: skip
        add("events", "planted-giving-up", moment, event_name=name, page_path=page)
    expose("planted-detractor", "2025-04-02 10:00:00")  # whose score is below 0
    add("survey_responses", "planted-detractor", "2025-04-03 10:00:00", survey_type="nps", score="3")
    expose("planted-at-the-edges", "2025-04-02 10:00:00", "treatment")
    for moment, amount in (
        ("2025-03-05 09:59:59.999999", "1"), ("2025-03-05 10:00:00", "2"), ("2025-04-02 09:59:59.999999", "4"), ("2025-04-02 10:00:00", "8"),
        ("2025-04-09 09:59:59.999999", "16"), ("2025-04-09 10:00:00", "32"), ("2025-05-02 10:00:00", "64"),
    ):  # fmt: skip
        add("transactions", "planted-at-the-edges", moment, transaction_type="purchase", amount=amount, currency="EUR")
    for moment, kind, score in (
        ("2025-03-30 09:00:00", "nps", "9"), ("2025-04-02 10:00:01", "nps", "10"), ("2025-04-12 10:00:00", "nps", "9.5"), ("2025-04-13 10:00:00", "nps", "8"), ("2025-04-20 10:00:00", "nps", "6"),
        ("2025-03-30 09:00:00", "ces", "7"), ("2025-04-02 10:00:01", "ces", "2"), ("2025-04-20 10:00:00", "ces", "5.5"),
    ):  # fmt: skip
        add("survey_responses", "planted-at-the-edges", moment, survey_type=kind, score=score)
    add("events", "planted-at-the-edges", "2025-04-02 11:00:00", event_name="page_view", page_path="/cart")
    for second in ("01.0", "01.4", "02.0", "02.9"):  # one rage click
        add("events", "planted-at-the-edges", f"2025-04-02 11:00:{second}", event_name="element_clicked", element_id="plus")
    for table, rows in tables.items():
        write_csv(raw / f"{table}.csv", rows)


def generate_by_oracle(folder: Path, persons: int, days: int, seed: int) -> Inputs:
    """The oracle's adversarial rows and seeds, as CSV, with some persons more."""
    subprocess.run(
        [sys.executable, str(GENERATOR), "--raw", str(folder / "raw"), "--seeds", str(folder / "seeds"), "--persons", str(persons),
         "--days", str(days), "--seed", str(seed)],
        check=True, capture_output=True,
    )  # fmt: skip
    plant(folder / "raw")
    return Inputs(folder / "seeds", str(folder / "raw" / "{table}.csv"))


def generate_by_simulation(folder: Path, events: int, days: int, seed: int) -> Inputs:
    """The project's own simulated business, as CSV."""
    from python_stats.simulation import simulate

    summary = simulate(folder / "raw", events=events, seed=seed, days=days, file_format="csv", dirty_share=0.05, seeds_folder=folder / "seeds")
    return Inputs(folder / "seeds", summary.raw_location)


def environment(database: Path, inputs: Inputs) -> dict[str, str]:
    """The environment of a build: only what the profile and the project read is set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EMPATHY_ROI_", "DBT_"))}
    return kept | {
        "EMPATHY_ROI_SEEDS": os.path.relpath(inputs.seeds, PROJECT),
        "EMPATHY_ROI_RAW_LOCATION": inputs.raw_location or "",
        "EMPATHY_ROI_DATABASE": str(database),
        "DBT_PROFILES_DIR": str(PROJECT),
        "NO_COLOR": "1",
    }


_links = tempfile.TemporaryDirectory()
_parsed: dict[tuple[str, ...], Path] = {}  # what dbt made of the project, by what it holds for


def in_one_place(database: Path, inputs: Inputs) -> tuple[Path, Inputs]:
    """Database and inputs under links that have the same names for every build, so that dbt need not parse the project for each."""
    folders = {"database": database.parent, "seeds": inputs.seeds}
    location = inputs.raw_location
    if location and "{" in location:
        folders["raw"] = Path(location[: location.index("{")])
        location = str(Path(_links.name, "raw", Path(location).relative_to(folders["raw"])))
    for name, folder in folders.items():
        link = Path(_links.name, name)
        link.unlink(missing_ok=True)
        link.symlink_to(folder.absolute())
    return Path(_links.name, "database", database.name), replace(inputs, seeds=Path(_links.name, "seeds"), raw_location=location)


@contextmanager
def parsed_before(target: Path, inputs: Inputs, *told: str) -> Iterator[None]:
    """Let dbt start with what it made of the project for another target folder: parsing is a third of a small build.

    Whether that still holds is for dbt to say, which compares variables, profile and files; only seeds that are new to it ask for more
    (macros/configuration/typed_seed.sql).
    """
    parsed = target / "partial_parse.msgpack"
    holds_for = (*told, *sorted(path.name for path in inputs.seeds.glob("*.csv")))
    if holds_for in _parsed and not parsed.exists():
        parsed.parent.mkdir(exist_ok=True)
        shutil.copyfile(_parsed[holds_for], parsed)
    yield
    if parsed.exists():
        _parsed[holds_for] = parsed


def run_dbt(
    command: str, database: Path, inputs: Inputs, *options: str, threads: int = 2, artifacts: bool = False, **changed: str
) -> subprocess.CompletedProcess[str]:
    """One dbt command in a process of its own; `changed` overrides the environment, `artifacts` asks for dbt's JSON, which takes seconds."""
    database.parent.mkdir(parents=True, exist_ok=True)
    variables = json.dumps(inputs.variables | ({} if inputs.raw_location else {"raw_location": None}))
    place = database.with_suffix("")
    with parsed_before(Path(f"{place}-target"), inputs, database.name, variables, *map(str, sorted(changed.items()))):
        return dbt_process.run(
            [command, *options, "--write-json" if artifacts else "--no-write-json", "--quiet", "--no-use-colors", "--vars", variables,
             "--threads", str(threads), "--project-dir", str(PROJECT), "--target-path", f"{place}-target", "--log-path", f"{place}-logs"],
            PROJECT, environment(*in_one_place(database, inputs)) | changed,
        )  # fmt: skip


def build(database: Path, inputs: Inputs, *options: str, threads: int = 2, artifacts: bool = False) -> Path:
    """Build every seed and model into a database; a build that fails fails the test with dbt's own words.

    The data tests stay out, which are run elsewhere on the same data: they are half of a build's time.
    """
    left_out = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
    built = run_dbt("build", database, inputs, *left_out, *options, threads=threads, artifacts=artifacts)
    assert built.returncode == 0, built.stdout + built.stderr
    return database


def tables_of(database: Path, schema: str = "main") -> list[str]:
    if not database.is_file():
        return []
    with duckdb.connect(str(database), read_only=True) as connection:
        found = connection.execute("select table_name from information_schema.tables where table_schema = ? order by 1", [schema]).fetchall()
    return [name for (name,) in found]


def is_mart(table: str, seeds: Path) -> bool:
    """Whatever is neither a seed nor a rule about seeds nor a step on the way."""
    return not table.startswith(("int_", "stg_", "cfg_", "seed_violations")) and not (seeds / f"{table}.csv").is_file()


def marts_of(database: Path, inputs: Inputs) -> list[str]:
    return [table for table in tables_of(database) if is_mart(table, inputs.seeds)]


def content_of(database: Path, tables: list[str]) -> Content:
    """Every row of every table as text, exact to the last digit, in an order of its own."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return {table: sorted(map(repr, connection.execute(f'select * from "{table}"').fetchall())) for table in tables}


def differing(one: Content, other: Content) -> dict[str, list[str]]:
    """Per table that differs, a few of the rows that only one of the two has."""
    assert one.keys() == other.keys()
    return {table: sorted(set(one[table]) ^ set(other[table]))[:4] or ["other numbers of copies"] for table in one if one[table] != other[table]}


def rows_of(database: Path, query: str) -> list[dict[str, Any]]:
    """The rows of a query by column name."""
    with duckdb.connect(str(database), read_only=True) as connection:
        found = connection.execute(query)
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
