"""What an effect is worth.

impact per month = effect (absolute, good is positive) × units_per_month × qualified_share × value_per_unit − monthly_run_cost;
a year is 12 months; the first year also pays the one-off cost, and has what comes once (`decision_velocity`); ROI = net gain ÷ cost,
over the first year.

Uncertainty comes from the effect, read at the level of its own interval and no less strictly than the primary metric's (its alpha shared
among variants and looks), and from the value of a unit (see `estimators.worth`). Where looks may have chosen the moment there is no
chance to pay. Streams of one experiment come from the same
people. Where all of them are unadjusted shares and means on the same number of units, the metric `net_value` knows how they move
together, and gives the interval of their sum; elsewhere their uncertainties are added as if they moved together (quantile by quantile):
the widest sum there is. Column `interval_from` says which. Experiments were drawn apart, so across experiments half-widths add in
squares (MOVER: Zou & Donner 2008). That is what was measured; what is to be expected of experiments that were chosen for it stands
beside it (`expected_gains`).
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from python_stats.analysis.levels import beside, is_for_looks
from python_stats.analysis.rows import CUPED
from python_stats.designs import Design, ValueAssumption
from python_stats.estimators.status import OK
from python_stats.estimators.worth import Spread, Worth, cautious_probability_above, correlated_sum, interval, unit_values, widening
from python_stats.expected_gains import EXPECTED, MONTHS, NOTHING_TO_ADD, expected, finished_effects
from python_stats.overlaps import counted_twice
from python_stats.traffic import Traffic
from python_stats.verdicts import INVALID, ROLL_BACK, SHIP, STOP_FUTILE, Verdict

Row = Mapping[str, Any]
Chance = Callable[[float], float]  # P(gain a month > an amount)
Amounts = tuple[float, float, float]  # an estimate, and the low and high end of its interval

NOTHING: Amounts = (0.0, 0.0, 0.0)
DECIDED = (SHIP, ROLL_BACK, STOP_FUTILE)
DECISION_VELOCITY = "decision_velocity"

STREAM, TOTAL, OVERALL, PORTFOLIO = "stream", "total", "overall", "portfolio"
NET_VALUE, WIDEST_SUM, OWN_EFFECT, INDEPENDENT = "net_value", "widest_sum", "effect", "independent_experiments"

INVALID_EXPERIMENT = "invalid_experiment"
OTHER_CURRENCY = "other_currency"
NO_METRIC = "no_metric"
NO_RESULT = "no_result"
NO_TRAFFIC = "no_traffic"
VERDICT_DAY_UNKNOWN = "verdict_day_unknown"
NOT_DECIDED = "not_decided"
PARTIAL = "partial"


def estimate(
    designs: Iterable[Design],
    results: Sequence[Row],
    verdicts: Mapping[str, Verdict],
    traffic: Sequence[Row],
    stats: Sequence[Row],
    life_tables: Sequence[Row],
    as_of: datetime,
    currency: str,
    daily_traffic: Sequence[Row] = (),
) -> list[dict[str, Any]]:
    """Rows of `roi_estimates`: one per stream, a direct and an indirect total per experiment, both together, and the portfolio's.

    The portfolio adds up the experiments whose verdict is `ship`. `as_of` is by the clock of `reporting_timezone`, as designs' days are.
    Without `daily_traffic` what is measured in the window `all` goes on growing after an experiment's end.
    """
    designs = tuple(designs)
    rows: list[dict[str, Any]] = []
    totals: list[dict[str, Any]] = []
    for design in designs:
        if not design.values:
            continue
        verdict = verdicts[design.experiment_id]
        measured = Traffic(design, traffic, daily_traffic, stats, life_tables, as_of)
        streams = [_stream(design, assumption, verdict, results, measured, as_of, currency) for assumption in design.values]
        twice = counted_twice(row for row, _ in streams)
        rows += [{**row, "may_count_twice": (row["stream"], row["metric_id"]) in twice} for row, _ in streams]
        kinds = [flag for flag in (True, False) if any(row["is_direct"] is flag for row, _ in streams)]
        together = _net_value(design, verdict, streams, results)
        monthly = {row["is_direct"] for row, _ in streams if row["stream"] != DECISION_VELOCITY}
        for is_direct in kinds:
            parts = [(row, worth) for row, worth in streams if row["is_direct"] is is_direct]
            totals.append(_total(design, verdict, is_direct, parts, together if monthly == {is_direct} else None, currency))
        if len(kinds) == 2:
            rows.append(_total(design, verdict, None, streams, together, currency))
    rows += totals
    shipped = [row for row in totals if row["verdict"] == SHIP]
    effects = finished_effects(designs, verdicts, results)
    for is_direct in (True, False):
        own = [total for total in shipped if total["is_direct"] is is_direct]
        portfolio = _portfolio(is_direct, own, currency)
        rows.append({**portfolio, **expected(portfolio, [total for total in own if total["first_year"] is not None], effects)})
    return rows


MONEY = (
    "effect effect_se effect_df nominal_alpha units_per_month extra_units_per_month qualified_share value_per_unit value_low value_high "
    "gross_per_month monthly_run_cost impact_per_month impact_per_month_low impact_per_month_high annual annual_low annual_high "
    "one_off_cost first_year first_year_low first_year_high cost_first_year roi probability_pays payback_months"
).split()


def _stream(
    design: Design,
    assumption: ValueAssumption,
    verdict: Verdict,
    results: Sequence[Row],
    measured: Traffic,
    as_of: datetime,
    currency: str,
) -> tuple[dict[str, Any], Worth | None]:
    row = _blank(design, verdict, STREAM, assumption.stream, assumption.is_direct, currency)
    row.update(
        metric_id=assumption.metric_id,
        currency=assumption.currency,
        qualified_share=assumption.qualified_share,
        value_per_unit=assumption.value_per_unit,
        value_low=assumption.value_low,
        value_high=assumption.value_high,
        monthly_run_cost=assumption.monthly_run_cost,
        one_off_cost=assumption.one_off_cost,
    )
    result = _result_of(design, verdict, assumption.metric_id, results)
    status = OK
    if verdict.verdict == INVALID:
        status = INVALID_EXPERIMENT
    elif assumption.currency != currency:
        status = OTHER_CURRENCY
    elif assumption.stream == DECISION_VELOCITY:
        return _velocity(row, design, assumption, verdict, as_of)
    elif assumption.metric_id is None:
        status = NO_METRIC
    elif result is None:
        status = NO_RESULT
    elif result["status"] != OK:
        status = result["status"]
    units, source = assumption.units_per_month, "declared"
    if status == OK and units is None and result is not None:
        units, source = measured.units_per_month(result), "measured"
        status = OK if units is not None else NO_TRAFFIC
    if status != OK or result is None or units is None:
        return {**row, "status": status}, None
    sign, df = -1 if result["good_direction"] == "decrease" else 1, _df(result)
    worth = Worth(
        effect=sign * result["effect"],
        standard_error=result["standard_error"],
        df=df,
        scale=units * assumption.qualified_share,
        values=unit_values(assumption.value_per_unit, assumption.value_low, assumption.value_high, design.alpha),
        middle=assumption.value_per_unit,
        widening=widening(result["nominal_alpha"], design.alpha, df),
    )
    row.update(
        status=OK,
        effect=worth.effect,
        effect_se=worth.standard_error,
        effect_df=result["df"],
        nominal_alpha=result["nominal_alpha"],
        units_per_month=units,
        units_source=source,
        extra_units_per_month=worth.effect * units,
    )
    gross = worth.effect * worth.scale * assumption.value_per_unit
    chance = _chance(design, verdict, results, lambda amount: cautious_probability_above([worth], amount))
    row = _priced(row, (gross, *worth.interval(design.alpha)), NOTHING, chance)
    return {**row, "interval_from": OWN_EFFECT}, worth


def _velocity(
    row: dict[str, Any], design: Design, assumption: ValueAssumption, verdict: Verdict, as_of: datetime
) -> tuple[dict[str, Any], Worth | None]:
    """Days between the planned day of the verdict and the actual one, valued a day each: a certain, single gain, or a loss if late.

    Planned is the last planned day plus the decision window. Without daily figures, a verdict inside the planned dates counts as fallen
    at `as_of`; once they are over, nobody knows on which day it fell, and there is no estimate.
    """
    if verdict.verdict not in DECIDED:
        return {**row, "status": NOT_DECIDED}, None
    planned = design.planned_decision_on
    if planned is None:
        return {**row, "status": VERDICT_DAY_UNKNOWN}, None
    if verdict.decided_on is not None:
        saved = float((planned - verdict.decided_on).days)
    else:
        saved = (datetime.combine(planned + timedelta(days=1), time.min) - as_of) / timedelta(days=1)
        if saved <= 0:
            return {**row, "status": VERDICT_DAY_UNKNOWN}, None
    value, low, high = (
        saved * assumption.qualified_share * (assumption.value_per_unit if per_day is None else per_day)
        for per_day in (assumption.value_per_unit, assumption.value_low, assumption.value_high)
    )
    worth = Worth(
        effect=saved,
        standard_error=0.0,
        df=math.inf,
        scale=assumption.qualified_share / MONTHS,
        values=unit_values(assumption.value_per_unit, assumption.value_low, assumption.value_high, design.alpha),
        middle=assumption.value_per_unit,
    )
    row.update(status=OK, effect=saved, effect_se=0.0)
    return _priced(row, None, (value, min(low, high), max(low, high)), worth.probability_above), worth


def _result_of(design: Design, verdict: Verdict, metric_id: str | None, results: Sequence[Row]) -> Row | None:
    """What the verdict's variant did to a metric, read no less strictly than its primary metric."""
    found = _row_of(design, verdict, metric_id, results)
    return None if found is None else beside(found, _primary_of(design, verdict, results))


