"""The metrics: what drives what, with what evidence, how each went week by week, and what people say."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from markupsafe import Markup

from python_stats import svg
from python_stats.report.naming import file_name
from python_stats.report.page import BETTER, UNCLEAR, WORSE, Page, capital, metric_label, value_form
from python_stats.report.traced import Source, Traced, breakable, clipped
from python_stats.tables import KEYS, TABLES

SURVEYS = {
    "csat": ("Satisfaction (CSAT)", "number", "mean, of five"),
    "nps": ("Recommendation (NPS)", "points", "promoters less detractors, in a hundred"),
    "ces": ("Effort (CES)", "number", "mean, of seven"),
    "confidence": ("Confidence", "percent", "answered four or five"),
    "relevance": ("Relevance of messages", "percent", "of the best possible"),
}
LEVELS = ("outcome", "experience", "guardrail", "input")
MOST_WEEKS = 26
STILL_COUNTING = "still counting"
_WEEK = ["numerator", "denominator", "value", "is_complete"]


def page(source: Source) -> Page:
    """The metrics page."""
    surveys = {row["survey_type"]: row for row in source.rows_if_there("survey_summary", ["answers", "metric_value"], ["survey_type"])}
    edges = source.rows_if_there("cfg_metric_tree", ["expected_sign", "rationale"], ["parent_metric_id", "child_metric_id"])
    said = ["metric_name", "description", "kind", "good_direction", "tree_level", "windows", "ripens"]
    catalog = source.rows_if_there("metric_catalog", said, ["metric_id"])
    nodes = _by_metric(source.rows_if_there("metric_tree_weekly", _WEEK, ["week", "metric_id"], ["metric_id", "week"]))
    weekly = source.rows_if_there("metric_weekly", _WEEK, ["week", "owner_team", "metric_id"], ["metric_id", "owner_team", "week"])
    weeks = _by_metric([row for row in weekly if row["owner_team"] == "all"])
    described = {row["metric_id"]: row for row in catalog}
    teams = _scorecard(source)
    ripe = {row["week"] for row in teams if row["is_ripe"]}
    evidence = source.rows_if_there("metric_tree_evidence", list(TABLES["metric_tree_evidence"]), KEYS["metric_tree_evidence"])
    return Page(
        "metrics.html",
        "Metrics",
        "Metrics",
        "metrics.html.j2",
        {
            "surveys": [(surveys[kind], *words) for kind, words in SURVEYS.items() if kind in surveys],
            "tree": _forest(edges, nodes, described, ripe, {(row["parent_metric_id"], row["child_metric_id"]): row for row in evidence}),
            "teams": _teams(teams, described),
            "metrics": [
                (capital(level), found)
                for level in LEVELS
                if (found := [_metric(f"m{index}", row, weeks, ripe) for index, row in enumerate(catalog) if row["tree_level"] == level])
            ],
        },
    )


def _by_metric(rows: Sequence[Traced]) -> dict[str, list[Traced]]:
    found: dict[str, list[Traced]] = {}
    for row in rows:
        found.setdefault(row["metric_id"], []).append(row)
    return found


def _course(identity: str, metric_id: str, described: Traced | None, rows: Sequence[Traced], ripe: Collection[date]) -> dict[str, Any]:
    """The last whole week's row with what is to be said of it, and the line of the weeks up to it; or the windows it has instead."""
    whole = [row for row in rows if row["is_complete"]][-MOST_WEEKS:]
    form = value_form(metric_id)
    picture = None
    if len(whole) > 1:
        known = [row for row in whole if row["value"] is not None]
        words = f"{len(whole)} weeks"
        if known:
            low, high = min(known, key=lambda row: row["value"]), max(known, key=lambda row: row["value"])
            words = f"{len(whole)} weeks, between {low.words('value', form)} and {high.words('value', form)}"
        picture = svg.sparkline([row["value"] for row in whole], words, identity)
    last = whole[-1] if whole else None
    is_counting = last is not None and described is not None and described["ripens"] and last["week"] not in ripe
    return {
        "last": last,
        "form": form,
        "picture": picture,
        "word": STILL_COUNTING if is_counting else "",
        "windows": described if described is not None and described["windows"] else None,
    }


