"""The planted truth: exact expectations of everything the business of `business.py` declares.

An effect is the difference of a metric (in the mart's own definition) between an arm and the control. All that an
experiment causes happens within seven days of the exposure, and nothing else of the same kind happens afterwards, so
that the truth is the same for every window (7, 30, 90 days and all). Expectations are exact sums over the two traits,
the optional step, and the number of attempts, messages or cases; nothing here is estimated from a run.

- share (`conversion`): E over traits of 1 − Σ P(n attempts) · (1 − p)ⁿ.
- ratio: expected numerator ÷ expected denominator a person; the number of attempts, messages and cases does not depend
  on the trait.
- mean (`revenue`): expected completed orders · expected amount · (1 − refund share).
- time (`resolution_time`): mean seconds to resolution. Every case of the experiment is resolved within its shortest time
  plus 96 hours in both arms, so that it is the restricted mean to any later horizon, the 30 days included.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from python_stats.simulation import business
from python_stats.simulation.business import Experiment, Journey, Variant


def mean_score(name: str) -> float:
    """Expected score (1–5) of a distribution of `business.SCORES`."""
    return 5.0 - sum(business.SCORES[name])


def completion_chances(item: Journey, leave_factors: dict[str, float]) -> tuple[float, float]:
    """Chance that an attempt completes, for the easy and the struggling trait."""
    share = business.optional_share(item)
    easy, struggling = (
        sum(weight * business.reach(item, trait, bool(route), leave_factors)[-1][1] for route, weight in ((0, 1 - share), (1, share)))
        for trait in (0, 1)
    )
    return easy, struggling


def step_entries(item: Journey, leave_factors: dict[str, float]) -> dict[str, float]:
    """Expected entries of each step an attempt."""
    share = business.optional_share(item)
    entries = dict.fromkeys((step.step_id for step in item.steps), 0.0)
    for trait in (0, 1):
        for route, weight in ((0, 1 - share), (1, share)):
            for step, chance in business.reach(item, trait, bool(route), leave_factors):
                entries[step.step_id] += 0.5 * weight * chance
    return entries


def completion_seconds(item: Journey, speed: float) -> float:
    """Expected seconds from the first entry to completion: the place of the last step in the attempt, and the breaks."""
    last = item.steps[-1]
    place = sum(step.width for step in item.steps[:-1]) + 0.25 * last.width * 0.5
    return item.mean_seconds * speed * place + item.break_share * 60 * sum(item.break_minutes) / 2


def _order_value() -> float:
    return business.ORDER_AMOUNT * (0.6 + 1.2 / 3) * (1 - business.REFUND_SHARE)


def _journey_truth(item: Journey, variant: Variant) -> dict[str, float]:
    chances = completion_chances(item, variant.leave_factors)
    completes = sum(chances) / 2
    attempts = sum(number * chance for number, chance in enumerate(business.ATTEMPTS_AFTER_EXPOSURE, 1))
    never = [sum(share * (1 - chance) ** number for number, share in enumerate(business.ATTEMPTS_AFTER_EXPOSURE, 1)) for chance in chances]
    truth = {
        "conversion": 1 - sum(never) / 2,
        "attempt_completion_rate": completes,
        "step_abandonment_rate": (1 - completes) / sum(step_entries(item, variant.leave_factors).values()),
        "completion_time": completion_seconds(item, variant.speed),
    }
    if item.journey_id == "checkout":
        truth["revenue"] = attempts * completes * _order_value()
    if item.journey_id in ("checkout", "activation"):
        truth["csat"] = mean_score(variant.csat)
    return truth


def _message_truth(experiment: Experiment, variant: Variant) -> dict[str, float]:
    message = variant.message
    if message is None or experiment.campaign_id is None:
        raise ValueError(f"{experiment.experiment_id}: arm {variant.variant_id} sends no message")
    target = business.journey(business.CAMPAIGNS[experiment.campaign_id][1] or "browse")
    engaged, converted, never = 0.0, 0.0, 0.0
    planned = message.planned
    for factor, completes in zip(business.TRAIT_ENGAGEMENT, completion_chances(target, {}), strict=True):
        click, reply = message.click * factor, message.reply * factor
        visit = click * message.visit_if_clicked + (1 - click) * message.visit_else
        engaged += 0.5 * (1 - (1 - click) * (1 - reply))
        converted += 0.5 * visit * completes
        # Nobody has converted yet: each message is not delivered, or delivered without a conversion and, for the next to
        # be sent, without an unsubscription (drawn independently of all else).
        for count, share in enumerate(planned, 1):
            stopped, going = 0.0, 1.0
            for _ in range(count):
                ends = message.delivered * message.unsubscribe * (1 - visit * completes)
                stopped += going * ends
                going *= 1 - message.delivered * visit * completes - ends
            never += 0.5 * share * (stopped + going)
    delivered = sum(
        share * sum(message.delivered * (1 - message.delivered * message.unsubscribe) ** earlier for earlier in range(count))
        for count, share in enumerate(planned, 1)
    )
    return {
        "engagement_rate": engaged,
        "message_conversion_rate": converted,
        "unsubscribe_rate": message.unsubscribe,
        "complaint_rate": message.complain,
        "revenue": delivered * converted * _order_value(),
        "conversion": 1 - never,
    }


def _ticket_truth(variant: Variant) -> dict[str, float]:
    shares = variant.tickets or {}
    classes = business.TICKET_CLASSES
    return {
        "resolution_time": 3600 * sum(share * classes[name].mean_hours for name, share in shares.items()),
        "escalation_rate": sum(share for name, share in shares.items() if classes[name].handed_over),
        "csat": sum(share * mean_score(classes[name].csat) for name, share in shares.items()),
    }


def variant_truth(experiment: Experiment, variant: Variant) -> dict[str, float]:
    """Expected value of every metric with a known truth in one arm, in the metric's natural unit."""
    if experiment.kind == "journey" and experiment.journey_id:
        return _journey_truth(business.journey(experiment.journey_id), variant)
    if experiment.kind == "message":
        return _message_truth(experiment, variant)
    return _ticket_truth(variant)