def _primary_of(design: Design, verdict: Verdict, results: Sequence[Row]) -> Row | None:
    return None if design.primary is None else _row_of(design, verdict, design.primary.metric_id, results)


def _row_of(design: Design, verdict: Verdict, metric_id: str | None, results: Sequence[Row]) -> Row | None:
    variant_id = verdict.variant_id or (design.treatments[0].variant_id if design.treatments else None)
    return next(
        (
            row
            for row in results
            if row["experiment_id"] == design.experiment_id
            and row["variant_id"] == variant_id
            and row["metric_id"] == metric_id
            and row["is_decision"]
        ),
        None,
    )


def _df(result: Row) -> float:
    return math.inf if result["df"] is None else float(result["df"])


def _chance(design: Design, verdict: Verdict, results: Sequence[Row], chance: Chance) -> Chance | None:
    """The chance to pay, where no looks may have chosen the moment at which it is asked for.

    Whoever may look again until it pleases finds a high chance sooner or later, whatever the effect.
    """
    primary = _primary_of(design, verdict, results)
    return None if primary is not None and is_for_looks(primary) else chance


def _priced(row: dict[str, Any], gross: Amounts | None, once: Amounts, probability: Chance | None) -> dict[str, Any]:
    """Everything that follows from a gross gain a month (None where there is none) and from what comes once; amounts in whole cents.

    `probability` is that of a gain a month, with a twelfth of what comes once, above an amount; None where it is not to be told.
    """
    run, one_off = row["monthly_run_cost"], row["one_off_cost"]
    cost = round(run * MONTHS + one_off, 2)
    row.update(cost_first_year=cost, probability_pays=None if probability is None else probability(cost / MONTHS))
    for index, suffix in enumerate(("", "_low", "_high")):
        annual = -run * MONTHS
        if gross is not None:
            month = round(round(gross[index], 2) - run, 2)
            row["impact_per_month" + suffix] = month
            row["annual" + suffix] = annual = round(month * MONTHS, 2)
        row["first_year" + suffix] = round(annual - one_off + round(once[index], 2), 2)
    row["gross_per_month"] = None if gross is None else round(gross[0], 2)
    return _judged(row)