def _metric(identity: str, row: Traced, weeks: Mapping[str, Sequence[Traced]], ripe: Collection[date]) -> dict[str, Any]:
    name = row["metric_id"]
    course = _course(identity, name, row, weeks.get(name, ()), ripe)
    return {"row": row, "label": metric_label(name), "id": breakable(clipped(name, 60)), **course}


def _forest(
    edges: Sequence[Traced],
    weeks: Mapping[str, Sequence[Traced]],
    described: Mapping[str, Traced],
    ripe: Collection[date],
    evidence: Mapping[tuple[str, str], Traced],
) -> list[dict[str, Any]]:
    """Roots with their children below; a metric that two others share stands below both, with its own children only once."""
    children: dict[str, list[Traced]] = {}
    for edge in edges:
        children.setdefault(edge["parent_metric_id"], []).append(edge)
    opened: dict[str, int] = {}
    count = [0]

    def node(metric_id: str, edge: Traced | None) -> dict[str, Any]:
        is_first = metric_id not in opened
        opened[metric_id] = 1
        count[0] += 1
        return {
            "label": metric_label(metric_id),
            "edge": edge,
            "sign": _direction(edge),
            "evidence": _evidence(evidence.get((edge["parent_metric_id"], edge["child_metric_id"]))) if edge else None,
            "level": described[metric_id]["tree_level"] if metric_id in described else "",
            **_course(f"t{count[0]}", metric_id, described.get(metric_id), weeks.get(metric_id, ()), ripe),
            "children": [node(below["child_metric_id"], below) for below in children.get(metric_id, ())] if is_first else [],
            "is_elsewhere": not is_first and metric_id in children,
        }

    below = {edge["child_metric_id"] for edge in edges}
    return [node(root, None) for root in sorted(set(children) - below)]


def _direction(edge: Traced | None) -> Markup:
    if edge is None:
        return Markup("")
    return Markup("↑ raises it") if (edge["expected_sign"] or 0) > 0 else Markup("↓ lowers it")


EVIDENCE = {"experiment": ("●", "shown by an experiment"), "observational": ("◐", "seen week by week"), "assumed": ("○", "assumed")}


def _evidence(row: Traced | None) -> dict[str, Any] | None:
    """What an edge rests on, and the experiment that showed it, if one did."""
    if row is None:
        return None
    symbol, word = EVIDENCE.get(row["evidence"], EVIDENCE["assumed"])
    file = file_name("experiment", row["experiment_id"]) if row["evidence"] == "experiment" and row["experiment_id"] else None
    return {"row": row, "symbol": symbol, "word": word, "file": file}


PARTS = ("input", "experience", "outcome", "guardrail")


def _scorecard(source: Source) -> list[Traced]:
    """The whole weeks of the shared scorecard."""
    columns = [f"{part}_{column}" for part in PARTS for column in ("metric_id", "value", "change")]
    columns += [f"{part}_is_better" for part in PARTS[:3]] + [f"{part}_is_unusual" for part in PARTS]
    columns += ["is_complete", "is_ripe", "guardrail_team"]
    rows = source.rows_if_there("empathy_scorecard", columns, ["week", "owner_team", "feature_class"])
    return [row for row in rows if row["is_complete"]]


def _teams(rows: Sequence[Traced], described: Mapping[str, Traced]) -> list[dict[str, Any]]:
    """Each team's gain beside what got worst elsewhere, in the last week in which what comes later has come; else in the last whole one."""
    last = max((row["week"] for row in rows if row["is_ripe"]), default=max((row["week"] for row in rows), default=None))
    return [{"row": row, "cells": [_cell(row, part, described) for part in PARTS]} for row in rows if row["week"] == last]


def _cell(row: Traced, part: str, described: Mapping[str, Traced]) -> dict[str, Any] | None:
    name = row[f"{part}_metric_id"]
    if name is None:
        return None
    better, is_unusual = False if part == "guardrail" else row[f"{part}_is_better"], row[f"{part}_is_unusual"]
    sign = UNCLEAR if better is None or not is_unusual else BETTER if better else WORSE
    is_counting = not row["is_ripe"] and name in described and described[name]["ripens"]
    unclear = "as weeks vary" if is_unusual is not None else STILL_COUNTING if is_counting else "too few weeks to tell"
    word = "" if row[f"{part}_change"] is None else sign.word if is_unusual else unclear
    return {"part": part, "word": word, "label": metric_label(name), "form": value_form(name), "sign": sign}
