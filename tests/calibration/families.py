"""The families of cells by name; each takes a generator and a number of experiments, and yields cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from calibration import adjusted, fixed, many, monitored, power, sequential, times, verdicts
from calibration.cells import Cell

FAMILIES: dict[str, Callable[[np.random.Generator, int], Iterator[Cell]]] = {
    "welch": fixed.welch,
    "proportions": fixed.proportions,
    "few_events": fixed.few_events,
    "ratios": fixed.delta,
    "with_covariate": adjusted.with_covariate,
    "crossed": adjusted.crossed,
    "segments": adjusted.segments,
    "increments": adjusted.increments,
    "restricted_means": times.restricted_means,
    "log_ranks": times.log_ranks,
    "quantiles": times.quantiles,
    "looking": sequential.looking,
    "repeated_intervals": sequential.repeated_intervals,
    "splits": many.splits,
    "daily_splits": many.daily_splits,
    "multiplicity": many.multiplicity,
    "worth": many.worth,
    "verdicts": verdicts.fixed_horizon,
    "several_variants": verdicts.several_variants,
    "invalid": verdicts.invalid,
    "followed_fixed": monitored.fixed,
    "followed_obrien_fleming": monitored.obrien_fleming,
    "followed_pocock": monitored.pocock,
    "followed_always_valid": monitored.always_valid,
    "followed_amounts": monitored.followed_amounts,
    "planned": power.planned,
    "planned_with_reserve": power.planned_with_reserve,
    "planned_looks": power.planned_looks,
    "planned_times": power.planned_times,
}
