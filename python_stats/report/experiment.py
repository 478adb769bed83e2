"""One page per experiment: what was declared beside what happened, how sure we are, what it is worth, what was learnt."""

from collections.abc import Sequence
from typing import Any

from python_stats import svg, wording
from python_stats.evidence import NON_INFERIOR
from python_stats.looks import LAST
from python_stats.monitoring import STANDING
from python_stats.report import experiment_parts
from python_stats.report.naming import file_name
from python_stats.report.page import (
    GUARDS,
    ONE,
    WORSE,
    Page,
    Sign,
    counted,
    effect_form,
    effect_sign,
    guard_signs,
    metric_label,
    value_form,
    verdict_sign,
)
from python_stats.report.scorecard import interval_picture, primary_picture
from python_stats.report.traced import Source, Traced
from python_stats.tables import TABLES
from python_stats.verdicts import why_not_relative

STREAMS = {
    "revenue_created": "Revenue created",
    "revenue_preserved": "Revenue kept",
    "cost_reduced": "Cost saved",
    "decision_velocity": "Decided sooner",
    "total_direct": "Direct, in all",
    "total_indirect": "Indirect, in all",
    "total": "Both, in all",
}
ROLES = ("primary", "secondary", "guardrail")
ROLE_NAMES = {"primary": "primary metric", "secondary": "secondary metrics", "guardrail": "guardrails"}
_DECLARED = (
    "experiment_name feature_class owner_team journey_id hypothesis what_changes design monitoring looks alpha power declared_on"
    " started_on ended_on decision_window_days planned_sample_per_variant pain_point correction"
).split()
_RESULTS = ["experiment_id", "variant_id", "metric_id", "metric_window", "segment"]


def pages(source: Source) -> list[Page]:
    """A page for each experiment that was analysed."""
    decisions = source.rows("experiment_decisions", list(TABLES["experiment_decisions"]), ["experiment_id"])
    declared = _by_experiment(source.rows("cfg_experiments", _DECLARED, ["experiment_id"]))
    variants = _by_experiment(
        source.rows("cfg_experiment_variants", ["is_control", "expected_share", "factor_levels"], ["experiment_id", "variant_id"])
    )
    traffic = _by_experiment(source.rows("experiment_traffic", ["exposed", "contaminated"], ["experiment_id", "variant_id"]))
    results = _by_experiment(source.rows("experiment_results", list(TABLES["experiment_results"]), _RESULTS))
    money = _by_experiment(source.rows("roi_estimates", list(TABLES["roi_estimates"]), ["experiment_id", "stream", "metric_id"]))
    notes = _by_experiment(source.rows_if_there("learning_notes", list(TABLES["learning_notes"]), ["experiment_id"]))
    parts = experiment_parts.read(source)
    made = []
    for row in decisions:
        name = row["experiment_id"]
        own = results.get(name, [])
        design = declared.get(name, [None])[0]
        judged = next((result for result in own if result["is_decision"] and _is_decided_by(result, row)), None)
        control = next((arm["variant_id"] for arm in variants.get(name, []) if arm["is_control"]), None)
        made.append(
            Page(
                file_name("experiment", name),
                row.words("experiment_name", "name"),
                "Learning library",
                "experiment.html.j2",
                {
                    "row": row,
                    "sign": verdict_sign(row["verdict"]),
                    "is_sound": row["verdict"] != "invalid",
                    "design": design,
                    "primary": {
                        "label": metric_label(row["metric_id"]),
                        "form": value_form(row["metric_id"]),
                        "counted": counted(row["metric_id"]),
                        "one": ONE[counted(row["metric_id"])],
                        "picture": primary_picture(row, "primary"),
                    },
                    "judged": judged,
                    "guards": guard_signs(row["guardrails"]),
                    "split": _split(variants.get(name, []), traffic.get(name, [])),
                    "arms": _arms(
                        [result for result in own if result["is_decision"]],
                        variants.get(name, []),
                        parts["experiment_sequential"].get(name, []),
                    ),
                    "windows": _windows([result for result in own if experiment_parts.is_shown(result, row)]),
                    "streams": [_stream(amount) for amount in money.get(name, [])],
                    "counted_twice": [_stream(amount) for amount in money.get(name, []) if _is_doubled(amount)],
                    "direct": _stream_of(money.get(name, []), "total_direct"),
                    "indirect": _stream_of(money.get(name, []), "total_indirect"),
                    "note": notes.get(name, [None])[0],
                    **experiment_parts.content(parts, row, own, control),
                },
            )
        )
    return made


def _by_experiment(rows: Sequence[Traced]) -> dict[str, list[Traced]]:
    found: dict[str, list[Traced]] = {}
    for row in rows:
        found.setdefault(row["experiment_id"], []).append(row)
    return found


def _split(variants: Sequence[Traced], traffic: Sequence[Traced]) -> list[dict[str, Any]]:
    """Declared and seen, variant by variant; the control first, what nobody declared last."""
    seen = {row["variant_id"]: row for row in traffic}
    total = sum(row["exposed"] or 0 for row in traffic)
    ordered = sorted(variants, key=lambda row: (not row["is_control"], row["variant_id"]))
    known = [(row["variant_id"], row, seen.get(row["variant_id"])) for row in ordered]
    unknown = [(row["variant_id"], None, row) for row in traffic if row["variant_id"] not in {name for name, _, _ in known}]
    found = []
    for index, (_, variant, arm) in enumerate([*known, *unknown]):
        share = (arm["exposed"] or 0) / total if arm and total else 0.0
        found.append(
            {
                "variant": variant,
                "arm": arm,
                "picture": svg.bar(share, f"{wording.percent(share)} of the people seen", f"v{index}"),
            }
        )
    return found


