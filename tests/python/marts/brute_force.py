"""The experiments' statistics and the support marts once more, by plain loops over one person or ticket at a time.

Read are the facts that a build holds (`fct_*`, `cfg_*`, `as_of`, and the segments of `users`); no sum is taken in SQL. Moments are
whole microseconds, sums whole numbers (of millionths where a metric's numerator is a fraction), so that every result is exact.

Readings of the specification that the code takes:

- A row counts when it happens at or after the exposure and before the window's end; a ratio's numerator must also have happened
  before the window's end (a message delivered in the window and clicked after it adds to the denominator alone).
- An attempt happens when it is completed, or else when its last visit ended. A step attempt happens when the step was completed,
  or else when its attempt had finished; it was given up when its attempt ended.
- "As if as_of were the end of a day" counts what had happened and was known by then: an attempt is given up once its time has run
  out, a person is in a fixed window once the whole of it has passed. Rows are not hidden: what belongs together stays together.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from builds import rows_of

DAY_US = 86_400_000_000
EPOCH = datetime(1970, 1, 1)
WINDOWS: dict[str, int | None] = {"7": 7, "30": 30, "90": 90, "all": None}
CELL = ("experiment_id", "variant_id", "metric_id", "metric_window")
PAIRS = ("yy", "dd", "xx", "zz", "yd", "yx", "yz", "dx", "dz", "xz")
KINDS = {"conversion": "share", "revenue": "mean"}  # all others are ratios
MILLIONTHS = {"completion_time", "csat", "revenue"}
OF_JOURNEY = {"conversion", "attempt_completion_rate", "step_abandonment_rate", "completion_time"}

Statistics = dict[str, float | int | None]
Key = tuple[Any, ...]


def micros(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - EPOCH) // timedelta(microseconds=1)


def millionths(value: float) -> int:
    return int((Decimal(repr(value)) * 1_000_000).quantize(Decimal(1), ROUND_HALF_UP))


@dataclass(frozen=True)
class Act:
    """Something that counts for a metric: when, from when on that is known, and what it adds."""

    happened: int
    known: int
    denominator: int
    numerator: int = 0
    numerator_at: int | None = None  # where the numerator is an event of its own
    numerator_known: int | None = None
    journey_id: str | None = None

    def adds(self, exposed: int, length: int | None, until: int | None) -> tuple[int, int]:
        """(to the numerator, to the denominator) after an exposure, within `length` and as of `until` (None: as at as_of)."""
        if self.happened < exposed or (length is not None and self.happened >= exposed + length):
            return 0, 0
        at, known = self.numerator_at or self.happened, self.numerator_known or self.known
        is_late = length is not None and at >= exposed + length
        counts = not is_late and (until is None or max(at, known, self.happened, self.known) < until)
        return (
            self.numerator if counts else 0,
            self.denominator if until is None or (self.happened < until and self.known < until) else 0,
        )

    def adds_before(self, exposed: int, length: int) -> tuple[int, int]:
        """The same for the time before an exposure."""
        if not exposed - length <= self.happened < exposed:
            return 0, 0
        return (self.numerator if (self.numerator_at or self.happened) < exposed else 0), self.denominator


Acts = dict[str, dict[str, list[Act]]]  # metric -> person -> acts


def all_acts(database: Path) -> Acts:
    """Every act of every person, from the facts."""
    acts: Acts = defaultdict(lambda: defaultdict(list))
    timeouts = {row["journey_id"]: row["attempt_timeout_minutes"] * 60_000_000 for row in rows_of(database, "select * from cfg_journeys")}
    attempts = {row["attempt_id"]: row for row in rows_of(database, "select * from fct_journey_attempts")}
    for row in attempts.values():
        person, journey_id = row["person_id"], row["journey_id"]
        completed, ended = micros(row["completed_at"]), micros(row["ended_at"])
        assert ended is not None
        row["known"] = ended + timeouts[journey_id] if row["outcome"] == "abandoned" else completed
        if row["outcome"] == "completed":
            assert completed is not None
            taken = max(0, completed - (micros(row["started_at"]) or 0))
            acts["conversion"][person].append(Act(completed, completed, 0, 1, journey_id=journey_id))
            acts["attempt_completion_rate"][person].append(Act(completed, completed, 1, 1, journey_id=journey_id))
            acts["completion_time"][person].append(Act(completed, completed, 1, taken, journey_id=journey_id))
        elif row["outcome"] == "abandoned":
            acts["attempt_completion_rate"][person].append(Act(ended, row["known"], 1, 0, journey_id=journey_id))
    for row in rows_of(database, "select * from fct_step_attempts"):
        attempt = attempts[row["attempt_id"]]
        ended, completed = micros(attempt["ended_at"]), micros(row["completed_at"])
        assert ended is not None
        if completed is not None:
            act = Act(completed, completed, 1, int(row["is_abandoned"]), ended, attempt["known"], row["journey_id"])
        elif attempt["outcome"] != "in_progress":
            act = Act(ended, attempt["known"], 1, int(row["is_abandoned"]), ended, attempt["known"], row["journey_id"])
        else:
            continue
        acts["step_abandonment_rate"][row["person_id"]].append(act)
    for row in rows_of(database, "select * from fct_messages where delivered_at is not null"):
        delivered = micros(row["delivered_at"])
        assert delivered is not None
        engaged = [moment for moment in (row["first_clicked_at"], row["first_replied_at"]) if moment]
        for metric_id, moment in (
            ("engagement_rate", min(engaged, default=None)), ("message_conversion_rate", row["converted_at"]),
            ("unsubscribe_rate", row["unsubscribed_at"]), ("complaint_rate", row["complained_at"]),
        ):  # fmt: skip
            at = micros(moment)
            acts[metric_id][row["person_id"]].append(Act(delivered, delivered, 1, int(at is not None), at, at))
    for row in rows_of(database, "select * from fct_tickets"):
        opened, handed_over = micros(row["opened_at"]), micros(row["handed_over_at"])
        assert opened is not None
        acts["escalation_rate"][row["person_id"]].append(Act(opened, opened, 1, int(handed_over is not None), handed_over, handed_over))
    for row in rows_of(database, "select * from fct_survey_responses where survey_type = 'csat'"):
        at = micros(row["occurred_at"]) or 0
        acts["csat"][row["person_id"]].append(Act(at, at, 1, millionths(row["score"])))
    for row in rows_of(database, "select * from fct_transactions where is_reporting_currency and amount is not null"):
        sign = {"purchase": 1, "subscription_renewal": 1, "refund": -1}.get(row["transaction_type"], 0)
        at = micros(row["occurred_at"]) or 0
        acts["revenue"][row["person_id"]].append(Act(at, at, 0, sign * millionths(row["amount"])))
    return acts


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
    as_of: int
    timezone: str


def study_of(database: Path, timezone: str, segments: list[str]) -> Study:
    columns = ", ".join(["user_id", *segments])
    cut = {f"u:{row['user_id']}": tuple(f"{name}={row[name] or '(not set)'}" for name in segments)
           for row in rows_of(database, f"select {columns} from stg_users")}  # fmt: skip
    variants, metrics, persons = defaultdict(list), defaultdict(list), defaultdict(list)
    for row in rows_of(database, "select * from cfg_experiment_variants"):
        variants[row["experiment_id"]].append(row["variant_id"])
    for row in rows_of(database, "select * from cfg_experiment_metrics"):
        metrics[row["experiment_id"]].append(row["metric_id"])
    for row in rows_of(database, "select * from fct_exposures where not is_contaminated"):
        if row["variant_id"] in variants[row["experiment_id"]]:
            persons[row["experiment_id"]].append(
                Compared(row["person_id"], row["variant_id"], micros(row["exposed_at"]) or 0, ("all", *cut.get(row["person_id"], ()))))
    as_of = micros(rows_of(database, "select as_of from as_of")[0]["as_of"])
    assert as_of is not None
    return Study(rows_of(database, "select * from cfg_experiments"), variants, metrics, persons, all_acts(database), as_of, timezone)


def keyed(rows: list[dict[str, Any]], names: tuple[str, ...]) -> dict[Key, dict[str, Any]]:
    """Rows by their key, which no two may share."""
    found = {tuple(row[name] for name in names): row for row in rows}
    assert len(found) == len(rows), "two rows of one key"
    return found


def is_same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return bool(one == other)


def differences(found: dict[Key, dict[str, Any]], expected: dict[Key, Statistics]) -> list[str]:
    """What differs, in words: twenty lines at most."""
    lines = [f"missing {key}" for key in expected.keys() - found.keys()] + [f"too many {key}" for key in found.keys() - expected.keys()]
    for key in expected.keys() & found.keys():
        lines += [f"{key} {name}: found {found[key][name]!r}, expected {value!r}"
                  for name, value in expected[key].items() if not is_same(found[key][name], value)]  # fmt: skip
    return sorted(lines)[:20]


def rounded_mean(total: int, count: int) -> int:
    return int((Decimal(total) / count).quantize(Decimal(1), ROUND_HALF_UP)) if count else 0


def statistics(values: list[dict[str, int]], pivots: dict[str, int], metric_id: str) -> Statistics:
    """The row of sufficient statistics of some persons' values."""
    scale = {"y": 1_000_000, "x": 1_000_000} if metric_id in MILLIONTHS else {}
    kind = KINDS.get(metric_id, "ratio")
    found: Statistics = {"metric_kind": kind, "persons": len(values)}  # type: ignore[dict-item]
    found["numerator"] = sum(value["y"] for value in values) / scale.get("y", 1)
    found["denominator"] = sum(value["d"] for value in values) if kind == "ratio" else None
    for letter in "ydxz":
        found[f"pivot_{letter}"] = pivots[letter] / scale.get(letter, 1)
        found[f"sum_{letter}"] = sum(value[letter] - pivots[letter] for value in values) / scale.get(letter, 1)
    for pair in PAIRS:
        one, other = pair[0], pair[1]
        total = sum((value[one] - pivots[one]) * (value[other] - pivots[other]) for value in values)
        found[f"sum_{one}{other}"] = total / scale.get(one, 1) / scale.get(other, 1)
    return found


