"""The parts of an experiment's page that run over time, from tables that a warehouse may not have yet."""

from collections.abc import Mapping
from typing import Any

from python_stats.report.traced import Source, Traced


def read(_source: Source) -> Mapping[str, Any]:
    """Everything over time, once for all experiments."""
    return {}


def content(_rows: Mapping[str, Any], _experiment_id: str, _decision: Traced, _design: Traced | None) -> dict[str, Any]:
    """What one experiment's page shows of it."""
    return {"sequential": None, "curves": None, "factorial": None, "durability": None}
