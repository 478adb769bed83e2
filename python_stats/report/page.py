"""What a page is, where it hangs, and the words and signs that all pages share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from python_stats.analysis.many import good_side
from python_stats.metrics import is_time, metric
from python_stats.report.traced import UNKNOWN, Traced, clipped, value_format

NAVIGATION = (
    ("Scorecard", "scorecard.html"),
    ("Friction", "friction.html"),
    ("Handover", "handover.html"),
    ("Messaging", "messaging.html"),
    ("Metrics", "metrics.html"),
    ("Backlog", "backlog.html"),
    ("Learning library", "library.html"),
)


@dataclass(frozen=True)
class Page:
    """A page before it is written.

    Attributes:
        file: its name in the folder.
        title: what the browser calls it.
        section: the entry of the navigation that it belongs to.
        template: of python_stats/templates.
        content: what the template shows.
        script: a file of python_stats/templates that the page runs, if any.
    """

    file: str
    title: str
    section: str
    template: str
    content: Mapping[str, Any] = field(default_factory=dict)
    script: str | None = None


@dataclass(frozen=True)
class Sign:
    """A state in a word, a sign and a colour, so that it never hangs on colour alone."""

    state: str
    symbol: str
    word: str


VERDICTS = {
    "ship": Sign("ship", "▲", "Ship"),
    "roll_back": Sign("roll_back", "▼", "Roll back"),
    "invalid": Sign("invalid", "✕", "Invalid"),
    "stop_futile": Sign("stop_futile", "■", "Stop"),
    "keep_running": Sign("keep_running", "▶", "Keep running"),
    "hold": Sign("hold", "○", "Hold"),
}
ORDER = tuple(VERDICTS)
GUARDS = {
    "non_inferior": Sign("better", "✓", "harm excluded"),
    "harmed": Sign("worse", "✕", "harmed"),
    "open": Sign("unclear", "○", "not settled"),
    "not_assessed": Sign("unclear", "–", "not assessed"),
}
BETTER, WORSE, UNCLEAR = Sign("better", "▲", "better"), Sign("worse", "▼", "worse"), Sign("unclear", "○", "unclear")


def verdict_sign(verdict: str) -> Sign:
    """The sign of a verdict; one that is not known stands as it is."""
    return VERDICTS.get(verdict, Sign("hold", "○", verdict.replace("_", " ")))


def metric_label(metric_id: str | None) -> Markup:
    """What a metric is called, with a capital first letter; its digits, if any, are words and no data."""
    return Markup("<span data-fixed>{}</span>").format(capital(clipped(metric(metric_id).name, 60)) if metric_id else UNKNOWN)


def guard_signs(guardrails: str | None) -> list[tuple[Markup, Sign]]:
    """Each guardrail's name and sign, from `metric_id=state; …`."""
    pairs = [pair.split("=", 1) for pair in (guardrails or "").split(";") if "=" in pair]
    return [(metric_label(name), GUARDS.get(found, GUARDS["not_assessed"])) for name, found in pairs]


def effect_sign(row: Traced, interval: str = "ci") -> Sign:
    """Whether an effect, with an interval in the columns `{interval}_low` and `_high`, is established to be good, or bad, or neither."""
    return {1: BETTER, -1: WORSE}.get(good_side(row.values, interval), UNCLEAR)


def value_form(metric_id: str | None) -> str:
    """The format of a metric's values."""
    return value_format(metric(metric_id).unit) if metric_id else "number"


def effect_form(metric_id: str) -> str:
    """The format of differences of a metric."""
    return f"effect_{metric(metric_id).unit}"


def counted(metric_id: str | None) -> str:
    """What `n_control` and the like count: people, or the cases of a time."""
    return "cases" if metric_id and is_time(metric_id) else "people"


ONE = {"cases": "case", "people": "person"}


def capital(text: str) -> str:
    """With a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]
