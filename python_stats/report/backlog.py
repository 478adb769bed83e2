"""The ranked backlog: what to try next, by measured severity and volume, with every part of the score shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from python_stats import svg, wording
from python_stats.report.page import Page
from python_stats.report.traced import Source, Traced

PARTS = (
    ("severity_part", "Severity"),
    ("volume_part", "Volume"),
    ("value_part", "Value"),
    ("confidence_part", "Confidence"),
    ("effort_part", "Little effort"),
    ("speed_part", "Soon learnt"),
)
_COLUMNS = (
    "priority_rank idea_name feature_class owner_team hypothesis journey_id step_id campaign_id channel measured_at volume_per_month"
    " severity value_at_stake_per_month expected_lift confidence expected_value_per_month effort_days days_to_learn score"
).split()
_UNITS = {"step": "entries", "journey": "attempts", "campaign": "messages", "channel": "tickets"}
MOST = 100


def page(source: Source) -> Page:
    """The backlog page."""
    columns = [*_COLUMNS, *(part for part, _ in PARTS)]
    rows = source.rows_if_there("experiment_backlog", columns, ["idea_id"], ["priority_rank"])
    names = _Names(source)
    ideas = [
        {
            "row": row,
            "where": names.where(row),
            "unit": _UNITS.get(row["measured_at"], ""),
            "picture": svg.bar((row["score"] or 0.0) / 100, f"score {wording.number(row['score'])} of a hundred", f"b{index}"),
        }
        for index, row in enumerate(rows[:MOST])
    ]
    return Page(
        "backlog.html",
        "Backlog",
        "Backlog",
        "backlog.html.j2",
        {"ideas": ideas, "left_out": max(0, len(rows) - MOST), "parts": PARTS},
    )


class _Names:
    """What the places that ideas want to change are called."""

    def __init__(self, source: Source) -> None:
        self._steps = source.names("cfg_journey_steps", ["journey_id", "step_id"], "step_name")
        self._journeys = source.names("cfg_journeys", ["journey_id"], "journey_name")
        self._campaigns = source.names("cfg_campaigns", ["campaign_id"], "campaign_name")

    def where(self, row: Traced) -> Markup:
        """Journey and step, campaign or channel, whichever it is."""
        parts = [
            _named(self._journeys, (row["journey_id"],), row, "journey_id"),
            _named(self._steps, (row["journey_id"], row["step_id"]), row, "step_id"),
            _named(self._campaigns, (row["campaign_id"],), row, "campaign_id"),
            row.show("channel", "name") if row["channel"] and not row["campaign_id"] else None,
        ]
        return Markup(" › ").join(part for part in parts if part)


def _named(names: Mapping[tuple[Any, ...], Markup], key: Sequence[Any], row: Traced, column: str) -> Markup | None:
    return names.get(tuple(key), row.show(column, "name")) if row[column] else None
