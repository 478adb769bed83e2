"""The parts of an experiment's page that not every experiment has: looks, ingredients, what came on top, segments."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from markupsafe import Markup

from python_stats import wording
from python_stats.analysis.durability import FADES, GROWS, course_of
from python_stats.analysis.segments import RELATIVE
from python_stats.looks import SAFETY
from python_stats.report.charts import Line, over_days
from python_stats.report.experiment_times import curves
from python_stats.report.page import Sign, effect_form, effect_sign, metric_label
from python_stats.report.scorecard import interval_picture
from python_stats.report.traced import Source, Traced
from python_stats.tables import KEYS, TABLES
from python_stats.verdicts import ROLL_BACK

Rows = Mapping[str, Sequence[Traced]]
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
PARTS = (
    "experiment_sequential",
    "experiment_survival",
    "experiment_time_effects",
    "experiment_effects_factorial",
    "experiment_increments",
    "experiment_segments",
    "experiment_durability",
)
MOST_SEGMENTS = 24
MOST_WATCHED = 2  # variants: the others stand in experiment_sequential


def read(source: Source) -> dict[str, dict[str, list[Traced]]]:
    """The tables of these parts by experiment; an empty one where the warehouse does not have it."""
    found: dict[str, dict[str, list[Traced]]] = {}
    for table in PARTS:
        found[table] = {}
        for row in source.rows_if_there(table, list(TABLES[table]), KEYS[table]) if table in TABLES else ():
            found[table].setdefault(row["experiment_id"], []).append(row)
    return found


def content(tables: Mapping[str, Rows], decision: Traced, results: Sequence[Traced], control: str | None) -> dict[str, Any]:
    """What one experiment's page shows of them."""
    own = {table: list(rows.get(decision["experiment_id"], ())) for table, rows in tables.items()}
    return {
        "curves": curves(own["experiment_survival"], own["experiment_time_effects"], decision, control),
        "looks": _looks(own["experiment_sequential"], decision),
        "ingredients": _ingredients(own["experiment_effects_factorial"], decision),
        "increments": [
            {"row": row, "label": metric_label(row["metric_id"]), "form": _amount_form(row["metric_id"])}
            for row in own["experiment_increments"]
            if row["is_decision"] and row["per_person"] is not None
        ],
        "durability": [
            {"row": row, "label": metric_label(row["metric_id"]), "sign": _lasting(row)}
            for row in sorted(own["experiment_durability"], key=lambda row: row["metric_id"] != decision["metric_id"])
            if row["change"] is not None and is_shown(row, decision) and _is_news(row, decision)
        ],
        "segments": _segments(own["experiment_segments"], results, decision),
    }


def is_shown(row: Traced, decision: Traced) -> bool:
    """Of a metric that is not the primary, only the variant that decides is shown over windows: a page stays light enough to mail."""
    return row["metric_id"] == decision["metric_id"] or decision["variant_id"] in (None, row["variant_id"])


def _is_news(row: Traced, decision: Traced) -> bool:
    """That nothing has happened since is said of the primary metric alone."""
    return bool(row["metric_id"] == decision["metric_id"]) or row["status"] != "unchanged"


def _lasting(row: Traced) -> Sign:
    if row["status"] == "unchanged":
        return Sign("unclear", "○", "unchanged")
    if row["direction"] not in (GROWS, FADES):
        return Sign("unclear", "○", "not settled")
    return Sign(*(("better", "▲") if row["direction"] == GROWS else ("worse", "▼")), course_of(row))


def _ingredients(rows: Sequence[Traced], decision: Traced) -> list[dict[str, Any]]:
    """Main effects first, then interactions; the primary metric with pictures against its thresholds."""
    kept = [row for row in rows if row["is_decision"] and row["effect"] is not None]
    kept.sort(key=lambda row: (row["metric_id"] != decision["metric_id"], row["metric_id"], row["factors"], row["effect_id"]))
    return [
        {
            "row": row,
            "label": metric_label(row["metric_id"]),
            "effect_form": effect_form(row["metric_id"]),
            "sign": effect_sign(row),
            "picture": _against_thresholds(row, decision, f"i{index}"),
        }
        for index, row in enumerate(kept)
    ]


def _against_thresholds(row: Traced, decision: Traced, identity: str) -> Markup | None:
    if row["metric_id"] != decision["metric_id"] or row["relative_ci_low"] is None or row["relative_ci_high"] is None:
        return None
    thresholds = {name: decision[name] for name in ("min_lift_rollout", "max_harm_rollback")}
    return interval_picture(Traced(row.mart, row.key, {**row.values, **thresholds}, row.writers), identity)


