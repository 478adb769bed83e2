"""The log of a real help desk (4,580 cases, 2010–2014): ticket lifecycles.

The marts hold each case three times, by channel (see helpdesk/mapping.sql): `help`, as the desk works; `resolve`, where only Resolve
ends a case; `timer`, where only Closed does, which is a timer of 30 days.
"""

from typing import Any

import duckdb
import numpy as np
import pytest
from public_data import NOTHING_WRONG, agree, build, expected_value, rows, unaccounted, value

from python_stats.estimators.survival import kaplan_meier

DATA_SET = "helpdesk"
MONTH_S = 30 * 86400
# Sessions of the log, taken as clickstream, must hold a whole case: no gap is longer than ten years.
TEN_YEARS_MINUTES = 10 * 366 * 24 * 60

# Durations: (mart, its column, what to look at).
TIMES = {
    "case_duration_first_to_last": ("fct_sessions", "duration_s", "true"),
    "time_to_first_take_in_charge": ("fct_tickets", "first_human_response_s", "channel = 'help'"),
    "time_to_first_resolve": ("fct_tickets", "first_resolution_s", "channel = 'resolve'"),
    "time_to_first_closed": ("fct_tickets", "first_resolution_s", "channel = 'timer'"),
}
COUNTS = {
    "cases_without_resolve": "channel = 'resolve' and first_resolved_at is null",
    "cases_without_closed": "channel = 'timer' and first_resolved_at is null",
    "cases_resolved_more_than_once": "channel = 'resolve' and reopens > 0",
    "cases_worked_again_after_first_resolve": "channel = 'help' and reopens > 0",
    "cases_with_more_than_one_resource": "channel = 'help' and agents > 1",
    "cases_taken_in_charge_twice_or_more": "channel = 'help' and agent_messages > 1",
}
LOG = {
    "events": "select rows_in from source_audit where source_table = 'events'",
    "exact_duplicate_rows": "select rows_duplicate from source_audit where source_table = 'events'",
    "cases": "select count(distinct person_id) from fct_sessions",
    "activities": "select count(distinct event_name) from stg_events",
    "resources": "select count(distinct agent_id) from stg_ticket_events",
    "cases_with_wait": "select count(distinct person_id) from fct_journey_attempts where journey_id = 'wait'",
    "first_ts": "select cast(min(started_at) as text) from fct_sessions",
    "last_ts": "select cast(as_of as text) from as_of",
}
SUMMARIES = ("n", "mean_hours", "p50_hours", "p75_hours", "p90_hours", "p95_hours")

ASSERTED = [
    *LOG,
    *[f"{time}.{summary}" for time in TIMES for summary in SUMMARIES],
    "last_resolve_to_closed.median_days",
    *COUNTS,
    "km_median_days_to_closed",
    "km_share_open_after_30_days",
]
WITHOUT_A_PLACE = {
    "variants": "no mart holds whole sequences of activities",
    "resource_changes": "marts count a ticket's agents, not the changes between them",
}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The desk's marts."""
    variables = {"session_timeout_minutes": TEN_YEARS_MINUTES}
    return build(tmp_path_factory.mktemp("helpdesk"), "helpdesk", "helpdesk_italian.csv.gz", variables)


