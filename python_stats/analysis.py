"""From experiment marts to one row per comparison.

Knows designs and estimators; knows neither warehouse nor page. Rows in and rows out are plain mappings, with None for null.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from python_stats.designs import Design, Objective
from python_stats.estimators.comparison import Comparison, compare
from python_stats.estimators.moments import Sample, sample_of_means, sample_of_ratios
from python_stats.estimators.multiplicity import adjust
from python_stats.estimators.shares import newcombe
from python_stats.estimators.split import Split, sample_ratio
from python_stats.estimators.status import OK, Floats
from python_stats.estimators.survival import bucket_times, longest_observed, sample_of_restricted_means
from python_stats.metrics import TIME_METRICS, metric

Row = Mapping[str, Any]
Key = tuple[str, str, str, str]  # experiment, metric, window, segment

METHODS = {"share": "welch", "mean": "welch", "ratio": "delta", "time": "restricted_mean"}
SEGMENT_TOO_SMALL = "segment_too_small"
MISSING_METRIC = "missing_metric"
NO_CONTROL = "no_control"


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

    @property
    def alpha(self) -> float:
        """Two-sided error rate: the design's; for the primary metric shared out over its variants (Bonferroni)."""
        is_primary = self.objective is not None and self.objective.role == "primary"
        return self.design.alpha / max(1, len(self.design.treatments)) if is_primary else self.design.alpha

    @property
    def is_decision(self) -> bool:
        """Is this the window and segment that give the verdict?"""
        return self.metric_window == self.design.decision_window and self.segment == "all"


def analyze(designs: Iterable[Design], stats: Iterable[Row], life_tables: Iterable[Row], options: Options) -> list[dict[str, Any]]:
    """One row per experiment, variant (against its control), metric, window and segment; ordered by these.

    Args:
        designs: experiments as declared.
        stats: rows of `experiment_metric_stats`.
        life_tables: rows of `experiment_life_tables`.
        options: the project's variables.
    """
    by_kind: dict[str, list[Pair]] = defaultdict(list)
    stats_cells, life_cells = _stats_cells(stats), _life_cells(life_tables)
    for design in designs:
        for pair in _pairs(design, stats_cells, life_cells):
            by_kind[pair.kind].append(pair)
    rows: list[dict[str, Any]] = []
    for kind, pairs in sorted(by_kind.items()):
        if kind == "time":
            rows += _times(pairs, options)
        elif kind == "missing":
            rows += [_row(pair, status=MISSING_METRIC if pair.control_id else NO_CONTROL) for pair in pairs]
        else:
            rows += _persons(kind, pairs, options)
    _adjust(rows, {design.experiment_id: design for design in designs})
    rows.sort(key=lambda row: tuple(str(row[part]) for part in RESULT_KEY))
    return rows


RESULT_KEY = ("experiment_id", "variant_id", "metric_id", "metric_window", "segment")


def split_of(design: Design, traffic: Iterable[Row]) -> Split:
    """Sample-ratio test of one experiment over its rows of `experiment_traffic`.

    Shares come from the design; an arm that is declared but saw nobody counts with 0 persons.
    """
    exposed = {row["variant_id"]: row["exposed"] or 0 for row in traffic}
    shares = {variant.variant_id: variant.expected_share for variant in design.variants}
    arms = sorted({*exposed, *shares})
    return sample_ratio(
        np.array([exposed.get(arm, 0) for arm in arms], dtype=float),
        np.array([_float(shares.get(arm)) for arm in arms], dtype=float),
    )


def _stats_cells(stats: Iterable[Row]) -> dict[str, dict[Key, dict[str, Row]]]:
    cells: dict[str, dict[Key, dict[str, Row]]] = defaultdict(lambda: defaultdict(dict))
    for row in stats:
        key = (row["experiment_id"], row["metric_id"], row["metric_window"], row["segment"])
        cells[row["experiment_id"]][key][row["variant_id"]] = row
    return cells