def _segments(rows: Sequence[Traced], results: Sequence[Traced], decision: Traced) -> list[dict[str, Any]]:
    """The primary metric by column of `users`: the test whether its segments differ, then each segment's own and shrunken effect.

    A segment is called better or worse by its shrunken effect: among ten that do not differ, some own interval leaves out 0 by chance.
    """
    whole = {(row["variant_id"], row["metric_window"], row["segment"]): row for row in results if row["metric_id"] == decision["metric_id"]}
    kept = [row for row in rows if row["is_decision"] and row["metric_id"] == decision["metric_id"]]
    found: dict[tuple[str, str], list[Traced]] = {}
    for row in kept[:MOST_SEGMENTS]:
        found.setdefault((row["variant_id"], row["segment_column"]), []).append(row)
    return [
        {
            "first": own[0],
            "is_relative": own[0]["scale"] == RELATIVE,
            "effect_form": effect_form(own[0]["metric_id"]),
            "rows": [
                {
                    "row": row,
                    "sign": None if row["shrunken_effect"] is None else effect_sign(row, "shrunken_ci"),
                    "picture": _picture_of(whole.get((row["variant_id"], row["metric_window"], row["segment"])), f"g{number}-{index}"),
                }
                for index, row in enumerate(own)
            ],
        }
        for number, own in enumerate(found.values())
    ]


def _picture_of(row: Traced | None, identity: str) -> Markup | None:
    if row is None or row["relative_ci_low"] is None or row["relative_ci_high"] is None:
        return None
    return row.around(interval_picture(row, identity))


def _amount_form(metric_id: str) -> str:
    return effect_form(metric_id) if effect_form(metric_id) in ("effect_money", "effect_seconds") else "increment"


def _looks(rows: Sequence[Traced], decision: Traced) -> list[dict[str, Any]]:
    """The primary metric day by day, the variant that decides first: the estimate in its band, and the deviate against its boundary."""
    found: dict[str, list[Traced]] = {}
    for row in rows:
        if row["metric_id"] == decision["metric_id"]:
            found.setdefault(row["variant_id"], []).append(row)
    ordered = sorted(found, key=lambda name: (name != decision["variant_id"], name))
    return [
        _watched(index, found[name], [row for row in rows if row["variant_id"] == name], decision)
        for index, name in enumerate(ordered[:MOST_WATCHED])
    ]


def _watched(index: int, rows: Sequence[Traced], everything: Sequence[Traced], decision: Traced) -> dict[str, Any]:
    last = next((number for number, row in enumerate(rows) if row["stage"] == "last"), len(rows) - 1)
    rows = rows[: last + 1]  # after the last look nothing is decided any more
    days = [row["day"] for row in rows]
    first = days[0]
    marks = [((day - first).days, f"{day.day} {MONTHS[day.month - 1]}") for day in _marked(days)]

    def points(column: str, sign: float = 1.0) -> list[tuple[float, float]]:
        return [((row["day"] - first).days, sign * row[column]) for row in rows if row[column] is not None]

    better = -1.0 if decision["good_direction"] == "decrease" else 1.0
    wanted, allowed = decision["min_lift_rollout"] or 0.0, decision["max_harm_rollback"] or 0.0
    effect = None
    if len(points("relative_effect")) > 1:
        newest = next(row for row in reversed(rows) if row["relative_effect"] is not None)
        effect = over_days(
            Line("estimate", points("relative_effect")),
            {"low": points("relative_ci_low"), "high": points("relative_ci_high")},
            {"asked for": better * wanted, "limit": -better * allowed},
            marks,
            "relative change so far, %",
            f"Relative change of the primary metric day by day. On the last day {newest.words('relative_effect', 'signed_percent')},"
            f" between {newest.words('relative_ci_low', 'signed_percent')} and {newest.words('relative_ci_high', 'signed_percent')}.",
            f"q{index}",
        )
    evidence = None
    if len(points("z")) > 1:
        beyond = sum(bool(row["is_crossed"]) for row in rows)
        evidence = over_days(
            Line("evidence", points("z", better)),
            {"low": points("boundary", -1.0), "high": points("boundary")},
            {},
            marks,
            "evidence, standard errors from no change",
            "How many standard errors the estimate lies from no change, day by day (up is better), between the boundaries that a"
            f" decision has to cross; {wording.number(beyond)} {wording.noun(beyond, 'day lies', 'days lie')} beyond.",
            f"z{index}",
            in_percent=False,
        )
    # between looks only strong harm counts; the first day that has it decides
    stopped = next((row for row in rows if row["stage"] == SAFETY and row["verdict"] == ROLL_BACK), None)
    looks = [row for row in rows if row["look"] is not None or row is stopped]
    shown = looks if len(looks) <= 12 else [row for row in looks if row in (*looks[:3], *looks[-7:]) or row is stopped]
    guards = [row for row in everything if stopped and row["day"] == stopped["day"] and row["role"] == "guardrail" and row["is_crossed"]]
    return {
        "first": rows[0],
        "effect": effect,
        "evidence": evidence,
        "looks": shown,
        "is_cut": len(shown) < len(looks),
        "stopped": stopped,
        "guards": [metric_label(row["metric_id"]) for row in guards],
    }


def _marked(days: Sequence[date]) -> list[date]:
    step = max(1, len(days) // 5)
    return [*days[::step]]
