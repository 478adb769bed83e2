"""The experiments' marts against the same by plain loops, and against what must hold on any data."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import brute_force
import pytest
from brute_force import CELL, Key, Study, differences, is_same, keyed
from builds import METRICS, SEGMENTS, TIMEZONE, rows_of


@pytest.fixture(scope="module")
def study(built: Path) -> Study:
    return brute_force.study_of(built, TIMEZONE, SEGMENTS)


def test_the_statistics_are_those_of_the_persons_one_by_one(built: Path, study: Study) -> None:
    found = keyed(rows_of(built, "select * from experiment_metric_stats"), (*CELL, "segment"))
    expected = brute_force.metric_stats(study)
    assert not differences(found, expected)
    # the rows are worth the comparison: every metric happened to someone, before and after, in more than one window
    told = {(key[2], name, key[3]) for key, row in expected.items() for name in ("numerator", "sum_x", "sum_z") if row[name]}
    for metric_id in METRICS:
        if metric_id not in brute_force.TIMES:
            assert len({window for one, name, window in told if (one, name) == (metric_id, "numerator")}) > 1, metric_id
    assert any(row["sum_cubes"] for row in expected.values())
    assert {"sum_x", "sum_z"} <= {name for _, name, _ in told}


def test_each_day_is_as_if_it_were_the_last(built: Path, study: Study) -> None:
    found = keyed(rows_of(built, "select * from experiment_metric_stats_daily"), (*CELL, "day"))
    assert not differences(found, brute_force.metric_stats_daily(study))


def test_life_tables_count_every_case_once(built: Path, study: Study) -> None:
    names = (*CELL, "segment", "bucket_start_s", "bucket_end_s")
    rows = rows_of(built, "select * from experiment_life_tables")
    found = {key: (row["at_risk"], row["events"], row["censored"]) for key, row in keyed(rows, names).items()}
    assert found == brute_force.experiment_life_tables(study)
    for metric_id in brute_force.TIMES:
        assert any(row["events"] for row in rows if row["metric_id"] == metric_id), metric_id


def test_the_last_day_is_as_at_as_of(built: Path) -> None:
    whole = keyed(rows_of(built, "select * from experiment_metric_stats where segment = 'all'"), CELL)
    last = rows_of(built, "select * from experiment_metric_stats_daily where day = (select max(day) from experiment_metric_stats_daily)")
    assert last
    for key, row in keyed(last, CELL).items():
        assert row.items() - {("day", row["day"])} <= whole[key].items(), key


def test_segments_add_up_to_their_persons(built: Path, study: Study) -> None:
    rows = rows_of(built, "select * from experiment_metric_stats")
    names = ["persons", *(name for name in rows[0] if name in ("numerator", "denominator") or name.startswith("sum_"))]
    whole = keyed([row for row in rows if row["segment"] == "all"], CELL)
    users = {f"u:{row['user_id']}" for row in rows_of(built, "select user_id from stg_users")}
    assert any(person.person_id not in users for persons in study.persons.values() for person in persons)
    for segment in SEGMENTS:
        totals: dict[Key, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for row in rows:
            if row["segment"].startswith(f"{segment}="):
                for name in names:
                    totals[tuple(row[part] for part in CELL)][name] += row[name] or 0
        assert totals
        for key, total in totals.items():
            assert all(is_same(float(total[name]), float(whole[key][name] or 0)) for name in names), key


def test_persons_are_the_uncontaminated_of_the_traffic(built: Path) -> None:
    traffic = rows_of(built, "select * from experiment_traffic where expected_share is not null")
    persons = rows_of(built, "select distinct experiment_id, variant_id, persons from experiment_metric_stats where segment = 'all' and metric_window = 'all'")
    assert {(row["experiment_id"], row["variant_id"]): row["exposed"] - row["contaminated"] for row in traffic} == {
        (row["experiment_id"], row["variant_id"]): row["persons"] for row in persons
    }
    assert len(persons) == len(traffic)


def test_totals_are_those_of_the_facts(built: Path) -> None:
    """A count straight over the facts, by another way than both: joins and filters in one query per metric."""
    exposed = "fct_exposures as e join cfg_experiment_variants as v using (experiment_id, variant_id) join cfg_experiments as x using (experiment_id)"
    journey = "and (x.journey_id is null or x.journey_id = f.journey_id)"
    queries = {
        "attempt_completion_rate": ("sum((f.outcome = 'completed')::int)", "count(*)", f"fct_journey_attempts as f on f.finished_at >= e.exposed_at {journey}"),
        "step_abandonment_rate": ("sum(f.is_abandoned::int)", "count(*)", f"fct_step_attempts as f on f.finished_at >= e.exposed_at {journey}"),
        "engagement_rate": ("sum(f.is_engaged::int)", "count(*)", "fct_messages as f on f.delivered_at >= e.exposed_at"),
        "escalation_rate": ("sum((f.handed_over_at is not null)::int)", "count(*)", "fct_tickets as f on f.opened_at >= e.exposed_at"),
    }
    for metric_id, (numerator, denominator, facts) in queries.items():
        counted = rows_of(built, f"""
            select e.experiment_id, e.variant_id, {numerator} as numerator, {denominator} as denominator
            from {exposed} join {facts} and f.person_id = e.person_id where not e.is_contaminated group by all""")
        stored = keyed(rows_of(built, f"""
            select * from experiment_metric_stats where segment = 'all' and metric_window = 'all' and metric_id = '{metric_id}'
        """), ("experiment_id", "variant_id"))  # fmt: skip
        assert counted
        for row in counted:
            found = stored[row["experiment_id"], row["variant_id"]]
            assert (found["numerator"], found["denominator"]) == (row["numerator"], row["denominator"]), (metric_id, row)
        assert sum(row["denominator"] for row in counted) == sum(row["denominator"] for row in stored.values())
