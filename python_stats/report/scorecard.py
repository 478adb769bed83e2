"""The front page: pain point → intervention → result → money a year, on one sheet."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from python_stats import svg, wording
from python_stats.report.friction import cost_rows, currency_of, dearest_first, money_form
from python_stats.report.handover import bar_of_tickets
from python_stats.report.naming import file_name
from python_stats.report.page import ORDER, Page, guard_signs, metric_label, value_form, verdict_sign
from python_stats.report.traced import Source, Traced
from python_stats.tables import TABLES

MOST_EXPERIMENTS = 8
MOST_STEPS = 5
TIMINGS = (
    ("missed", "Missed: never handed over, though it was time"),
    ("late", "Late: the bot went on too long"),
    ("early", "Early: before the bot had its chances"),
    ("on_time", "On time"),
    ("requested", "Asked for by the customer"),
)


def page(source: Source) -> Page:
    """The scorecard."""
    decisions = source.rows("experiment_decisions", list(TABLES["experiment_decisions"]), ["experiment_id"])
    roi = source.rows("roi_estimates", list(TABLES["roi_estimates"]), ["experiment_id", "stream", "metric_id"])
    declared = {row["experiment_id"]: row for row in source.rows("cfg_experiments", ["pain_point", "what_changes"], ["experiment_id"])}
    totals = {(row["experiment_id"], row["stream"]): row for row in roi if row["row_kind"] != "stream"}
    times = _times(source)
    experiments = [_experiment(index, row, declared.get(row["experiment_id"]), totals, times) for index, row in enumerate(decisions)]
    experiments.sort(key=_importance)
    lost = cost_rows(source, ["entries", "abandonments", "expected_value_lost", "priority_rank"])
    audit = ["rows_in", "rows_accepted", "rows_duplicate", "rows_rejected", "rows_forgotten"]
    return Page(
        "scorecard.html",
        "Scorecard",
        "Scorecard",
        "scorecard.html.j2",
        {
            "direct": totals.get(("all", "shipped_direct")),
            "indirect": totals.get(("all", "shipped_indirect")),
            "experiments": experiments[:MOST_EXPERIMENTS],
            "left_out": max(0, len(experiments) - MOST_EXPERIMENTS),
            "steps": _steps(source, lost),
            "window": source.window,
            "is_mixed": len({currency_of(row, source.currency) for row in lost}) > 1,
            "handovers": _handovers(source),
            "audit": source.rows_if_there("source_audit", audit, ["source_table"]),
        },
    )


def primary_picture(row: Traced, identity: str) -> Markup | None:
    """The primary metric's interval against its thresholds; none where there is no sound estimate."""
    if row["verdict"] == "invalid" or row["relative_ci_low"] is None or row["relative_ci_high"] is None:
        return None
    return interval_picture(row, identity)


def interval_picture(row: Traced, identity: str) -> Markup:
    """A relative effect with its interval, good to the right, against the thresholds of its row."""
    sign = -1 if row["good_direction"] == "decrease" else 1
    low, high = sorted((sign * row["relative_ci_low"], sign * row["relative_ci_high"]))
    wanted, allowed = row["min_lift_rollout"] or 0.0, row["max_harm_rollback"] or 0.0
    words = (
        f"Right is better. Estimate {wording.percent(sign * row['relative_effect'], signed=True)}, interval"
        f" {wording.percent(low, signed=True)} to {wording.percent(high, signed=True)}; asked for was"
        f" {wording.percent(wanted, signed=True)}, the limit of harm {wording.percent(-allowed)}."
    )
    return svg.interval(sign * row["relative_effect"], low, high, wanted, allowed, words, identity)


def _times(source: Source) -> dict[tuple[str, str, str], Traced]:
    """The judged results that are averages over a limited time, by experiment, variant and metric."""
    key = ["experiment_id", "variant_id", "metric_id", "metric_window", "segment"]
    rows = source.rows_if_there("experiment_results", ["is_decision", "horizon_s"], key)
    return {
        (row["experiment_id"], row["variant_id"], row["metric_id"]): row
        for row in rows
        if row["is_decision"] and row["segment"] == "all" and row["horizon_s"] is not None
    }


def _experiment(
    index: int,
    row: Traced,
    declared: Traced | None,
    totals: Mapping[tuple[str, str], Traced],
    times: Mapping[tuple[str, str, str], Traced],
) -> dict[str, Any]:
    picture = primary_picture(row, f"e{index}")
    return {
        "row": row,
        "declared": declared,
        "file": file_name("experiment", row["experiment_id"]),
        "sign": verdict_sign(row["verdict"]),
        "metric": metric_label(row["metric_id"]),
        "form": value_form(row["metric_id"]),
        "time": times.get((row["experiment_id"], row["variant_id"], row["metric_id"])),
        "picture": picture,
        "guards": guard_signs(row["guardrails"]),
        "direct": totals.get((row["experiment_id"], "total_direct")),
        "indirect": totals.get((row["experiment_id"], "total_indirect")),
    }


def _importance(experiment: Mapping[str, Any]) -> tuple[int, float, str]:
    direct, row = experiment["direct"], experiment["row"]
    annual = direct["annual"] if direct and direct["annual"] is not None else 0.0
    verdict = row["verdict"]
    return ORDER.index(verdict) if verdict in ORDER else len(ORDER), -annual, row["experiment_id"]


def _steps(source: Source, rows: Sequence[Traced]) -> list[dict[str, Any]]:
    names = source.names("cfg_journey_steps", ["journey_id", "step_id"], "step_name")
    worst = dearest_first(
        (
            (row["expected_value_lost"] or 0.0, row["priority_rank"], currency_of(row, source.currency), row)
            for row in rows
            if row["abandonments"]
        ),
        source.currency,
    )
    return [
        {
            "row": row,
            "money": money_form(currency_of(row, source.currency), source.currency),
            "name": names.get((row["journey_id"], row["step_id"]), row.show("step_id", "name")),
            "picture": svg.bar(
                row["abandonments"] / row["entries"],
                f"{wording.number(row['abandonments'])} of {wording.number(row['entries'])} gave up",
                f"s{index}",
            ),
        }
        for index, row in enumerate(worst[:MOST_STEPS])
    ]


def _handovers(source: Source) -> list[dict[str, Any]]:
    rows = source.rows_if_there("handover_summary", ["tickets"], ["breakdown", "breakdown_value"])
    counts = {row["breakdown_value"]: row for row in rows if row["breakdown"] == "timing"}
    largest = max((row["tickets"] for row in counts.values()), default=0)
    return [
        {
            "row": counts[timing],
            "label": label,
            "picture": bar_of_tickets(counts[timing]["tickets"], largest, f"h{index}"),
        }
        for index, (timing, label) in enumerate(TIMINGS)
        if timing in counts
    ]
