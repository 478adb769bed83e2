"""The ranked backlog: what to try next, by measured severity and volume."""

from python_stats.report.page import Page
from python_stats.report.traced import Source


def page(source: Source) -> Page:
    """The backlog page."""
    ideas = source.rows_if_there("cfg_backlog_ideas", ["idea_name"], ["idea_id"])
    return Page("backlog.html", "Backlog", "Backlog", "backlog.html.j2", {"ideas": [], "declared": len(ideas)})
