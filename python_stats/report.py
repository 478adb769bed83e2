"""The scorecard: one page from what stands in the warehouse, nothing computed that is not there.

Every number is written by `Traced.show`, which leaves mart, key and column on the page beside it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from python_stats import svg, wording
from python_stats.errors import UserError
from python_stats.metrics import metric
from python_stats.tables import TABLES
from python_stats.warehouse import Warehouse

MOST_EXPERIMENTS = 8
MOST_STEPS = 5

_ORDER = ("ship", "roll_back", "invalid", "stop_futile", "keep_running", "hold")
VERDICTS = {
    "ship": ("▲", "Ship"),
    "roll_back": ("▼", "Roll back"),
    "invalid": ("✕", "Invalid"),
    "stop_futile": ("■", "Stop"),
    "keep_running": ("▶", "Keep running"),
    "hold": ("○", "Hold"),
}
TIMINGS = (
    ("missed", "Missed: never handed over, though it was time"),
    ("late", "Late: the bot went on too long"),
    ("early", "Early: before the bot had its chances"),
    ("on_time", "On time"),
    ("requested", "Asked for by the customer"),
)


def formats(currency: str) -> dict[str, Callable[[Any], str]]:
    """The ways in which a value can be written on the page, by the name that stands in `data-format`."""
    return {
        "text": str,
        "count": wording.number,
        "money": lambda value: wording.money(value, currency),
        "signed_money": lambda value: wording.money(value, currency, signed=True),
        "percent": wording.percent,
        "signed_percent": lambda value: wording.percent(value, signed=True),
        "confidence": lambda value: wording.number((1 - value) * 100) + wording.THIN + "%",
        "duration": wording.duration,
        "share": wording.percent,
        "seconds": wording.duration,
        "money_exact": lambda value: wording.in_unit(value, "money", currency),
        "number": wording.significant,
        "moment": lambda value: f"{value:%Y-%m-%d %H:%M} UTC",
    }


@dataclass(frozen=True)
class Traced:
    """A row of a mart that knows where it came from."""

    mart: str
    key: Mapping[str, Any]
    values: Mapping[str, Any]
    writers: Mapping[str, Callable[[Any], str]]

    def __getitem__(self, column: str) -> Any:
        return self.values[column]

    @property
    def key_text(self) -> str:
        """`column=value` pairs joined by semicolons."""
        return ";".join(f"{name}={value}" for name, value in self.key.items() if value is not None)

    def show(self, column: str, form: str = "text") -> Any:
        """The value as text, in an element that says where it stands."""
        from markupsafe import Markup

        value = self.values[column]
        text = "–" if value is None else self.writers[form](value)
        return Markup('<span data-mart="{}" data-key="{}" data-column="{}" data-format="{}">{}</span>').format(
            self.mart, self.key_text, column, form, text
        )


def render(warehouse: Warehouse, currency: str) -> str:
    """The page as HTML; the same marts give the same bytes.

    Raises:
        UserError: where `analyze` has not run yet, or a mart is missing.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    if not warehouse.has("experiment_decisions"):
        raise UserError("experiment_decisions: no such table; run 'empathy-roi analyze' first")
    environment = Environment(
        loader=PackageLoader("python_stats"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("scorecard.html.j2").render(**_content(warehouse, currency))


def _content(warehouse: Warehouse, currency: str) -> dict[str, Any]:
    writers = formats(currency)

    def traced(mart: str, columns: Sequence[str], key: Sequence[str], order_by: Sequence[str] = ()) -> list[Traced]:
        rows = warehouse.read(mart, columns, order_by or key)
        return [Traced(mart, {name: row[name] for name in key}, row, writers) for row in rows]

    decisions = traced("experiment_decisions", list(TABLES["experiment_decisions"]), ["experiment_id"])
    roi = traced("roi_estimates", list(TABLES["roi_estimates"]), ["experiment_id", "stream", "metric_id"])
    declared = {
        row["experiment_id"]: row for row in traced("cfg_experiments", ["experiment_id", "pain_point", "what_changes"], ["experiment_id"])
    }
    totals = {(row["experiment_id"], row["stream"]): row for row in roi if row["row_kind"] != "stream"}
    experiments = [_experiment(index, row, declared[row["experiment_id"]], totals) for index, row in enumerate(decisions)]
    experiments.sort(key=_importance)
    as_of = traced("as_of", ["as_of"], [])
    return {
        "as_of": as_of[0] if as_of else None,
        "run": decisions[0] if decisions else None,
        "direct": totals.get(("all", "shipped_direct")),
        "indirect": totals.get(("all", "shipped_indirect")),
        "experiments": experiments[:MOST_EXPERIMENTS],
        "left_out": max(0, len(experiments) - MOST_EXPERIMENTS),
        "steps": _steps(traced),
        "handovers": _handovers(warehouse, writers),
        "audit": traced("source_audit", ["source_table", "rows_in", "rows_accepted", "rows_duplicate", "rows_rejected"], ["source_table"]),
    }


def _experiment(index: int, row: Traced, declared: Traced, totals: Mapping[tuple[str, str], Traced]) -> dict[str, Any]:
    symbol, word = VERDICTS[row["verdict"]]
    measured = metric(row["metric_id"]) if row["metric_id"] else None
    picture = None
    is_shown = row["verdict"] != "invalid" and row["relative_ci_low"] is not None
    if is_shown:
        sign = -1 if row["good_direction"] == "decrease" else 1
        low, high = sorted((sign * row["relative_ci_low"], sign * row["relative_ci_high"]))
        words = (
            f"Right is better. Estimate {wording.percent(sign * row['relative_effect'], signed=True)}, interval"
            f" {wording.percent(low, signed=True)} to {wording.percent(high, signed=True)}; asked for was"
            f" {wording.percent(row['min_lift_rollout'], signed=True)}, the limit of harm {wording.percent(-row['max_harm_rollback'])}."
        )
        picture = svg.interval(
            sign * row["relative_effect"], low, high, row["min_lift_rollout"], row["max_harm_rollback"], words, f"e{index}"
        )
    return {
        "row": row,
        "declared": declared,
        "symbol": symbol,
        "word": word,
        "metric": measured.name if measured else "–",
        "unit": {"money": "money_exact"}.get(measured.unit, measured.unit) if measured else "number",
        "picture": picture,
        "is_shown": is_shown,
        "direct": totals.get((row["experiment_id"], "total_direct")),
        "indirect": totals.get((row["experiment_id"], "total_indirect")),
    }


def _importance(experiment: Mapping[str, Any]) -> tuple[int, float, str]:
    direct, row = experiment["direct"], experiment["row"]
    annual = direct["annual"] if direct and direct["annual"] is not None else 0.0
    return _ORDER.index(row["verdict"]), -annual, row["experiment_id"]


def _steps(traced: Callable[..., list[Traced]]) -> list[dict[str, Any]]:
    columns = ["journey_id", "step_id", "entries", "abandonments", "expected_value_lost", "priority_rank"]
    names = {
        (row["journey_id"], row["step_id"]): row["step_name"]
        for row in traced("cfg_journey_steps", ["journey_id", "step_id", "step_name"], ["journey_id", "step_id"])
    }
    worst = [row for row in traced("friction_cost", columns, ["journey_id", "step_id"], ["priority_rank"]) if row["abandonments"]]
    worst.sort(key=lambda row: (-(row["expected_value_lost"] or 0.0), row["priority_rank"]))
    return [
        {
            "row": row,
            "name": names.get((row["journey_id"], row["step_id"]), row["step_id"]),
            "picture": svg.bar(
                row["abandonments"] / row["entries"],
                f"{wording.number(row['abandonments'])} of {wording.number(row['entries'])} gave up",
                f"s{index}",
            ),
        }
        for index, row in enumerate(worst[:MOST_STEPS])
    ]


def _handovers(warehouse: Warehouse, writers: Mapping[str, Callable[[Any], str]]) -> list[dict[str, Any]]:
    counts = {row["handover_timing"]: row["rows"] for row in warehouse.count("fct_tickets", "handover_timing")}
    largest = max(counts.values(), default=0)
    return [
        {
            "row": Traced("fct_tickets", {"handover_timing": timing}, {"count": counts.get(timing, 0)}, writers),
            "label": label,
            "picture": svg.bar(
                counts.get(timing, 0) / largest if largest else 0.0, f"{wording.number(counts.get(timing, 0))} tickets", f"h{index}"
            ),
        }
        for index, (timing, label) in enumerate(TIMINGS)
    ]
