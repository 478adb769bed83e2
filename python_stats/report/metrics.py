"""The metric tree: what drives what, with what evidence, and how each node went week by week; and what people say."""

from collections.abc import Mapping, Sequence
from typing import Any

from python_stats.report.page import Page, metric_label
from python_stats.report.traced import Source, Traced

SURVEYS = {
    "csat": ("Satisfaction (CSAT)", "number", "mean, of five"),
    "nps": ("Recommendation (NPS)", "points", "promoters less detractors, in a hundred"),
    "ces": ("Effort (CES)", "number", "mean, of seven"),
    "confidence": ("Confidence", "percent", "answered four or five"),
    "relevance": ("Relevance of messages", "percent", "of the best possible"),
}


def page(source: Source) -> Page:
    """The metrics page."""
    surveys = {row["survey_type"]: row for row in source.rows_if_there("survey_summary", ["answers", "metric_value"], ["survey_type"])}
    edges = source.rows_if_there("cfg_metric_tree", ["expected_sign", "rationale"], ["parent_metric_id", "child_metric_id"])
    return Page(
        "metrics.html",
        "Metrics",
        "Metrics",
        "metrics.html.j2",
        {
            "surveys": [(surveys[kind], *words) for kind, words in SURVEYS.items() if kind in surveys],
            "tree": _forest(edges),
        },
    )


def _forest(edges: Sequence[Traced]) -> list[dict[str, Any]]:
    """Roots with their children below; a metric that two others share stands below both, but its own children only once."""
    children: dict[str, list[Traced]] = {}
    for edge in edges:
        children.setdefault(edge["parent_metric_id"], []).append(edge)
    below = {edge["child_metric_id"] for edge in edges}
    opened: set[str] = set()
    return [_node(root, None, children, opened) for root in sorted(set(children) - below)]


def _node(metric_id: str, edge: Traced | None, children: Mapping[str, Sequence[Traced]], opened: set[str]) -> dict[str, Any]:
    is_first = metric_id not in opened
    opened.add(metric_id)
    return {
        "label": metric_label(metric_id),
        "edge": edge,
        "level": "",
        "children": [_node(below["child_metric_id"], below, children, opened) for below in children.get(metric_id, ())] if is_first else [],
    }