class Comparison:
    """One metric of one experiment in one window: its persons, their values and pivots."""

    def __init__(self, study: Study, experiment: dict[str, Any], metric_id: str, days: int | None):
        self.metric_id, self.length = metric_id, None if days is None else days * DAY_US
        self.before = experiment["covariate_window_days"] * DAY_US
        self.is_share = KINDS.get(metric_id) == "share"
        self.persons = [person for person in study.persons[experiment["experiment_id"]] if self.is_in(person, study.as_of)]
        journey_id = experiment["journey_id"] if metric_id in OF_JOURNEY else None
        self.acts = {person.person_id: [act for act in study.acts[metric_id].get(person.person_id, []) if journey_id in (None, act.journey_id)]
                     for person in self.persons}  # fmt: skip
        self.covariates = {person.person_id: self.covariate(person) for person in self.persons}
        now = [self.value(person, None) for person in self.persons]
        self.pivots = {letter: rounded_mean(sum(value[letter] for value in now), len(now)) for letter in "ydxz"}

    def is_in(self, person: Compared, now: int) -> bool:
        return self.length is None or person.exposed + self.length <= now

    def covariate(self, person: Compared) -> tuple[int, int]:
        parts = [act.adds_before(person.exposed, self.before) for act in self.acts[person.person_id]]
        x, z = sum(part[0] for part in parts), sum(part[1] for part in parts)
        return (int(x > 0) if self.is_share else x), z

    def value(self, person: Compared, until: int | None) -> dict[str, int]:
        y = d = 0
        for act in self.acts[person.person_id]:
            added = act.adds(person.exposed, self.length, until)
            y, d = y + added[0], d + added[1]
        x, z = self.covariates[person.person_id]
        return {"y": int(y > 0) if self.is_share else y, "d": d, "x": x, "z": z}

    def statistics(self, persons: list[Compared], until: int | None) -> Statistics:
        return statistics([self.value(person, until) for person in persons], self.pivots, self.metric_id)


