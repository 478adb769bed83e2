"""Rows of the experiment marts from persons, as an experiment's whole data: the pivots are those of all arms together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

LETTERS = "ydxz"
PAIRS = "yy dd xx zz yd yx yz dx dz xz".split()


def stats_rows(
    experiment: str,
    metric: str,
    kind: str,
    arms: Mapping[str, Mapping[str, np.ndarray]],
    times: int = 1,
    whole: Mapping[str, Mapping[str, np.ndarray]] | None = None,
    **more: Any,
) -> list[dict[str, Any]]:
    """Rows of `experiment_metric_stats`.

    Args:
        arms: per variant, per letter (y numerator, d denominator, x and z the same before), one value per person; y at least.
        times: every person counts that often, for counts that no test could hold one by one.
        whole: the arms as they end, whose pivots a day's rows share; None: these are all.
    """
    everyone = {letter: np.concatenate([_column(arm, letter) for arm in (whole or arms).values()]) for letter in LETTERS}
    pivots = {letter: float(np.round(values.mean(), 6)) if values.size else 0.0 for letter, values in everyone.items()}
    total_d = everyone["d"].sum()
    ratio = everyone["y"].sum() / total_d if total_d else 0.0

    def tail(y: np.ndarray, d: np.ndarray) -> np.ndarray:
        return y - ratio * d if kind == "ratio" else y - pivots["y"]

    spread = tail(everyone["y"], everyone["d"])
    unit = float(spread.std(ddof=1)) if spread.size > 1 else 0.0
    rows = []
    for variant, arm in arms.items():
        columns = {letter: _column(arm, letter) for letter in LETTERS}
        away = {letter: values - pivots[letter] for letter, values in columns.items()}
        cubes = float(((tail(columns["y"], columns["d"]) / unit) ** 3).sum()) * times if unit else None
        rows.append(
            {
                "experiment_id": experiment, "variant_id": variant, "metric_id": metric, "metric_window": "all", "segment": "all",
                "metric_kind": kind, "persons": columns["y"].size * times, "numerator": float(columns["y"].sum()) * times,
                "denominator": float(columns["d"].sum()) * times if kind == "ratio" else None,
                **{f"pivot_{letter}": pivots[letter] for letter in LETTERS},
                **{f"sum_{letter}": float(values.sum()) * times for letter, values in away.items()},
                **{f"sum_{pair}": float((away[pair[0]] * away[pair[1]]).sum()) * times for pair in PAIRS},
                "skew_unit": unit or None, "sum_cubes": cubes, **more,
            }
        )
    return rows


def _column(arm: Mapping[str, np.ndarray], letter: str) -> np.ndarray:
    return np.asarray(arm.get(letter, np.zeros(len(arm["y"]))), dtype=float)


def life_rows(experiment: str, metric: str, arms: Mapping[str, tuple[np.ndarray, np.ndarray]], times: int = 1) -> list[dict[str, Any]]:
    """Rows of `experiment_life_tables` from each case's hours and whether it ended, in hour buckets."""
    rows = []
    for variant, (hours, is_event) in arms.items():
        left = len(hours)
        for bucket in np.unique(np.floor(hours)).astype(int):
            here = np.floor(hours) == bucket
            events, censored = int((here & is_event).sum()), int((here & ~is_event).sum())
            rows.append(
                {
                    "experiment_id": experiment, "variant_id": variant, "metric_id": metric, "metric_window": "all", "segment": "all",
                    "bucket_start_s": int(bucket) * 3600, "bucket_end_s": int(bucket + 1) * 3600,
                    "at_risk": left * times, "events": events * times, "censored": censored * times,
                }
            )
            left -= events + censored
    return rows
