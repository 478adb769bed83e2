"""How long until, by variant: survival curves and what they come to, for the metrics of an experiment that are times."""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from python_stats import wording
from python_stats.metrics import metric
from python_stats.report.charts import Line, survival
from python_stats.report.page import metric_label
from python_stats.report.traced import Traced

MEASURES = {"median": "Median", "p90": "Nine in ten", "restricted_mean": "Average", "log_rank": "Whole curve (log-rank)"}


def curves(points: Sequence[Traced], effects: Sequence[Traced], decision: Traced, control: str | None) -> list[dict[str, Any]]:
    """Per time metric of the window that decides, a chart of all variants and the comparisons read off it."""
    window = decision["metric_window"]
    shown = [row for row in points if row["metric_window"] == window]
    names = list(dict.fromkeys(row["metric_id"] for row in shown))
    names.sort(key=lambda name: (name != decision["metric_id"], name))
    return [
        {
            "label": metric_label(name),
            "chart": _chart(f"k{index}", name, [row for row in shown if row["metric_id"] == name], control),
            "effects": [
                {"row": row, "label": MEASURES.get(row["measure"], row["measure"].replace("_", " "))}
                for measure in MEASURES
                for row in effects
                if (row["metric_id"], row["metric_window"], row["segment"], row["measure"]) == (name, window, "all", measure)
            ],
        }
        for index, name in enumerate(names)
    ]


def _chart(identity: str, metric_id: str, rows: Sequence[Traced], control: str | None) -> Markup:
    variants = sorted({row["variant_id"] for row in rows}, key=lambda name: (name != control, name))
    lines = [Line(name, [(row["time_s"], row["survival"]) for row in rows if row["variant_id"] == name]) for name in variants]
    ends = "; ".join(f"{line.name} ends at {wording.percent(line.points[-1][1])}" for line in lines)
    words = f"Share for whom it has not happened yet ({metric(metric_id).name}), by variant; cases still open count as open. {ends}."
    return survival(lines, "time since it could happen", "not happened yet, %", words, identity)
