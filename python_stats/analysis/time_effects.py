"""Times in every measure: restricted mean, median, 90th percentile and log-rank, and the curves themselves, from life tables."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from python_stats.analysis.levels import BEFORE_FIRST_LOOK
from python_stats.analysis.pairs import Options, Pair, Row, life_cells, pairs_of
from python_stats.analysis.rows import clean, small_status
from python_stats.designs import Design
from python_stats.estimators import time_quantiles
from python_stats.estimators.log_rank import log_rank
from python_stats.estimators.status import OK, Floats
from python_stats.estimators.survival import during_bucket, kaplan_meier, log_log_interval

RESTRICTED_MEAN, MEDIAN, P90, LOG_RANK = "restricted_mean", "median", "p90", "log_rank"
QUANTILES = {MEDIAN: 0.5, P90: 0.9}
MOST_POINTS = 100

_NUMBERS = (
    "n_control events_control n_variant events_variant control_value control_ci_low control_ci_high variant_value variant_ci_low "
    "variant_ci_high effect ci_low ci_high relative_effect relative_ci_low relative_ci_high chi_square p_value horizon_s"
).split()


def time_effects(designs: Iterable[Design], results: Iterable[Row], tables: Iterable[Row], options: Options) -> list[dict[str, Any]]:
    """Rows of `experiment_time_effects`: one per experiment, variant, time metric, window, segment and measure.

    The other measures of a metric that is watched are read no earlier than its restricted mean, and at the same level.

    Args:
        designs: as declared.
        results: rows of `experiment_results`, whose restricted means are repeated here beside the other measures.
        tables: rows of `experiment_life_tables`.
        options: the project's variables.
    """
    means = {_key(row): row for row in results if row["metric_kind"] == "time"}
    rows: list[dict[str, Any]] = []
    for pair in _time_pairs(designs, tables):
        arms = _on_one_grid(pair)
        mean = means.get((pair.design.experiment_id, pair.variant_id, pair.metric_id, pair.metric_window, pair.segment))
        level = mean["nominal_alpha"] if mean else pair.alpha
        of_pair = [_log_rank(pair, arms), *(_quantile(pair, arms, measure, level) for measure in QUANTILES)]
        if level < pair.alpha:  # a p-value of a single look
            of_pair = [{**row, "p_value": None} for row in of_pair]
        if mean is not None:
            same = {name: mean[name] for name in _NUMBERS if name in mean} | {"status": mean["status"]}
            of_pair.append({**_row(pair, arms, RESTRICTED_MEAN), **same})
        if mean and mean["status"] == BEFORE_FIRST_LOOK:
            of_pair = [_hidden(row, BEFORE_FIRST_LOOK) for row in of_pair]
        elif pair.segment != "all" and min(arms.cases) < options.min_segment_size:
            of_pair = [_hidden(row, small_status(row["status"])) for row in of_pair]
        rows += [{**row, "nominal_alpha": level} for row in of_pair]
    return sorted(rows, key=lambda row: (*map(str, _key(row)), row["measure"]))


def survival_curves(designs: Iterable[Design], tables: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows of `experiment_survival`: the curve of every variant over all persons, at no more than 100 times.

    Events and censored cases of times left out are counted at the next one that is kept, so that they add up.
    """
    rows: list[dict[str, Any]] = []
    cells = life_cells(tables)
    for design in designs:
        for key, arms in sorted(cells.get(design.experiment_id, {}).items()):
            if key[3] == "all":
                for variant_id, table in sorted(arms.items()):
                    rows += _curve(design, key, variant_id, table)
    return rows


def _curve(design: Design, key: tuple[str, str, str, str], variant_id: str, table: Sequence[Row]) -> list[dict[str, Any]]:
    table = sorted(table, key=lambda row: row["bucket_start_s"])
    last = np.inf if key[2] == "all" else 86400 * float(key[2])
    start, end = np.array([_edges(row) for row in table], dtype=float).T
    time = np.minimum(end, last)  # what is left is known at a bucket's end
    at_risk, events, censored = (np.array([row[name] for row in table], dtype=float) for name in ("at_risk", "events", "censored"))
    curve = kaplan_meier(time, during_bucket(at_risk, censored, start, end)[None, :], events[None, :])
    low, high = log_log_interval(curve, design.alpha)
    kept = _kept(curve.survival[0])
    kept = kept[np.diff(time[kept], append=np.inf) > 0]  # who is open at a window's end goes with the bucket that ends there
    since = np.concatenate([[-1], kept[:-1]])
    total = [np.concatenate([[0.0], np.cumsum(part)]) for part in (events, censored)]
    return [
        {
            "experiment_id": design.experiment_id,
            "variant_id": variant_id,
            "metric_id": key[1],
            "metric_window": key[2],
            "time_s": float(time[at]),
            "survival": clean(curve.survival[0, at]),
            "ci_low": clean(low[0, at]),
            "ci_high": clean(high[0, at]),
            "at_risk": int(at_risk[first + 1]),
            "events": int(total[0][at + 1] - total[0][first + 1]),
            "censored": int(total[1][at + 1] - total[1][first + 1]),
        }
        for at, first in zip(kept, since, strict=True)
    ]


