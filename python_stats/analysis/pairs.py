"""What is compared with what: every variant with its control, in each cell of metric, window and segment."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from python_stats.designs import Design, Objective
from python_stats.metrics import is_time

Row = Mapping[str, Any]
Key = tuple[str, str, str, str]  # experiment, metric, window, segment

METHODS = {"share": "welch", "mean": "welch", "ratio": "delta", "time": "restricted_mean"}
MISSING = "missing"


@dataclass(frozen=True)
class Options:
    """The project's variables that the statistics need, with the project's own defaults."""

    min_segment_size: int = 200
    rmst_horizon_days: float = 30.0
    reporting_currency: str = "EUR"


@dataclass(frozen=True)
class Pair:
    """One comparison to be made: a variant and its control in one cell of metric, window and segment."""

    design: Design
    objective: Objective | None
    variant_id: str
    control_id: str | None
    metric_id: str
    metric_window: str
    segment: str
    kind: str
    control: Any = None
    variant: Any = None
    everyone: Sequence[Row] = ()  # all variants' rows of this metric and window, over all persons

    @property
    def alpha(self) -> float:
        """Two-sided error rate: the design's; for the primary metric shared out over its variants (Bonferroni)."""
        is_primary = self.objective is not None and self.objective.role == "primary"
        return self.design.alpha / max(1, len(self.design.treatments)) if is_primary else self.design.alpha

    @property
    def is_decision(self) -> bool:
        """Is this the window and segment that give the verdict?"""
        return self.metric_window == self.design.decision_window and self.segment == "all"


def stats_cells(stats: Iterable[Row]) -> dict[str, dict[Key, dict[str, Row]]]:
    """Rows of `experiment_metric_stats` by experiment, cell and variant."""
    cells: dict[str, dict[Key, dict[str, Row]]] = defaultdict(lambda: defaultdict(dict))
    for row in stats:
        key = (row["experiment_id"], row["metric_id"], row["metric_window"], row["segment"])
        cells[row["experiment_id"]][key][row["variant_id"]] = row
    return cells


def life_cells(tables: Iterable[Row]) -> dict[str, dict[Key, dict[str, list[Row]]]]:
    """Rows of `experiment_life_tables` by experiment, cell and variant."""
    cells: dict[str, dict[Key, dict[str, list[Row]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for row in tables:
        key = (row["experiment_id"], row["metric_id"], row["metric_window"], row["segment"])
        cells[row["experiment_id"]][key][row["variant_id"]].append(row)
    return cells


def pairs_of(design: Design, stats: Mapping[str, Any], tables: Mapping[str, Any]) -> Iterable[Pair]:
    """Every comparison of one experiment; also those of the verdict for which the marts hold nothing."""
    control_id = design.control.variant_id if design.control else None
    cells = {**stats.get(design.experiment_id, {}), **tables.get(design.experiment_id, {})}
    wanted = set(cells) | {(design.experiment_id, aim.metric_id, design.decision_window, "all") for aim in design.objectives}
    for key in sorted(wanted):
        _, metric_id, window, segment = key
        arms = cells.get(key, {})
        if control_id is None or not arms:
            kind = MISSING
        elif is_time(metric_id):
            kind = "time"
        else:
            kind = str(next(iter(arms.values()))["metric_kind"])
        for treatment in design.treatments:
            yield Pair(
                design=design,
                objective=design.objective(metric_id),
                variant_id=treatment.variant_id,
                control_id=control_id,
                metric_id=metric_id,
                metric_window=window,
                segment=segment,
                kind=kind if kind in METHODS else MISSING,
                control=arms.get(control_id),
                variant=arms.get(treatment.variant_id),
                everyone=() if kind == "time" else tuple(cells.get((*key[:3], "all"), {}).values()),
            )