def _judged(row: dict[str, Any]) -> dict[str, Any]:
    """ROI and payback time of a row with its amounts. What has to be paid back is the one-off cost, less what comes once."""
    row["roi"] = row["first_year"] / row["cost_first_year"] if row["cost_first_year"] > 0 else None
    is_paid_back = row["impact_per_month"] is not None and row["impact_per_month"] > 0
    row["payback_months"] = max(round(row["annual"] - row["first_year"], 2), 0.0) / row["impact_per_month"] if is_paid_back else None
    return row


@dataclass(frozen=True)
class _NetValue:
    """Standard error of the sum of an experiment's streams a month, correlations included, and its widening."""

    standard_error: float
    df: float
    widening: float


def _net_value(
    design: Design, verdict: Verdict, streams: Sequence[tuple[dict[str, Any], Worth | None]], results: Sequence[Row]
) -> _NetValue | None:
    """What `net_value` says of the streams together; None where it is not their sum.

    It is where each is priced, is a share or a mean (a ratio is per unit of its denominator, a time per case), stands on the same number
    of units, was measured at the same time, and is not adjusted for the past (CUPED): each has a slope of its own, and adjusting one
    stream alone takes away what cancelled the other's noise. It is never taken to be wider than the widest sum.
    """
    counted = [(row, worth) for row, worth in streams if row["stream"] != DECISION_VELOCITY]
    net = _result_of(design, verdict, NET_VALUE, results)
    if len(counted) < 2 or net is None or net["status"] != OK:
        return None
    own = {row["metric_id"]: _result_of(design, verdict, row["metric_id"], results) for row, _ in counted}
    worths = [worth for _, worth in counted if worth is not None]
    if len(worths) < len(counted) or len({row["units_per_month"] for row, _ in counted}) > 1:
        return None
    if any(part is None or part["metric_kind"] not in ("share", "mean") or part.get("known_on") is not None for part in own.values()):
        return None
    if any(part is not None and part.get("method") == CUPED for part in (*own.values(), net)):
        return None
    units = counted[0][0]["units_per_month"]
    spread = net["standard_error"]
    middle = sum(worth.effect * worth.scale * worth.middle for worth in worths)
    if abs(net["effect"] * units - middle) > 1e-3 * spread * units:
        return None  # the marts were built with other values
    widest = sum(worth.standard_error * worth.scale * worth.middle for worth in worths)
    df = _df(net)
    return _NetValue(min(spread * units, widest), df, widening(net["nominal_alpha"], design.alpha, df))


