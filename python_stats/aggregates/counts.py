"""Daily counts from a file: shares with the counted thing as the unit, ratios with the day, changes in time with the week."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from python_stats.aggregates.request import (
    DAY_COLUMNS,
    EXPERIMENT,
    OBSERVATIONAL,
    VARIANT_COLUMNS,
    Answer,
    Measure,
    Request,
    design_of,
    split_between,
    verdict_on,
)
from python_stats.aggregates.statistics import MOMENTS
from python_stats.aggregates.table import Table
from python_stats.analysis import Options, analyze
from python_stats.analysis.many import adjust_p_values
from python_stats.analysis.pairs import Pair
from python_stats.analysis.rows import PAIRED_DAYS, rows_of
from python_stats.designs import Design
from python_stats.errors import UserError
from python_stats.estimators.comparison import Comparison
from python_stats.estimators.moments import Sample
from python_stats.estimators.periods import Series, before_and_after, difference_in_differences, side_by_side
from python_stats.estimators.split import Split

Row = dict[str, Any]

BEFORE_AFTER, DIFFERENCES = "before_after", "difference_in_differences"
WEEK = 7


@dataclass(frozen=True)
class _Counts:
    """Daily counts, by variant and column, on one list of days."""

    days: Sequence[Any]
    variants: Sequence[str]
    cells: Mapping[tuple[str, Any], tuple[int, Row]]

    def series(self, table: Table, variant: str, column: str) -> np.ndarray:
        """Counts of one variant per day, `nan` where it has none."""
        found = np.full((1, len(self.days)), np.nan)
        for position, day in enumerate(self.days):
            cell = self.cells.get((variant, day))
            if cell is not None:
                value = table.number(cell[0], column)
                if value is not None and value < 0:
                    raise UserError(f"{table.where(cell[0], column)}: a count cannot be below 0")
                found[0, position] = np.nan if value is None else value
        return found


def from_counts(table: Table, request: Request) -> Answer:
    """Compare variants by the metrics of the request; see `compare_table`."""
    variant_column = table.column(request.variant_column, VARIANT_COLUMNS, "the variant", "--variant-column")
    day_column = table.column(request.day_column, DAY_COLUMNS, "the day", "--day-column")
    for measure in request.measures:
        for name in (measure.numerator, measure.denominator):
            table.column(name, (), "", "")
    cells: dict[tuple[str, Any], tuple[int, Row]] = {}
    for index, row in enumerate(table.rows):
        day = table.day(index, day_column) or table.text(index, day_column)
        key = (table.text(index, variant_column), day)
        if key in cells:
            raise UserError(
                f"{table.where(index)}: {key[0]} has the day {key[1]} already, in row {table.first_row + cells[key][0]}; add them up first"
            )
        cells[key] = (index, row)
    counts = _Counts(
        sorted({day for _, day in cells}, key=lambda day: (isinstance(day, str), day)),
        list(dict.fromkeys(variant for variant, _ in cells)),
        cells,
    )
    if request.before_after is not None:
        return _in_time(table, request, counts, request.before_after)
    design = design_of(table, request, counts.variants, [measure.name for measure in request.measures], "all", False)
    results: list[Row] = []
    notes: list[str] = []
    for measure in request.measures:
        series = _series(table, counts, measure)
        known = np.logical_and.reduce([part.is_known for part in series.values()])[0]
        if (dropped := len(counts.days) - int(known.sum())) > 0:
            notes.append(f"{measure.name}: {dropped} of {len(counts.days)} days left out, where a variant lacks a count")
        results += _share(design, measure, series, known) if measure.kind == "share" else _paired(design, measure, series)
        notes.append(_unit_note(measure))
    adjust_p_values(results, {design.experiment_id: design})
    column = _split_column(request)
    split = None if column is None else _split(table, column, counts, design)
    notes.append(
        f"split: checked on the sums of {column}"
        if split
        else "split: not checked, for what a ratio is per is no count of persons; name a column that is with --split-column"
    )
    return Answer(EXPERIMENT, results, split, verdict_on(design, request, results, split), notes)


def _split_column(request: Request) -> str | None:
    """The column asked for, or the first share's: there each unit is a person of its own; views of the same persons vary far more."""
    return request.split_column or next((measure.denominator for measure in request.measures if measure.kind == "share"), None)


def _split(table: Table, column: str, counts: _Counts, design: Design) -> Split:
    table.column(column, (), "", "")
    return split_between(design, {variant: int(np.nansum(counts.series(table, variant, column))) for variant in counts.variants})


def _unit_note(measure: Measure) -> str:
    if measure.kind == "share":
        return f"{measure.name}: every one of {measure.denominator} counts as a person of its own"
    return f"{measure.name}: the day is the unit, both arms compared day by day"