@pytest.fixture(scope="module")
def found(warehouse: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Measure -> what the marts say."""
    results: dict[str, Any] = {measure: value(warehouse, query) for measure, query in LOG.items()}
    results |= {measure: value(warehouse, f"select count(*) from fct_tickets where {condition}") for measure, condition in COUNTS.items()}
    for time, (mart, column, condition) in TIMES.items():
        (summary,) = rows(
            warehouse,
            f"""
            select
                count({column}) as n,
                avg({column}) / 3600 as mean_hours,
                quantile_cont({column}, 0.5) / 3600 as p50_hours,
                quantile_cont({column}, 0.75) / 3600 as p75_hours,
                quantile_cont({column}, 0.9) / 3600 as p90_hours,
                quantile_cont({column}, 0.95) / 3600 as p95_hours
            from {mart}
            where {condition}
            """,
        )
        results |= {f"{time}.{name}": number for name, number in summary.items()}
    results["last_resolve_to_closed.median_days"] = value(
        warehouse,
        """
        select median(epoch(timer.first_resolved_at) - epoch(help.resolved_at)) / 86400
        from fct_tickets as help
        inner join fct_tickets as timer on replace(help.ticket_id, 'resolve', 'timer') = timer.ticket_id
        where help.channel = 'resolve' and timer.channel = 'timer'
        """,
    )
    return {
        **results,
        "km_median_days_to_closed": _median_days_to_closed(warehouse),
        "km_share_open_after_30_days": _share_open_after_a_month(warehouse),
    }


def _median_days_to_closed(warehouse: duckdb.DuckDBPyConnection) -> float:
    """Where the survival curve of fct_tickets.observed_s comes down to one half."""
    table = rows(
        warehouse,
        """
        select
            observed_s,
            cast(count(*) filter (where is_resolved) as double) as events,
            cast(sum(count(*)) over (order by observed_s desc) as double) as at_risk
        from fct_tickets
        where channel = 'timer'
        group by observed_s
        order by observed_s
        """,
    )
    times, at_risk, events = (np.array([row[name] for row in table]) for name in ("observed_s", "at_risk", "events"))
    curve = kaplan_meier(times, at_risk[None, :], events[None, :])
    return float(times[np.argmax(curve.survival[0] <= 0.5)] / 86400)


def _share_open_after_a_month(warehouse: duckdb.DuckDBPyConnection) -> float:
    """The survival curve of handover_life_table at 30 days, which is the end of a bucket."""
    table = rows(
        warehouse,
        f"""
        select bucket_end_s, sum(at_risk) as at_risk, sum(resolved) as events
        from handover_life_table
        where channel = 'timer' and bucket_end_s <= {MONTH_S}
        group by bucket_end_s
        order by bucket_end_s
        """,
    )
    if not table:
        return 1.0
    times, at_risk, events = (np.array([float(row[name]) for row in table]) for name in ("bucket_end_s", "at_risk", "events"))
    return float(kaplan_meier(times, at_risk[None, :], events[None, :]).survival[0, -1])


@pytest.mark.parametrize("measure", ASSERTED)
def test_measure(measure: str, found: dict[str, Any]) -> None:
    agree(DATA_SET, measure, found[measure])


def test_every_measure_is_accounted_for() -> None:
    assert unaccounted(DATA_SET, ASSERTED, WITHOUT_A_PLACE) == NOTHING_WRONG


def test_closing_is_no_second_resolution(warehouse: duckdb.DuckDBPyConnection) -> None:
    """The trap: with Closed in the log, the time to resolution must still be that of Resolve, wherever there was one."""
    differing = value(
        warehouse,
        """
        select count(*)
        from fct_tickets as help
        inner join fct_tickets as resolve on replace(help.ticket_id, 'help', 'resolve') = resolve.ticket_id
        where
            help.channel = 'help' and resolve.channel = 'resolve'
            and resolve.first_resolution_s is not null
            and help.first_resolution_s is distinct from resolve.first_resolution_s
        """,
    )
    assert differing == 0


def test_closing_ends_what_was_never_resolved(warehouse: duckdb.DuckDBPyConnection) -> None:
    """A case without Resolve ends when it is closed; only what is neither stays open."""
    ends = rows(
        warehouse,
        """
        select help.first_resolved_at as help_at, timer.first_resolved_at as closed_at
        from fct_tickets as resolve
        inner join fct_tickets as help on replace(resolve.ticket_id, 'resolve', 'help') = help.ticket_id
        inner join fct_tickets as timer on replace(resolve.ticket_id, 'resolve', 'timer') = timer.ticket_id
        where resolve.channel = 'resolve' and resolve.first_resolved_at is null
        """,
    )
    assert len(ends) == expected_value(DATA_SET, "cases_without_resolve")
    assert all(end["help_at"] == end["closed_at"] for end in ends)
