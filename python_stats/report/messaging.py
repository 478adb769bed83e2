"""Messaging: who reads, who acts, and whether people tire when they get more."""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from python_stats import svg, wording
from python_stats.report.page import Page
from python_stats.report.traced import Source, Traced

PRESSURES = {"0": "None", "1": "One", "2": "Two", "3": "Three", "4-6": "Four to six", "7+": "Seven or more"}
STAGES = {"visitor": "Visitor", "new": "New", "active": "Active", "lapsed": "Lapsed"}
_COLUMNS = (
    "delivered engaged opened clicked replied converted unsubscribed complained machine_opened machine_opened_only with_consent"
    " without_consent relevance_answers acted latency_to_action_p50_s open_rate click_rate reply_rate engagement_rate"
    " message_conversion_rate unsubscribe_rate complaint_rate machine_open_rate machine_open_only_rate unconsented_rate relevance_score"
).split()


def page(source: Source) -> Page:
    """The messaging page."""
    rows = source.rows_if_there("messaging_summary", _COLUMNS, ["breakdown", "breakdown_value"])
    campaigns = source.names("cfg_campaigns", ["campaign_id"], "campaign_name")
    found = {
        kind: {row["breakdown_value"]: row for row in rows if row["breakdown"] == kind}
        for kind in ("all", "campaign", "pressure", "lifecycle_stage")
    }
    by_size = sorted(found["campaign"].values(), key=lambda row: (-row["delivered"], row["breakdown_value"]))
    return Page(
        "messaging.html",
        "Messaging",
        "Messaging",
        "messaging.html.j2",
        {
            "all": found["all"].get("all"),
            "pressures": _barred(
                [(label, found["pressure"][value]) for value, label in PRESSURES.items() if value in found["pressure"]], "p"
            ),
            "campaigns": _barred(
                [(campaigns.get((row["breakdown_value"],), row.show("breakdown_value", "name")), row) for row in by_size], "c"
            ),
            "stages": _barred(
                [(label, found["lifecycle_stage"][stage]) for stage, label in STAGES.items() if stage in found["lifecycle_stage"]], "l"
            ),
        },
    )


def _barred(rows: Sequence[tuple[str | Markup, Traced]], prefix: str) -> list[dict[str, Any]]:
    """Rows with bars of engagement, and of unsubscribes and complaints, each on a scale of its own: that of the table's largest."""
    scales = {column: max((row[column] for _, row in rows), default=0.0) or 1.0 for column in ("engagement_rate", "unsubscribe_rate")}
    return [
        {
            "label": label,
            "row": row,
            "engaged": svg.bar(
                row["engagement_rate"] / scales["engagement_rate"],
                f"{wording.percent(row['engagement_rate'])} engaged",
                f"{prefix}e{index}",
            ),
            "left": svg.bar(
                row["unsubscribe_rate"] / scales["unsubscribe_rate"],
                f"{wording.percent(row['unsubscribe_rate'])} unsubscribed",
                f"{prefix}u{index}",
            ),
        }
        for index, (label, row) in enumerate(rows)
    ]
