"""No harm done? Guardrails as tests of non-inferiority against `max_harm_rollback`."""

from collections.abc import Mapping, Sequence
from typing import Any

from python_stats.designs import Design
from python_stats.evidence import evidence


def assess_guardrails(rows: Sequence[dict[str, Any]], designs: Mapping[str, Design]) -> None:
    """Fill in `non_inferiority` and its p-value, at the row's own alpha: that of the horizon, before which a verdict asks for more."""
    for row in rows:
        objective = designs[row["experiment_id"]].objective(row["metric_id"])
        if objective is not None and objective.role == "guardrail":
            found = evidence(row, objective)
            row["non_inferiority"], row["non_inferiority_p_value"] = found.guardrail_state, found.non_inferiority_p
