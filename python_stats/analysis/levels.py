"""The same comparison read at another level, as sequential looks need it, and all that is read beside them."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from python_stats.analysis.rows import NUMBERS, clean
from python_stats.estimators.comparison import compare_contrast
from python_stats.estimators.shares import newcombe
from python_stats.estimators.status import OK, TOO_FEW_EVENTS
from python_stats.evidence import NOT_ASSESSED, contrast_of, degrees_of_freedom, plain_value

Row = Mapping[str, Any]

BEFORE_FIRST_LOOK = "before_first_look"


def at_level(row: Row, nominal_alpha: float, p_value: float | None) -> dict[str, Any]:
    """A row of results with all its intervals at 1 − `nominal_alpha`, and the p-value that goes with them.

    The plain intervals beside an adjusted one, which nobody decides by, are left out. Where so little is known that the interval has no
    ends (two persons of 10,000 planned: |Z| ≥ 61), it is too early for a look.
    """
    if row["status"] != OK:
        return {**row, "nominal_alpha": nominal_alpha, "p_value": None}
    level = np.array([nominal_alpha])
    few = np.array([row["relative_status"] == TOO_FEW_EVENTS])
    sound, unknown = np.array([OK], dtype=object), np.array([np.nan])
    found = compare_contrast(contrast_of(row), np.array([degrees_of_freedom(row)]), level, sound, unknown, few)
    if not np.isfinite(found.ci_high[0] - found.ci_low[0]):
        return {**hidden(row, BEFORE_FIRST_LOOK), "nominal_alpha": nominal_alpha}
    again = {
        **row,
        "nominal_alpha": nominal_alpha,
        "p_value": p_value,
        "ci_low": clean(found.ci_low[0]),
        "ci_high": clean(found.ci_high[0]),
        "relative_status": str(found.relative_status[0]),
        "relative_effect": clean(found.relative[0]),
        "relative_ci_low": clean(found.relative_low[0]),
        "relative_ci_high": clean(found.relative_high[0]),
        "unadjusted_ci_low": None,
        "unadjusted_ci_high": None,
        "unadjusted_p_value": None,
    }
    if row["score_ci_low"] is not None:
        persons = [np.array([float(row[name])]) for name in ("n_control", "n_variant")]
        counts = [np.array([value]) * size for value, size in zip((row["control_value"], plain_value(row)), persons, strict=True)]
        low, high = newcombe(counts[0], persons[0], counts[1], persons[1], level)
        again.update(score_ci_low=clean(low[0]), score_ci_high=clean(high[0]))
    return again


def is_for_looks(row: Row) -> bool:
    """Is it read at less than its error rate, because it is looked at more than once?"""
    return bool(row["nominal_alpha"] < row["alpha"] * (1 - 1e-9))


def primaries_of(results: Iterable[Row]) -> dict[tuple[str, str], Row]:
    """By experiment and variant the primary metric's row of the verdict."""
    return {(row["experiment_id"], row["variant_id"]): row for row in results if row["role"] == "primary" and row["is_decision"]}


def beside(row: Row, primary: Row | None) -> Row:
    """A row read at the level of the primary metric of its variant, or at its own where that is stricter.

    What nobody watches is seen whenever the watched primary is, and of the variant that the primary chose: at the level of a single look
    its interval would be too narrow. Its p-value is one of a single look and is left out where there may be more; before the first look
    there is no estimate.

    Args:
        row: of `experiment_results`.
        primary: the row of the verdict, of the same variant.
    """
    if primary is None:
        return row
    if primary["status"] == BEFORE_FIRST_LOOK:
        return hidden(row, BEFORE_FIRST_LOOK)
    if row["nominal_alpha"] <= primary["nominal_alpha"]:
        return row
    is_single = is_for_looks(primary) and not is_for_looks(row)
    return at_level(row, primary["nominal_alpha"], None if is_single else row["p_value"])


def hidden(row: Row, status: str) -> dict[str, Any]:
    """The row without any estimate, and why; the counts stay."""
    nothing = {name: None for name in NUMBERS if not name.startswith("n_")}
    state = NOT_ASSESSED if row["role"] == "guardrail" else None
    return {**row, **nothing, "status": status, "relative_status": status, "non_inferiority": state}
