"""`empathy-roi plan`: reads a design, its baselines and its traffic from the warehouse, plans, and tells."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from python_stats import pipeline
from python_stats.analysis import Options
from python_stats.baselines import read_baselines
from python_stats.designs import Design
from python_stats.errors import UserError
from python_stats.metrics import metric
from python_stats.planning import EXCLUDE_HARM, Plan, plan, traffic_of
from python_stats.prospects import Prospect
from python_stats.seed_files import seeds_folder
from python_stats.warehouse import Warehouse
from python_stats.wording import columns_of_text, effect_in_unit, in_unit, number, percent

Row = dict[str, Any]

_SUMS = "pivot_y pivot_d sum_y sum_d sum_yy sum_dd sum_yd".split()
_STATS = (
    "experiment_id variant_id metric_id metric_window segment metric_kind persons numerator denominator skew_unit sum_cubes "
    "pivot_x pivot_z sum_x sum_z sum_xx sum_zz sum_xz"
).split() + _SUMS
_LIFE = "experiment_id variant_id metric_id metric_window segment bucket_start_s bucket_end_s at_risk events censored".split()
_PSEUDO = ["experiment_id", "metric_id", "metric_window", "metric_kind", "persons", "baseline_days", *_SUMS]
_PSEUDO_LIFE = "experiment_id metric_id metric_window bucket_start_s bucket_end_s at_risk events censored".split()


def plan_experiment(warehouse: Warehouse, experiment_id: str, options: Options) -> tuple[Design, Plan]:
    """Plan one experiment from the marts.

    Raises:
        UserError: where there is no such experiment.
    """
    designs = {design.experiment_id: design for design in pipeline.read_all_designs(warehouse)}
    if experiment_id not in designs:
        known = ", ".join(sorted(designs)) or "none"
        raise UserError(f"plan: {seeds_folder() / 'experiments.csv'} has no experiment '{experiment_id}'; it has {known}")
    design, (_, as_of) = designs[experiment_id], pipeline.read_now(warehouse)

    def own(table: str, columns: Sequence[str]) -> list[Row]:
        if not warehouse.has(table):
            return []
        return [row for row in warehouse.read(table, columns, columns) if row["experiment_id"] == experiment_id]

    traffic = own("experiment_traffic", ("experiment_id", "variant_id", "exposed"))
    persons = {str(row["variant_id"]): int(row["exposed"] or 0) for row in traffic}
    pseudo = own("experiment_baselines", _PSEUDO)
    persons_per_day = traffic_of(sum(persons.values()), design, as_of)
    if pseudo:
        persons[""] = max(int(row["persons"] or 0) for row in pseudo)
        if persons_per_day is None and persons[""] and pseudo[0]["baseline_days"]:
            persons_per_day = persons[""] / pseudo[0]["baseline_days"]
    baselines = read_baselines(
        design,
        own("experiment_metric_stats", _STATS),
        own("experiment_life_tables", _LIFE),
        pseudo,
        own("experiment_baseline_life_tables", _PSEUDO_LIFE),
        persons,
        options.rmst_horizon_days,
    )
    return design, plan(design, baselines, persons_per_day)


def as_json(found: Plan) -> dict[str, Any]:
    """The plan as plain data, dates as ISO text."""

    def plain(row: Row) -> Row:
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}

    return {
        "experiment_id": found.experiment_id,
        "is_feasible": found.is_feasible,
        "sentence": found.sentence,
        "prospect": None if found.prospect is None else _prospect(found.prospect),
        "persons_per_day": found.persons_per_day,
        "planned_days": found.planned_days,
        "reachable_on": found.reachable_on.isoformat() if found.reachable_on else None,
        "metrics": [plain(row) for row in found.metrics],
        "looks": [plain(row) for row in found.looks],
    }


_SOURCES = {"control": "control arm", "pre_exposure": "before exposure", "baseline_period": "before the start", None: "–"}


def _prospect(found: Prospect) -> dict[str, Any]:
    """Chances at the planned sample (the needed one where none is planned); the guardrail with the least chance, and when it is ready."""
    guard = found.narrowest
    return {
        "chance_to_show": found.to_show,
        "chance_to_ship": found.to_ship,
        "chance_to_reach_lift": found.to_reach_lift,
        "narrowest_guardrail": guard["metric_id"] if guard else None,
        "narrowest_guardrail_chance": found.narrowest_chance,
        "narrowest_guardrail_ready_on": guard["ready_on"].isoformat() if guard and guard["ready_on"] else None,
        "guardrails_left_out": list(found.unplanned),
    }


def as_text(design: Design, found: Plan, currency: str) -> str:
    """The plan as a table for a terminal."""
    lines = [found.sentence, ""]
    stricter = {f"{row['nominal_alpha']:.3g}" for row in found.metrics if row["nominal_alpha"] < row["alpha"]}
    last_look = f", guardrails {' and '.join(sorted(stricter))} at the last look" if stricter else ""
    lines.append(
        f"alpha {design.alpha:g} (primary {design.alpha / max(1, len(design.treatments)):g} each of {len(design.treatments)}{last_look}), "
        f"power {percent(design.power)}, {design.monitoring.replace('_', ' ')}, "
        f"{number(found.persons_per_day, 1)} persons a day, {design.started_on} to {design.ended_on or 'open end'}"
    )
    lines += ["", *columns_of_text(_METRIC_HEAD, [_metric_cells(row, currency) for row in found.metrics])]
    if found.looks:
        unit = metric(str(found.metrics[0]["metric_id"])).unit
        lines += ["", *columns_of_text(_LOOK_HEAD, [_look_cells(row, unit, currency) for row in found.looks])]
    return "\n".join(lines)


_METRIC_HEAD = (
    "metric",
    "role",
    "baseline",
    "from",
    "goal",
    "needed/variant",
    "days",
    "ready on",
    "planned",
    "power",
    "detectable",
    "refused below",
    "status",
)
_LOOK_HEAD = ("look", "per variant", "on", "|z| from", "p below", "effect that stops")


def _metric_cells(row: Row, currency: str) -> tuple[str, ...]:
    unit = metric(row["metric_id"]).unit
    goal = "–" if row["goal_relative"] is None else f"{'harm < ' if row['goal'] == EXCLUDE_HARM else ''}{percent(row['goal_relative'])}"
    planned = row["planned_per_variant"]
    return (
        row["metric_id"],
        row["role"],
        in_unit(row["control_value"], unit, currency),
        _SOURCES[row["baseline_source"]],
        goal,
        number(row["needed_per_variant"]) + (" cases" if row["unit"] == "cases" else ""),
        number(row["days_to_run"]),
        str(row["ready_on"] or "–"),
        number(planned),
        percent(row["power_at_planned"]),
        percent(row["detectable_relative"]),
        row["refused_as"] or "–",
        row["status"],
    )


def _look_cells(row: Row, unit: str, currency: str) -> tuple[str, ...]:
    return (
        str(row["look"]),
        number(row["per_variant"]),
        str(row["on"] or "–"),
        number(row["boundary_z"], 3),
        f"{row['boundary_p']:.5f}",
        f"{effect_in_unit(row['effect_that_stops'], unit, currency)} ({percent(row['relative_that_stops'])})",
    )