def _life_cells(tables: Iterable[Row]) -> dict[str, dict[Key, dict[str, list[Row]]]]:
    cells: dict[str, dict[Key, dict[str, list[Row]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for row in tables:
        key = (row["experiment_id"], row["metric_id"], row["metric_window"], row["segment"])
        cells[row["experiment_id"]][key][row["variant_id"]].append(row)
    return cells


def _pairs(design: Design, stats: Mapping[str, Any], tables: Mapping[str, Any]) -> Iterable[Pair]:
    control_id = design.control.variant_id if design.control else None
    cells = {**stats.get(design.experiment_id, {}), **tables.get(design.experiment_id, {})}
    wanted = set(cells) | {(design.experiment_id, aim.metric_id, design.decision_window, "all") for aim in design.objectives}
    for key in sorted(wanted):
        _, metric_id, window, segment = key
        arms = cells.get(key, {})
        if control_id is None or not arms:
            kind = "missing"
        elif metric_id in TIME_METRICS:
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
                kind=kind if kind in METHODS else "missing",
                control=arms.get(control_id),
                variant=arms.get(treatment.variant_id),
            )


def _persons(kind: str, pairs: Sequence[Pair], options: Options) -> list[dict[str, Any]]:
    """Shares, means and ratios: a value per person, Welch's t."""
    control, variant = _sample(kind, [pair.control for pair in pairs]), _sample(kind, [pair.variant for pair in pairs])
    alpha = np.array([pair.alpha for pair in pairs])
    result = compare(control, variant, alpha)
    score = (np.full(alpha.shape, np.nan), np.full(alpha.shape, np.nan))
    if kind == "share":
        score = newcombe(control.value * control.persons, control.persons, variant.value * variant.persons, variant.persons, alpha)
    rows = _rows(pairs, control, variant, result)
    for row, low, high in zip(rows, *score, strict=True):
        row["score_ci_low"], row["score_ci_high"] = _clean(low), _clean(high)
    return [_hide_small_segment(row, options) for row in rows]


def _sample(kind: str, cells: Sequence[Row | None]) -> Sample:
    def column(name: str) -> Floats:
        return np.array([math.nan if cell is None else _float(cell[name]) for cell in cells], dtype=float)

    if kind == "ratio":
        names = ("persons", "pivot_y", "pivot_d", "sum_y", "sum_d", "sum_yy", "sum_dd", "sum_yd")
        return sample_of_ratios(*(column(name) for name in names))
    return sample_of_means(*(column(name) for name in ("persons", "pivot_y", "sum_y", "sum_yy")))


def _times(pairs: Sequence[Pair], options: Options) -> list[dict[str, Any]]:
    """Times: difference in restricted mean time, from life tables laid on one grid of buckets."""
    tables = [pair.control for pair in pairs] + [pair.variant for pair in pairs]
    edges = sorted({(row["bucket_start_s"], row["bucket_end_s"] or 0) for table in tables for row in table or ()})
    position = {edge: index for index, edge in enumerate(edges)}
    times = bucket_times(np.array([start for start, _ in edges], dtype=float), np.array([end or math.nan for _, end in edges], dtype=float))
    order = np.argsort(times, kind="stable")
    at_risk, events, ended = (np.zeros((len(tables), len(edges))) for _ in range(3))
    for index, table in enumerate(tables):
        for row in table or ():
            bucket = position[(row["bucket_start_s"], row["bucket_end_s"] or 0)]
            at_risk[index, bucket] = row["at_risk"]
            events[index, bucket] = row["events"]
            ended[index, bucket] = row["events"] + row["censored"]
    times, at_risk, events, ended = times[order], at_risk[:, order], events[:, order], ended[:, order]
    cases = ended.sum(axis=1)  # no row in a life table is nobody: there is none for an empty one
    half = len(pairs)
    observed = longest_observed(times, ended) if times.size else np.zeros(len(tables))
    horizon = np.minimum(np.minimum(observed[:half], observed[half:]), options.rmst_horizon_days * 86400)
    sample = sample_of_restricted_means(times, at_risk, events, cases, np.concatenate([horizon, horizon]))
    control, variant = (
        Sample(sample.persons[part], sample.value[part], sample.variance[part], sample.status[part])
        for part in (slice(None, half), slice(half, None))
    )
    result = compare(control, variant, np.array([pair.alpha for pair in pairs]), normal=True)
    rows = _rows(pairs, control, variant, result)
    for row, tau in zip(rows, horizon, strict=True):
        row["horizon_s"] = _clean(tau) if row["status"] == OK else None
    return [_hide_small_segment(row, options) for row in rows]


def _rows(pairs: Sequence[Pair], control: Sample, variant: Sample, result: Comparison) -> list[dict[str, Any]]:
    return [
        _row(
            pair,
            status=str(result.status[index]),
            relative_status=str(result.relative_status[index]),
            n_control=_count(control.persons[index]),
            n_variant=_count(variant.persons[index]),
            control_value=_clean(control.value[index]),
            control_se=_clean(np.sqrt(control.variance[index])),
            variant_value=_clean(variant.value[index]),
            variant_se=_clean(np.sqrt(variant.variance[index])),
            effect=_clean(result.effect[index]),
            standard_error=_clean(result.standard_error[index]),
            df=_clean(result.df[index]),
            ci_low=_clean(result.ci_low[index]),
            ci_high=_clean(result.ci_high[index]),
            relative_effect=_clean(result.relative[index]),
            relative_ci_low=_clean(result.relative_low[index]),
            relative_ci_high=_clean(result.relative_high[index]),
            p_value=_clean(result.p_value[index]),
        )
        for index, pair in enumerate(pairs)
    ]


NUMBERS = (
    "n_control n_variant control_value control_se variant_value variant_se effect standard_error df ci_low ci_high "
    "relative_effect relative_ci_low relative_ci_high p_value p_adjusted score_ci_low score_ci_high horizon_s"
).split()


def _row(pair: Pair, status: str, relative_status: str | None = None, **numbers: Any) -> dict[str, Any]:
    objective = pair.objective
    return {
        "experiment_id": pair.design.experiment_id,
        "variant_id": pair.variant_id,
        "control_variant_id": pair.control_id,
        "metric_id": pair.metric_id,
        "metric_window": pair.metric_window,
        "segment": pair.segment,
        "role": objective.role if objective else "value",
        "metric_kind": None if pair.kind == "missing" else pair.kind,
        "method": METHODS.get(pair.kind),
        "good_direction": objective.good_direction if objective else metric(pair.metric_id).good_direction,
        "is_decision": pair.is_decision,
        "alpha": pair.alpha,
        "min_lift_rollout": objective.min_lift_rollout if objective else None,
        "max_harm_rollback": objective.max_harm_rollback if objective else None,
        "status": status,
        "relative_status": relative_status or status,
        **dict.fromkeys(NUMBERS),
        **numbers,
    }


def _hide_small_segment(row: dict[str, Any], options: Options) -> dict[str, Any]:
    """No estimate for a segment with fewer persons than `min_segment_size` in either arm: the counts stay."""
    persons = min(row["n_control"] or 0, row["n_variant"] or 0)
    if row["segment"] == "all" or row["status"] != OK or persons >= options.min_segment_size:
        return row
    hidden = {name: None for name in NUMBERS if not name.startswith("n_")}
    return {**row, **hidden, "status": SEGMENT_TOO_SMALL, "relative_status": SEGMENT_TOO_SMALL}


def _adjust(rows: Sequence[dict[str, Any]], designs: Mapping[str, Design]) -> None:
    """Adjusted p-values, in the window and segment of the verdict.

    Secondary metrics: by the design's `correction`, over metrics and variants together. Primary: p × variants, the counterpart of
    its shared-out alpha. Guardrails are not adjusted: adjusting would make harm harder to see.
    """
    families: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if not row["is_decision"] or row["p_value"] is None:
            continue
        if row["role"] == "secondary":
            families[row["experiment_id"]].append(row)
        elif row["role"] == "primary":
            row["p_adjusted"] = min(1.0, row["p_value"] * len(designs[row["experiment_id"]].treatments))
    for experiment_id, family in families.items():
        adjusted = adjust(np.array([row["p_value"] for row in family]), designs[experiment_id].correction)
        for row, p_adjusted in zip(family, adjusted, strict=True):
            row["p_adjusted"] = float(p_adjusted)


def _float(value: Any) -> float:
    return math.nan if value is None else float(value)


def _clean(value: Any) -> float | None:
    """A plain float, or None for what is not finite: no NaN leaves this module."""
    return float(value) if np.isfinite(value) else None


def _count(value: Any) -> int | None:
    return int(value) if np.isfinite(value) else None
