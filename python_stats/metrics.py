"""What each metric is called in a sentence, and the unit its numbers come in."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """How a metric is spoken of.

    Attributes:
        name: as it stands in a sentence.
        unit: `share` (0–1), `seconds`, `money`, or `number`.
        good_direction: what is good where no design says otherwise.
    """

    name: str
    unit: str
    good_direction: str = "increase"


METRICS: dict[str, Metric] = {
    "conversion": Metric("conversion", "share"),
    "attempt_completion_rate": Metric("attempts completed", "share"),
    "completion_time": Metric("time to complete an attempt", "seconds", "decrease"),
    "time_to_complete": Metric("time to first completion", "seconds", "decrease"),
    "time_to_first_action": Metric("time to first action", "seconds", "decrease"),
    "step_abandonment_rate": Metric("steps abandoned", "share", "decrease"),
    "required_step_failure_rate": Metric("failures at required steps", "share", "decrease"),
    "error_rate": Metric("errors per step", "number", "decrease"),
    "retry_rate": Metric("retries per step", "number", "decrease"),
    "backtrack_rate": Metric("backtracks per step", "number", "decrease"),
    "rage_click_rate": Metric("rage clicks per step", "number", "decrease"),
    "help_view_rate": Metric("help views per step", "number", "decrease"),
    "repeated_edit_rate": Metric("repeated edits per step", "number", "decrease"),
    "pause_rate": Metric("pauses per step", "number", "decrease"),
    "silent_friction_rate": Metric("silently frictional completions", "share", "decrease"),
    "fields_per_attempt": Metric("fields per attempt", "number", "decrease"),
    "task_success_rate": Metric("tasks solved without help", "share"),
    "messages_delivered": Metric("messages delivered per person", "number", "decrease"),
    "engagement_rate": Metric("messages engaged with", "share"),
    "open_rate": Metric("messages opened", "share"),
    "click_rate": Metric("messages clicked", "share"),
    "reply_rate": Metric("messages replied to", "share"),
    "message_conversion_rate": Metric("messages that converted", "share"),
    "relevance_score": Metric("relevance", "share"),
    "latency_to_action": Metric("time from message to action", "seconds", "decrease"),
    "unsubscribe_rate": Metric("unsubscribes per message", "share", "decrease"),
    "complaint_rate": Metric("complaints per message", "share", "decrease"),
    "unconsented_rate": Metric("messages without consent", "share", "decrease"),
    "first_response_time": Metric("time to first response", "seconds", "decrease"),
    "resolution_time": Metric("time to resolution", "seconds", "decrease"),
    "handover_wait": Metric("wait for a human", "seconds", "decrease"),
    "escalation_rate": Metric("tickets handed over", "share", "decrease"),
    "reopen_rate": Metric("tickets reopened", "share", "decrease"),
    "repeat_contact_rate": Metric("repeat contacts", "share", "decrease"),
    "missed_handover_rate": Metric("handovers missed", "share", "decrease"),
    "early_handover_rate": Metric("handovers too early", "share", "decrease"),
    "tickets_per_person": Metric("tickets per person", "number", "decrease"),
    "support_cost": Metric("support cost per person", "money", "decrease"),
    "csat": Metric("satisfaction (1–5)", "number"),
    "nps": Metric("net promoter score", "number"),
    "ces": Metric("effort score (1–7)", "number"),
    "confidence_rate": Metric("confident answers", "share"),
    "retention": Metric("retention", "share"),
    "repeat_visits": Metric("repeat visits per person", "number"),
    "revenue": Metric("revenue per person", "money"),
    "purchase_rate": Metric("people who bought", "share"),
    "churn_rate": Metric("people who cancelled", "share", "decrease"),
    "refund_rate": Metric("people refunded", "share", "decrease"),
    "net_value": Metric("net value per person", "money"),
}

TIME_METRICS = frozenset({"time_to_complete", "latency_to_action", "first_response_time", "resolution_time", "handover_wait"})

# Rates per delivered message: their denominator is the number of messages.
MESSAGE_RATES = (
    "engagement_rate",
    "open_rate",
    "click_rate",
    "reply_rate",
    "message_conversion_rate",
    "unsubscribe_rate",
    "complaint_rate",
    "unconsented_rate",
)


def metric(metric_id: str) -> Metric:
    """The metric of that id; an unknown one is spoken of by its id, as a plain number."""
    return METRICS.get(metric_id, Metric(metric_id.replace("_", " "), "number"))
