"""The scorecard: every number on it stands in a mart, and it needs nothing but itself."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest

from python_stats import svg
from python_stats.errors import UserError
from python_stats.project import Flags, open_project
from python_stats.report import formats, render
from python_stats.warehouse import open_warehouse


class Page(HTMLParser):
    """Collects traced values, and texts with a digit that nothing traces."""

    VOID = frozenset({"meta", "br", "line", "path", "circle", "rect", "link", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[tuple[str, dict[str, str]]] = []
        self.traced: list[tuple[dict[str, str], str]] = []
        self.untraced: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in self.VOID:
            self.stack.append((tag, {name: value or "" for name, value in attrs}))
            if "data-column" in self.stack[-1][1]:
                self.traced.append((self.stack[-1][1], ""))

    def handle_endtag(self, tag: str) -> None:
        while tag not in self.VOID and self.stack and self.stack.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if any(tag == "style" for tag, _ in self.stack) or not data.strip():
            return
        if "data-column" in self.stack[-1][1]:
            attributes, text = self.traced[-1]
            self.traced[-1] = (attributes, text + data)
        elif re.search(r"\d", data) and not any("data-mart" in attributes for _, attributes in self.stack):
            self.untraced.append(data)


@pytest.fixture
def page(analyzed_project: Path) -> str:
    return rendered()


def rendered() -> str:
    with open_warehouse(open_project(Flags()), read_only=True) as opened:
        return render(opened, "EUR")


def read(page: str) -> Page:
    parsed = Page()
    parsed.feed(page)
    return parsed


def looked_up(connection: Any, attributes: dict[str, str]) -> Any:
    pairs = [pair.split("=", 1) for pair in attributes["data-key"].split(";") if pair]
    where = " and ".join(f'"{name}" = ?' for name, _ in pairs) or "true"
    column = "count(*)" if attributes["data-column"] == "count" else f'"{attributes["data-column"]}"'
    rows = connection.execute(f"select {column} from {attributes['data-mart']} where {where}", [value for _, value in pairs]).fetchall()
    assert len(rows) == 1, attributes
    return rows[0][0]


def test_every_number_stands_in_a_mart(page: str, analyzed_project: Path) -> None:
    parsed = read(page)
    assert parsed.untraced == []
    assert len(parsed.traced) > 40
    writers = formats("EUR")
    with duckdb.connect(str(analyzed_project / "w.duckdb"), read_only=True) as connection:
        for attributes, text in parsed.traced:
            value = looked_up(connection, attributes)
            expected = "–" if value is None else writers[attributes["data-format"]](value)
            assert text == expected, attributes


def test_the_test_above_sees_a_wrong_number(page: str, analyzed_project: Path) -> None:
    with duckdb.connect(str(analyzed_project / "w.duckdb")) as connection:
        connection.execute("update roi_estimates set annual = annual + 1 where experiment_id = 'all'")
    with pytest.raises(AssertionError):
        test_every_number_stands_in_a_mart(page, analyzed_project)


def test_same_bytes_each_time(page: str) -> None:
    assert rendered() == page


def test_it_needs_nothing_but_itself(page: str) -> None:
    parsed = read(page)
    assert not parsed.tags & {"script", "link", "img", "iframe", "object"}
    assert not re.findall(r"(?:https?:)?//[a-z]|url\(|@import", page)


def test_pictures_have_words(page: str) -> None:
    assert page.count("<svg") == page.count("<title id=") == page.count("<desc id=") > 5
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_text_is_escaped(page: str) -> None:
    assert "The &lt;form&gt; &amp; its eight fields" in page and "Delivery &lt;form&gt;" in page
    assert "<form>" not in page


def test_no_gain_is_shown_for_an_unsound_experiment(page: str) -> None:
    crooked = page[page.index("Crooked</b>") : page.index("</tr>", page.index("Crooked</b>"))]
    assert "no amount" in crooked and "€" not in crooked and "not shown" in crooked


def test_verdicts_do_not_hang_on_colour(page: str) -> None:
    for words in ("▲ Ship", "▼ Roll back", "✕ Invalid", "▶ Keep running"):
        assert words in page


def test_nothing_ships(page: str, analyzed_project: Path) -> None:
    with duckdb.connect(str(analyzed_project / "w.duckdb")) as connection:
        connection.execute("update roi_estimates set annual = null where experiment_id = 'all'")
    assert "Nothing ships yet" in rendered()


def test_empty_tables(page: str, analyzed_project: Path) -> None:
    with duckdb.connect(str(analyzed_project / "w.duckdb")) as connection:
        for table in ("experiment_decisions", "roi_estimates", "friction_cost", "fct_tickets", "source_audit", "as_of"):
            connection.execute(f"delete from {table}")
    assert "No experiment was declared" in rendered()


def test_before_analyze(project: Path) -> None:
    with pytest.raises(UserError, match="run 'empathy-roi analyze' first"):
        rendered()


@pytest.mark.parametrize(
    ("low", "high", "state"), [(0.01, 0.2, "better"), (-0.2, -0.01, "worse"), (-0.1, 0.1, "open"), (5, 9, "better"), (-9, -5, "worse")]
)
def test_intervals_stay_in_the_picture(low: float, high: float, state: str) -> None:
    picture = str(svg.interval((low + high) / 2, low, high, 0.05, 0.02, "words", "x"))
    assert f'class="interval {state}"' in picture
    positions = [float(found) for found in re.findall(r'(?:[MLH]|x1="|cx=")(-?[\d.]+)', picture)]
    assert all(0 <= position <= svg.WIDTH for position in positions)
