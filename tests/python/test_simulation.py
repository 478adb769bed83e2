"""The simulated business: reproducible, as dirty as asked, configured by the project's seeds, and true to its planted truth."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime, timedelta
from math import sqrt
from pathlib import Path
from typing import Any

import duckdb
import pytest
from scipy.stats import chi2

from python_stats.simulation import SimulationSummary, business, dirt, simulate, truth, write_seeds
from python_stats.simulation.seeds import PROJECT_SEEDS
from python_stats.simulation.tables import experiment_days, spread

TABLES = [table.name for table in dirt.TABLES]
SAMPLE_EVENTS = 300_000


def seed(name: str, folder: Path = PROJECT_SEEDS) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def query(sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(sql).fetchall()


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SimulationSummary:
    return simulate(tmp_path_factory.mktemp("small"), events=5_000, seed=3, dirty_share=0.05)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    summary = simulate(tmp_path_factory.mktemp("sample"), events=SAMPLE_EVENTS, seed=5, dirty_share=0, typed=True)
    connection = duckdb.connect()
    for table in TABLES:
        connection.execute(f"create view {table} as select * from '{summary.raw_location.format(table=table)}'")
    connection.execute("""
        create table person_of as
        select anonymous_id, any_value(user_id) as user_id from events
        where user_id is not null and anonymous_id is not null group by anonymous_id
    """)
    connection.execute("""
        create table exposure as
        select
            coalesce(a.user_id, p.user_id, a.anonymous_id) as person, experiment_id, arg_min(variant_id, assigned_at) as variant_id,
            min(assigned_at) as exposed_at
        from experiment_assignments as a left join person_of as p using (anonymous_id)
        -- testers were seen before any experiment of theirs began
        where (experiment_id, cast(assigned_at as date)) not in (
            select experiment_id, min(cast(assigned_at as date)) from experiment_assignments group by experiment_id
        )
        group by all
    """)
    return connection


def test_the_same_seed_gives_the_same_files(tmp_path: Path, small: SimulationSummary) -> None:
    again = simulate(tmp_path, events=5_000, seed=3, dirty_share=0.05)
    assert content(again.output_folder) == content(small.output_folder)
    assert (again.rows, again.dirty_rows, again.persons) == (small.rows, small.dirty_rows, small.persons)


def test_another_seed_gives_another_world(tmp_path: Path, small: SimulationSummary) -> None:
    other = simulate(tmp_path, events=5_000, seed=4, dirty_share=0.05)
    before, after = content(small.output_folder), content(other.output_folder)
    assert all(before[f"{table}.parquet"] != after[f"{table}.parquet"] for table in TABLES)


def test_every_table_has_its_columns_and_about_the_rows_asked_for(small: SimulationSummary) -> None:
    for table in dirt.TABLES:
        rows = query(f"describe select * from '{small.raw_location.format(table=table.name)}'")
        assert [row[0] for row in rows] == [*(column.name for column in table.columns), "loaded_at"]
        assert {row[1] for row in rows} == {"VARCHAR"}
    assert small.rows["events"] == pytest.approx(5_000, rel=0.2)


def test_dirt_is_added_in_the_share_asked_for(small: SimulationSummary) -> None:
    for table in TABLES:
        clean = small.rows[table] - small.dirty_rows[table]
        assert abs(small.dirty_rows[table] - 0.05 * clean) <= 4 * sqrt(0.05 * clean)
    path = small.raw_location.format(table="events")
    copies, without_id, odd_times = query(f"""
        select
            count(event_id) - count(distinct event_id),
            count(*) - count(event_id),
            count(*) filter (occurred_at is not null and try_cast(occurred_at as timestamp) is null),
        from '{path}'
    """)[0]
    assert copies > 0 and without_id > 0 and odd_times > 0


def test_dirt_takes_no_real_row_away(tmp_path: Path, small: SimulationSummary) -> None:
    pure = simulate(tmp_path, events=5_000, seed=3, dirty_share=0)
    assert set(pure.dirty_rows.values()) == {0}
    for table in dirt.TABLES:
        clean, dirty = (item.raw_location.format(table=table.name) for item in (pure, small))
        assert query(f"select count(*) from (select * from '{clean}' except all select * from '{dirty}')") == [(0,)]


def test_nothing_is_received_after_the_data_ends(sample: duckdb.DuckDBPyConnection) -> None:
    for table in TABLES[:-1]:
        assert sample.execute(f"select max(received_at) from {table}").fetchall()[0][0] <= datetime(2026, 5, 5)
    assert sample.execute("select max(received_at) from events").fetchall() == [(datetime(2026, 5, 5),)]


def test_csv_and_typed_files(tmp_path: Path, small: SimulationSummary) -> None:
    as_csv = simulate(tmp_path / "csv", events=5_000, seed=3, dirty_share=0.05, file_format="csv")
    assert as_csv.rows == small.rows
    assert query(f"select count(*) from read_csv('{as_csv.raw_location.format(table='events')}')") == [(small.rows["events"],)]
    typed = simulate(tmp_path / "typed", events=5_000, seed=3, typed=True)
    types = dict(query(f"select column_name, column_type from (describe select * from '{tmp_path}/typed/transactions.parquet')"))
    assert (types["amount"], types["occurred_at"]) == ("DOUBLE", "TIMESTAMP")
    assert typed.persons == small.persons


def test_replicas_are_the_simulations_of_the_next_seeds(tmp_path: Path) -> None:
    both = simulate(tmp_path / "both", events=2_000, seed=8, replicas=2, seeds_folder=tmp_path / "seeds")
    second = simulate(tmp_path / "second", events=2_000, seed=9)
    assert both.persons == 2 * second.persons
    columns = "event_id, event_name, occurred_at, received_at, page_path, element_id, properties"
    difference = query(f"""
        select count(*) from (
            select {columns} from '{second.raw_location.format(table="events")}'
            except all select {columns} from '{both.raw_location.format(table="events")}'
        )
    """)
    assert difference == [(0,)]
    users = query(f"select distinct right(user_id, 5) from '{both.raw_location.format(table='consents')}' where user_id is not null")
    assert {row[0] for row in users} == {"-r000", "-r001"}
    expected = {row["experiment_id"] + suffix for row in seed("experiments") for suffix in ("-r000", "-r001")}
    assert {row["experiment_id"] for row in seed("experiments", tmp_path / "seeds")} == expected
    assert {row["experiment_id"] for row in seed("experiment_metrics", tmp_path / "seeds")} == expected


def test_large_simulations_are_split_into_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = simulate(tmp_path / "whole", events=2_000)
    monkeypatch.setattr("python_stats.simulation.generate.CHUNK_EVENTS", 600)
    parts = simulate(tmp_path / "parts", events=2_000)
    assert len(list((tmp_path / "parts" / "events").iterdir())) > 2
    for table in TABLES:
        one, other = (item.raw_location.format(table=table) for item in (whole, parts))
        assert query(f"select count(*) from (select * from '{one}' except all select * from '{other}')") == [(0,)]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"events": 5}, "events"), ({"days": 10}, "days"), ({"file_format": "xml"}, "file_format"),
        ({"dirty_share": 1.5}, "dirty_share"), ({"replicas": 0}, "replicas"),
    ],
)
def test_arguments_out_of_range_are_named(tmp_path: Path, arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        simulate(tmp_path / "nothing", **arguments)
    assert not (tmp_path / "nothing").exists()


def test_shares_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.9"):
        spread([("a", 0.5), ("b", 0.4)])


# --- the seeds and the business say the same


def test_the_seeds_name_the_same_experiments_variants_and_dates() -> None:
    variants: dict[str, list[dict[str, str]]] = {}
    for row in seed("experiment_variants"):
        variants.setdefault(row["experiment_id"], []).append(row)
    rows = {row["experiment_id"]: row for row in seed("experiments")}
    assert list(rows) == [item.experiment_id for item in business.EXPERIMENTS]
    for item in business.EXPERIMENTS:
        row, first, last = rows[item.experiment_id], *experiment_days(item, 120)
        assert row["started_on"] == (date(2026, 1, 5) + timedelta(days=first)).isoformat()
        assert row["ended_on"] in ("", (date(2026, 1, 5) + timedelta(days=last)).isoformat())
        assert row["journey_id"] == (item.journey_id or "")
        own = variants[item.experiment_id]
        assert [entry["variant_id"] for entry in own] == [variant.variant_id for variant in item.variants]
        assert [entry["is_control"] for entry in own] == ["true"] + ["false"] * (len(own) - 1)
        assert sum(float(entry["expected_share"]) for entry in own) == pytest.approx(1)
        assert sum(variant.share for variant in item.variants) == pytest.approx(1)
        as_promised = all(
            float(entry["expected_share"]) == variant.share for entry, variant in zip(own, item.variants, strict=True)
        )
        assert as_promised == (item.experiment_id != "signup_social_proof")


def test_the_seeds_cover_every_design_and_feature_class() -> None:
    rows = seed("experiments")
    assert {row["design"] for row in rows} == {"ab", "multivariate", "holdout", "factorial"}
    assert {row["monitoring"] for row in rows} == {"fixed", "group_sequential", "always_valid"}
    assert len({row["feature_class"] for row in rows}) == 5
    assert {row["stream"] for row in seed("value_assumptions")} == {
        "revenue_created", "revenue_preserved", "cost_reduced", "decision_velocity",
    }
    for row in seed("value_assumptions"):
        assert float(row["value_low"]) <= float(row["value_per_unit"]) <= float(row["value_high"])
        declared = {entry["metric_id"] for entry in seed("experiment_metrics") if entry["experiment_id"] == row["experiment_id"]}
        assert row["metric_id"] in declared


def test_every_experiment_declares_one_primary_and_a_guardrail() -> None:
    for row in seed("experiments"):
        roles = [entry["role"] for entry in seed("experiment_metrics") if entry["experiment_id"] == row["experiment_id"]]
        assert roles.count("primary") == 1 and roles.count("secondary") <= 2 and roles.count("guardrail") >= 1


def test_the_seeds_name_the_same_steps_campaigns_and_channels() -> None:
    steps = [(row["journey_id"], row["step_id"], int(row["step_order"])) for row in seed("journey_steps")]
    assert steps == [
        (item.journey_id, step.step_id, order)
        for item in business.JOURNEYS
        if item.journey_id != "browse"
        for order, step in enumerate(item.steps, 1)
    ]
    for row in seed("journey_steps"):
        step = next(s for s in business.journey(row["journey_id"]).steps if s.step_id == row["step_id"])
        assert (row["entry_event"], row["completion_event"]) == (step.entry_event, step.completion_event or "")
        assert (row["is_required"] == "true") == (step.chosen == 1)
        if row["entry_page"]:
            assert query(f"select '{step.page_path}' like '{row['entry_page']}'") == [(True,)]
    campaigns = {row["campaign_id"]: (row["channel"], row["target_journey_id"]) for row in seed("campaigns")}
    assert campaigns == {name: (channel, target) for name, (channel, target, _) in business.CAMPAIGNS.items()}
    assert {row["channel"] for row in seed("support_costs")} == set(business.TICKET_CHANNELS)


def test_moved_seeds_keep_the_lead_of_the_declaration(tmp_path: Path) -> None:
    write_seeds(tmp_path, date(2027, 3, 1), 120)
    for before, after in zip(seed("experiments"), seed("experiments", tmp_path), strict=True):
        moved = date.fromisoformat(after["started_on"]) - date.fromisoformat(before["started_on"])
        assert moved == date(2027, 3, 1) - date(2026, 1, 5)
        assert date.fromisoformat(after["declared_on"]) - date.fromisoformat(before["declared_on"]) == moved
    write_seeds(tmp_path, date(2026, 1, 5), 120)
    assert all((tmp_path / path.name).read_bytes() == path.read_bytes() for path in PROJECT_SEEDS.glob("*.csv"))


# --- the truth


def test_the_truth_covers_every_declared_metric(small: SimulationSummary) -> None:
    planted = json.loads((small.output_folder / "truth.json").read_text(encoding="utf-8"))
    for row in seed("experiment_metrics"):
        entry = planted["experiments"][row["experiment_id"]]
        for values in entry["variants"].values():
            assert set(values[row["metric_id"]]) == {"value", "effect", "relative_effect"}
        assert entry["variants"][entry["control"]][row["metric_id"]]["effect"] == 0


def test_the_planted_effects_are_the_stories_told() -> None:
    arms = {name: item["variants"] for name, item in truth()["experiments"].items()}
    assert arms["checkout_short_form"]["four_fields"]["conversion"]["relative_effect"] > 0.15
    assert arms["help_search_redesign"]["categories_first"]["attempt_completion_rate"]["effect"] == 0
    assert arms["reminder_pressure"]["daily_reminders"]["unsubscribe_rate"]["relative_effect"] > 3
    assert arms["handover_second_miss"]["second_miss"]["resolution_time"]["effect"] < -4 * 3600


def share_agrees(successes: float, trials: float, chance: float) -> None:
    assert trials > 100
    assert abs(successes / trials - chance) <= 4 * sqrt(chance * (1 - chance) / trials), (successes, trials, chance)


def test_conversions_agree_with_the_truth(sample: duckdb.DuckDBPyConnection) -> None:
    last = {
        "checkout_short_form": "page_path = '/checkout/thank-you'", "first_box_guide": "event_name = 'first_box_confirmed'",
        "help_search_redesign": "event_name = 'help_solved'", "signup_social_proof": "page_path = '/welcome'",
    }
    planted = truth()["experiments"]
    squares = []
    for experiment_id, done in last.items():
        rows = sample.execute(f"""
            with done as (
                select coalesce(e.user_id, p.user_id, e.anonymous_id) as person, occurred_at
                from events as e left join person_of as p using (anonymous_id)
                where {done} and event_name <> 'element_clicked'
            )
            select variant_id, count(distinct exposure.person), count(distinct done.person)
            from exposure left join done on done.person = exposure.person and done.occurred_at >= exposed_at
            where experiment_id = '{experiment_id}'
            group by variant_id
        """).fetchall()
        assert len(rows) == len(planted[experiment_id]["variants"])
        for variant_id, persons, converted in rows:
            chance = planted[experiment_id]["variants"][variant_id]["conversion"]["value"]
            share_agrees(converted, persons, chance)
            squares.append((converted - persons * chance) ** 2 / (persons * chance * (1 - chance)))
    # Each lies within 4 standard errors; all together they also lie no further off than chance would have them.
    assert sum(squares) < chi2.ppf(0.999, len(squares))


def test_messages_agree_with_the_truth(sample: duckdb.DuckDBPyConnection) -> None:
    planted = truth()["experiments"]
    rows = sample.execute("""
        with message as (
            select
                message_id, any_value(user_id) as person, min(occurred_at) filter (event_type = 'sent') as sent_at,
                bool_or(event_type = 'delivered') as delivered, bool_or(event_type = 'unsubscribed') as unsubscribed,
                bool_or(event_type = 'complained') as complained,
                bool_or(event_type in ('clicked', 'replied') and not is_machine) as engaged
            from message_events group by message_id
        )
        select
            experiment_id, variant_id, count(*), count(*) filter (unsubscribed), count(*) filter (complained), count(*) filter (engaged)
        from message join exposure using (person)
        where delivered and sent_at >= exposed_at and experiment_id in ('cart_recovery_context', 'reminder_pressure')
        group by all
    """).fetchall()
    assert len(rows) == 5
    for experiment_id, variant_id, delivered, *counts in rows:
        values = planted[experiment_id]["variants"][variant_id]
        for count, metric in zip(counts, ("unsubscribe_rate", "complaint_rate", "engagement_rate"), strict=True):
            share_agrees(count, delivered, values[metric]["value"])


def test_cases_agree_with_the_truth(sample: duckdb.DuckDBPyConnection) -> None:
    planted = truth()["experiments"]["handover_second_miss"]["variants"]
    rows = sample.execute("""
        with ticket as (
            select
                ticket_id, any_value(user_id) as person, min(occurred_at) as opened_at, bool_or(event_type = 'handed_over') as escalated,
                date_diff('millisecond', min(occurred_at), max(occurred_at) filter (event_type = 'resolved')) / 1000 as seconds
            from ticket_events group by ticket_id
        )
        select variant_id, count(*), count(*) filter (escalated), avg(seconds), stddev_samp(seconds)
        from ticket join exposure using (person)
        where experiment_id = 'handover_second_miss' and opened_at >= exposed_at
        group by variant_id
    """).fetchall()
    assert len(rows) == 2
    for variant_id, cases, escalated, seconds, deviation in rows:
        share_agrees(escalated, cases, planted[variant_id]["escalation_rate"]["value"])
        assert abs(seconds - planted[variant_id]["resolution_time"]["value"]) <= 4 * deviation / sqrt(cases)


def test_friction_signals_agree_with_the_business(sample: duckdb.DuckDBPyConnection) -> None:
    for item in business.JOURNEYS:
        for step in item.steps:
            returns = sum(other.backtrack > 0 for other in item.steps if other.back_to == step.step_id)
            if step.error == 0 or step.page_path is None or returns:
                continue
            views, errors = sample.execute(
                "select count(*) filter (event_name = ?), count(*) filter (event_name = ?) from events where page_path = ?",
                [step.entry_event, step.error_event, step.page_path],
            ).fetchall()[0]
            entries = views / (1 + step.retry + step.backtrack)
            share_agrees(errors, entries, step.error)


def test_split_of_the_unsound_experiment(sample: duckdb.DuckDBPyConnection) -> None:
    rows = dict(
        sample.execute(
            "select variant_id, count(*) from exposure where experiment_id = 'signup_social_proof' group by variant_id"
        ).fetchall()
    )
    share_agrees(rows["no_quotes"], sum(rows.values()), 0.62)
