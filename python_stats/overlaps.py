"""Streams of one experiment that may pay for the same acts twice: once by the money they move, once by their number.

Only what is sure enough to be worth a warning: a metric of money, and a metric that counts the acts whose money it is. Two counts
(conversion and attempt_completion_rate) may be priced so that they add up, as may two values of one metric.
"""

from collections.abc import Iterable, Mapping
from typing import Any

# money → (streams that it can be in, metrics that count its acts)
ACTS = {
    "revenue": (
        {"revenue_created", "revenue_preserved"},
        {"conversion", "purchase_rate", "message_conversion_rate", "refund_rate"},
    ),
    "support_cost": (
        {"cost_reduced"},
        {"tickets_per_person", "escalation_rate", "reopen_rate", "repeat_contact_rate"},
    ),
}


def counted_twice(streams: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Stream and metric of those that may value the same acts: empty where none do.

    Args:
        streams: rows of `roi_estimates` of one experiment; only those with an amount count.
    """
    priced = [(row["stream"], row["metric_id"]) for row in streams if row["impact_per_month"] is not None]
    found: set[tuple[str, str]] = set()
    for money, (kinds, acts) in ACTS.items():
        amounts = {(stream, metric_id) for stream, metric_id in priced if stream in kinds and metric_id == money}
        numbers = {(stream, metric_id) for stream, metric_id in priced if stream in kinds and metric_id in acts}
        if amounts and numbers:
            found |= amounts | numbers
    return found
