"""Support: how long until a human, until it is solved, and what a handover at the wrong moment goes with."""

from collections.abc import Sequence

from markupsafe import Markup

from python_stats import svg, wording
from python_stats.report.charts import Line, survival
from python_stats.report.page import Page
from python_stats.report.traced import Source, Traced

PATHS = {
    "bot_only": "Bot only",
    "handover": "Handed over",
    "mixed": "Bot and human, no handover recorded",
    "human_only": "Human only",
    "unanswered": "Unanswered",
}
TIMINGS = {
    "requested": "Asked for by the customer",
    "early": "Too early: before the bot had its chances",
    "on_time": "On time",
    "late": "Too late: the bot went on too long",
    "missed": "Missed: never handed over, though it was time",
}
_SHORT = {"mixed": "Mixed", "requested": "Asked for", "early": "Early", "late": "Late", "missed": "Missed"}
_COLUMNS = (
    "tickets resolved open_tickets responded escalated taken_over reopened repeat_contacts repeat_contacts_judged csat_answers"
    " support_cost handovers_early handovers_late handovers_missed first_response_p50_s first_response_p90_s handover_wait_p50_s"
    " handover_wait_p90_s resolution_p50_s resolution_p90_s response_rate resolution_rate escalation_rate early_handover_rate"
    " missed_handover_rate reopen_rate repeat_contact_rate churn_rate_30d csat cost_per_ticket"
).split()


def page(source: Source) -> Page:
    """The handover page."""
    key = ["breakdown", "breakdown_value"]
    rows = {(row["breakdown"], row["breakdown_value"]): row for row in source.rows_if_there("handover_summary", _COLUMNS, key)}
    curves = source.rows_if_there(
        "handover_survival", ["bucket_end_s", "share_still_open"], [*key, "bucket_start_s"], [*key, "bucket_start_s"]
    )
    most = max((row["tickets"] for (kind, _), row in rows.items() if kind == "timing"), default=0)
    timings = [
        {
            "row": rows["timing", timing],
            "label": label,
            "picture": bar_of_tickets(rows["timing", timing]["tickets"], most, f"t{index}"),
        }
        for index, (timing, label) in enumerate(TIMINGS.items())
        if ("timing", timing) in rows
    ]
    return Page(
        "handover.html",
        "Handover",
        "Handover",
        "handover.html.j2",
        {
            "all": rows.get(("all", "all")),
            "paths": [{"row": rows["path", path], "label": label} for path, label in PATHS.items() if ("path", path) in rows],
            "timings": timings,
            "by_path": _curves(curves, "path", PATHS, "by the path they took"),
            "by_timing": _curves(curves, "timing", TIMINGS, "by when they were handed over"),
        },
    )


def bar_of_tickets(tickets: int, most: int, identity: str) -> Markup:
    """A bar for a number of tickets beside the largest."""
    return svg.bar(tickets / most, f"{wording.number(tickets)} {wording.noun(tickets, 'ticket')}", identity)


def _curves(rows: Sequence[Traced], breakdown: str, labels: dict[str, str], words: str) -> Markup | None:
    lines = []
    for value, label in labels.items():
        own = [row for row in rows if row["breakdown"] == breakdown and row["breakdown_value"] == value]
        if own:
            lines.append(Line(_SHORT.get(value, label), [(float(row["bucket_end_s"]), row["share_still_open"]) for row in own]))
    if not lines:
        return None
    described = "; ".join(f"{line.name} ends at {wording.percent(line.points[-1][1])}" for line in lines)
    chart = survival(
        lines,
        "time since the ticket was opened",
        "tickets not yet resolved, %",
        f"Share of tickets not yet resolved, {words}; tickets still open count as open. {described}.",
        breakdown,
    )
    return Markup('<span class="picture" data-mart="handover_survival" data-key="breakdown={}">{}</span>').format(breakdown, chart)
