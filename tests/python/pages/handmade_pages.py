"""The marts that only pages read, by hand, beside those of the handmade warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from python_stats.report import friction, handover, messaging

Rows = list[dict[str, Any]]

TEXTS = frozenset("journey_id step_id breakdown breakdown_value survey_type campaign_id campaign_name journey_name step_name".split())
COUNTS = frozenset(
    "entries abandonments attempts completions in_progress tickets resolved open_tickets responded escalated taken_over reopened"
    " repeat_contacts repeat_contacts_judged csat_answers handovers_early handovers_late handovers_missed delivered engaged opened clicked"
    " replied converted unsubscribed complained machine_opened machine_opened_only with_consent without_consent relevance_answers acted"
    " silent_frictions completions_judged answers step_order priority_rank bucket_start_s bucket_end_s".split()
)


def filled(columns: list[str], **given: Any) -> dict[str, Any]:
    """A row in which every figure has some value of its own."""
    row = {name: 40 + index if name in COUNTS else 0.05 + 0.01 * index for index, name in enumerate(columns)}
    return row | given


def rows(step: str = "form", journey: str = "checkout", campaign: str = "cart") -> dict[str, Rows]:
    handover_key, message_key = ["breakdown", "breakdown_value"], ["breakdown", "breakdown_value"]
    tickets = [("all", "all"), *(("path", path) for path in handover.PATHS), *(("timing", timing) for timing in handover.TIMINGS)]
    messages = [
        ("all", "all"),
        ("campaign", campaign),
        *(("pressure", pressure) for pressure in messaging.PRESSURES),
        ("lifecycle_stage", "new"),
    ]
    return {
        "cfg_journeys": [{"journey_id": journey, "journey_name": "Checkout & <more>"}],
        "cfg_campaigns": [{"campaign_id": campaign, "campaign_name": "Cart <b>now</b>"}],
        "friction_journey_summary": [filled(friction._JOURNEY, journey_id=journey)],
        "friction_cost_by_journey": [{"journey_id": journey, "abandonments": 500, "expected_value_lost": 1234.5}],
        "friction_step_summary": [filled(friction._STEP, journey_id=journey, step_id=step, share_of_attempts=0.8, abandonment_rate=0.25)],
        "handover_summary": [filled([*handover_key, *handover._COLUMNS], breakdown=kind, breakdown_value=value) for kind, value in tickets],
        "handover_survival": [
            {"breakdown": kind, "breakdown_value": value, "bucket_start_s": start, "bucket_end_s": start + 60, "share_still_open": share}
            for kind, value in tickets
            for start, share in ((0, 0.9), (600, 0.5), (86_400, 0.1))
        ],
        "messaging_summary": [
            filled([*message_key, *messaging._COLUMNS], breakdown=kind, breakdown_value=value) for kind, value in messages
        ],
        "survey_summary": [
            {"survey_type": kind, "answers": 90, "metric_value": value}
            for kind, value in (("csat", 4.1), ("nps", -0.04), ("ces", 4.6), ("confidence", 0.78), ("relevance", 0.7))
        ],
    }


def write(database: Path, content: dict[str, Rows]) -> None:
    """Add the tables to a handmade database."""
    import duckdb

    with duckdb.connect(str(database)) as connection:
        for mart, found in content.items():
            columns = list(found[0])
            kinds = ", ".join(f'"{name}" {"varchar" if name in TEXTS else "bigint" if name in COUNTS else "double"}' for name in columns)
            connection.execute(f"create table {mart} ({kinds})")
            connection.executemany(
                f"insert into {mart} values ({', '.join('?' * len(columns))})", [[row[name] for name in columns] for row in found]
            )
        connection.execute("alter table friction_cost add column step_order bigint")
        connection.execute("alter table friction_cost add column completion_rate_after_step double")
        connection.execute("alter table friction_cost add column value_per_completion double")
        connection.execute("update friction_cost set step_order = 1, completion_rate_after_step = 0.5, value_per_completion = 40")
