"""Times until something happens, from life tables."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from python_stats.analysis.pairs import Options, Pair
from python_stats.analysis.rows import clean, hide_small_segment, rows_of
from python_stats.estimators.comparison import compare
from python_stats.estimators.moments import Sample
from python_stats.estimators.status import OK
from python_stats.estimators.survival import bucket_times, doubting_few, during_bucket, last_supported, sample_of_restricted_means


def compare_times(pairs: Sequence[Pair], options: Options) -> list[dict[str, Any]]:
    """Times: difference in restricted mean time, from life tables laid on one grid of buckets."""
    tables = [pair.control for pair in pairs] + [pair.variant for pair in pairs]
    edges = sorted({(row["bucket_start_s"], row["bucket_end_s"] or 0) for table in tables for row in table or ()})
    position = {edge: index for index, edge in enumerate(edges)}
    start, end = np.array([start for start, _ in edges], dtype=float), np.array([end or math.nan for _, end in edges], dtype=float)
    times = bucket_times(start, end)
    order = np.argsort(times, kind="stable")
    at_risk, events, ended = (np.zeros((len(tables), len(edges))) for _ in range(3))
    for index, table in enumerate(tables):
        for row in table or ():
            bucket = position[(row["bucket_start_s"], row["bucket_end_s"] or 0)]
            at_risk[index, bucket] = row["at_risk"]
            events[index, bucket] = row["events"]
            ended[index, bucket] = row["events"] + row["censored"]
    latest = np.array([_latest(pair.metric_window, options) for pair in pairs] * 2)
    at_risk = during_bucket(at_risk, ended - events, start, end, latest[:, None])
    times, at_risk, events, ended = times[order], at_risk[:, order], events[:, order], ended[:, order]
    cases = ended.sum(axis=1)  # no row in a life table is nobody: there is none for an empty one
    half = len(pairs)
    observed = last_supported(times, at_risk) if times.size else np.zeros(len(tables))
    horizon = np.minimum(np.minimum(observed[:half], observed[half:]), latest[:half])
    both = np.concatenate([horizon, horizon])
    sample = doubting_few(sample_of_restricted_means(times, at_risk, events, cases, both), times, events, both)
    control, variant = (
        Sample(sample.persons[part], sample.value[part], sample.variance[part], sample.status[part])
        for part in (slice(None, half), slice(half, None))
    )
    result = compare(control, variant, np.array([pair.alpha for pair in pairs]), normal=True)
    rows = rows_of(pairs, control, variant, result)
    for row, tau in zip(rows, horizon, strict=True):
        row["horizon_s"] = clean(tau) if row["status"] == OK else None
    return [hide_small_segment(row, options) for row in rows]


def _latest(window: str, options: Options) -> float:
    """How far a restricted mean may reach, in seconds: `rmst_horizon_days`, and never beyond the window."""
    return 86400 * min(options.rmst_horizon_days, math.inf if window == "all" else float(window))
