"""Every KPI that docs/kpis.md names is a metric, stands in a mart, and is read on the page it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sites import once
from test_pages import read

from python_stats.metrics import metrics
from python_stats.tables import TABLES

PROJECT = Path(__file__).parents[3]
NAMED = (
    "Conversion lift, Completion time, Step abandonment, Engagement, Relevance, Clicks, Replies, Time to resolution, Escalation, First response,"
    " Reopened tickets, Satisfaction (CSAT), Satisfaction after a ticket, Recommendation (NPS), Confidence, Task success, Backtracks, Help views, Exit (1 − completion)"
).split(", ")
PLACES = {
    ("survey_summary", "csat"): "survey_type=csat",
    ("survey_summary", "nps"): "survey_type=nps",
    ("survey_summary", "confidence_rate"): "survey_type=confidence",
    ("metric_weekly", "task_success_rate"): "metric_id=task_success_rate",
}
ROWS = re.findall(
    r"^\| ([^|`]+) \| `([a-z_]+)` \| `([a-z_]+)\.([a-z0-9_]+)` \| `([a-z]+\.html)`",
    (PROJECT / "docs" / "kpis.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


def test_the_table_names_every_kpi() -> None:
    assert sorted(name for name, *_ in ROWS) == sorted(NAMED)


@pytest.mark.parametrize(("kpi", "metric_id", "mart", "column", "page"), ROWS, ids=[row[0] for row in ROWS])
def test_a_kpi_is_where_the_table_says(plain_folder: Path, kpi: str, metric_id: str, mart: str, column: str, page: str) -> None:
    assert metric_id in metrics()
    assert mart in TABLES or list(PROJECT.glob(f"models/**/{mart}.sql"))
    found = [
        text
        for attributes, text in read(once(plain_folder)[page]).traced
        if (attributes["data-mart"], attributes["data-column"]) == (mart, column) and PLACES.get((mart, metric_id), "") in attributes["data-key"]
    ]
    assert any(re.search(r"\d", text) for text in found)
