"""What everybody did that counts for a metric, by plain loops over the facts and, where those hold verdicts, over the rows behind them.

Readings of the specification:

- An attempt happens when it is completed, or else when its last visit ended; what is asked of attempts that are over is known once
  the time of an abandoned one has run out. A step attempt happens when the step was completed, or else when its attempt ended.
- A task that was solved without help counts until a ticket within 7 days says otherwise.
- A completion, or a ticket, is judged once its 7 days have passed, or what they are about has happened.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from builds import rows_of

DAY_US = 86_400_000_000
EPOCH = datetime(1970, 1, 1)
SHARES = {"conversion", "retention", "purchase_rate", "churn_rate", "refund_rate"}
MEANS = {"revenue", "messages_delivered", "tickets_per_person", "support_cost", "repeat_visits", "net_value"}
MILLIONTHS = {
    "completion_time", "time_to_first_action", "csat", "ces", "relevance_score", "revenue", "support_cost", "net_value",
}  # fmt: skip
STEP_SIGNALS = {
    "error_rate": "errors", "retry_rate": "retries", "backtrack_rate": "backtracks", "rage_click_rate": "rage_clicks",
    "help_view_rate": "help_views", "repeated_edit_rate": "repeated_edits", "pause_rate": "pauses",
}  # fmt: skip
OF_JOURNEY = {
    "conversion", "attempt_completion_rate", "step_abandonment_rate", "completion_time", "time_to_first_action",
    "required_step_failure_rate", "silent_friction_rate", "fields_per_attempt", "task_success_rate", "time_to_complete", *STEP_SIGNALS,
}  # fmt: skip
HANDOVER_THRESHOLD = 2

Row = dict[str, Any]


def micros(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - EPOCH) // timedelta(microseconds=1)


def us(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


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
    withdrawn: int | None = None  # from when on the numerator no longer counts

    def parts(self, exposed: int, length: int | None, last_days: int | None = None) -> list[tuple[int, int, int]]:
        """(from when on it counts, to the numerator, to the denominator) of what counts after an exposure and within `length`."""
        earliest = exposed if last_days is None or length is None else exposed + length - last_days * DAY_US
        if self.happened < earliest or (length is not None and self.happened >= exposed + length):
            return []
        known = max(self.happened, self.known)
        at = self.happened if self.numerator_at is None else self.numerator_at
        found = [(known, 0, self.denominator)]
        if length is None or at < exposed + length:
            found.append((max(at, known, self.numerator_known or known), self.numerator, 0))
            if self.withdrawn is not None:
                found.append((self.withdrawn, -self.numerator, 0))
        return found

    def adds_before(self, exposed: int, length: int) -> tuple[int, int]:
        """(to the numerator, to the denominator) for the time before an exposure."""
        if not exposed - length <= self.happened < exposed:
            return 0, 0
        at = self.happened if self.numerator_at is None else self.numerator_at
        return (self.numerator if at < exposed and self.withdrawn is None else 0), self.denominator


Acts = dict[str, dict[str, list[Act]]]  # metric -> person -> acts
Cases = dict[str, dict[str, list[tuple[int, int | None, str | None]]]]  # metric -> person -> (start, event, journey)


def of_attempts(database: Path, acts: Acts, as_of: int) -> dict[str, Row]:
    timeouts = {row["journey_id"]: row["attempt_timeout_minutes"] * 60_000_000 for row in rows_of(database, "select * from cfg_journeys")}
    tickets, troubles = defaultdict(list), defaultdict(list)
    for row in rows_of(database, "select * from fct_tickets"):
        tickets[row["person_id"]].append(us(row["opened_at"]))
        troubles[row["person_id"]].append(us(row["opened_at"]))
    for row in rows_of(database, "select * from fct_survey_responses where survey_type = 'confidence'"):
        if row["score"] <= 3:
            troubles[row["person_id"]].append(us(row["occurred_at"]))
    attempts = {row["attempt_id"]: row for row in rows_of(database, "select * from fct_journey_attempts")}
    for row in attempts.values():
        person, journey_id = row["person_id"], row["journey_id"]
        completed, ended = micros(row["completed_at"]), us(row["ended_at"])
        row["known"] = ended + timeouts[journey_id] if row["outcome"] == "abandoned" else completed

        def add(metric_id: str, happened: int, known: int, denominator: int, numerator: int = 0, **more: Any) -> None:
            acts[metric_id][person].append(Act(happened, known, denominator, numerator, journey_id=journey_id, **more))  # noqa: B023

        happened = ended if completed is None else completed
        add("fields_per_attempt", happened, happened, 1, row["fields"] or 0)
        if row["seconds_to_first_action"] is not None:
            waited = millionths(row["seconds_to_first_action"])
            add("time_to_first_action", us(row["started_at"]) + waited, 0, 1, waited)
        if row["outcome"] == "in_progress":
            continue
        add("attempt_completion_rate", happened, row["known"], 1, int(completed is not None))
        add("required_step_failure_rate", happened, row["known"], 1, int(row["failed_at_required_step"]))
        if completed is None:
            add("task_success_rate", happened, row["known"], 1)
            continue
        add("conversion", completed, completed, 0, 1)
        add("completion_time", completed, completed, 1, max(0, completed - us(row["started_at"])))
        ticket = min((moment for moment in tickets[person] if completed <= moment < completed + 7 * DAY_US), default=None)
        is_clean = row["errors"] == 0 and row["help_views"] == 0
        add("task_success_rate", completed, completed, 1, int(is_clean), withdrawn=ticket if is_clean else None)
        trouble = min((moment for moment in troubles[person] if completed <= moment < completed + 7 * DAY_US), default=None)
        if trouble is not None:
            add("silent_friction_rate", completed, trouble, 1, 1, numerator_at=trouble)
        elif as_of >= completed + 7 * DAY_US:
            add("silent_friction_rate", completed, completed + 7 * DAY_US, 1)
    return attempts


def of_steps(database: Path, acts: Acts, attempts: dict[str, Row]) -> None:
    for row in rows_of(database, "select * from fct_step_attempts"):
        attempt, person, journey_id = attempts[row["attempt_id"]], row["person_id"], row["journey_id"]
        ended, completed = us(attempt["ended_at"]), micros(row["completed_at"])
        happened = ended if completed is None else completed
        for metric_id, signal in STEP_SIGNALS.items():
            acts[metric_id][person].append(Act(happened, happened, 1, row[signal], journey_id=journey_id))
        if completed is not None or attempt["outcome"] != "in_progress":
            known = attempt["known"] if completed is None else completed
            acts["step_abandonment_rate"][person].append(
                Act(happened, known, 1, int(row["is_abandoned"]), ended, attempt["known"], journey_id))  # fmt: skip


def of_messages(database: Path, acts: Acts) -> None:
    for row in rows_of(database, "select * from fct_messages where delivered_at is not null"):
        delivered, person = us(row["delivered_at"]), row["person_id"]
        engaged = [moment for moment in (row["first_clicked_at"], row["first_replied_at"]) if moment]
        acts["messages_delivered"][person].append(Act(delivered, delivered, 0, 1))
        for metric_id, moment in (
            ("engagement_rate", min(engaged, default=None)), ("message_conversion_rate", row["converted_at"]),
            ("unsubscribe_rate", row["unsubscribed_at"]), ("complaint_rate", row["complained_at"]),
            ("open_rate", row["first_opened_at"]), ("click_rate", row["first_clicked_at"]), ("reply_rate", row["first_replied_at"]),
        ):  # fmt: skip
            at = micros(moment)
            acts[metric_id][person].append(Act(delivered, delivered, 1, int(at is not None), at, at))
        if row["had_consent"] is not None:
            acts["unconsented_rate"][person].append(Act(delivered, delivered, 1, int(not row["had_consent"])))


def handover_due(events: list[Row]) -> int | None:
    """When the customer first asked for a person, or the bot had missed often enough."""
    misses, last = 0, None
    for event in events:
        if event["event_type"] == "handover_requested":
            return us(event["occurred_at"])
        if event["event_type"] == "customer_message" and last == "bot_message":
            misses += 1
            if misses == HANDOVER_THRESHOLD:
                return us(event["occurred_at"])
        if event["event_type"].endswith("_message"):
            last = event["event_type"]
    return None


def of_tickets(database: Path, acts: Acts, as_of: int) -> None:
    events, opened_by = defaultdict(list), defaultdict(list)
    for row in sorted(rows_of(database, "select * from stg_ticket_events"), key=lambda row: (row["occurred_at"], row["event_id"].encode())):
        events[row["ticket_id"]].append(row)
    tickets = rows_of(database, "select * from fct_tickets")
    for row in tickets:
        opened_by[row["person_id"]].append((us(row["opened_at"]), row["ticket_id"]))
    for row in tickets:
        opened, person, life = us(row["opened_at"]), row["person_id"], events[row["ticket_id"]]
        answers = [us(event["occurred_at"]) for event in life if event["event_type"] == "agent_message"]
        acts["tickets_per_person"][person].append(Act(opened, opened, 0, 1))
        acts["support_cost"][person].append(Act(opened, max([opened, *answers]), 0, millionths(row["support_cost"] or 0)))
        resolved_first, reopened = row["first_resolved_at"], None
        if resolved_first:
            place = next(number for number, event in enumerate(life)
                         if event["occurred_at"] == resolved_first and event["event_type"] in ("resolved", "closed"))  # fmt: skip
            reopened = next((us(event["occurred_at"]) for event in life[place:] if event["event_type"] == "reopened"), None)
        handed_over = micros(row["handed_over_at"])
        due = handover_due(life) if handed_over is None else None
        for metric_id, moment in (
            ("escalation_rate", handed_over), ("reopen_rate", reopened), ("missed_handover_rate", due),
            ("early_handover_rate", handed_over if row["handover_timing"] == "early" else None),
        ):  # fmt: skip
            acts[metric_id][person].append(Act(opened, opened, 1, int(moment is not None), moment, moment))
        if row["resolved_at"] is None:
            continue
        resolved = us(row["resolved_at"])
        again = min((moment for moment, other in opened_by[person]
                     if other != row["ticket_id"] and resolved <= moment < resolved + 7 * DAY_US), default=None)  # fmt: skip
        if again is not None:
            acts["repeat_contact_rate"][person].append(Act(opened, again, 1, 1, again))
        elif as_of >= resolved + 7 * DAY_US:
            acts["repeat_contact_rate"][person].append(Act(opened, resolved + 7 * DAY_US, 1))


def of_answers_and_money(database: Path, acts: Acts) -> None:
    for row in rows_of(database, "select * from fct_survey_responses"):
        at, person, score = us(row["occurred_at"]), row["person_id"], row["score"]
        metric_id, value = {
            "csat": ("csat", millionths(score or 0)), "ces": ("ces", millionths(score or 0)),
            "relevance": ("relevance_score", millionths(((score or 0) - 1) / 4)),
            "nps": ("nps", 1 if (score or 0) >= 9 else -1 if (score or 0) <= 6 else 0),
            "confidence": ("confidence_rate", int((score or 0) >= 4)),
        }.get(row["survey_type"], (None, 0))  # fmt: skip
        if metric_id:
            acts[metric_id][person].append(Act(at, at, 1, value))
    for row in rows_of(database, "select * from fct_transactions"):
        at, person, kind = us(row["occurred_at"]), row["person_id"], row["transaction_type"]
        if row["is_reporting_currency"] and row["amount"] is not None:
            sign = {"purchase": 1, "subscription_renewal": 1, "refund": -1}.get(kind, 0)
            acts["revenue"][person].append(Act(at, at, 0, sign * millionths(row["amount"])))
        metric_id = {"purchase": "purchase_rate", "subscription_cancel": "churn_rate", "refund": "refund_rate"}.get(kind)
        if metric_id:
            acts[metric_id][person].append(Act(at, at, 0, 1))


def of_visits(database: Path, acts: Acts) -> None:
    sessions = defaultdict(list)
    for row in rows_of(database, "select * from fct_sessions"):
        sessions[row["person_id"]].append(us(row["started_at"]))
    for person, starts in sessions.items():
        acts["repeat_visits"][person] = [Act(start, start, 0, 1) for start in sorted(starts)[1:]]
    owners = {row["anonymous_id"]: row["person_id"] for row in rows_of(database, "select * from person_identities")}
    for row in rows_of(database, "select user_id, anonymous_id, occurred_at from stg_events"):
        person = f"u:{row['user_id']}" if row["user_id"] is not None else owners[row["anonymous_id"]]
        acts["retention"][person].append(Act(us(row["occurred_at"]), 0, 0, 1))


def all_acts(database: Path, as_of: int) -> Acts:
    """Every act of every person, from the facts."""
    acts: Acts = defaultdict(lambda: defaultdict(list))
    attempts = of_attempts(database, acts, as_of)
    of_steps(database, acts, attempts)
    of_messages(database, acts)
    of_tickets(database, acts, as_of)
    of_answers_and_money(database, acts)
    of_visits(database, acts)
    return acts


def all_cases(database: Path) -> Cases:
    """The cases of the time metrics, but for those that begin with the exposure: of these the events alone."""
    cases: Cases = defaultdict(lambda: defaultdict(list))
    for row in rows_of(database, "select * from fct_journey_attempts where completed_at is not null"):
        cases["time_to_complete"][row["person_id"]].append((0, us(row["completed_at"]), row["journey_id"]))
    for row in rows_of(database, "select * from fct_messages where delivered_at is not null"):
        acted = [us(row[f"{name}_at"]) for name in ("first_clicked", "first_replied", "converted") if row[f"{name}_at"]]
        cases["latency_to_action"][row["person_id"]].append((us(row["delivered_at"]), min(acted, default=None), None))
    for row in rows_of(database, "select * from fct_tickets"):
        person, opened = row["person_id"], us(row["opened_at"])
        cases["first_response_time"][person].append((opened, micros(row["first_response_at"]), None))
        cases["resolution_time"][person].append((opened, micros(row["resolved_at"]), None))
    answers = defaultdict(list)
    for row in rows_of(database, "select ticket_id, occurred_at from stg_ticket_events where event_type = 'agent_message'"):
        answers[row["ticket_id"]].append(us(row["occurred_at"]))
    for row in rows_of(database, "select * from fct_tickets where handed_over_at is not null"):
        handed_over = us(row["handed_over_at"])
        taken = min((moment for moment in answers[row["ticket_id"]] if moment >= handed_over), default=None)
        cases["handover_wait"][row["person_id"]].append((handed_over, taken, None))
    return cases
