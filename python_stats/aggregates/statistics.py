"""Sufficient statistics from a file: one row per variant and metric (and window and segment)."""

from typing import Any

from python_stats.aggregates.request import EXPERIMENT, VARIANT_COLUMNS, Answer, Request, design_of, split_between, verdict_on
from python_stats.aggregates.table import Table
from python_stats.analysis import Options, analyze
from python_stats.errors import UserError

Row = dict[str, Any]

ALL = "all"
KINDS = ("share", "mean", "ratio")
MOMENTS = (
    "pivot_y pivot_d pivot_x pivot_z sum_y sum_d sum_x sum_z sum_yy sum_dd sum_xx sum_zz sum_yd sum_yx sum_yz sum_dx sum_dz sum_xz "
    "skew_unit sum_cubes numerator denominator"
).split()
METRIC_COLUMNS = ("metric_id", "metric")
PLAIN = "persons numerator mean standard_deviation metric_kind metric_window segment experiment_id".split()


def from_statistics(table: Table, request: Request) -> Answer:
    """Compare variants in every metric, window and segment of the file; see `compare_table`."""
    column = table.column(request.variant_column, VARIANT_COLUMNS, "the variant", "--variant-column")
    metric_column = next((name for name in METRIC_COLUMNS if name in table.columns), METRIC_COLUMNS[0])
    known = (column, metric_column, *PLAIN)
    unknown = [name for name in table.columns if name not in known and name not in MOMENTS]
    if unknown:
        taken = f"{', '.join(known)} and the sums of experiment_metric_stats"
        raise UserError(f"{table.name}: no use for {', '.join(unknown)}; it takes {taken}")
    rows: list[Row] = []
    seen: dict[tuple[str, ...], int] = {}
    experiments = sorted({str(row["experiment_id"]) for row in table.rows if row.get("experiment_id")})
    if request.experiment is None and len(experiments) > 1:
        raise UserError(f"{table.name}: holds {len(experiments)} experiments; choose one with --experiment: {', '.join(experiments)}")
    if request.experiment is not None and request.experiment not in experiments:
        raise UserError(f"{table.name}: no experiment '{request.experiment}'; it has {', '.join(experiments) or 'none'}")
    for index, cells in enumerate(table.rows):
        if request.experiment is not None and cells.get("experiment_id") != request.experiment:
            continue
        row = _statistics_row(table, index, column, metric_column)
        key = tuple(str(row[name]) for name in ("variant_id", "metric_id", "metric_window", "segment"))
        if key in seen:
            raise UserError(f"{table.where(index)}: {', '.join(key)} is there already, in row {table.first_row + seen[key]}")
        seen[key] = index
        rows.append(row)
    variants = list(dict.fromkeys(row["variant_id"] for row in rows))
    metrics = list(dict.fromkeys(row["metric_id"] for row in rows))
    for metric_id in metrics:
        kinds = {row["metric_kind"] for row in rows if row["metric_id"] == metric_id}
        if len(kinds) > 1:
            raise UserError(f"{table.name}: {metric_id} is {' and '.join(sorted(kinds))}; one metric has one metric_kind")
    window, notes = _decision_window(table, request, {row["metric_window"] for row in rows})
    design = design_of(table, request, variants, metrics, window, any(row["sum_xx"] for row in rows))
    results = analyze([design], rows, [], Options())
    persons = {
        variant: max((row["persons"] for row in rows if row["variant_id"] == variant and row["segment"] == "all"), default=0)
        for variant in variants
    }
    split = split_between(design, persons)
    return Answer(EXPERIMENT, results, split, verdict_on(design, request, results, split), notes)


def _decision_window(table: Table, request: Request, windows: set[str]) -> tuple[str, list[str]]:
    """The window that gives the verdict: the one asked for, else the longest, `all` beyond them; and where there are several, a note."""
    in_order = sorted(windows, key=lambda window: float("inf") if window == ALL else int(window))
    if request.window is not None and request.window not in windows:
        raise UserError(f"--window: no window '{request.window}'; {table.name} has {', '.join(in_order)}")
    window = request.window or in_order[-1]
    if len(in_order) == 1:
        return window, []
    days = "all days" if window == ALL else f"{window} days"
    why = "as asked for" if request.window else "the longest; --window takes another"
    return window, [f"window: {days} ({why}) of {', '.join(in_order)} count for the verdict"]


