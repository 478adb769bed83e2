"""The simulated business: who does what with which probability, and what each experiment changes.

Every number here is planted truth. `truth.py` turns the numbers into exact expectations, `tables.py` into the
parameter tables that the SQL templates read. Nothing in this file is estimated from a run.

Two things vary between people and are drawn once a person: the experiment they may enter (at most one, so that
effects never mix) and a trait, easy (0) or struggling (1), each with probability one half.
"""

from __future__ import annotations

from dataclasses import dataclass, field

HOUR = 3_600_000
DAY = 24 * HOUR
DEFAULT_DAYS = 120

#: Exponent on the probability of staying in a step, for the easy and the struggling half of the people.
TRAIT_EXPONENTS = (0.65, 1.4)
#: Factor on clicks and replies to messages, for the same two halves.
TRAIT_ENGAGEMENT = (1.3, 0.7)
#: A cell of background life lasts three days and holds at most one thing, so that no two attempts ever touch.
CELL_MS = 3 * DAY
#: Days between the last possible background activity and the exposure.
QUIET_DAYS = 4
#: All that an experiment causes happens within this many days of the exposure (refunds and answers included).
ACTIVITY_DAYS = 7


@dataclass(frozen=True)
class Step:
    """One step of a journey: chance to leave it, its share of the attempt's time, and its friction per entry."""

    step_id: str
    leave: float
    width: float
    entry_event: str = "page_view"
    page_path: str | None = None
    completion_event: str | None = None
    fields: tuple[str, ...] = ()
    error: float = 0.0
    error_event: str = "form_error"
    retry: float = 0.0
    backtrack: float = 0.0
    back_to: str | None = None
    rage: float = 0.0
    help: float = 0.0
    exit_survey: float = 0.0
    click: float = 0.5
    chosen: float = 1.0


@dataclass(frozen=True)
class Journey:
    """A journey: mean attempt time in seconds (pauses between sessions apart) and the break some attempts take."""

    journey_id: str
    steps: tuple[Step, ...]
    mean_seconds: float
    break_share: float = 0.0
    break_minutes: tuple[float, float] = (33.0, 48.0)


@dataclass(frozen=True)
class MessageArm:
    """What people do with one delivered message."""

    click: float
    reply: float
    visit_if_clicked: float
    visit_else: float
    unsubscribe: float
    complain: float
    opens: float = 0.45
    delivered: float = 0.97
    relevance: str = "fair"

    #: Probabilities of 1, 2, … messages being planned (experiments only).
    planned: tuple[float, ...] = (1.0,)


@dataclass(frozen=True)
class TicketClass:
    """One way a support case goes: time to resolution is `shortest` + `span` · U^`power` hours."""

    failed_turns: int
    bot: bool
    handed_over: bool
    requested: bool
    shortest_h: float
    span_h: float
    power: float
    csat: str
    churn: float
    agents: bool = False

    @property
    def mean_hours(self) -> float:
        """Expected hours to resolution."""
        return self.shortest_h + self.span_h / (self.power + 1)


@dataclass(frozen=True)
class Variant:
    """One arm of an experiment: its true share of the traffic and what it changes."""

    variant_id: str
    share: float
    leave_factors: dict[str, float] = field(default_factory=dict)
    speed: float = 1.0
    csat: str = "good"
    message: MessageArm | None = None
    tickets: dict[str, float] | None = None


@dataclass(frozen=True)
class Experiment:
    """An experiment: share of all persons, days of exposure (of 120), and the arms."""

    experiment_id: str
    kind: str  # journey | message | ticket
    share: float
    first_day: int
    last_day: int
    variants: tuple[Variant, ...]
    journey_id: str | None = None
    campaign_id: str | None = None
    spacing_hours: float = 48.0
    known_share: float = 1.0
    contaminated: float = 0.004


