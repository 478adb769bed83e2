"""The friction map: each journey's funnel with time, errors, hesitation and the money lost per step."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from python_stats import svg, wording
from python_stats.report.page import Page
from python_stats.report.traced import Source, Traced

Item = TypeVar("Item")

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
    lost = cost_rows(source, _COST)
    currencies = {row["journey_id"]: currency_of(row, source.currency) for row in lost}
    of_journey = ((_lost(losses.get(name)), name, currencies.get(name, source.currency), name) for name in summaries)
    for journey_id in dearest_first(of_journey, source.currency):
        own = sorted((row for row in lost if row["journey_id"] == journey_id), key=lambda row: row["step_order"])
        rows = [seen[journey_id, cost["step_id"]] for cost in own if (journey_id, cost["step_id"]) in seen]
        most = {name: _largest(rows, name) for name in _HIGHLIGHTED}
        dearest = _largest(own, "expected_value_lost")
        steps = [
            _step(f"f{len(journeys)}-{index}", cost, seen.get((journey_id, cost["step_id"])), most, dearest)
            | {"name": step_names.get((journey_id, cost["step_id"]), cost.show("step_id", "name"))}
            for index, cost in enumerate(own)
        ]
        summary = summaries[journey_id]
        journeys.append(
            {
                "name": names.get((journey_id,), summary.show("journey_id", "name")),
                "row": summary,
                "loss": losses.get(journey_id),
                "money": money_form(currencies.get(journey_id, source.currency), source.currency),
                "steps": steps,
            }
        )
    content = {"journeys": journeys, "rates": RATES, "window": source.window, "is_mixed": len(set(currencies.values())) > 1}
    return Page("friction.html", "Friction map", "Friction", "friction.html.j2", content)


def cost_rows(source: Source, columns: Sequence[str]) -> list[Traced]:
    """Rows of friction_cost, with the currency of their journey."""
    return source.rows_if_there("friction_cost", [*columns, "currency"], ["journey_id", "step_id"])


def currency_of(row: Traced, reporting: str) -> str:
    """The currency of a row's amounts; the reporting currency where it says none."""
    return str(row["currency"] or reporting)


def money_form(currency: str, reporting: str) -> str:
    """The format of amounts in a currency."""
    return "money" if currency == reporting else f"money:{currency}"


def dearest_first(found: Iterable[tuple[float, Any, str, Item]], reporting: str) -> list[Item]:
    """Items by what was lost, the largest first. Amounts of different currencies are not compared: the dearest of each currency come first,
    then the second of each.

    Args:
        found: what was lost, what decides between equals, the currency, and the item.
        reporting: this currency comes before the others.
    """
    ranks: Counter[str] = Counter()
    ranked: list[tuple[tuple[int, bool, str], Item]] = []
    for _, _, currency, item in sorted(found, key=lambda one: (-one[0], one[1])):
        ranked.append(((ranks[currency], currency != reporting, currency), item))
        ranks[currency] += 1
    return [item for _, item in sorted(ranked, key=lambda one: one[0])]


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
