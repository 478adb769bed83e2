"""The experiments' statistics once more, by plain loops over one person at a time; what counts is in brute_acts.

Read are the facts that a build holds (`fct_*`, `cfg_*`, `as_of`, and the segments of `users`); no sum is taken in SQL. Moments are
whole microseconds, sums whole numbers (of millionths where a metric's numerator is a fraction), so that every result is exact.

Readings of the specification that the code takes:

- A row counts when it happens at or after the exposure and before the window's end; a ratio's numerator must also have happened
  before the window's end (a message delivered in the window and clicked after it adds to the denominator alone).
- "As if as_of were the end of a day" counts what had happened and was known by then: an attempt is given up once its time has run
  out, a person is in a fixed window once the whole of it has passed. Rows are not hidden: what belongs together stays together.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from brute_acts import DAY_US, EPOCH, MEANS, MILLIONTHS, OF_JOURNEY, SHARES, Acts, Cases, all_acts, all_cases, micros
from builds import rows_of

WINDOWS: dict[str, int | None] = {"7": 7, "30": 30, "90": 90, "all": None}
CELL = ("experiment_id", "variant_id", "metric_id", "metric_window")
PAIRS = ("yy", "dd", "xx", "zz", "yd", "yx", "yz", "dx", "dz", "xz")
TIMES = {"time_to_complete", "latency_to_action", "first_response_time", "resolution_time", "handover_wait"}
LAST_DAYS = {"retention": 7}  # of windows of 30 and 90 days, and of the time before the exposure

Statistics = dict[str, float | int | None]
Key = tuple[Any, ...]
Values = tuple[int, int, int, int]  # y, d, x, z


@dataclass(frozen=True)
class Compared:
    """A person in a comparison."""

    person_id: str
    variant_id: str
    exposed: int
    segments: tuple[str, ...]


@dataclass(frozen=True)
class Study:
    """What is known about one build's experiments."""

    experiments: list[dict[str, Any]]
    variants: dict[str, list[str]]
    metrics: dict[str, list[str]]
    persons: dict[str, list[Compared]]
    acts: Acts
    cases: Cases
    streams: dict[str, list[tuple[str, float]]]
    as_of: int
    timezone: str


def study_of(database: Path, timezone: str, segments: list[str]) -> Study:
    columns = ", ".join(["user_id", *segments])
    cut = {f"u:{row['user_id']}": tuple(f"{name}={row[name] or '(not set)'}" for name in segments)
           for row in rows_of(database, f"select {columns} from stg_users")}  # fmt: skip
    nothing = tuple(f"{name}=(not set)" for name in segments)
    variants, metrics, persons = defaultdict(list), defaultdict(list), defaultdict(list)
    for row in rows_of(database, "select * from cfg_experiment_variants"):
        variants[row["experiment_id"]].append(row["variant_id"])
    for row in rows_of(database, "select * from cfg_experiment_metrics"):
        metrics[row["experiment_id"]].append(row["metric_id"])
    for row in rows_of(database, "select * from fct_exposures where not is_contaminated"):
        if row["variant_id"] in variants[row["experiment_id"]]:
            persons[row["experiment_id"]].append(
                Compared(row["person_id"], row["variant_id"], micros(row["exposed_at"]) or 0, ("all", *cut.get(row["person_id"], nothing))))
    as_of = micros(rows_of(database, "select as_of from as_of")[0]["as_of"])
    assert as_of is not None
    return Study(rows_of(database, "select * from cfg_experiments"), variants, metrics, persons, all_acts(database, as_of), all_cases(database),
                 streams_of(database, metrics), as_of, timezone)  # fmt: skip


def streams_of(database: Path, metrics: dict[str, list[str]]) -> dict[str, list[tuple[str, float]]]:
    """Per experiment, the metrics that its persons' value is reckoned in, each with millionths per whole-number unit."""
    directions = {(row["experiment_id"], row["metric_id"]): row["good_direction"] for row in rows_of(database, "select * from cfg_experiment_metrics")}
    streams = defaultdict(list)
    for row in rows_of(database, "select * from cfg_value_assumptions"):
        experiment_id, metric_id = row["experiment_id"], row["metric_id"]
        if metric_id and metric_id not in metrics[experiment_id]:
            metrics[experiment_id].append(metric_id)
        if row["stream"] == "decision_velocity" or row["currency"] != "EUR" or metric_id in TIMES:
            continue
        sign = -1 if directions.get((experiment_id, metric_id), "increase") == "decrease" else 1
        scale = 1_000_000 if metric_id in MILLIONTHS else 1
        streams[experiment_id].append((metric_id, sign * row["qualified_share"] * row["value_per_unit"] * 1_000_000 / scale))
        if "net_value" not in metrics[experiment_id]:
            metrics[experiment_id].append("net_value")
    return streams