JOURNEYS: tuple[Journey, ...] = (
    Journey(
        "checkout",
        (
            Step("cart", 0.16, 0.15, page_path="/cart", retry=0.04, help=0.01, rage=0.005, click=0.6),
            Step(
                "delivery",
                0.27,
                0.35,
                page_path="/checkout/delivery",
                fields=("street", "postcode", "city", "phone"),
                error=0.16,
                retry=0.07,
                backtrack=0.05,
                back_to="cart",
                rage=0.03,
                help=0.04,
                exit_survey=0.08,
            ),
            Step("extras", 0.06, 0.12, page_path="/checkout/extras", fields=("gift-note",), help=0.01, chosen=0.4),
            Step(
                "payment",
                0.22,
                0.3,
                page_path="/checkout/payment",
                completion_event="payment_accepted",
                fields=("card-number", "card-name", "security-code"),
                error=0.12,
                error_event="payment_declined",
                retry=0.09,
                backtrack=0.06,
                back_to="delivery",
                rage=0.05,
                help=0.03,
                exit_survey=0.1,
            ),
            Step("confirmation", 0.0, 0.08, page_path="/checkout/thank-you", click=0.2),
        ),
        mean_seconds=300,
        break_share=0.02,
    ),
    Journey(
        "signup",
        (
            Step("plans", 0.3, 0.3, page_path="/join/plans", help=0.05, rage=0.01, exit_survey=0.04),
            Step(
                "account",
                0.22,
                0.4,
                page_path="/join/account",
                fields=("email", "password", "first-name"),
                error=0.14,
                retry=0.05,
                backtrack=0.08,
                back_to="plans",
                rage=0.02,
                help=0.02,
                exit_survey=0.05,
            ),
            Step(
                "verify_email",
                0.17,
                0.2,
                entry_event="verification_sent",
                completion_event="email_verified",
                fields=("code",),
                error=0.08,
                retry=0.12,
                help=0.03,
                rage=0.02,
            ),
            Step("welcome", 0.0, 0.1, page_path="/welcome", click=0.3),
        ),
        mean_seconds=240,
        break_share=0.06,
    ),
    Journey(
        "activation",
        (
            Step(
                "taste_quiz",
                0.2,
                0.35,
                entry_event="quiz_started",
                fields=("brew-method", "roast", "milk"),
                error=0.03,
                retry=0.05,
                help=0.02,
                rage=0.01,
            ),
            Step(
                "first_box",
                0.17,
                0.3,
                page_path="/box/build",
                fields=("size", "grind"),
                error=0.06,
                retry=0.06,
                backtrack=0.1,
                back_to="taste_quiz",
                rage=0.02,
                help=0.05,
                exit_survey=0.05,
            ),
            Step(
                "schedule",
                0.25,
                0.25,
                page_path="/box/schedule",
                fields=("weekday", "note"),
                error=0.09,
                retry=0.05,
                backtrack=0.07,
                back_to="first_box",
                rage=0.03,
                help=0.06,
                exit_survey=0.08,
            ),
            Step("activated", 0.0, 0.1, entry_event="first_box_confirmed", click=0.3),
        ),
        mean_seconds=420,
        break_share=0.08,
        break_minutes=(35.0, 110.0),
    ),
    Journey(
        "self_serve_help",
        (
            Step("search", 0.26, 0.4, page_path="/help/search", fields=("query",), retry=0.15, rage=0.02, error=0.02),
            Step(
                "article",
                0.24,
                0.5,
                page_path="/help/articles/delivery-times",
                backtrack=0.18,
                back_to="search",
                help=0.12,
                exit_survey=0.05,
                rage=0.01,
            ),
            Step("solved", 0.0, 0.1, entry_event="help_solved", click=0.0),
        ),
        mean_seconds=200,
        break_share=0.03,
    ),
    # Not a journey of the seeds: looking around the shop, which enters no step.
    Journey(
        "browse",
        (
            Step("home", 0.5, 0.25, page_path="/"),
            Step("shop", 0.3, 0.25, page_path="/shop"),
            Step("product", 0.4, 0.25, page_path="/shop/house-blend", fields=("size",)),
            Step("stories", 0.0, 0.25, page_path="/stories/harvest"),
        ),
        mean_seconds=180,
    ),
)

#: Cumulative chances of a score of at most 1, 2, 3, 4 (of 5).
SCORES: dict[str, tuple[float, float, float, float]] = {
    "great": (0.02, 0.05, 0.13, 0.43),
    "good": (0.03, 0.08, 0.20, 0.55),
    "fair": (0.06, 0.16, 0.38, 0.74),
    "poor": (0.14, 0.34, 0.60, 0.87),
    "bad": (0.28, 0.56, 0.78, 0.94),
}

