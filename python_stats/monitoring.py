"""From daily statistics to the course of each experiment: what was known on each day, and on which day the verdict fell.

A verdict stands from the day on which it falls, and at the end whatever it is: the figures of its primary metric and guardrails are
those of that day, and what comes after is shown, not judged. While none has fallen, they are those of the latest look, or of `as_of`
where a fixed design is on its way to its only one.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from python_stats.analysis import Options
from python_stats.analysis.levels import at_level, beside, hidden
from python_stats.analysis.many import adjust_p_values
from python_stats.analysis.pairs import METHODS, Pair
from python_stats.analysis.persons import compare_persons
from python_stats.analysis.rows import as_float
from python_stats.designs import Design
from python_stats.estimators.split import ALARM_P, Split, daily_sample_ratio
from python_stats.looks import ALWAYS_VALID, FIXED, LAST, LOOK, OVER, SAFETY, WAITING, Day, adjusted_p, days_of, levels
from python_stats.verdicts import (
    KEEP_RUNNING,
    ROLL_BACK,
    SHIP,
    STOP_FUTILE,
    Verdict,
    barred_from_judging,
    combine,
    decide_on,
    look_at_as_of,
    read_on,
)

Row = Mapping[str, Any]
Found = dict[str, Any]
Daily = Mapping[tuple[str, str, str], list[tuple[date, Row]]]  # experiment, variant, metric -> rows of results by day

NO_DAILY_FIGURES = "no_daily_figures"
STANDING = (ROLL_BACK, SHIP, STOP_FUTILE)


@dataclass(frozen=True)
class Judgement:
    """What one experiment came to.

    Attributes:
        verdict: with the day on which it fell.
        split: with the test of every day.
        results: its rows of `experiment_results`, the monitored ones as they were judged.
        days: its rows of `experiment_sequential`.
        looks: taken of the variant that the verdict is about.
    """

    verdict: Verdict
    split: Split
    results: list[Found]
    days: list[Found]
    looks: int


def compare_daily(designs: Iterable[Design], stats: Iterable[Row], options: Options) -> Daily:
    """The comparisons of the primary metric and the guardrails at the end of every complete day, in the decision window.

    Args:
        designs: as declared.
        stats: rows of `experiment_metric_stats_daily`.
        options: the project's variables.
    """
    cells: dict[str, dict[tuple[str, date], dict[str, Row]]] = defaultdict(lambda: defaultdict(dict))
    windows = {design.experiment_id: design.decision_window for design in designs}
    last: dict[str, date] = {}
    for row in stats:
        experiment_id = row["experiment_id"]
        last[experiment_id] = max(row["day"], last.get(experiment_id, row["day"]))
        if row["metric_window"] == windows.get(experiment_id):
            cells[experiment_id][row["metric_id"], row["day"]][row["variant_id"]] = row
    by_kind: dict[str, list[tuple[Pair, date]]] = defaultdict(list)
    for design in designs:
        for (metric_id, day), arms in sorted(cells[design.experiment_id].items()):
            objective, control = design.objective(metric_id), design.control
            # the day of as_of is not over
            if control is None or objective is None or objective.role == "secondary" or day == last[design.experiment_id]:
                continue
            kind = str(next(iter(arms.values()))["metric_kind"])
            for treatment in design.treatments if kind in METHODS else ():
                variant_id, window = treatment.variant_id, design.decision_window
                of_two = (arms.get(control.variant_id), arms.get(variant_id))
                # the ratio that the cubes are about is that of the last day
                everyone = tuple(cells[design.experiment_id][metric_id, last[design.experiment_id]].values())
                pair = Pair(design, objective, variant_id, control.variant_id, metric_id, window, "all", kind, *of_two, everyone)
                by_kind[kind].append((pair, day))
    found: dict[tuple[str, str, str], list[tuple[date, Row]]] = defaultdict(list)
    for kind, pairs in sorted(by_kind.items()):
        rows = compare_persons(kind, [pair for pair, _ in pairs], options)
        for (pair, day), row in zip(pairs, rows, strict=True):
            found[pair.design.experiment_id, pair.variant_id, pair.metric_id].append((day, row))
    return found


def judge(
    design: Design,
    results: Sequence[Row],
    daily: Daily,
    split: Split,
    traffic: Sequence[Row],
    as_of: datetime,
    currency: str = "EUR",
) -> Judgement:
    """Follow one experiment from day to day.

    Args:
        design: as declared.
        results: its rows of `experiment_results`, as `analyze` gives them.
        daily: what `compare_daily` found; it may hold nothing, then only the figures at `as_of` count.
        split: its sample-ratio test.
        traffic: its rows of `experiment_traffic_daily`.
        as_of: the moment that counts as now, by the clock of `reporting_timezone`.
        currency: for amounts in sentences.
    """
    split_by_day = _daily_split(design, traffic)
    if split_by_day:
        split = split.with_daily(split_by_day[max(split_by_day)])
    decisive = {(row["variant_id"], row["metric_id"]): row for row in results if row["is_decision"]}
    courses = (
        []
        if _is_incomplete(design)
        else [_course(design, treatment.variant_id, decisive, daily, as_of, currency) for treatment in design.treatments]
    )
    judged = {(row["variant_id"], row["metric_id"]): row for course in courses for row in course.rows}
    rows = [dict(_as_seen(design, row, judged)) for row in results]
    adjust_p_values(rows, {design.experiment_id: design})
    verdict = barred_from_judging(design, split, as_of)
    if verdict is None:
        verdict = combine(design, [course.verdict for course in courses], list(judged.values()))
    elif not split.is_sound:
        alarms = [day for day, p_value in sorted(split_by_day.items()) if p_value < ALARM_P]
        verdict = replace(verdict, decided_on=alarms[0] if alarms else None)
    days = [{**row, "split_p_value": split_by_day.get(row["day"])} for course in courses for row in course.days]
    looks = [course.looks for course in courses if verdict.variant_id in (None, course.verdict.variant_id)]
    return Judgement(verdict, split, rows, days, max(looks, default=0))


def _as_seen(design: Design, row: Row, judged: Mapping[tuple[str, str], Row]) -> Row:
    """As it was judged; what is beside it, in segments and other windows, no earlier and no less strictly, where metrics are watched."""
    found = judged.get((row["variant_id"], row["metric_id"]))
    if found is None or row["is_decision"]:
        return row if found is None else found
    assert design.primary is not None
    return row if design.monitoring == FIXED else beside(row, judged[row["variant_id"], design.primary.metric_id])


@dataclass(frozen=True)
class _Course:
    verdict: Verdict
    rows: list[Row]
    days: list[Found]
    looks: int


def _course(
    design: Design, variant_id: str, decisive: Mapping[tuple[str, str], Row], daily: Daily, as_of: datetime, currency: str
) -> _Course:
    assert design.primary is not None
    watched = [design.primary.metric_id, *(aim.metric_id for aim in design.guardrails)]
    now = {metric_id: decisive[variant_id, metric_id] for metric_id in watched}
    by_metric = {metric_id: dict(daily.get((design.experiment_id, variant_id, metric_id), ())) for metric_id in watched}
    dates = sorted(by_metric[design.primary.metric_id])
    if not dates:
        return _without_days(design, variant_id, now, as_of, currency)
    persons = [(day, _smaller_arm(by_metric[design.primary.metric_id][day])) for day in dates]
    days = days_of(design, persons, as_of)
    seen: dict[tuple[str, int], Row] = {}

    def rows_on(index: int) -> dict[str, Row]:
        """As they were read at that day's end; what has no daily figures waits for the end."""
        day = days[index]
        found = {}
        for metric_id in watched:
            row = by_metric[metric_id].get(dates[index])
            if row is None:
                row = now[metric_id] if day.stage == LAST else hidden(now[metric_id], NO_DAILY_FIGURES)
            else:
                row = {**row, "known_on": day.day}
            found[metric_id] = seen[metric_id, index] = read_on(design, days, index, row)
        return found

    words: list[str] = []
    standing, verdict, judged = None, None, None
    for index, day in enumerate(days):
        if standing is None and day.stage not in (WAITING, OVER):
            judged = rows_on(index)
            verdict = decide_on(design, variant_id, judged, day, currency)
            is_final = verdict.verdict in STANDING or (day.stage == LAST and design.monitoring != ALWAYS_VALID)
            standing = index if is_final else None
        words.append(verdict.verdict if verdict else KEEP_RUNNING)
    if verdict is None or judged is None:
        judged = rows_on(len(days) - 1)
        verdict = decide_on(design, variant_id, judged, days[-1], currency)
    if design.monitoring == FIXED and standing is None:
        judged = now
    elif standing is None and verdict.verdict != KEEP_RUNNING:
        verdict = replace(verdict, decided_on=_since(days, words, verdict.verdict))
    table = [
        row
        for metric_id in watched
        for row in _table(design, days, by_metric[metric_id], seen, metric_id, words if metric_id == watched[0] else None)
    ]
    taken = days[: len(days) if standing is None else standing + 1]
    return _Course(verdict, list(judged.values()), table, sum(day.stage in (LOOK, LAST) for day in taken))