def _total(
    design: Design,
    verdict: Verdict,
    is_direct: bool | None,
    parts: Sequence[tuple[dict[str, Any], Worth | None]],
    together: _NetValue | None,
    currency: str,
) -> dict[str, Any]:
    """The sum of an experiment's streams, of one kind or of both; what has no estimate adds nothing and makes the status `partial`."""
    names = {True: "total_direct", False: "total_indirect", None: "total"}
    row = _blank(design, verdict, OVERALL if is_direct is None else TOTAL, names[is_direct], is_direct, currency)
    row["may_count_twice"] = bool(counted_twice(part for part, _ in parts))
    known = [(part, worth) for part, worth in parts if worth is not None]
    # What an unpriced stream costs is spent all the same.
    spent = [part for part, _ in parts if part["status"] != OTHER_CURRENCY]
    if spent:
        for name in ("monthly_run_cost", "one_off_cost"):
            row[name] = sum(part[name] for part in spent)
        row["cost_first_year"] = round(row["monthly_run_cost"] * MONTHS + row["one_off_cost"], 2)
    if not known:
        row["status"] = parts[0][0]["status"]
        return row
    row["status"] = OK if len(known) == len(parts) else PARTIAL
    monthly = [(part, worth) for part, worth in known if part["stream"] != DECISION_VELOCITY]
    single = [(part, worth) for part, worth in known if part["stream"] == DECISION_VELOCITY]
    once = _once([part for part, _ in single])
    gross = sum(part["gross_per_month"] for part, _ in monthly)
    worths = [worth for _, worth in monthly]
    is_told = all(part["probability_pays"] is not None for part, _ in monthly)
    if together is not None:
        errors = (together.standard_error * together.widening, together.standard_error)
        spreads = [correlated_sum(worths, error, together.df, design.alpha) for error in errors]

        def chance(amount: float) -> float:
            return min(_with_once(spread, once).probability_above(amount) for spread in spreads)

        row["interval_from"] = NET_VALUE
        return _priced(row, (gross, gross - spreads[0].down, gross + spreads[0].up), once, chance if is_told else None)
    everything = [*worths, *(worth for _, worth in single)]
    row["interval_from"] = None if not worths else WIDEST_SUM if len(worths) > 1 else OWN_EFFECT
    amounts = (gross, *interval(worths, design.alpha)) if worths else None
    return _priced(row, amounts, once, (lambda amount: cautious_probability_above(everything, amount)) if is_told else None)