def _lost(item: Journey) -> dict[str, float]:
    """Expected attempts, of one, that end at each step."""
    share = business.optional_share(item)
    lost = dict.fromkeys((step.step_id for step in item.steps), 0.0)
    for trait in (0, 1):
        for route, weight in ((0, 1 - share), (1, share)):
            steps = business.reach(item, trait, bool(route), {})
            for (step, chance), (_, following) in pairwise(steps):
                lost[step.step_id] += 0.5 * weight * (chance - following)
    return lost


def _friction(item: Journey) -> list[dict[str, Any]]:
    entries, lost = step_entries(item, {}), _lost(item)
    returns = dict.fromkeys(entries, 0.0)
    for step in item.steps:
        if step.back_to:
            returns[step.back_to] += step.backtrack * entries[step.step_id]
    return [
        {
            "journey_id": item.journey_id,
            "step_id": step.step_id,
            "entries_per_attempt": entries[step.step_id],
            "abandonment_rate": lost[step.step_id] / entries[step.step_id],
            "errors_per_entry": step.error,
            "retries_per_entry": step.retry,
            "backtracks_per_entry": returns[step.step_id] / entries[step.step_id],
            "rage_clicks_per_entry": step.rage,
            "help_views_per_entry": step.help,
        }
        for step in item.steps
    ]


def _late_handover() -> dict[str, float]:
    late, on_time = business.TICKET_CLASSES["late"], business.TICKET_CLASSES["on_time"]
    return {
        "resolution_seconds": 3600 * (late.mean_hours - on_time.mean_hours),
        "csat": mean_score(late.csat) - mean_score(on_time.csat),
        "churn_30d": late.churn - on_time.churn,
    }


def experiment_truth(experiment: Experiment) -> dict[str, Any]:
    """Values and effects (arm − control) of all metrics of one experiment; the first arm is the control."""
    control = variant_truth(experiment, experiment.variants[0])
    arms = {}
    for variant in experiment.variants:
        values = variant_truth(experiment, variant)
        arms[variant.variant_id] = {
            metric: {"value": value, "effect": value - control[metric], "relative_effect": value / control[metric] - 1}
            for metric, value in values.items()
        }
    return {
        "control": experiment.variants[0].variant_id,
        "true_shares": {variant.variant_id: variant.share for variant in experiment.variants},
        "variants": arms,
    }


def truth() -> dict[str, Any]:
    """The whole truth: `experiments`, `friction` (steps outside experiments) and `late_handover` (against on time)."""
    return {
        "experiments": {item.experiment_id: experiment_truth(item) for item in business.EXPERIMENTS},
        "friction": [row for item in business.JOURNEYS if item.journey_id != "browse" for row in _friction(item)],
        "late_handover": _late_handover(),
    }