def _since(days: Sequence[Day], words: Sequence[str], word: str) -> date | None:
    """The first day of the last unbroken stretch with this verdict; None where the last day has another."""
    first = None
    for day, other in zip(reversed(days), reversed(words), strict=True):
        if other != word or day.stage == WAITING:
            break
        first = day.day
    return first


def _without_days(design: Design, variant_id: str, now: Mapping[str, Row], as_of: datetime, currency: str) -> _Course:
    """Only the figures at `as_of`: the one look that is known to have been taken."""
    day, rows, verdict = look_at_as_of(design, variant_id, now, as_of, currency)
    if verdict.verdict != KEEP_RUNNING and design.ended_on is not None and design.has_closed(as_of):
        verdict = replace(verdict, decided_on=design.ended_on + timedelta(days=design.decision_window_days or 0))
    is_shown = design.monitoring != FIXED or (day.stage == SAFETY and verdict.verdict == ROLL_BACK)
    return _Course(verdict, list(rows.values()) if is_shown else list(now.values()), [], int(day.look is not None))


def _table(
    design: Design,
    days: Sequence[Day],
    rows: Mapping[date, Row],
    seen: Mapping[tuple[str, int], Row],
    metric_id: str,
    words: Sequence[str] | None,
) -> Iterable[Found]:
    """Rows of `experiment_sequential` of one metric; `seen` holds those that were read for the verdict, by metric and day."""
    if not rows:
        return
    alpha = next(iter(rows.values()))["alpha"]
    level, was_crossed = levels(design, days, alpha), False
    for index, day in enumerate(days):
        row = rows.get(day.day) if day.day else None
        if row is None:
            continue
        nominal, is_open = float(level.nominal[index]), day.stage not in (WAITING, OVER)
        p_value = row["p_value"]
        z = None if p_value is None else _deviate(row)
        is_crossed = is_open and p_value is not None and p_value <= nominal
        was_crossed = was_crossed or is_crossed
        if not is_open:
            read: Row = hidden(row, row["status"])
        elif (metric_id, index) in seen:
            read = seen[metric_id, index]
        else:
            read = at_level(row, nominal, None if p_value is None else adjusted_p(design, days, index, alpha, p_value))
        yield {
            **{name: read[name] for name in _SHOWN},
            **{name: row[name] for name in ("effect", "standard_error", "relative_effect")},
            "day": day.day,
            "monitoring": design.monitoring,
            "stage": day.stage,
            "look": day.look,
            "information": day.information,
            "z": z,
            "boundary": float(level.z[index]) if is_open and np.isfinite(level.z[index]) else None,
            "nominal_alpha": nominal if is_open else None,
            "alpha_spent": float(level.spent[index]) if np.isfinite(level.spent[index]) else None,
            "p_value": read["p_value"],
            "is_crossed": is_crossed,
            "was_crossed": was_crossed,
            "verdict": words[index] if words else None,
        }