def comparisons(study: Study) -> Iterator[tuple[dict[str, Any], str, str, Comparison]]:
    for experiment in study.experiments:
        for metric_id in study.metrics[experiment["experiment_id"]]:
            if metric_id != "resolution_time":
                for window, days in WINDOWS.items():
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


def experiment_life_tables(database: Path, study: Study) -> dict[Key, tuple[int, int, int]]:
    """experiment_life_tables of resolution_time by (experiment, variant, window, segment, start, end)."""
    tickets = defaultdict(list)
    for row in rows_of(database, "select * from fct_tickets"):
        tickets[row["person_id"]].append((micros(row["opened_at"]) or 0, micros(row["resolved_at"])))
    found = {}
    for experiment_id, everyone in study.persons.items():
        for window, days in WINDOWS.items():
            cells = defaultdict(list)
            for person in everyone:
                end = math.inf if days is None else person.exposed + days * DAY_US
                if days is not None and end > study.as_of:
                    continue
                for opened, resolved in tickets[person.person_id]:
                    if person.exposed <= opened < end:
                        is_event = resolved is not None and resolved < end
                        seen_until = resolved if is_event and resolved is not None else int(min(study.as_of if resolved is None else end, end))
                        for segment in person.segments:
                            cells[person.variant_id, segment].append((max(0, seen_until - opened), is_event))
            for (variant_id, segment), cases in cells.items():
                for bucket, counts in life_table(cases).items():
                    found[experiment_id, variant_id, window, segment, *bucket] = counts
    return found