def keyed(rows: list[dict[str, Any]], names: tuple[str, ...]) -> dict[Key, dict[str, Any]]:
    """Rows by their key, which no two may share."""
    found = {tuple(row[name] for name in names): row for row in rows}
    assert len(found) == len(rows), "two rows of one key"
    return found


def is_same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return bool(one == other)


def is_same_cubes(found: dict[str, Any], expected: Statistics) -> bool:
    """They are put together of sums of powers that may be larger than what is left."""
    one, other = found["sum_cubes"], expected["sum_cubes"]
    return one is not None and other is not None and abs(one - other) <= 1e-9 * (found["persons"] + abs(other))


def differences(found: dict[Key, dict[str, Any]], expected: dict[Key, Statistics]) -> list[str]:
    """What differs, in words: twenty lines at most."""
    lines = [f"missing {key}" for key in expected.keys() - found.keys()] + [f"too many {key}" for key in found.keys() - expected.keys()]
    for key in expected.keys() & found.keys():
        lines += [f"{key} {name}: found {found[key][name]!r}, expected {value!r}"
                  for name, value in expected[key].items()
                  if not (is_same(found[key][name], value) or (name == "sum_cubes" and is_same_cubes(found[key], expected[key])))]  # fmt: skip
    return sorted(lines)[:20]


def rounded_mean(total: int, count: int) -> int:
    return int((Decimal(total) / count).quantize(Decimal(1), ROUND_HALF_UP)) if count else 0


def kind_of(metric_id: str) -> str:
    return "share" if metric_id in SHARES else "mean" if metric_id in MEANS else "ratio"


@dataclass(frozen=True)
class Scales:
    """What a comparison's sums are shifted by and measured in: pivots, the overall ratio, and the overall standard deviation."""

    pivots: Values
    ratio: float
    skew_unit: float | None

    def deviation(self, values: Values, kind: str) -> float:
        return values[0] - self.ratio * values[1] if kind == "ratio" else float(values[0] - self.pivots[0])


def scales_of(values: Counter[Values], kind: str) -> Scales:
    persons = sum(values.values())
    totals = [sum(value[place] * count for value, count in values.items()) for place in range(4)]
    pivots = tuple(rounded_mean(total, persons) for total in totals)
    scales = Scales(pivots, totals[0] / totals[1] if kind == "ratio" and totals[1] else 0.0, None)  # type: ignore[arg-type]
    if persons < 2:
        return scales
    deviations = [(scales.deviation(value, kind), count) for value, count in values.items()]
    mean = math.fsum(deviation * count for deviation, count in deviations) / persons
    variance = math.fsum((deviation - mean) ** 2 * count for deviation, count in deviations) / (persons - 1)
    size = max((abs(value[0]) + abs(scales.ratio * value[1]) for value in values), default=0.0)
    return Scales(scales.pivots, scales.ratio, math.sqrt(variance) if variance > 1e-12 * size**2 else None)


def statistics(values: Counter[Values], scales: Scales, metric_id: str) -> Statistics:
    """The row of sufficient statistics of some persons' values."""
    scale = {"y": 1_000_000, "x": 1_000_000} if metric_id in MILLIONTHS else {}
    kind = kind_of(metric_id)
    found: Statistics = {"metric_kind": kind, "persons": sum(values.values())}  # type: ignore[dict-item]
    found["numerator"] = sum(value[0] * count for value, count in values.items()) / scale.get("y", 1)
    found["denominator"] = sum(value[1] * count for value, count in values.items()) if kind == "ratio" else None
    for place, letter in enumerate("ydxz"):
        found[f"pivot_{letter}"] = scales.pivots[place] / scale.get(letter, 1)
        found[f"sum_{letter}"] = sum((value[place] - scales.pivots[place]) * count for value, count in values.items()) / scale.get(letter, 1)
    for pair in PAIRS:
        one, other = "ydxz".index(pair[0]), "ydxz".index(pair[1])
        total = sum((value[one] - scales.pivots[one]) * (value[other] - scales.pivots[other]) * count for value, count in values.items())
        found[f"sum_{pair}"] = total / scale.get(pair[0], 1) / scale.get(pair[1], 1)
    unit = scales.skew_unit
    found["skew_unit"] = None if unit is None else unit / scale.get("y", 1)
    found["sum_cubes"] = None if unit is None else math.fsum((scales.deviation(value, kind) / unit) ** 3 * count for value, count in values.items())
    return found