CAMPAIGNS: dict[str, tuple[str, str | None, MessageArm]] = {
    # campaign: (channel, journey its visitors start, behaviour in the background)
    "spring_menu": ("email", "checkout", MessageArm(0.05, 0.004, 0.5, 0.012, 0.012, 0.002, relevance="poor")),
    "welcome_series": ("email", "activation", MessageArm(0.16, 0.01, 0.6, 0.03, 0.006, 0.001, relevance="good")),
    "order_reassurance": ("push", "self_serve_help", MessageArm(0.2, 0.0, 0.25, 0.02, 0.004, 0.001, relevance="great")),
    "cart_recovery": ("email", "checkout", MessageArm(0.15, 0.01, 0.7, 0.05, 0.010, 0.003)),
    "payment_reminder": ("sms", "checkout", MessageArm(0.18, 0.02, 0.7, 0.06, 0.020, 0.006, opens=0.0)),
    "win_back": ("email", "checkout", MessageArm(0.07, 0.01, 0.5, 0.015, 0.025, 0.004)),
}

TICKET_CLASSES: dict[str, TicketClass] = {
    "bot_solved": TicketClass(0, True, False, False, 0.05, 0.75, 1, "good", 0.02),
    "bot_solved_second_try": TicketClass(1, True, False, False, 0.08, 0.9, 1, "fair", 0.02),
    "early": TicketClass(1, True, True, False, 0.35, 96, 5, "good", 0.03, agents=True),
    "on_time": TicketClass(2, True, True, False, 0.35, 96, 5, "great", 0.03, agents=True),
    "late": TicketClass(4, True, True, False, 0.35, 96, 2, "poor", 0.09, agents=True),
    "requested": TicketClass(1, True, True, True, 0.35, 96, 5, "good", 0.04, agents=True),
    "missed": TicketClass(3, True, False, False, 0.5, 72, 2, "bad", 0.11),
    "human_only": TicketClass(0, False, False, False, 0.35, 96, 3, "good", 0.03, agents=True),
    "mixed": TicketClass(1, True, False, False, 0.35, 96, 4, "good", 0.03, agents=True),
    "unanswered": TicketClass(0, False, False, False, 72, 120, 1, "bad", 0.15),
}

#: How cases go outside experiments: in the chat a bot answers first, elsewhere people do.
TICKETS_CHAT = {
    "bot_solved": 0.34,
    "bot_solved_second_try": 0.12,
    "early": 0.08,
    "on_time": 0.13,
    "late": 0.17,
    "requested": 0.05,
    "missed": 0.07,
    "mixed": 0.04,
}
TICKETS_ELSEWHERE = {"human_only": 0.96, "unanswered": 0.04}
#: Channel of a background case.
TICKET_CHANNELS = {"chat": 0.6, "email": 0.3, "phone": 0.1}

_GENERIC = MessageArm(0.12, 0.01, 0.7, 0.04, 0.012, 0.006, planned=(0.4, 0.6))
_CONTEXT = MessageArm(0.16, 0.015, 0.74, 0.047, 0.012, 0.006, relevance="good", planned=(0.4, 0.6))


def _reminder(click: float, else_: float, unsubscribe: float, complain: float, count: int) -> MessageArm:
    planned = tuple(1.0 if n == count else 0.0 for n in range(1, count + 1))
    return MessageArm(click, 0.02, 0.7, else_, unsubscribe, complain, opens=0.0, planned=planned)


