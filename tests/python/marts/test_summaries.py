"""The summaries that pages are written from, against the same by plain loops over the facts."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

from brute_handover import time_by_which
from builds import rows_of

Row = dict[str, Any]


def bucket(seconds: float) -> int:
    whole = math.floor(seconds)
    return whole - whole % (60 if seconds < 3600 else 3600 if seconds < 30 * 86400 else 86400)


def broken_down(tickets: list[Row]) -> dict[tuple[str, str], list[Row]]:
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for ticket in tickets:
        groups["all", "all"].append(ticket)
        groups["path", ticket["path"]].append(ticket)
        if ticket["handover_timing"]:
            groups["timing", ticket["handover_timing"]].append(ticket)
    return groups


def close(found: Any, expected: Any) -> bool:
    return found == expected or (found is not None and expected is not None and math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9))


def test_survival_is_the_product_limit(built: Path) -> None:
    found = {
        (row["breakdown"], row["breakdown_value"], row["bucket_start_s"]): (row["at_risk"], row["resolved"], row["censored"], row["share_still_open"])
        for row in rows_of(built, "select * from handover_survival")
    }
    expected = {}
    for group, tickets in broken_down(rows_of(built, "select * from fct_tickets")).items():
        left, share = len(tickets), Fraction(1)
        for start in sorted({bucket(ticket["observed_s"]) for ticket in tickets}):
            here = [ticket for ticket in tickets if bucket(ticket["observed_s"]) == start]
            resolved = sum(ticket["is_resolved"] for ticket in here)
            share *= 1 - Fraction(resolved, left)
            expected[(*group, start)] = (left, resolved, len(here) - resolved, float(share))
            left -= len(here)
    assert found.keys() == expected.keys() and len(found) > 20
    for key, (*counts, share) in expected.items():
        assert list(found[key][:3]) == counts and close(found[key][3], share), key


def test_handover_summary_counts_its_tickets(built: Path) -> None:
    groups = broken_down(rows_of(built, "select * from fct_tickets"))
    rows = {(row["breakdown"], row["breakdown_value"]): row for row in rows_of(built, "select * from handover_summary")}
    assert rows.keys() == groups.keys()
    for group, tickets in groups.items():
        row = rows[group]
        scores = [ticket["csat_score"] for ticket in tickets if ticket["csat_score"] is not None]
        costs = [ticket["support_cost"] for ticket in tickets if ticket["support_cost"] is not None]
        expected = {
            "tickets": len(tickets),
            "escalation_rate": sum(ticket["handed_over_at"] is not None for ticket in tickets) / len(tickets),
            "missed_handover_rate": sum(ticket["handover_timing"] == "missed" for ticket in tickets) / len(tickets),
            "reopen_rate": sum(ticket["reopens"] > 0 for ticket in tickets) / len(tickets),
            "csat": sum(scores) / len(scores) if scores else None,
            "cost_per_ticket": sum(costs) / len(costs) if costs else None,
        }
        for name, value in expected.items():
            assert close(row[name], value), (group, name)


def test_times_of_tickets_are_read_off_as_the_statistics_read_them_off(built: Path) -> None:
    as_of = rows_of(built, "select as_of from as_of")[0]["as_of"]
    rows = {(row["breakdown"], row["breakdown_value"]): row for row in rows_of(built, "select * from handover_summary")}
    known = 0
    for group, tickets in broken_down(rows_of(built, "select * from fct_tickets")).items():
        for time, (start, event) in {
            "first_response": ("opened_at", "first_response_at"), "handover_wait": ("handed_over_at", "taken_over_at"), "resolution": ("opened_at", "resolved_at"),
        }.items():  # fmt: skip
            waits = [
                (max(((ticket[event] or as_of) - ticket[start]) // timedelta(microseconds=1), 0), ticket[event] is not None)
                for ticket in tickets
                if ticket[start]
            ]
            if len(waits) < 2:
                continue
            for name, share in (("p50", 0.5), ("p90", 0.9)):
                expected = time_by_which(waits, share)
                assert close(rows[group][f"{time}_{name}_s"], expected), (group, time, name)
                known += expected is not None and any(not came for _, came in waits)
    assert known > 5


def test_step_summary_is_what_the_cost_of_friction_counts(built: Path) -> None:
    cost = {(row["journey_id"], row["step_id"]): row for row in rows_of(built, "select * from friction_cost where entries > 0")}
    steps = rows_of(built, "select * from friction_step_summary")
    assert len(steps) == len(cost) > 0
    for step in steps:
        priced = cost[step["journey_id"], step["step_id"]]
        assert (step["entries"], step["abandonments"]) == (priced["entries"], priced["abandonments"])
        assert close(step["error_rate"], step["errors"] / step["entries"]) and close(step["pause_s_per_entry"], step["pause_s"] / step["entries"])
    for row in rows_of(built, "select * from friction_cost_by_journey"):
        lost = [one["expected_value_lost"] for one in cost.values() if one["journey_id"] == row["journey_id"]]
        assert math.isclose(row["expected_value_lost"] or 0, sum(value or 0 for value in lost), abs_tol=1e-6 * len(cost))  # whole millionths


def test_journey_summary_counts_the_last_days(built: Path) -> None:
    recent = rows_of(
        built,
        "select attempts.* from fct_journey_attempts as attempts cross join as_of"
        " where started_at >= as_of.as_of - interval 28 day and started_at < as_of.as_of",
    )
    rows = {row["journey_id"]: row for row in rows_of(built, "select * from friction_journey_summary")}
    assert rows.keys() == {attempt["journey_id"] for attempt in recent} and rows
    for journey, row in rows.items():
        own = [attempt for attempt in recent if attempt["journey_id"] == journey]
        finished = [attempt for attempt in own if attempt["outcome"] != "in_progress"]
        completed = [attempt["duration_s"] for attempt in own if attempt["outcome"] == "completed"]
        assert row["attempts"] == len(own)
        assert close(row["completion_rate"], len(completed) / len(finished) if finished else None)
        assert close(row["abandonment_rate"], 1 - len(completed) / len(finished) if finished else None)
        assert close(row["completion_time_p50_s"], median(completed) if completed else None)
        assert close(row["completion_time"], sum(completed) / len(completed) if completed else None)


def test_messaging_summary_by_pressure(built: Path) -> None:
    groups: dict[str, list[Row]] = defaultdict(list)
    for message in rows_of(built, "select * from fct_messages where delivered_at is not null"):
        prior = message["messages_prior_7d"]
        groups[str(prior) if prior <= 3 else "4-6" if prior <= 6 else "7+"].append(message)
    rows = {row["breakdown_value"]: row for row in rows_of(built, "select * from messaging_summary where breakdown = 'pressure'")}
    assert rows.keys() == groups.keys() and len(rows) > 1
    for pressure, messages in groups.items():
        assert rows[pressure]["delivered"] == len(messages)
        assert close(rows[pressure]["engagement_rate"], sum(message["is_engaged"] for message in messages) / len(messages))
        assert close(rows[pressure]["open_rate"], sum(message["first_opened_at"] is not None for message in messages) / len(messages))


def test_survey_summary_is_the_metric_of_that_name(built: Path) -> None:
    answers = rows_of(built, "select survey_type, score from fct_survey_responses where score is not null")
    meant = {
        "csat": lambda score: score,
        "ces": lambda score: score,
        "nps": lambda score: (score >= 9) - (score <= 6),
        "confidence": lambda score: score >= 4,
        "relevance": lambda score: (score - 1) / 4,
    }
    rows = {row["survey_type"]: row for row in rows_of(built, "select * from survey_summary")}
    assert rows.keys() == {answer["survey_type"] for answer in answers} and rows
    for survey, row in rows.items():
        scores = [answer["score"] for answer in answers if answer["survey_type"] == survey]
        assert row["answers"] == len(scores)
        assert close(row["metric_value"], sum(map(meant[survey], scores)) / len(scores)), survey
