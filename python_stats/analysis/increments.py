"""Holdouts: what came on top because of the messages; per person, per 1,000 messages, and in total. Rows of `experiment_increments`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from python_stats.analysis.levels import beside, primaries_of
from python_stats.analysis.pairs import Row
from python_stats.designs import Design
from python_stats.estimators.status import OK
from python_stats.metrics import MESSAGE_RATES

_SCALES = ("per_person", "per_1000_messages", "total")


def increments(designs: Iterable[Design], results: Iterable[Row], stats: Iterable[Row]) -> list[dict[str, Any]]:
    """One row per holdout experiment, variant, metric and window, over all persons; times have none.

    An effect per person (of a ratio: per unit of its denominator) times the units that the variant had gives the total; that over its
    persons, or over its thousands of delivered messages, the other two. How many units and messages there were is taken as known, so
    each interval is the effect's own, scaled; what is not watched itself is read at the level of the primary metric (`levels.beside`).

    Args:
        designs: experiments as declared.
        results: rows of `experiment_results`, as they were judged.
        stats: rows of `experiment_metric_stats`.
    """
    holdouts = {design.experiment_id for design in designs if design.design == "holdout"}
    cells = {
        (row["experiment_id"], row["variant_id"], row["metric_id"], row["metric_window"]): row
        for row in stats
        if row["experiment_id"] in holdouts and row["segment"] == "all"
    }
    rows = [row for row in results if row["experiment_id"] in holdouts]
    primaries = primaries_of(rows)
    return [
        _row(beside(result, primaries.get((result["experiment_id"], result["variant_id"]))), cells)
        for result in rows
        if result["segment"] == "all" and result["metric_kind"] in ("share", "mean", "ratio")
    ]


def _row(result: Row, cells: Mapping[tuple[str, str, str, str], Row]) -> dict[str, Any]:
    place = (result["experiment_id"], result["variant_id"])
    own = cells.get((*place, result["metric_id"], result["metric_window"]))
    units = None if own is None else own["denominator"] if result["metric_kind"] == "ratio" else own["persons"]
    persons, messages = (None if own is None else own["persons"]), _messages(place, result["metric_window"], cells)
    per_effect = dict(zip(_SCALES, _factors(units, persons, messages), strict=True))
    row = {
        **{name: result[name] for name in ("experiment_id", "variant_id", "control_variant_id", "metric_id", "metric_window")},
        **{name: result[name] for name in ("role", "metric_kind", "method", "good_direction", "is_decision", "alpha")},
        **{name: result[name] for name in ("nominal_alpha", "status", "p_value")},
        "persons": persons,
        "messages": messages,
        "units": units,
    }
    for scale, factor in per_effect.items():
        for suffix, source in (("", "effect"), ("_low", "ci_low"), ("_high", "ci_high")):
            known = factor is not None and result[source] is not None and result["status"] == OK
            row[scale + suffix] = result[source] * factor if known else None
    return row


def _factors(units: float | None, persons: float | None, messages: float | None) -> Sequence[float | None]:
    """What one unit of effect is per person, per 1,000 messages, and in total."""
    if units is None:
        return None, None, None
    return (units / persons if persons else None), (1000 * units / messages if messages else None), float(units)


def _messages(place: tuple[str, str], window: str, cells: Mapping[tuple[str, str, str, str], Row]) -> float | None:
    """Messages delivered to the variant: as the metric of that name counts them, or else as the denominator of a rate per message."""
    row = cells.get((*place, "messages_delivered", window))
    if row is not None:
        return float(row["numerator"])
    rates = (cells.get((*place, metric_id, window)) for metric_id in MESSAGE_RATES)
    return next((float(rate["denominator"]) for rate in rates if rate is not None and rate["denominator"] is not None), None)