def _is_decided_by(result: Traced, decision: Traced) -> bool:
    """Is it the result that stands in the decision?"""
    is_primary = result["metric_id"] == decision["metric_id"] and result["segment"] == "all"
    return is_primary and decision["variant_id"] in (None, result["variant_id"])


def _arms(rows: Sequence[Traced], variants: Sequence[Traced], days: Sequence[Traced]) -> list[dict[str, Any]]:
    """The effects of each variant against the control, by role, and as of when they are."""
    found = []
    for number, variant in enumerate(row["variant_id"] for row in variants if not row["is_control"]):
        own = [row for row in rows if row["variant_id"] == variant and row["role"] in ROLES and row["segment"] == "all"]
        own.sort(key=lambda row: (ROLES.index(row["role"]), row["metric_id"]))
        if own:
            effects = [_effect(row, f"r{number}-{index}") for index, row in enumerate(own)]
            found.append({"row": own[0], "effects": effects, "known": _known(own), "judged_on": _judged_on(own[0], days)})
    return found


def _known(rows: Sequence[Traced]) -> list[dict[str, Any]]:
    """As of which day the figures of each role are, and at which confidence: the metrics that were judged stand as they were then."""
    groups: dict[tuple[Any, ...], list[Traced]] = {}
    for row in rows:
        if row["effect"] is not None:
            groups.setdefault((row["role"], row["known_on"], row["nominal_alpha"]), []).append(row)
    roles = [role for role, *_ in groups]
    return [
        {
            "row": own[0],
            "role": ROLE_NAMES[role],
            "labels": [metric_label(row["metric_id"]) for row in own] if roles.count(role) > 1 else [],
            # a metric may count fewer people than another; then each says its own
            "counted": counted(own[0]["metric_id"]) if len({(row["n_control"], row["n_variant"]) for row in own}) == 1 else None,
        }
        for (role, *_), own in groups.items()
    ]


def _judged_on(primary: Traced, days: Sequence[Traced]) -> dict[str, Any] | None:
    """The day of `experiment_sequential` as of which a variant was judged, and whether its verdict fell there."""
    own = [row for row in days if (row["variant_id"], row["metric_id"]) == (primary["variant_id"], primary["metric_id"])]
    day = next((row for row in own if row["day"] == primary["known_on"]), None)
    return None if day is None else {"day": day, "has_fallen": day["verdict"] in STANDING or day["stage"] == LAST}


def _effect(row: Traced, identity: str) -> dict[str, Any]:
    has_relative = row["relative_ci_low"] is not None and row["relative_ci_high"] is not None
    return {
        "row": row,
        "label": metric_label(row["metric_id"]),
        "counted": counted(row["metric_id"]),
        "form": value_form(row["metric_id"]),
        "effect_form": effect_form(row["metric_id"]),
        "sign": _sign(row),
        "picture": interval_picture(row, identity) if has_relative else None,
        "why_no_picture": "" if has_relative or row["effect"] is None else _why_no_picture(row),
    }


def _why_no_picture(row: Traced) -> str:
    what = "No relative change" if row["relative_effect"] is None else "No interval for the relative change"
    return f"{what}: {why_not_relative(row.values)}."


def _sign(row: Traced) -> Sign:
    """Of a guardrail: whether harm is excluded; of any other metric: on which side of no change it lies."""
    if row["role"] == "guardrail" and row["non_inferiority"] == NON_INFERIOR and effect_sign(row) == WORSE:
        return Sign("unclear", "✓", "worse, harm excluded")
    if row["role"] == "guardrail" and row["non_inferiority"]:
        return GUARDS.get(row["non_inferiority"], GUARDS["not_assessed"])
    return effect_sign(row)


def _windows(rows: Sequence[Traced]) -> list[dict[str, Any]]:
    """The same effects after 7, 30 and 90 days, per variant and metric, for what was declared."""
    kept = [row for row in rows if row["segment"] == "all" and row["role"] in ROLES and row["effect"] is not None]
    by_metric: dict[tuple[int, str, str], dict[str, Traced]] = {}
    for row in kept:
        by_metric.setdefault((ROLES.index(row["role"]), row["metric_id"], row["variant_id"]), {})[row["metric_window"]] = row
    return [
        {
            "first": next(iter(windows.values())),
            "is_drawn": role == 0,  # pictures of the primary alone keep the page light
            "label": metric_label(name),
            "cells": [
                (window, _effect(windows[window], f"w{index}-{window}") if window in windows else None)
                for window in ("7", "30", "90", "all")
            ],
        }
        for index, ((role, name, _), windows) in enumerate(sorted(by_metric.items(), key=lambda item: item[0]))
    ]


def _stream(row: Traced) -> dict[str, Any]:
    is_stream = row["row_kind"] == "stream" and row["metric_id"]
    in_seconds = bool(row["metric_id"]) and value_form(row["metric_id"]) == "seconds"
    is_time_of_decision = row["stream"] == "decision_velocity"  # its effect is days, whatever the metric's unit
    return {
        "row": row,
        "label": STREAMS.get(row["stream"], row["stream"].replace("_", " ")),
        "metric": metric_label(row["metric_id"]) if is_stream and not is_time_of_decision else None,
        "is_total": row["row_kind"] != "stream",
        "effect_form": "signed_days" if is_time_of_decision else effect_form(row["metric_id"]) if is_stream else "number",
        "value_form": "money_per_day" if is_time_of_decision else "money_per_hour" if is_stream and in_seconds else "money_rate",
    }


def _is_doubled(row: Traced) -> bool:
    return bool(row["row_kind"] == "stream" and row["may_count_twice"])


def _stream_of(rows: Sequence[Traced], stream: str) -> Traced | None:
    return next((row for row in rows if row["stream"] == stream), None)