def _series(table: Table, counts: _Counts, measure: Measure) -> dict[str, Series]:
    found = {}
    for variant in counts.variants:
        y, d = (counts.series(table, variant, column) for column in (measure.numerator, measure.denominator))
        if measure.kind == "share" and np.any(y > d):
            day = counts.days[int(np.argmax(y[0] > d[0]))]
            index = counts.cells[(variant, day)][0]
            raise UserError(
                f"{table.where(index, measure.numerator)}: more {measure.numerator} than {measure.denominator}, "
                f"so {measure.name} is no share; use --ratio"
            )
        found[variant] = Series(y, d)
    return found


def _share(design: Design, measure: Measure, series: Mapping[str, Series], known: np.ndarray) -> list[Row]:
    """A share over the days that all variants know, each unit of the denominator a person of its own."""
    rows = []
    for variant, part in series.items():
        y, n = (float(counts[0][known].sum()) for counts in (part.numerator, part.denominator))
        rows.append(
            {
                **dict.fromkeys(MOMENTS, 0.0),
                "sum_y": y,
                "sum_yy": y,
                "numerator": y,
                **dict.fromkeys(("denominator", "skew_unit", "sum_cubes")),
                "experiment_id": "file",
                "variant_id": variant,
                "metric_id": measure.name,
                "metric_window": "all",
                "segment": "all",
                "metric_kind": "share",
                "persons": int(n),
            }
        )
    return [row for row in analyze([design], rows, [], Options()) if row["metric_id"] == measure.name]


def _paired(design: Design, measure: Measure, series: Mapping[str, Series]) -> list[Row]:
    rows: list[Row] = []
    assert design.control is not None
    for treatment in design.treatments:
        pair = _pair(design, measure, treatment.variant_id, design.control.variant_id)
        found = side_by_side(series[design.control.variant_id], series[treatment.variant_id], np.array([pair.alpha]))
        rows += _named([pair], found, PAIRED_DAYS)
    return rows


def _in_time(table: Table, request: Request, counts: _Counts, change: date) -> Answer:
    """Before and after a date, by whole weeks; against a comparison group where the file has one."""
    undated = min(((index, day) for (_, day), (index, _) in counts.cells.items() if isinstance(day, str)), default=None)
    if undated is not None:
        raise UserError(f"{table.where(undated[0])}: '{undated[1]}' is no date; --before-after needs dates such as 2026-03-01")
    design = design_of(table, request, counts.variants, [measure.name for measure in request.measures], "all", False, alone=True)
    weeks = np.array([(day - change).days // WEEK for day in counts.days])
    numbers = np.unique(weeks)
    rows: list[Row] = []
    for measure in request.measures:
        by_week = {variant: _weekly(part, weeks, numbers) for variant, part in _series(table, counts, measure).items()}
        for variant in design.treatments or design.variants:
            alpha = np.array([request.alpha])
            if design.treatments and design.control is not None:
                pair = _pair(design, measure, variant.variant_id, design.control.variant_id)
                found = difference_in_differences(by_week[variant.variant_id], by_week[design.control.variant_id], numbers >= 0, alpha)
                rows += _named([pair], found, DIFFERENCES)
            else:
                found = before_and_after(by_week[variant.variant_id], numbers >= 0, alpha)
                rows += _named([_pair(design, measure, variant.variant_id, variant.variant_id)], found, BEFORE_AFTER)
    notes = [
        "observational: whatever else changed at that time is in it, so it can start an experiment but ship nothing by itself",
        f"the week is the unit, counted from {change} in either direction; weeks that lack a day are left out",
    ]
    if design.treatments:
        notes.append(
            "control and variant value are the variant's before and after; the effect is beyond what changed in the comparison group"
        )
    return Answer(OBSERVATIONAL, rows, None, None, notes)


def _weekly(part: Series, weeks: np.ndarray, numbers: np.ndarray) -> Series:
    """Sums per whole week; `nan` for a week that lacks a day."""

    def summed(values: np.ndarray) -> np.ndarray:
        known = part.is_known[0]
        return np.array([[values[0][weeks == week].sum() if (known & (weeks == week)).sum() == WEEK else np.nan for week in numbers]])

    return Series(summed(part.numerator), summed(part.denominator))


def _pair(design: Design, measure: Measure, variant: str, control: str) -> Pair:
    return Pair(design, design.objective(measure.name), variant, control, measure.name, "all", "all", "ratio")


def _named(pairs: Sequence[Pair], found: tuple[Sample, Sample, Comparison], method: str) -> list[Row]:
    return [{**row, "method": method} for row in rows_of(pairs, *found)]
