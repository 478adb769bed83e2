"""The friction map: each journey's funnel with time, errors, hesitation and the money lost per step."""

from collections.abc import Sequence
from typing import Any

from python_stats import svg, wording
from python_stats.report.page import Page
from python_stats.report.traced import Source, Traced

RATES = (
    ("error_rate", "Errors"),
    ("retry_rate", "Retries"),
    ("backtrack_rate", "Back-tracks"),
    ("rage_click_rate", "Rage clicks"),
    ("help_view_rate", "Help views"),
    ("repeated_edit_rate", "Repeated edits"),
)
_HIGHLIGHTED = ("abandonment_rate", "duration_p50_s", *(name for name, _ in RATES), "pause_s_per_entry")
_STEP = ["entries", "abandonments", "share_of_attempts", "duration_p90_s", *_HIGHLIGHTED]
_JOURNEY = (
    "attempts completions abandonments in_progress completion_rate abandonment_rate completion_time completion_time_p50_s"
    " completion_time_p90_s time_to_first_action silent_friction_rate silent_frictions completions_judged required_step_failure_rate"
).split()
_COST = [
    "step_order",
    "entries",
    "abandonments",
    "expected_value_lost",
    "completion_rate_after_step",
    "value_per_completion",
    "priority_rank",
]


def page(source: Source) -> Page:
    """The friction map."""
    key = ["journey_id", "step_id"]
    names = source.names("cfg_journeys", ["journey_id"], "journey_name")
    step_names = source.names("cfg_journey_steps", key, "step_name")
    summaries = {row["journey_id"]: row for row in source.rows_if_there("friction_journey_summary", _JOURNEY, ["journey_id"])}
    losses = {
        row["journey_id"]: row
        for row in source.rows_if_there("friction_cost_by_journey", ["expected_value_lost", "abandonments"], ["journey_id"])
    }
    seen = {(row["journey_id"], row["step_id"]): row for row in source.rows_if_there("friction_step_summary", _STEP, key)}
    journeys: list[dict[str, Any]] = []
    for journey_id in sorted(summaries, key=lambda name: (-_lost(losses.get(name)), name)):
        costs = [
            row
            for row in source.rows_if_there("friction_cost", _COST, key, ["journey_id", "step_order"])
            if row["journey_id"] == journey_id
        ]
        rows = [seen[journey_id, cost["step_id"]] for cost in costs if (journey_id, cost["step_id"]) in seen]
        most = {name: _largest(rows, name) for name in _HIGHLIGHTED}
        dearest = _largest(costs, "expected_value_lost")
        steps = [
            _step(f"f{len(journeys)}-{index}", cost, seen.get((journey_id, cost["step_id"])), most, dearest)
            | {"name": step_names.get((journey_id, cost["step_id"]), cost.show("step_id", "name"))}
            for index, cost in enumerate(costs)
        ]
        summary = summaries[journey_id]
        journeys.append(
            {
                "name": names.get((journey_id,), summary.show("journey_id", "name")),
                "row": summary,
                "loss": losses.get(journey_id),
                "steps": steps,
            }
        )
    return Page("friction.html", "Friction map", "Friction", "friction.html.j2", {"journeys": journeys, "rates": RATES})


def _lost(row: Traced | None) -> float:
    return float(row["expected_value_lost"] or 0.0) if row else 0.0


def _largest(rows: Sequence[Traced], column: str) -> Any:
    """The value that stands out: the largest, where it is above 0 and not everywhere the same."""
    values = [row[column] for row in rows if row[column] is not None]
    return max(values) if len(values) > 1 and max(values) > 0 and max(values) > min(values) else None


def _step(identity: str, cost: Traced, row: Traced | None, most: dict[str, Any], dearest: Any) -> dict[str, Any]:
    picture = None
    if row:
        come, left = wording.percent(row["share_of_attempts"]), wording.percent(row["abandonment_rate"])
        words = f"{come} of the attempts came here, {left} of them left here"
        picture = svg.funnel(row["share_of_attempts"], row["abandonment_rate"] or 0.0, words, identity)
    return {
        "cost": cost,
        "row": row,
        "picture": picture,
        "worst": {name for name in _HIGHLIGHTED if row and most[name] is not None and row[name] == most[name]},
        "is_dearest": dearest is not None and cost["expected_value_lost"] == dearest,
    }
