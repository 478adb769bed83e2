"""handover_daily and handover_life_table once more, by plain loops over `fct_tickets`."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import UTC, date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from brute_acts import millionths
from brute_force import life_table
from builds import rows_of

from python_stats.estimators.time_quantiles import steps_of

Ticket = dict[str, Any]
DURATIONS = (
    "first_response", "first_human_response", "handover_wait", "first_resolution", "resolution", "first_response_business",
    "first_human_response_business", "first_resolution_business", "resolution_business",
)  # fmt: skip
PRESENT = {  # figure: the column that is not null
    "responded": "first_response_s", "human_responded": "first_human_response_s", "escalated": "handed_over_at",
    "taken_over": "handover_wait_s", "handovers_offered": "handover_offered_at", "handovers_requested": "handover_requested_at",
    "ever_resolved": "first_resolved_at", "repeat_contacts_judged": "is_repeat_contact", "churned_30d_judged": "churned_30d",
    "refunded_30d_judged": "refunded_30d", "csat_answers": "csat_score", "costed": "support_cost",
}  # fmt: skip
TRUE = {"resolved": "is_resolved", "repeat_contacts": "is_repeat_contact", "churned_30d": "churned_30d", "refunded_30d": "refunded_30d"}


def percentile(values: list[float], share: float) -> float | None:
    """The percentile that interpolates between the two neighbours."""
    if not values:
        return None
    ordered, place = sorted(values), share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def time_by_which(waits: list[tuple[int, bool]], share: float) -> float | None:
    """When a share of the cases (microseconds waited, whether it came) had what they waited for, as the statistics read it off a life table.

    Its buckets are of a second up to an hour, of a minute up to 30 days, of an hour beyond.
    """
    buckets: dict[tuple[int, int], list[bool]] = defaultdict(list)
    for waited, came in waits:
        whole = waited // 1_000_000
        width = 1 if whole < 3600 else 60 if whole < 30 * 86400 else 3600
        buckets[whole // width * width, width].append(came)
    ordered = sorted(buckets)
    start = np.array([begin for begin, _ in ordered], dtype=float)
    end = start + np.array([width for _, width in ordered], dtype=float)
    cases = np.array([len(buckets[bucket]) for bucket in ordered], dtype=float)
    events = np.array([sum(buckets[bucket]) for bucket in ordered], dtype=float)
    value = steps_of(start, end, np.cumsum(cases[::-1])[::-1], events, share).value
    return float(value) if math.isfinite(value) else None


def total(values: list[float]) -> float | None:
    return sum(millionths(value) for value in values) / 1_000_000 if values else None


def figures(tickets: list[Ticket]) -> dict[str, float | int | None]:
    """All figures of one day, channel and path."""
    def column(name: str) -> list[Any]:
        return [ticket[name] for ticket in tickets if ticket[name] is not None]

    found: dict[str, float | int | None] = {"tickets": len(tickets)}
    found |= {figure: len(column(name)) for figure, name in PRESENT.items()}
    found |= {figure: sum(column(name)) for figure, name in TRUE.items()}
    found["open_tickets"] = sum(1 for ticket in tickets if ticket["resolved_at"] is None)
    found["reopened"] = sum(1 for ticket in tickets if ticket["reopens"] > 0)
    for name in ("reopens", "failed_bot_turns", "agent_messages"):
        found[name] = sum(column(name))
    for timing in ("requested", "early", "on_time", "late", "missed"):
        name = "on_request" if timing == "requested" else timing
        found[f"handovers_{name}"] = column("handover_timing").count(timing)
    found["csat_sum"], found["support_cost"] = total(column("csat_score")), total(column("support_cost"))
    for duration in DURATIONS:
        values = column(f"{duration}_s")
        found[f"{duration}_sum_s"] = total(values)
        found[f"{duration}_p50_s"], found[f"{duration}_p90_s"] = percentile(values, 0.5), percentile(values, 0.9)
    return found


def handover_daily(database: Path, timezone: str) -> dict[tuple[date, str, str], dict[str, float | int | None]]:
    """By (day, channel, path)."""
    cells = defaultdict(list)
    for ticket in rows_of(database, "select * from fct_tickets"):
        day = ticket["opened_at"].replace(tzinfo=UTC).astimezone(ZoneInfo(timezone)).date()
        cells[day, ticket["channel"] or "(not set)", ticket["path"]].append(ticket)
    return {key: figures(tickets) for key, tickets in cells.items()}


def handover_life_table(database: Path) -> dict[tuple[str, str, int, int], tuple[int, int, int]]:
    """(at risk, resolved, censored) by (channel, path, start, end)."""
    cells = defaultdict(list)
    for ticket in rows_of(database, "select * from fct_tickets"):
        cells[ticket["channel"] or "(not set)", ticket["path"]].append((millionths(ticket["observed_s"]), ticket["resolved_at"] is not None))
    return {(*cell, *bucket): counts for cell, cases in cells.items() for bucket, counts in life_table(cases).items()}