def _kept(survival: Floats) -> np.ndarray:
    """Positions to keep: all, or those at which the curve has fallen by another hundredth of its whole fall, and the last."""
    if survival.size <= MOST_POINTS:
        return np.arange(survival.size)
    fallen = (1 - survival) / max(1 - survival[-1], 1e-300) * (MOST_POINTS - 2)
    level = np.floor(fallen + 1e-9)
    kept = np.flatnonzero(np.diff(level, prepend=-1.0) > 0)
    return np.union1d(kept, [survival.size - 1])


class _Arms:
    """Control and variant of one pair on one grid of buckets; arrays of shape (2, buckets). At risk is on average in a bucket."""

    def __init__(self, start: Floats, end: Floats, events: Floats, censored: Floats) -> None:
        ended = events + censored
        left = np.cumsum(ended[:, ::-1], axis=1)[:, ::-1]
        self.start, self.end, self.events = start, end, events
        self.at_risk = during_bucket(left, censored, start, end)
        self.cases = [int(arm) for arm in ended.sum(axis=1)]


def _on_one_grid(pair: Pair) -> _Arms:
    tables: list[Sequence[Row]] = [pair.control or (), pair.variant or ()]
    edges = sorted({_edges(row) for table in tables for row in table})
    position = {edge: index for index, edge in enumerate(edges)}
    events, censored = np.zeros((2, len(edges))), np.zeros((2, len(edges)))
    for arm, table in enumerate(tables):
        for row in table:
            at = position[_edges(row)]
            events[arm, at] += row["events"]
            censored[arm, at] += row["censored"]
    bounds = np.array(edges, dtype=float).reshape(-1, 2)
    return _Arms(bounds[:, 0], bounds[:, 1], events, censored)


def _edges(row: Row) -> tuple[float, float]:
    """Of a bucket; one without an end is a moment."""
    start, end = row["bucket_start_s"], row["bucket_end_s"]
    return float(start), float(start if end is None else end)


def _log_rank(pair: Pair, arms: _Arms) -> dict[str, Any]:
    found = log_rank(arms.at_risk[:1], arms.events[:1], arms.at_risk[1:], arms.events[1:])
    status = str(found.status[0])
    return {
        **_row(pair, arms, LOG_RANK),
        "status": status,
        "chi_square": clean(found.chi_square[0]) if status == OK else None,
        "p_value": clean(found.p_value[0]) if status == OK else None,
    }


def _quantile(pair: Pair, arms: _Arms, measure: str, level: float) -> dict[str, Any]:
    control, variant = (
        time_quantiles.steps_of(arms.start, arms.end, arms.at_risk[arm], arms.events[arm], QUANTILES[measure], arms.cases[arm])
        for arm in (0, 1)
    )
    found = time_quantiles.difference(control, variant, level)
    bounds = [time_quantiles.interval(arm, level) for arm in (control, variant)]
    return {
        **_row(pair, arms, measure),
        "status": found.status,
        "control_value": found.control,
        "control_ci_low": bounds[0][0],
        "control_ci_high": bounds[0][1],
        "variant_value": found.variant,
        "variant_ci_low": bounds[1][0],
        "variant_ci_high": bounds[1][1],
        "effect": found.effect,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "relative_effect": found.relative,
        "relative_ci_low": found.relative_low,
        "relative_ci_high": found.relative_high,
        "p_value": found.p_value,
    }


def _row(pair: Pair, arms: _Arms, measure: str) -> dict[str, Any]:
    events = arms.events.sum(axis=1)
    return {
        "experiment_id": pair.design.experiment_id,
        "variant_id": pair.variant_id,
        "metric_id": pair.metric_id,
        "metric_window": pair.metric_window,
        "segment": pair.segment,
        "measure": measure,
        "alpha": pair.alpha,
        **dict.fromkeys(_NUMBERS),
        "n_control": arms.cases[0],
        "n_variant": arms.cases[1],
        "events_control": int(events[0]),
        "events_variant": int(events[1]),
    }


def _hidden(row: Mapping[str, Any], status: str) -> dict[str, Any]:
    return {**row, **{name: None for name in _NUMBERS if not name.startswith(("n_", "events_"))}, "status": status}


def _time_pairs(designs: Iterable[Design], tables: Iterable[Row]) -> Iterable[Pair]:
    cells = life_cells(tables)
    for design in designs:
        yield from (pair for pair in pairs_of(design, {}, cells) if pair.kind == "time")


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("experiment_id", "variant_id", "metric_id", "metric_window", "segment"))