EXPERIMENTS: tuple[Experiment, ...] = (
    Experiment(
        "checkout_short_form",
        "journey",
        0.15,
        28,
        76,
        (
            Variant("eight_fields", 0.5),
            Variant("four_fields", 0.5, {"delivery": 0.35, "payment": 0.85}, speed=0.75),
        ),
        journey_id="checkout",
        known_share=0.75,
    ),
    Experiment(
        "first_box_guide",
        "journey",
        0.17,
        42,
        104,
        (
            Variant("plain_late", 0.25),
            Variant("warm_late", 0.25, {"first_box": 0.7, "schedule": 0.55}, speed=1.0, csat="great"),
            Variant("plain_prompt", 0.25, {"schedule": 0.93}, speed=0.95),
            Variant("warm_prompt", 0.25, {"first_box": 0.65, "schedule": 0.45}, speed=0.95, csat="great"),
        ),
        journey_id="activation",
    ),
    Experiment(
        "cart_recovery_context",
        "message",
        0.13,
        35,
        110,
        (Variant("generic_holdout", 0.3, message=_GENERIC), Variant("knows_the_cart", 0.7, message=_CONTEXT)),
        campaign_id="cart_recovery",
        spacing_hours=60,
    ),
    Experiment(
        "reminder_pressure",
        "message",
        0.12,
        28,
        69,
        (
            Variant("one_reminder", 0.34, message=_reminder(0.20, 0.06, 0.025, 0.010, 1)),
            Variant("two_reminders", 0.33, message=_reminder(0.17, 0.05, 0.080, 0.030, 2)),
            Variant("daily_reminders", 0.33, message=_reminder(0.11, 0.03, 0.130, 0.060, 4)),
        ),
        campaign_id="payment_reminder",
        spacing_hours=26,
    ),
    Experiment(
        "handover_second_miss",
        "ticket",
        0.12,
        49,
        110,
        (
            Variant(
                "fourth_miss",
                0.5,
                tickets={"bot_solved": 0.35, "bot_solved_second_try": 0.15, "late": 0.34, "requested": 0.06, "missed": 0.1},
            ),
            Variant(
                "second_miss",
                0.5,
                tickets={
                    "bot_solved": 0.35,
                    "bot_solved_second_try": 0.15,
                    "on_time": 0.4,
                    "requested": 0.06,
                    "missed": 0.04,
                },
            ),
        ),
        spacing_hours=30,
    ),
    Experiment(
        "help_search_redesign",
        "journey",
        0.13,
        35,
        97,
        (Variant("search_box", 0.5), Variant("categories_first", 0.5)),
        journey_id="self_serve_help",
        known_share=0.85,
    ),
    Experiment(
        "signup_social_proof",
        "journey",
        0.08,
        28,
        62,
        # Half the traffic was promised to each; a redirect loses visitors of the new page.
        (Variant("no_quotes", 0.62), Variant("customer_quotes", 0.38, {"plans": 0.8})),
        journey_id="signup",
        known_share=0.5,
        contaminated=0.02,
    ),
)

#: Chances of 1, 2, 3 attempts after exposure (journey experiments), and of 1, 2 cases (handover experiment).
ATTEMPTS_AFTER_EXPOSURE = (0.6, 0.3, 0.1)
TICKETS_AFTER_EXPOSURE = (0.85, 0.15)

#: What one cell of background life holds, and with which chance; the rest is quiet.
BACKGROUND: dict[str, float] = {
    "journey:checkout": 0.03,
    "journey:signup": 0.015,
    "journey:activation": 0.02,
    "journey:self_serve_help": 0.025,
    "journey:browse": 0.05,
    "message:spring_menu": 0.035,
    "message:welcome_series": 0.03,
    "message:order_reassurance": 0.03,
    "message:cart_recovery": 0.02,
    "message:payment_reminder": 0.015,
    "message:win_back": 0.02,
    "ticket:": 0.022,
}
#: People outside experiments, who carry the business to the last day, do so much more of it.
OUTSIDE_FACTOR = 2.4
#: Added to the experiment's own thing, so that there is a past to adjust by.
OWN_BACKGROUND = 0.10

#: Mean amount of an order (amounts spread over 0.6 … 1.8 times it), share refunded in full.
ORDER_AMOUNT = 32.0
REFUND_SHARE = 0.04
CSAT_AFTER_COMPLETION = 0.35
CSAT_AFTER_TICKET = 0.45
EVENTS_PER_PERSON = 22.9


def journey(journey_id: str) -> Journey:
    """Return the journey of that id (KeyError if there is none)."""
    return next(item for item in JOURNEYS if item.journey_id == journey_id)


def reach(item: Journey, trait: int, takes_optional: bool, leave_factors: dict[str, float]) -> list[tuple[Step, float]]:
    """Steps on the route with the chance that an attempt reaches each; the first is reached for sure.

    Args:
        item: the journey.
        trait: 0 easy, 1 struggling.
        takes_optional: whether the attempt takes the optional steps (those with `chosen` below 1).
        leave_factors: per step id, the factor an experiment's arm puts on the chance to leave.
    """
    chance, route = 1.0, []
    for step in item.steps:
        if step.chosen < 1 and not takes_optional:
            continue
        route.append((step, chance))
        leave = step.leave * leave_factors.get(step.step_id, 1.0)
        chance *= (1 - leave) ** TRAIT_EXPONENTS[trait]
    return route


def optional_share(item: Journey) -> float:
    """Chance that an attempt takes the journey's optional step (1 where there is none)."""
    return min((step.chosen for step in item.steps), default=1.0)