def _window(table: Table, index: int) -> str:
    """`all`, or a whole number of days; a file without the column has `all`."""
    value = table.rows[index].get("metric_window")
    if value is None or value == ALL:
        return ALL
    try:
        days = float(value)
    except (TypeError, ValueError):
        days = 0.0
    if not days.is_integer() or days < 1:
        raise UserError(f"{table.where(index, 'metric_window')}: '{value}' is no window; write days as a number such as 7, or {ALL}")
    return str(int(days))


def _statistics_row(table: Table, index: int, variant_column: str, metric_column: str) -> Row:
    cells = table.rows[index]
    row: Row = {name: table.number(index, name) for name in MOMENTS}
    persons = table.number(index, "persons")
    if persons is None or persons < 0 or persons != int(persons):
        raise UserError(f"{table.where(index, 'persons')}: must be a whole number of persons, 0 or more")
    for name in ("sum_yy", "sum_dd", "sum_xx"):
        if (row[name] or 0.0) < 0:
            raise UserError(f"{table.where(index, name)}: a sum of squares cannot be below 0")
    average, spread = table.number(index, "mean"), table.number(index, "standard_deviation")
    if (spread or 0.0) < 0:
        raise UserError(f"{table.where(index, 'standard_deviation')}: a standard deviation cannot be below 0")
    kind = str(cells.get("metric_kind") or ("ratio" if row["sum_dd"] is not None else "mean" if spread is not None else "share"))
    if kind not in KINDS:
        raise UserError(f"{table.where(index, 'metric_kind')}: '{kind}' is none of {', '.join(KINDS)}")
    for name in ("pivot_y", "pivot_d", "pivot_x", "pivot_z"):
        row[name] = row[name] or 0.0
    if average is not None and spread is not None:
        row |= {"pivot_y": average, "sum_y": 0.0, "sum_yy": max(persons - 1, 0.0) * spread**2, "numerator": average * persons}
    if row["sum_y"] is None and row["numerator"] is not None:
        row["sum_y"] = row["numerator"] - persons * row["pivot_y"]
    if kind == "share" and row["sum_y"] is not None:
        happened = row["sum_y"] + persons * row["pivot_y"]
        if not -1e-6 <= happened <= persons + 1e-6:
            raise UserError(
                f"{table.where(index)}: {happened:g} of {persons:g} persons is no share; write the persons for whom it happened"
            )
        if row["sum_yy"] is None:
            row["sum_yy"] = happened * (1 - row["pivot_y"]) ** 2 + (persons - happened) * row["pivot_y"] ** 2
    needed = {"share": ("sum_y",), "mean": ("sum_y", "sum_yy"), "ratio": ("sum_y", "sum_d", "sum_yy", "sum_dd", "sum_yd")}[kind]
    missing = next((name for name in needed if row[name] is None), None)
    if missing is not None and (average is None) != (spread is None):
        lacking, given = ("standard_deviation", "mean") if spread is None else ("mean", "standard_deviation")
        raise UserError(f"{table.where(index, lacking)}: is needed beside {given}")
    if missing is not None:
        instead = {"share": "numerator", "mean": "mean and standard_deviation"}.get(kind)
        raise UserError(f"{table.where(index, missing)}: a {kind} needs it{f' (or {instead})' if instead else ''}")
    if kind == "ratio" and row["denominator"] is None:
        row["numerator"], row["denominator"] = row["sum_y"] + persons * row["pivot_y"], row["sum_d"] + persons * row["pivot_d"]
    return {
        **row,
        "experiment_id": "file",
        "variant_id": table.text(index, variant_column),
        "metric_id": str(cells.get(metric_column) or "metric"),
        "metric_window": _window(table, index),
        "segment": str(cells.get("segment") or "all"),
        "metric_kind": kind,
        "persons": int(persons),
    }