class Comparison:
    """One metric of one experiment in one window: its persons, their values and scales."""

    def __init__(self, study: Study, experiment: dict[str, Any], metric_id: str, days: int | None):
        self.metric_id, self.kind, self.length = metric_id, kind_of(metric_id), None if days is None else days * DAY_US
        experiment_id = experiment["experiment_id"]
        self.before = experiment["covariate_window_days"] * DAY_US
        self.persons = [person for person in study.persons[experiment_id] if self.is_in(person, study.as_of)]
        if metric_id == "net_value":
            self.streams = [(stream, worth) for stream, worth in study.streams[experiment_id] if stream not in LAST_DAYS or days in (30, 90)]
            self.of = {stream: Comparison(study, experiment, stream, days) for stream, _ in self.streams}
        else:
            if metric_id in LAST_DAYS:
                self.before = min(self.before, LAST_DAYS[metric_id] * DAY_US)
            journey_id = experiment["journey_id"] if metric_id in OF_JOURNEY else None
            self.acts = {person.person_id: [act for act in study.acts[metric_id].get(person.person_id, []) if journey_id in (None, act.journey_id)]
                         for person in self.persons}  # fmt: skip
            self.parts = {person.person_id: [part for act in self.acts[person.person_id]
                                             for part in act.parts(person.exposed, self.length, LAST_DAYS.get(metric_id))]
                          for person in self.persons}  # fmt: skip
            self.covariates = {person.person_id: self.covariate(person) for person in self.persons}
        self.scales = scales_of(self.values(self.persons, None), self.kind)

    def is_in(self, person: Compared, now: int) -> bool:
        return self.length is None or person.exposed + self.length <= now

    def covariate(self, person: Compared) -> tuple[int, int]:
        added = [act.adds_before(person.exposed, self.before) for act in self.acts[person.person_id]]
        x, z = sum(part[0] for part in added), sum(part[1] for part in added)
        return (int(x > 0) if self.kind == "share" else x), z

    def value(self, person: Compared, until: int | None) -> Values:
        if self.metric_id == "net_value":
            valued = [(self.of[stream].value(person, until), worth) for stream, worth in self.streams]
            return sum(half_up(value[0] * worth) for value, worth in valued), 0, sum(half_up(value[2] * worth) for value, worth in valued), 0
        y = d = 0
        for moment, to_y, to_d in self.parts[person.person_id]:
            if until is None or moment < until:
                y, d = y + to_y, d + to_d
        return (int(y > 0) if self.kind == "share" else y), d, *self.covariates[person.person_id]

    def values(self, persons: list[Compared], until: int | None) -> Counter[Values]:
        return Counter(self.value(person, until) for person in persons)

    def statistics(self, persons: list[Compared], until: int | None) -> Statistics:
        return statistics(self.values(persons, until), self.scales, self.metric_id)


def half_up(value: float) -> int:
    return int(Decimal(value).quantize(Decimal(1), ROUND_HALF_UP))


def comparisons(study: Study) -> Iterator[tuple[dict[str, Any], str, str, Comparison]]:
    for experiment in study.experiments:
        for metric_id in study.metrics[experiment["experiment_id"]]:
            for window, days in WINDOWS.items():
                if metric_id not in TIMES and (metric_id not in LAST_DAYS or window in ("30", "90")):
                    yield experiment, metric_id, window, Comparison(study, experiment, metric_id, days)