def _once(parts: Sequence[Row]) -> Amounts:
    """What comes once, before costs."""
    value, low, high = (
        sum(part[name] + part["cost_first_year"] for part in parts) for name in ("first_year", "first_year_low", "first_year_high")
    )
    return value, low, high


def _with_once(monthly: Spread, once: Amounts) -> Spread:
    """A gain a month with a twelfth of what comes once, whose half-widths just add up."""
    value, low, high = (amount / MONTHS for amount in once)
    return replace(monthly, centre=monthly.centre + value, down=monthly.down + value - low, up=monthly.up + high - value)


def _portfolio(is_direct: bool, totals: Sequence[Mapping[str, Any]], currency: str) -> dict[str, Any]:
    """The sum over shipped experiments; half-widths add in squares, on either side, each at its own experiment's level.

    One without an estimate adds its cost, and makes the status `partial`.
    """
    row: dict[str, Any] = {
        "experiment_id": "all",
        "stream": "shipped_direct" if is_direct else "shipped_indirect",
        "metric_id": None,
        "row_kind": PORTFOLIO,
        "is_direct": is_direct,
        "verdict": SHIP,
        "variant_id": None,
        "units_source": None,
        "interval_from": INDEPENDENT,
        "currency": currency,
        "may_count_twice": any(total["may_count_twice"] for total in totals),
        **dict.fromkeys(MONEY),
    }
    known = [total for total in totals if total["first_year"] is not None]
    row["experiments"] = len(known)
    row["status"] = NOTHING_TO_ADD if not known else OK if all(total["status"] == OK for total in totals) else PARTIAL
    spent = [total for total in totals if total["cost_first_year"] is not None]
    if spent:
        for name in ("monthly_run_cost", "one_off_cost", "cost_first_year"):
            row[name] = round(sum(total[name] for total in spent), 2)
    if not known:
        return row
    monthly = [total for total in known if total["impact_per_month"] is not None]
    if monthly:
        row["gross_per_month"] = round(sum(total["gross_per_month"] for total in monthly), 2)
        _add_up(row, "impact_per_month", monthly, row["gross_per_month"] - row["monthly_run_cost"])
        _add_up(row, "annual", monthly, row["impact_per_month"] * MONTHS)
    unknown = sum(total["cost_first_year"] for total in spent if total["first_year"] is None)
    _add_up(row, "first_year", known, sum(total["first_year"] for total in known) - unknown)
    return _judged(row)


def _add_up(row: dict[str, Any], name: str, totals: Sequence[Row], centre: float) -> None:
    row[name] = round(centre, 2)
    row[name + "_low"] = round(centre - math.hypot(*(total[name] - total[name + "_low"] for total in totals)), 2)
    row[name + "_high"] = round(centre + math.hypot(*(total[name + "_high"] - total[name] for total in totals)), 2)


def _blank(design: Design, verdict: Verdict, kind: str, stream: str, is_direct: bool | None, currency: str) -> dict[str, Any]:
    return {
        "experiment_id": design.experiment_id,
        "stream": stream,
        "metric_id": None,
        "row_kind": kind,
        "is_direct": is_direct,
        "verdict": verdict.verdict,
        "variant_id": verdict.variant_id,
        "status": OK,
        "units_source": None,
        "interval_from": None,
        "currency": currency,
        "experiments": None,
        "may_count_twice": False,
        **dict.fromkeys((*MONEY, *EXPECTED)),
    }
