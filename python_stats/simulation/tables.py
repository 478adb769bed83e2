"""The business as parameter tables: what the SQL templates join to. Pure functions of `business.py`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from python_stats.simulation import business
from python_stats.simulation.business import HOUR

Rows = list[tuple[Any, ...]]

#: Kinds of activity in the order of their numbers; arm 0 is life outside experiments.
JOURNEY_NO = {item.journey_id: number for number, item in enumerate(business.JOURNEYS)}
CAMPAIGN_NO = {campaign_id: number for number, campaign_id in enumerate(business.CAMPAIGNS)}
CLASS_NO = {class_id: number for number, class_id in enumerate(business.TICKET_CLASSES)}
PERMILLE = 1000


def experiment_days(experiment: business.Experiment, days: int) -> tuple[int, int]:
    """First and last day of exposure: the calendar of 120 days stretched to `days`, with room for the activity after it."""
    last = experiment.last_day * days // business.DEFAULT_DAYS
    return experiment.first_day * days // business.DEFAULT_DAYS, min(last, days - business.ACTIVITY_DAYS - 3)


def spread(shares: Iterable[tuple[Any, float]]) -> list[tuple[int, Any]]:
    """Pairs (permille, value) for permille 0 … 999, so that value comes up with its share (in whole thousandths).

    Raises:
        ValueError: the shares do not add up to 1.
    """
    pairs: list[tuple[int, Any]] = []
    for value, share in shares:
        first = len(pairs)
        pairs.extend((first + offset, value) for offset in range(round(share * PERMILLE)))
    if len(pairs) != PERMILLE:
        raise ValueError(f"shares add up to {len(pairs) / PERMILLE}, not 1")
    return pairs


def arms() -> list[tuple[int, int, business.Experiment, business.Variant]]:
    """Every arm with its number (1 …) and the number of its experiment (its lane, 1 …)."""
    flat = [(lane, item, variant) for lane, item in enumerate(business.EXPERIMENTS, 1) for variant in item.variants]
    return [(arm, lane, item, variant) for arm, (lane, item, variant) in enumerate(flat, 1)]


def at_least(chances: tuple[float, ...]) -> list[float]:
    """Chances of at least 1, 2, … when `chances` are those of exactly 1, 2, …"""
    return [sum(chances[number:]) for number in range(len(chances))]


def _slots(item: business.Journey) -> Rows:
    """Events that may happen in each step: (order, slot, bundle, chance, when, place 0–1, extra ms, event, page, element)."""
    rows: Rows = []
    by_id = {step.step_id: step for step in item.steps}
    for order, step in enumerate(item.steps, 1):
        drafts: list[tuple[str, float, str, float, int, str, str | None, str | None]] = []
        page, name = step.page_path, step.step_id.replace("_", "-")
        drafts.append(("entry", 1, "always", 0.0, 0, step.entry_event, page, None))
        drafts.append(("click", step.click, "always", 0.12, 0, "element_clicked", page, f"{name}-button"))
        for place, element in enumerate(step.fields):
            position = 0.2 + 0.2 * place / len(step.fields)
            drafts.append((f"edit {element}", 0.45, "always", position, 0, "field_edited", page, element))
            drafts.append((f"again {element}", 0.06, "always", position + 0.02, 0, "field_edited", page, element))
        drafts.append(("help", step.help, "always", 0.43, 0, "faq_viewed" if order % 2 else "help_opened", page, None))
        if step.back_to:
            back = by_id[step.back_to]
            drafts.append(("back", step.backtrack, "always", 0.5, 0, back.entry_event, back.page_path, None))
            drafts.append(("back", step.backtrack, "always", 0.56, 0, step.entry_event, page, None))
        drafts.append(("error", step.error, "always", 0.66, 0, step.error_event, page, f"{name}-form"))
        drafts.append(("retry", step.retry, "always", 0.7, 0, step.entry_event, page, None))
        for extra in (0, 300, 550, 800):
            drafts.append(("rage", step.rage, "always", 0.74, extra, "element_clicked", page, f"{name}-submit"))
        drafts.append(("exit", step.exit_survey, "left", 0.93, 0, "exit_survey_answered", page, None))
        if step.completion_event:
            drafts.append(("completion", 1, "advanced", 0.97, 0, step.completion_event, page, None))
        bundles = {bundle: number for number, bundle in enumerate(dict.fromkeys(draft[0] for draft in drafts))}
        for slot, (bundle, chance, when, fraction, extra, event, path, element_id) in enumerate(drafts):
            if chance > 0:
                rows.append((order, slot, bundles[bundle], chance, when, fraction, extra, event, path, element_id))
    return rows


def _ticket_slots(item: business.TicketClass) -> Rows:
    """What is said in a case: (slot, bundle, chance, event, agent 0/1/2, fixed ms, fraction of the rest, ms after)."""
    bot_ends = 70_000 * item.failed_turns + 30_000 if item.bot else 0
    lines: list[tuple[str, float, str, int, int, float, int]] = [("opening", 1, "opened", 0, 0, 0, 0)]
    lines.append(("opening", 1, "customer_message", 0, 1_000, 0, 0))
    if item.bot:
        for turn in range(item.failed_turns + 1):
            if turn:
                lines.append(("turn", 1, "customer_message", 0, 70_000 * turn, 0, 0))
            lines.append(("turn", 1, "bot_message", 0, 70_000 * turn + 6_000, 0, 0))
    if item.requested:
        lines.append(("request", 1, "handover_requested", 0, bot_ends - 15_000, 0, 0))
    elif item.handed_over:
        lines.append(("offer", 0.6, "handover_offered", 0, bot_ends - 12_000, 0, 0))
    elif item.failed_turns > 1:
        lines.append(("request", 0.4, "handover_requested", 0, bot_ends, 0, 0))
    if item.handed_over:
        lines.append(("handover", 1, "handed_over", 0, bot_ends, 0, 0))
    if item.agents:
        for place, agent in ((0.12, 1), (0.4, 1), (0.62, 2), (0.94, 1)):
            lines.append((f"agent {place}", 0.6 if place in (0.4, 0.62) else 1, "agent_message", agent, bot_ends, place, 0))
        lines.append(("reply", 0.7, "customer_message", 0, bot_ends, 0.45, 0))
        lines.append(("reopen", 0.07, "resolved", 1, bot_ends, 0.7, 0))
        lines.append(("reopen", 0.07, "reopened", 0, bot_ends, 0.85, 0))
    if item.bot or item.agents:
        lines.append(("resolution", 1, "resolved", 1 if item.agents else 0, bot_ends, 1, 0))
        lines.append(("closing", 0.6, "closed", 0, bot_ends, 1, 3 * business.DAY))
    else:
        lines.append(("closing", 0.8, "closed", 0, bot_ends, 1, 0))
    bundles = {bundle: number for number, bundle in enumerate(dict.fromkeys(line[0] for line in lines))}
    return [(slot, bundles[line[0]], *line[1:]) for slot, line in enumerate(lines)]


def _journey_tables() -> dict[str, tuple[str, Rows]]:
    journeys: Rows = []
    reach: Rows = []
    finish: Rows = []
    arm_journey: Rows = []
    slots: Rows = []
    everyone: list[tuple[int, str | None, business.Variant]] = [(0, None, business.Variant("outside", 1.0))]
    everyone += [(arm, item.journey_id, variant) for arm, _, item, variant in arms() if item.kind == "journey"]
    for item in business.JOURNEYS:
        number = JOURNEY_NO[item.journey_id]
        first, last = (round(minutes * 60_000) for minutes in item.break_minutes)
        journeys.append((number, item.mean_seconds * 1000, item.break_share, first, last, len(item.steps), business.optional_share(item)))
        slots += [(number, *row) for row in _slots(item)]
        places = [sum(step.width for step in item.steps[:order]) for order in range(len(item.steps))]
        order_of = {step.step_id: order for order, step in enumerate(item.steps, 1)}
        for arm, journey_id, variant in everyone:
            if journey_id not in (None, item.journey_id):
                continue
            arm_journey.append((arm, number, variant.speed))
            for trait in (0, 1):
                for route in (0, 1):
                    steps = business.reach(item, trait, bool(route), variant.leave_factors)
                    for index, (step, chance) in enumerate(steps):
                        order = order_of[step.step_id]
                        following = steps[index + 1][1] if index + 1 < len(steps) else 0.0
                        reach.append((arm, number, trait, route, order, chance, following, places[order - 1], step.width))
                    step, chance = steps[-1]
                    order = order_of[step.step_id]
                    finish.append((arm, number, trait, route, item.journey_id, variant.csat, chance, order, places[order - 1], step.width))
    return {
        "journey": (
            "journey_no integer, mean_ms double, break_share double, break_from_ms bigint, break_to_ms bigint,"
            " last_order integer, optional_share double",
            journeys,
        ),
        "arm_journey": ("arm_no integer, journey_no integer, speed double", arm_journey),
        "reach": (
            "arm_no integer, journey_no integer, trait integer, route integer, step_order integer, reach double,"
            " next_reach double, place double, width double",
            reach,
        ),
        "finish": (
            "arm_no integer, journey_no integer, trait integer, route integer, journey_id text, csat text, reach double,"
            " step_order integer, place double, width double",
            finish,
        ),
        "slot": (
            "journey_no integer, step_order integer, slot_no integer, bundle_no integer, chance double, only_when text,"
            " fraction double, extra_ms bigint, event_name text, page_path text, element_id text",
            slots,
        ),
        "planned_attempt": (
            "attempt_no bigint, at_least double",
            list(enumerate(at_least(business.ATTEMPTS_AFTER_EXPOSURE))),
        ),
    }


def _message_tables() -> dict[str, tuple[str, Rows]]:
    campaigns: Rows = []
    behaviour: Rows = []
    planned: Rows = []

    def add(arm: int, campaign_id: str, message: business.MessageArm) -> None:
        behaviour.append(
            (
                arm,
                CAMPAIGN_NO[campaign_id],
                message.delivered,
                message.opens,
                message.click,
                message.reply,
                message.unsubscribe,
                message.complain,
                message.visit_if_clicked,
                message.visit_else,
                message.relevance,
            )
        )

    for campaign_id, (channel, journey_id, message) in business.CAMPAIGNS.items():
        campaigns.append((CAMPAIGN_NO[campaign_id], campaign_id, channel, JOURNEY_NO[journey_id or "browse"]))
        add(0, campaign_id, message)
    for arm, _, item, variant in arms():
        if variant.message and item.campaign_id:
            add(arm, item.campaign_id, variant.message)
            planned += [(arm, number, chance) for number, chance in enumerate(at_least(variant.message.planned))]
    return {
        "campaign": ("campaign_no integer, campaign_id text, channel text, journey_no integer", campaigns),
        "message_behaviour": (
            "arm_no integer, campaign_no integer, delivered double, opens double, click double, reply double,"
            " unsubscribe double, complain double, visit_if_clicked double, visit_else double, relevance text",
            behaviour,
        ),
        "planned_message": ("arm_no integer, number_of_message bigint, at_least double", planned),
        "engagement_factor": ("trait integer, engagement_factor double", list(enumerate(business.TRAIT_ENGAGEMENT))),
    }


def _ticket_tables() -> dict[str, tuple[str, Rows]]:
    shares: Rows = []

    def add(arm: int, channel: str, classes: dict[str, float]) -> None:
        shares.extend((arm, channel, permille, CLASS_NO[name]) for permille, name in spread(classes.items()))

    add(0, "chat", business.TICKETS_CHAT)
    add(0, "email", business.TICKETS_ELSEWHERE)
    add(0, "phone", business.TICKETS_ELSEWHERE)
    for arm, _, _, variant in arms():
        if variant.tickets:
            add(arm, "chat", variant.tickets)
    classes: Rows = []
    slots: Rows = []
    for name, item in business.TICKET_CLASSES.items():
        classes.append((CLASS_NO[name], item.shortest_h, item.span_h, item.power, item.csat, item.churn))
        slots += [(CLASS_NO[name], *row) for row in _ticket_slots(item)]
    return {
        "ticket_share": ("arm_no integer, channel text, permille integer, class_no integer", shares),
        "ticket_class": (
            "class_no integer, shortest_h double, span_h double, power double, csat text, churn double",
            classes,
        ),
        "ticket_slot": (
            "class_no integer, slot_no integer, bundle_no integer, chance double, event_type text, by_agent integer,"
            " fixed_ms bigint, fraction double, after_ms bigint",
            slots,
        ),
        "planned_ticket": ("ticket_no bigint, at_least double", list(enumerate(at_least(business.TICKETS_AFTER_EXPOSURE)))),
        "score_chance": (
            "scores text, c1 double, c2 double, c3 double, c4 double",
            [(name, *chances) for name, chances in business.SCORES.items()],
        ),
    }


def _lane_tables(days: int) -> dict[str, tuple[str, Rows]]:
    outside = 1.0 - sum(item.share for item in business.EXPERIMENTS)
    lanes: Rows = [(0, None, days, days, "outside", None, None, 0, 0.8, 0.0)]
    lane_shares: Rows = list(spread([(0, outside), *((lane, item.share) for lane, item in enumerate(business.EXPERIMENTS, 1))]))
    variant_shares: Rows = [(0, permille, 0) for permille in range(PERMILLE)]
    background: Rows = []
    for lane, item in enumerate(business.EXPERIMENTS, 1):
        first, last = experiment_days(item, days)
        campaign = CAMPAIGN_NO[item.campaign_id] if item.campaign_id else None
        number = JOURNEY_NO[item.journey_id] if item.journey_id else None
        lanes.append(
            (
                lane,
                item.experiment_id,
                first,
                last,
                item.kind,
                number,
                campaign,
                round(item.spacing_hours * HOUR),
                item.known_share,
                item.contaminated,
            )
        )
        own_arms = [(arm, variant.share) for arm, other, _, variant in arms() if other == lane]
        variant_shares += [(lane, permille, arm) for permille, arm in spread(own_arms)]
    for lane in range(len(business.EXPERIMENTS) + 1):
        factor = 1.0 if lane else business.OUTSIDE_FACTOR
        chances = {name: round(factor * chance, 3) for name, chance in business.BACKGROUND.items()}
        if lane:
            item = business.EXPERIMENTS[lane - 1]
            chances[f"{item.kind}:{item.journey_id or item.campaign_id or ''}"] += business.OWN_BACKGROUND
        chances["nothing:"] = 1.0 - sum(chances.values())
        for permille, name in spread(chances.items()):
            kind, _, about = name.partition(":")
            if kind != "nothing":
                background.append((lane, permille, kind, JOURNEY_NO.get(about), CAMPAIGN_NO.get(about)))
    arm_rows: Rows = []
    for arm, lane, item, variant in arms():
        own = [other for other, other_lane, _, _ in arms() if other_lane == lane]
        arm_rows.append((arm, lane, item.experiment_id, variant.variant_id, own[(own.index(arm) + 1) % len(own)]))
    return {
        "lane": (
            "lane_no integer, experiment_id text, first_day integer, last_day integer, kind text, journey_no integer,"
            " campaign_no integer, spacing_ms bigint, known_share double, contaminated double",
            lanes,
        ),
        "lane_share": ("permille integer, lane_no integer", lane_shares),
        "variant_share": ("lane_no integer, permille integer, arm_no integer", variant_shares),
        "background_share": (
            "lane_no integer, permille integer, kind text, journey_no integer, campaign_no integer",
            background,
        ),
        "arm": (
            "arm_no integer, lane_no integer, experiment_id text, variant_id text, next_arm_no integer",
            arm_rows,
        ),
    }


def parameter_tables(days: int) -> dict[str, tuple[str, Rows]]:
    """All parameter tables of a simulation of that many days: name → (column definitions, rows)."""
    return _lane_tables(days) | _journey_tables() | _message_tables() | _ticket_tables()
