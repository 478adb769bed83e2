"""The marts that only pages read, by hand, beside those of the handmade warehouse."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from python_stats.report import backlog, friction, handover, messaging, metrics

Rows = list[dict[str, Any]]

TEXTS = frozenset(
    "journey_id step_id breakdown breakdown_value survey_type campaign_id campaign_name journey_name step_name channel windows".split()
)
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


def week(number: int, metric_id: str, **more: Any) -> dict[str, Any]:
    """The sixth week is not whole yet; the third has no value."""
    value = None if number == 2 else 0.1 + 0.02 * number
    found = {
        "week": date(2026, 2, 2) + timedelta(weeks=number),
        "metric_id": metric_id,
        "numerator": 10.0,
        "denominator": 100.0,
        "value": value,
    }
    return found | {"is_complete": number < 5} | more


def idea(rank: int, place: str, **more: Any) -> dict[str, Any]:
    columns = [*backlog._COLUMNS, *(part for part, _ in backlog.PARTS)]
    texts = dict.fromkeys(("idea_name", "feature_class", "owner_team", "hypothesis"), "a <b>text</b>")
    places = dict.fromkeys(("journey_id", "step_id", "campaign_id", "channel"))
    given = {"idea_id": f"idea-{rank}", "priority_rank": rank, "measured_at": place.removesuffix("_id"), "score": 90.0 - rank}
    return filled(columns) | texts | places | given | more


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
        "metric_catalog": [
            {
                "metric_id": name,
                "metric_name": name,
                "description": "How often <it> happens.",
                "kind": "share",
                "good_direction": "increase",
                "tree_level": level,
                "windows": "30, 90" if name == "retention" else None,
                "ripens": name == "error_rate",
            }
            for name, level in (
                ("revenue", "outcome"),
                ("retention", "outcome"),
                ("conversion", "outcome"),
                ("error_rate", "experience"),
                ("task_success_rate", "experience"),
                ("complaint_rate", "guardrail"),
                ("fields_per_attempt", "input"),
            )
        ],
        "cfg_metric_tree": [
            {"parent_metric_id": parent, "child_metric_id": child, "expected_sign": sign, "rationale": "Every <order> pays"}
            for parent, child, sign in (
                ("revenue", "conversion", 1),
                ("conversion", "error_rate", -1),
                ("revenue", "error_rate", -1),
                ("revenue", "retention", 1),
                ("error_rate", "fields_per_attempt", 1),
            )
        ],
        "metric_weekly": [
            week(number, name, owner_team=team)
            for team in ("all", "Shop")
            for name in ("revenue", "conversion", "error_rate", "task_success_rate")
            for number in range(6)
        ],
        "metric_tree_weekly": [week(number, name) for name in ("revenue", "conversion", "error_rate") for number in range(6)],
        "empathy_scorecard": [
            {
                "week": date(2026, 2, 2) + timedelta(weeks=number),
                "owner_team": "Shop <b>",
                "feature_class": "reduced_friction",
                "is_complete": number < 5,
                "is_ripe": number < 4,
                "guardrail_team": "CRM",
                **{f"{part}_metric_id": "conversion" if part == "outcome" else "error_rate" for part in metrics.PARTS},
                **{f"{part}_{column}": 0.1 + number / 50 for part in metrics.PARTS for column in ("value", "change")},
                **{f"{part}_is_better": part != "outcome" for part in metrics.PARTS[:3]},
                **{f"{part}_is_unusual": part != "input" for part in metrics.PARTS},
            }
            for number in range(6)
        ],
        "experiment_backlog": [
            idea(rank, place, **{place: value}, journey_id=journey if place == "step_id" else None)
            for rank, (place, value) in enumerate((("step_id", step), ("campaign_id", campaign), ("channel", "chat")), 1)
        ],
        "survey_summary": [
            {"survey_type": kind, "answers": 90, "metric_value": value}
            for kind, value in (("csat", 4.1), ("nps", -0.04), ("ces", 4.6), ("confidence", 0.78), ("relevance", 0.7))
        ],
    }


def type_of(name: str, value: Any) -> str:
    if isinstance(value, str | bool | date):
        return {str: "varchar", bool: "boolean", date: "date"}[type(value)]
    return "varchar" if name in TEXTS else "bigint" if name in COUNTS else "double"


def write(database: Path, content: dict[str, Rows]) -> None:
    """Add the tables to a handmade database."""
    import duckdb

    with duckdb.connect(str(database)) as connection:
        for mart, found in content.items():
            columns = list(found[0])
            kinds = ", ".join(f'"{name}" {type_of(name, found[0][name])}' for name in columns)
            connection.execute(f"create table {mart} ({kinds})")
            connection.executemany(
                f"insert into {mart} values ({', '.join('?' * len(columns))})", [[row[name] for name in columns] for row in found]
            )
        connection.execute("alter table friction_cost add column step_order bigint")
        connection.execute("alter table friction_cost add column completion_rate_after_step double")
        connection.execute("alter table friction_cost add column value_per_completion double")
        connection.execute("update friction_cost set step_order = 1, completion_rate_after_step = 0.5, value_per_completion = 40")


def write_parts(database: Path) -> None:
    """Rows of the tables that only some experiments have, for every experiment that was analysed, in the shape of tables.py."""
    import duckdb

    from python_stats.tables import TABLES

    def row(table: str, **given: Any) -> dict[str, Any]:
        simple = {"varchar": "all", "bigint": 3, "boolean": True, "double": 0.1, "date": date(2026, 2, 2), "timestamp": None}
        columns = TABLES[table]
        found = {
            name: 0.02 if name.endswith("_low") else 0.18 if name.endswith("_high") else simple[kind] for name, kind in columns.items()
        }
        common = {"metric_id": "conversion", "metric_window": "all", "status": "ok", "good_direction": "increase", "variant_id": "new"}
        return {name: (found | common | given)[name] for name in columns}

    with duckdb.connect(str(database)) as connection:
        connection.execute("delete from metric_tree_evidence")
        edges = (
            ("revenue", "conversion", "experiment"),
            ("conversion", "error_rate", "observational"),
            ("revenue", "error_rate", "assumed"),
        )
        for parent, child, evidence in edges:
            name = connection.execute("select min(experiment_id) from experiment_decisions").fetchall()[0][0]
            one = row("metric_tree_evidence", parent_metric_id=parent, child_metric_id=child, evidence=evidence, experiment_id=name)
            connection.execute(f"insert into metric_tree_evidence values ({', '.join('?' * len(one))})", list(one.values()))
        for (experiment_id,) in connection.execute("select experiment_id from experiment_decisions").fetchall():
            own = {"experiment_id": experiment_id}
            rows = {
                "experiment_effects_factorial": [row("experiment_effects_factorial", **own, effect_id=name, factors=1 + name.count(";")) for name in ("copy=warm", "copy=warm;timing=prompt")],
                "experiment_increments": [row("experiment_increments", **own)],
                "experiment_segments": [row("experiment_segments", **own, segment=f"tier={tier}", segment_column="tier", scale="absolute") for tier in ("pro", "<b>free</b>")],
                "experiment_sequential": [
                    row("experiment_sequential", **own, day=date(2026, 2, 2) + timedelta(days=day), z=day / 10, boundary=4 - day / 20 if day % 10 == 0 else None,
                        look=day // 10 if day % 10 == 0 else None, stage="look" if day % 10 == 0 else "waiting", relative_effect=0.2 - day / 1000)
                    for day in range(41)
                ] if "experiment_sequential" in TABLES else [],
                "experiment_survival": [
                    row("experiment_survival", **own, variant_id=variant, time_s=60.0 * 4**step, survival=1 - step * speed)
                    for variant, speed in (("old", 0.08), ("new", 0.12)) for step in range(8)
                ] if "experiment_survival" in TABLES else [],
                "experiment_time_effects": [
                    row("experiment_time_effects", **own, measure=measure, control_value=7200.0, variant_value=3600.0, effect=None if measure == "log_rank" else -3600.0)
                    for measure in ("median", "p90", "restricted_mean", "log_rank")
                ] if "experiment_time_effects" in TABLES else [],
            }  # fmt: skip
            for table, found in rows.items():
                if found and table != "experiment_segments":  # the pipeline may have filled it; its own segments stay
                    connection.execute(f"delete from {table} where experiment_id = ?", [experiment_id])
                for one in found:
                    connection.execute(f"insert into {table} values ({', '.join('?' * len(one))})", list(one.values()))
