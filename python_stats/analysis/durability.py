"""Do effects last? Fixed windows side by side, for the same persons."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from python_stats.analysis.levels import BEFORE_FIRST_LOOK, primaries_of
from python_stats.analysis.persons import Cells, arm_of, overall_ratio
from python_stats.analysis.rows import clean, count
from python_stats.designs import Design
from python_stats.estimators.durability import Change, change_of_lift
from python_stats.estimators.status import OK
from python_stats.metrics import is_time, metric

Row = Mapping[str, Any]

FADES, GROWS, OPEN = "fades", "grows", "open"
TURNS = "turns"
NOT_COMPARABLE = "not_comparable"  # a time is censored at its window's end: two windows have two horizons
MISSING_METRIC = "missing_metric"
PAIRS = (("7", "30"), ("30", "90"), ("7", "90"))


def durability(designs: Iterable[Design], windows: Iterable[Row], results: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows of `experiment_durability`: how each variant's relative effect changed from an earlier to a later window.

    The pairs of windows of one metric share its error rate evenly, so that all its changes hold together. Nothing of it is read
    before the primary metric may be looked at, or less strictly than that.

    Args:
        designs: experiments as declared.
        windows: rows of `experiment_window_stats`.
        results: rows of `experiment_results`, as they were judged.
    """
    primaries = primaries_of(results)
    cells: dict[tuple[str, str, str, str], dict[str, Row]] = defaultdict(dict)
    for row in windows:
        cells[row["experiment_id"], row["metric_id"], row["earlier_window"], row["metric_window"]][row["variant_id"]] = row
    by_kind: dict[str, list[tuple[dict[str, Any], Row | None, Row | None, Sequence[Row]]]] = defaultdict(list)
    rows: list[dict[str, Any]] = []
    for design in designs:
        metrics = {aim.metric_id for aim in design.objectives} | {key[1] for key in cells if key[0] == design.experiment_id}
        for metric_id in sorted(metrics):
            pairs = [pair for pair in PAIRS if (design.experiment_id, metric_id, *pair) in cells]
            for earlier, later in PAIRS:
                arms = cells.get((design.experiment_id, metric_id, earlier, later), {})
                for treatment in design.treatments:
                    primary = primaries.get((design.experiment_id, treatment.variant_id))
                    level = min(design.alpha, primary["nominal_alpha"] if primary else design.alpha) / max(1, len(pairs))
                    row = _blank(design, treatment.variant_id, metric_id, earlier, later) | {"nominal_alpha": level}
                    rows.append(row)
                    control = arms.get(design.control.variant_id) if design.control else None
                    if is_time(metric_id):
                        row["status"] = NOT_COMPARABLE
                    elif not arms:
                        row["status"] = MISSING_METRIC
                    elif primary and primary["status"] == BEFORE_FIRST_LOOK:
                        row["status"] = BEFORE_FIRST_LOOK
                    else:
                        kind = str(next(iter(arms.values()))["metric_kind"])
                        by_kind[kind].append((row, control, arms.get(treatment.variant_id), tuple(arms.values())))
    for kind, found in by_kind.items():
        overall = np.array([overall_ratio(everyone) for *_, everyone in found]) if kind == "ratio" else None
        arms_of_all = [arm_of(kind, Cells([pair[position] for pair in found]), overall) for position in (1, 2)]  # type: ignore[misc]
        change = change_of_lift(arms_of_all[0], arms_of_all[1], np.array([row["nominal_alpha"] for row, *_ in found]))
        for index, (row, *_) in enumerate(found):
            row.update(n_control=count(arms_of_all[0].value.persons[index]), n_variant=count(arms_of_all[1].value.persons[index]))
            _fill(row, change, index)
    return rows


def course_of(row: Any) -> str:
    """What the effect itself does where the direction is settled: `fades` or `grows`, be it a gain or a harm, or `turns` into the other.

    The direction is about what is good: where a harm of 6 % becomes one of 24 %, that fades, but the effect grows.
    """
    earlier, later = row["relative_effect_earlier"], row["relative_effect_later"]
    if earlier * later < 0:
        return TURNS
    return GROWS if abs(later) > abs(earlier) else FADES


def _blank(design: Design, variant_id: str, metric_id: str, earlier: str, later: str) -> dict[str, Any]:
    objective = design.objective(metric_id)
    numbers = "n_control n_variant relative_effect_earlier relative_effect_later change standard_error df ci_low ci_high p_value".split()
    return {
        "experiment_id": design.experiment_id,
        "variant_id": variant_id,
        "metric_id": metric_id,
        "earlier_window": earlier,
        "later_window": later,
        "good_direction": objective.good_direction if objective else metric(metric_id).good_direction,
        "alpha": design.alpha,
        "direction": OPEN,
        **dict.fromkeys(numbers),
    }


def _fill(row: dict[str, Any], change: Change, index: int) -> None:
    row.update(
        status=str(change.status[index]),
        relative_effect_earlier=clean(change.earlier[index]),
        relative_effect_later=clean(change.later[index]),
        change=clean(change.change[index]),
        standard_error=clean(change.standard_error[index]),
        df=clean(change.df[index]),
        ci_low=clean(change.ci_low[index]),
        ci_high=clean(change.ci_high[index]),
        p_value=clean(change.p_value[index]),
    )
    if row["status"] == OK:
        sign = -1 if row["good_direction"] == "decrease" else 1
        bounds = sorted((sign * row["ci_low"], sign * row["ci_high"]))
        row["direction"] = GROWS if bounds[0] > 0 else FADES if bounds[1] < 0 else OPEN