def metric_stats(study: Study) -> dict[Key, Statistics]:
    """experiment_metric_stats by (experiment, variant, metric, window, segment)."""
    found = {}
    for experiment, metric_id, window, comparison in comparisons(study):
        experiment_id = experiment["experiment_id"]
        cells: dict[tuple[str, str], list[Compared]] = {(variant_id, "all"): [] for variant_id in study.variants[experiment_id]}
        for person in comparison.persons:
            for segment in person.segments:
                cells.setdefault((person.variant_id, segment), []).append(person)
        for (variant_id, segment), persons in cells.items():
            found[experiment_id, variant_id, metric_id, window, segment] = comparison.statistics(persons, None)
    return found


def end_of(day: date, timezone: str) -> int:
    """The first moment (microseconds, UTC) that belongs to the next local day."""
    midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZoneInfo(timezone))
    return round(midnight.timestamp()) * 1_000_000


def metric_stats_daily(study: Study) -> dict[Key, Statistics]:
    """experiment_metric_stats_daily by (experiment, variant, metric, window, day)."""
    found = {}
    last = (EPOCH.replace(tzinfo=ZoneInfo("UTC")) + timedelta(microseconds=study.as_of)).astimezone(ZoneInfo(study.timezone)).date()
    for experiment, metric_id, window, comparison in comparisons(study):
        day = experiment["started_on"]
        while day <= last:
            until = None if day == last else end_of(day, study.timezone)
            inside = comparison.persons if until is None else [
                person for person in comparison.persons if person.exposed < until and comparison.is_in(person, until)
            ]  # fmt: skip
            for variant_id in study.variants[experiment["experiment_id"]]:
                persons = [person for person in inside if person.variant_id == variant_id]
                found[experiment["experiment_id"], variant_id, metric_id, window, day] = comparison.statistics(persons, until)
            day += timedelta(days=1)
    return found


def bucket_of(duration_us: int) -> tuple[int, int]:
    """(start, end) in seconds: a minute up to an hour, an hour up to 30 days, a day beyond."""
    seconds = duration_us // 1_000_000
    width = 60 if seconds < 3600 else 3600 if seconds < 30 * 86400 else 86400
    return seconds - seconds % width, seconds - seconds % width + width


def life_table(cases: list[tuple[int, bool]]) -> dict[tuple[int, int], tuple[int, int, int]]:
    """(at risk, events, censored) per bucket, of cases (duration in microseconds, whether the event came)."""
    placed = [(bucket_of(duration), is_event) for duration, is_event in cases]
    return {
        bucket: (
            sum(1 for other, _ in placed if other >= bucket),
            sum(1 for other, is_event in placed if other == bucket and is_event),
            sum(1 for other, is_event in placed if other == bucket and not is_event),
        )
        for bucket in sorted({bucket for bucket, _ in placed})
    }


def cases_after(study: Study, experiment: dict[str, Any], person: Compared, metric_id: str) -> list[tuple[int, int | None]]:
    """(start, event) of a person's cases of a time metric, from the exposure on."""
    journey_id = experiment["journey_id"] if metric_id in OF_JOURNEY else None
    own = [case for case in study.cases[metric_id].get(person.person_id, []) if journey_id in (None, case[2])]
    if metric_id == "time_to_complete":
        return [(person.exposed, min((event for _, event, _ in own if event is not None and event >= person.exposed), default=None))]
    return [(start, event) for start, event, _ in own if start >= person.exposed]


def experiment_life_tables(study: Study) -> dict[Key, tuple[int, int, int]]:
    """experiment_life_tables by (experiment, variant, metric, window, segment, start, end)."""
    found = {}
    for experiment in study.experiments:
        experiment_id = experiment["experiment_id"]
        for metric_id in sorted(TIMES.intersection(study.metrics[experiment_id])):
            for window, days in WINDOWS.items():
                cells = defaultdict(list)
                for person in study.persons[experiment_id]:
                    end = math.inf if days is None else person.exposed + days * DAY_US
                    if days is not None and end > study.as_of:
                        continue
                    for start, event in cases_after(study, experiment, person, metric_id):
                        if start < end:
                            is_event = event is not None and event < end
                            seen_until = event if is_event and event is not None else int(min(study.as_of if event is None else end, end))
                            for segment in person.segments:
                                cells[person.variant_id, segment].append((max(0, seen_until - start), is_event))
                for (variant_id, segment), cases in cells.items():
                    for bucket, counts in life_table(cases).items():
                        found[experiment_id, variant_id, metric_id, window, segment, *bucket] = counts
    return found
