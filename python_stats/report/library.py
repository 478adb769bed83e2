"""The learning library: every experiment, winners and losers, and which kinds of feature improve what."""

from collections.abc import Sequence
from typing import Any

from python_stats.report.naming import file_name
from python_stats.report.page import ORDER, Page, metric_label, value_form, verdict_sign
from python_stats.report.scorecard import primary_picture
from python_stats.report.traced import Source, Traced, clipped
from python_stats.tables import TABLES

_MONEY = ["annual", "annual_low", "annual_high", "first_year", "first_year_low", "first_year_high"]
A_PAGE = 80  # experiments on one page, so that it stays light enough to mail


def pages(source: Source) -> list[Page]:
    """The library, on as many pages as it takes."""
    rows = source.rows("experiment_decisions", list(TABLES["experiment_decisions"]), ["experiment_id"])
    declared = {
        row["experiment_id"]: row for row in source.rows("cfg_experiments", ["hypothesis", "pain_point", "ended_on"], ["experiment_id"])
    }
    notes = {row["experiment_id"]: row for row in source.rows_if_there("learning_notes", ["what_next"], ["experiment_id"])}
    money = {
        row["experiment_id"]: row
        for row in source.rows("roi_estimates", [*_MONEY, "status"], ["experiment_id", "stream", "metric_id"])
        if row["stream"] == "total_direct"
    }
    rows.sort(key=lambda row: (ORDER.index(row["verdict"]) if row["verdict"] in ORDER else len(ORDER), row["experiment_id"]))
    entries = [
        _entry(index, row, declared.get(row["experiment_id"]), notes.get(row["experiment_id"]), money.get(row["experiment_id"]))
        for index, row in enumerate(rows)
    ]
    parts = [entries[start : start + A_PAGE] for start in range(0, len(entries), A_PAGE)] or [[]]
    files = [_file(number) for number in range(len(parts))]
    patterns = _patterns(source)
    return [
        Page(
            files[number],
            "Learning library",
            "Learning library",
            "library.html.j2",
            {
                "entries": part,
                "files": files,
                "number": number,
                "patterns": patterns if number == 0 else [],
                "verdicts": _choices(part, "verdict"),
                "classes": _choices(part, "feature_class"),
            },
            script="library.js",
        )
        for number, part in enumerate(parts)
    ]


def _file(number: int) -> str:
    return "library.html" if number == 0 else f"library-{number + 1}.html"


def _entry(index: int, row: Traced, declared: Traced | None, note: Traced | None, money: Traced | None) -> dict[str, Any]:
    return {
        "row": row,
        "declared": declared,
        "note": note,
        "money": money,
        "kind": clipped(str(row["feature_class"]), 60),
        "file": file_name("experiment", row["experiment_id"]),
        "sign": verdict_sign(row["verdict"]),
        "label": metric_label(row["metric_id"]),
        "form": value_form(row["metric_id"]),
        "picture": primary_picture(row, f"l{index}"),
    }


def _choices(entries: Sequence[dict[str, Any]], column: str) -> list[tuple[str, str]]:
    found = sorted({str(entry["row"][column]) for entry in entries})
    return [
        (clipped(value, 60), verdict_sign(value).word if column == "verdict" else clipped(value.replace("_", " "), 60)) for value in found
    ]


def _patterns(source: Source) -> list[dict[str, Any]]:
    """Which kinds of feature improved, left open or worsened what; a metric stands on every side on which an experiment found it."""
    columns = ["experiments", "improved", "worsened", "unclear", "best_relative_effect"]
    kinds: dict[str, dict[str, Any]] = {}
    for row in source.rows_if_there("learning_patterns", columns, ["feature_class", "metric_id"]):
        kind = kinds.setdefault(row["feature_class"], {"first": row, "improved": [], "unclear": [], "worsened": []})
        for side in ("improved", "unclear", "worsened"):
            if row[side]:
                kind[side].append((metric_label(row["metric_id"]), row))
    return list(kinds.values())
