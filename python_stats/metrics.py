"""What each metric is called in a sentence, and the unit its numbers come in: as the YAML beside the marts defines them.

The same definitions give the semantic layer and the experiments' marts (docs/metrics.md); nothing about a metric is said twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_own = _folder = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Metric:
    """How a metric is spoken of.

    Attributes:
        name: as it stands in a sentence.
        unit: `share` (0–1), `points` (−1 to 1, told in hundredths), `seconds`, `money`, or `number`.
        good_direction: what is good where no design says otherwise.
        kind: `share`, `mean`, `ratio` or `time`.
        tree_level: `input`, `experience`, `outcome` or `guardrail`.
        feature_classes: the kinds of feature it tells about.
    """

    name: str
    unit: str
    good_direction: str = "increase"
    kind: str = "ratio"
    tree_level: str = "experience"
    feature_classes: tuple[str, ...] = ()


def use_project(folder: Path) -> None:
    """Take the definitions of the dbt project in that folder from now on."""
    global _folder
    _folder = folder


def metrics() -> dict[str, Metric]:
    """Every metric of the project, by id; those of the project that this package lies in where it defines none."""
    return _read(_folder) or _read(_own)

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
    return metrics().get(metric_id) or Metric(metric_id.replace("_", " "), "number")


def is_time(metric_id: str) -> bool:
    """Is it a time to an event, which only life tables tell?"""
    return metric(metric_id).kind == "time"


def may_be_negative(metric_id: str) -> bool:
    """Can one person's value lie below 0? Points do, and so does what is left after costs."""
    return metric(metric_id).unit == "points" or metric_id == "net_value"


@cache
def _read(folder: Path) -> dict[str, Metric]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, Metric] = {}
    for path in sorted((folder / "models").rglob("*.yml")):
        text = path.read_text(encoding="utf-8")
        if "tree_level:" in text:
            for metric_id, said in _definitions(yaml.load(text, loader)):  # noqa: S506 - a safe loader, in C where there is one
                found[metric_id] = Metric(
                    name=said.get("label", metric_id.replace("_", " ")),
                    unit=said["unit"],
                    good_direction=said["good_direction"],
                    kind=said["kind"],
                    tree_level=said["tree_level"],
                    feature_classes=tuple(said["feature_classes"]),
                )
    return found


def _definitions(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(id, what is said about it) of every metric of one file: of the semantic layer, times, and those of experiments alone."""
    for model in document.get("models") or []:
        semantic = model.get("semantic_model") or {}
        for metric_id, said in _meta(semantic).get("times", {}).items():
            yield metric_id, {**said, "kind": "time"}
        yield from _meta(model).get("metrics_of_experiments", {}).items()
    for said in document.get("metrics") or []:
        if "kind" in _meta(said):
            yield said["name"], {"label": said.get("label", said["name"]), **_meta(said)}


def _meta(said: dict[str, Any]) -> dict[str, Any]:
    return (said.get("config") or {}).get("meta") or {}