_SHOWN = (
    "experiment_id variant_id metric_id role metric_window n_control n_variant status alpha "
    "ci_low ci_high relative_ci_low relative_ci_high"
).split()


def _deviate(row: Row) -> float:
    """The normal deviate with the row's p-value and its effect's sign."""
    from scipy.special import ndtri

    size = float(-ndtri(row["p_value"] / 2)) if row["p_value"] > 0 else abs(row["effect"]) / row["standard_error"]
    return size if row["effect"] >= 0 else -size


def _smaller_arm(row: Row) -> int:
    return min(row["n_control"] or 0, row["n_variant"] or 0)


def _is_incomplete(design: Design) -> bool:
    return design.primary is None or not design.treatments or design.control is None


def _daily_split(design: Design, traffic: Sequence[Row]) -> dict[date, float]:
    """p of the sample-ratio test up to each day."""
    arms = sorted({row["variant_id"] for row in traffic})
    dates = sorted({row["day"] for row in traffic})
    if not arms or not dates:
        return {}
    exposed = {(row["day"], row["variant_id"]): row["exposed"] or 0 for row in traffic}
    shares = {variant.variant_id: variant.expected_share for variant in design.variants}
    observed = np.array([[exposed.get((day, arm), 0) for arm in arms] for day in dates], dtype=float)
    p_values = daily_sample_ratio(observed, np.array([as_float(shares.get(arm)) for arm in arms]))
    return dict(zip(dates, map(float, p_values), strict=True))
