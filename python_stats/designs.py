"""Experiments as they were declared, before the data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from python_stats.errors import UserError

Row = Mapping[str, Any]

DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True)
class Variant:
    """One arm. `factor_levels` is a mapping such as {'copy': 'warm'}; empty outside factorial designs."""

    variant_id: str
    is_control: bool
    expected_share: float | None
    factor_levels: Mapping[str, str]


@dataclass(frozen=True)
class Objective:
    """What a metric is to the experiment; thresholds are relative, in the good and in the bad direction."""

    metric_id: str
    role: str
    good_direction: str
    mde_relative: float | None
    min_lift_rollout: float
    max_harm_rollback: float

    @property
    def sign(self) -> int:
        """+1 where more is better, −1 where less is better."""
        return -1 if self.good_direction == "decrease" else 1


@dataclass(frozen=True)
class ValueAssumption:
    """What one unit of a metric is worth, and what the intervention costs."""

    experiment_id: str
    stream: str
    metric_id: str | None
    units_per_month: float | None
    qualified_share: float
    value_per_unit: float
    value_low: float | None
    value_high: float | None
    is_direct: bool
    monthly_run_cost: float
    one_off_cost: float
    currency: str | None


@dataclass(frozen=True)
class Design:
    """One experiment as declared."""

    experiment_id: str
    experiment_name: str
    feature_class: str
    owner_team: str
    hypothesis: str
    what_changes: str
    design: str
    monitoring: str
    looks: int | None
    spending: str | None
    alpha: float
    power: float
    declared_on: date
    started_on: date
    ended_on: date | None
    decision_window_days: int | None
    planned_sample_per_variant: int | None
    pain_point: str | None
    correction: str
    variants: tuple[Variant, ...] = ()
    objectives: tuple[Objective, ...] = ()
    values: tuple[ValueAssumption, ...] = field(default=())
    covariate_window_days: int | None = None

    @property
    def control(self) -> Variant | None:
        """The control, or None where the configuration names none."""
        return next((variant for variant in self.variants if variant.is_control), None)

    @property
    def treatments(self) -> tuple[Variant, ...]:
        """Every variant but the control, in the order of their ids."""
        return tuple(variant for variant in self.variants if not variant.is_control)

    @property
    def primary(self) -> Objective | None:
        """The primary metric, or None where the configuration names none."""
        return next((objective for objective in self.objectives if objective.role == "primary"), None)

    @property
    def guardrails(self) -> tuple[Objective, ...]:
        """Guardrail metrics, in the order of their ids."""
        return tuple(objective for objective in self.objectives if objective.role == "guardrail")

    @property
    def decision_window(self) -> str:
        """`metric_window` of the verdict: '7', '30', '90' or 'all'."""
        return "all" if self.decision_window_days is None else str(self.decision_window_days)

    @property
    def planned_decision_on(self) -> date | None:
        """The day at whose end the verdict is due: the last planned day plus the decision window; None for an open end."""
        return None if self.ended_on is None else self.ended_on + timedelta(days=self.decision_window_days or 0)

    def objective(self, metric_id: str) -> Objective | None:
        """What `metric_id` is to this experiment, or None."""
        return next((objective for objective in self.objectives if objective.metric_id == metric_id), None)

    def has_closed(self, as_of: datetime) -> bool:
        """Is the last planned day over, with the decision window of whoever came last? `as_of` by the clock of `reporting_timezone`."""
        if self.ended_on is None:
            return False
        last = self.ended_on + timedelta(days=1 + (self.decision_window_days or 0))
        return as_of >= datetime.combine(last, time.min)

    def months_run(self, as_of: datetime) -> float:
        """Months (of 365.25 / 12 days) from the first planned day to the last, or to `as_of` while it runs; 0 before."""
        end = as_of
        if self.ended_on is not None:
            end = min(end, datetime.combine(self.ended_on + timedelta(days=1), time.min))
        days = (end - datetime.combine(self.started_on, time.min)) / timedelta(days=1)
        return max(days, 0.0) / DAYS_A_MONTH


def read_designs(experiments: Iterable[Row], variants: Iterable[Row], metrics: Iterable[Row], values: Iterable[Row]) -> tuple[Design, ...]:
    """Designs from the typed configuration tables, ordered by id; variants, metrics and values too.

    Raises:
        UserError: naming table, key and column, where a column that the reading needs is null.
    """
    arms: dict[str, list[Variant]] = {}
    for row in variants:
        arm = Variant(row["variant_id"], bool(row["is_control"]), row["expected_share"], _levels(row["factor_levels"]))
        arms.setdefault(row["experiment_id"], []).append(arm)
    aims: dict[str, list[Objective]] = {}
    for row in metrics:
        aims.setdefault(row["experiment_id"], []).append(
            Objective(
                metric_id=row["metric_id"],
                role=row["role"],
                good_direction=row["good_direction"],
                mde_relative=row["mde_relative"],
                min_lift_rollout=row["min_lift_rollout"] or 0.0,
                max_harm_rollback=row["max_harm_rollback"] or 0.0,
            )
        )
    worths: dict[str, list[ValueAssumption]] = {}
    for row in values:
        worths.setdefault(row["experiment_id"], []).append(_value(row))
    return tuple(
        _design(
            row,
            tuple(sorted(arms.get(row["experiment_id"], []), key=lambda arm: (not arm.is_control, arm.variant_id))),
            tuple(sorted(aims.get(row["experiment_id"], []), key=lambda aim: aim.metric_id)),
            tuple(sorted(worths.get(row["experiment_id"], []), key=lambda value: (value.stream, value.metric_id or ""))),
        )
        for row in sorted(experiments, key=lambda row: str(row["experiment_id"]))
    )


def _design(row: Row, variants: tuple[Variant, ...], objectives: tuple[Objective, ...], values: tuple[ValueAssumption, ...]) -> Design:
    for column in ("started_on", "declared_on"):
        if row[column] is None:
            raise UserError(f"cfg_experiments, experiment_id = '{row['experiment_id']}': {column} is empty; give a date")
    return Design(
        experiment_id=row["experiment_id"],
        experiment_name=row["experiment_name"] or row["experiment_id"],
        feature_class=row["feature_class"],
        owner_team=row["owner_team"],
        hypothesis=row["hypothesis"],
        what_changes=row["what_changes"],
        design=row["design"],
        monitoring=row["monitoring"],
        looks=row["looks"],
        spending=row["spending"],
        alpha=row["alpha"] or 0.05,
        power=row["power"] or 0.8,
        declared_on=row["declared_on"],
        started_on=row["started_on"],
        ended_on=row["ended_on"],
        decision_window_days=row["decision_window_days"],
        planned_sample_per_variant=row["planned_sample_per_variant"],
        pain_point=row["pain_point"],
        correction=row["correction"] or "holm",
        variants=variants,
        objectives=objectives,
        values=values,
        covariate_window_days=row["covariate_window_days"],
    )


def _value(row: Row) -> ValueAssumption:
    return ValueAssumption(
        experiment_id=row["experiment_id"],
        stream=row["stream"],
        metric_id=row["metric_id"],
        units_per_month=row["units_per_month"],
        qualified_share=1.0 if row["qualified_share"] is None else row["qualified_share"],
        value_per_unit=row["value_per_unit"] or 0.0,
        value_low=row["value_low"],
        value_high=row["value_high"],
        is_direct=bool(row["is_direct"]),
        monthly_run_cost=row["monthly_run_cost"] or 0.0,
        one_off_cost=row["one_off_cost"] or 0.0,
        currency=row["currency"],
    )


def _levels(text: str | None) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in (text or "").split(";") if "=" in pair)
    return {name.strip(): level.strip() for name, _, level in pairs}
