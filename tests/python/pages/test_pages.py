"""The pages: every number on them stands in a mart, they need nothing but themselves, and no text becomes markup."""

from __future__ import annotations

import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sites import once, render

from python_stats import stages, svg
from python_stats.errors import UserError
from python_stats.metrics import metrics
from python_stats.project import Flags, open_project
from python_stats.report import charts, formats, render_site, write_site
from python_stats.report.naming import file_name
from python_stats.report.page import effect_form, value_form
from python_stats.warehouse import open_warehouse

FOLDERS = ("plain_folder", "full_folder", "hostile_folder")
LARGEST = 200_000
PLACED = re.compile(r"^[a-z0-9_.-]+$")


class Page(HTMLParser):
    """Collects traced values, links and tags, and texts with a digit that nothing traces."""

    VOID = frozenset({"meta", "br", "wbr", "line", "path", "circle", "rect", "link", "img", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[tuple[str, dict[str, str]]] = []
        self.traced: list[tuple[dict[str, str], str]] = []
        self.untraced: list[str] = []
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.attributes |= found.keys()
        if tag == "a":
            self.links.append(found["href"])
        if tag not in self.VOID:
            self.stack.append((tag, found))
            if "data-column" in found:
                self.traced.append((self._place() | found, ""))

    def _place(self) -> dict[str, str]:
        """The row that is nearest around: its mart and key."""
        around = next((attributes for _, attributes in reversed(self.stack) if "data-mart" in attributes), {})
        return {name: around[name] for name in ("data-mart", "data-key") if name in around}

    def handle_endtag(self, tag: str) -> None:
        while tag not in self.VOID and self.stack and self.stack.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if any(tag in ("style", "script", "title") for tag, _ in self.stack) or not data.strip():
            return
        if "data-column" in self.stack[-1][1]:
            attributes, text = self.traced[-1]
            self.traced[-1] = (attributes, text + data)
        elif re.search(r"\d", data) and not any({"data-mart", "data-fixed"} & attributes.keys() for _, attributes in self.stack):
            self.untraced.append(data)


def read(page: str) -> Page:
    parsed = Page()
    parsed.feed(page)
    return parsed


@pytest.fixture(params=FOLDERS)
def site(request: pytest.FixtureRequest) -> tuple[Path, dict[str, str]]:
    folder = request.getfixturevalue(request.param)
    return folder, once(folder)


@pytest.fixture
def plain(plain_folder: Path) -> dict[str, str]:
    return once(plain_folder)


def rendered(**more: Any) -> dict[str, str]:
    with open_warehouse(open_project(Flags()), read_only=True) as opened:
        return render_site(opened, "EUR", **more)


def looked_up(connection: Any, mart: str, key: str) -> dict[str, Any]:
    """The one row of a mart that a key leads to."""
    conditions, values = ["true"], []
    for pair in filter(None, key.split(";")):
        name, value = re.fullmatch(r"((?:sha256\()?[a-z_0-9]+\)?)=(.*)", pair, re.DOTALL).groups()  # type: ignore[union-attr]
        conditions.append(f"cast({name} as varchar) = ?")
        values.append(value.replace("%3B", ";").replace("%25", "%"))
    found = connection.execute(f"select * from {mart} where {' and '.join(conditions)}", values)
    rows = found.fetchall()
    assert len(rows) == 1, (mart, key)
    return dict(zip([column[0] for column in found.description], rows[0], strict=True))


def compare(folder: Path, page: str) -> int:
    """Look up every traced value of a page; how many there were."""
    parsed = read(page)
    writers = formats("EUR")
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    with duckdb.connect(str(folder / "w.duckdb"), read_only=True) as connection:
        for attributes, text in parsed.traced:
            place = attributes["data-mart"], attributes["data-key"]
            if place not in rows:
                rows[place] = looked_up(connection, *place)
            value = rows[place][attributes["data-column"]]
            expected = "–" if value is None else writers[attributes["data-format"]](value)
            assert text == expected, attributes
    assert parsed.untraced == []
    return len(parsed.traced)


def test_every_number_stands_in_a_mart(site: tuple[Path, dict[str, str]]) -> None:
    folder, pages = site
    found = {name: compare(folder, page) for name, page in pages.items()}
    assert all(
        found[name] > least
        for name, least in {"scorecard.html": 40, "friction.html": 20, "handover.html": 100, "messaging.html": 80}.items()
    )


def test_the_test_above_sees_a_wrong_number(page_project: Path) -> None:
    page = rendered()["scorecard.html"]
    with duckdb.connect(str(page_project / "w.duckdb")) as connection:
        connection.execute("update roi_estimates set annual = annual + 1 where experiment_id = 'all'")
    with pytest.raises(AssertionError):
        compare(page_project, page)


def test_same_bytes_each_time(site: tuple[Path, dict[str, str]]) -> None:
    folder, pages = site
    assert render(folder) == pages


def test_pages_are_light_enough_to_mail(site: tuple[Path, dict[str, str]]) -> None:
    assert {name: len(page.encode()) for name, page in site[1].items() if len(page.encode()) >= LARGEST} == {}


def test_they_need_nothing_but_themselves(site: tuple[Path, dict[str, str]]) -> None:
    for name, page in site[1].items():
        parsed = read(page)
        assert not set(parsed.tags) & {"link", "img", "iframe", "object", "embed", "form", "base"}, name
        assert parsed.tags.count("script") == (1 if name.startswith("library") else 0), name
        assert not re.findall(r"(?:src|href)=\"(?:https?:)?//|url\(|@import", page), name
        assert parsed.attributes & {"onclick", "onload", "style", "onerror"} == set(), name


def test_every_link_leads_somewhere(site: tuple[Path, dict[str, str]]) -> None:
    for name, page in site[1].items():
        links = read(page).links
        assert {link for link in links if link != "#content"} <= site[1].keys(), name
        assert PLACED.match(name)
    assert len({name.lower() for name in site[1]}) == len(site[1])
    assert {name for name in site[1] if name.startswith("experiment-")} <= {link for page in site[1].values() for link in read(page).links}


def test_no_text_becomes_markup(hostile_folder: Path) -> None:
    for name, page in render(hostile_folder).items():
        assert "<script>alert" not in page and "<i>" not in page and "<svg onload" not in page and "\0" not in page, name
        assert not re.search(r'href="javascript', page), name
        assert not re.search(r"[\x00-\x09\x0b-\x1f]", page), name


def test_pictures_and_tables_have_words(site: tuple[Path, dict[str, str]]) -> None:
    for name, page in site[1].items():
        parsed = read(page)
        assert page.count("<svg") == page.count("<title id=") == page.count("<desc id="), name
        ids = re.findall(r' id="([^"]+)"', page)
        assert len(ids) == len(set(ids)), name
        assert parsed.tags.count("h1") == 1 and parsed.tags.count("main") == 1, name
        assert len(re.findall("<thead>", page)) == len(re.findall(r"<thead><tr>(?:\s*<th scope=\"col\")", page)), name
        labelled = re.findall(r'aria-labelledby="([^"]+)"', page)
        assert all(part in ids for both in labelled for part in both.split()), name


def test_charts_have_units(plain: dict[str, str]) -> None:
    for chart in re.findall(r'<svg class="chart".*?</svg>', "".join(plain.values()), re.DOTALL):
        units = re.findall(r'class="unit"[^>]*>([^<]+)<', chart)
        assert len(units) == 2 and all(units)
    assert '<svg class="chart"' in plain["handover.html"]


def test_text_is_escaped(plain: dict[str, str]) -> None:
    assert "The &lt;form&gt; &amp; its eight fields" in plain["scorecard.html"] and "Delivery &lt;form&gt;" in plain["scorecard.html"]


def test_no_gain_is_shown_for_an_unsound_experiment(plain: dict[str, str]) -> None:
    page = plain["scorecard.html"]
    start = page.index(">Crooked</span>")
    crooked = page[start : page.index("</tr>", start)]
    assert "no amount" in crooked and "€" not in crooked and "not shown" in crooked
    assert "Not sound" in plain["experiment-crooked.html"] and "Sound." in plain["experiment-winner.html"]


def test_verdicts_do_not_hang_on_colour(plain: dict[str, str]) -> None:
    for words in ("▲ Ship", "▼ Roll back", "✕ Invalid", "▶ Keep running"):
        assert words in plain["scorecard.html"] and words in plain["library.html"]


def test_guardrails_stand_beside_the_gain(plain: dict[str, str]) -> None:
    text = re.sub(r"<[^>]+>", "", plain["scorecard.html"])
    assert "✓ People refunded" in text and "✕ People refunded (harmed)" in text


def test_the_library_has_winners_and_losers(plain: dict[str, str]) -> None:
    for name in ("Winner", "Harmful", "Crooked", "Young"):
        assert f">{name}</span>" in plain["library.html"]
        assert f'href="experiment-{name.lower()}.html"' in plain["library.html"]


def test_the_backlog_says_where_and_why(plain: dict[str, str]) -> None:
    text = re.sub(r"<[^>]+>", "", plain["backlog.html"])
    assert (
        text.index("Checkout &amp; &lt;more&gt; › Delivery &lt;form&gt;") < text.index("Cart &lt;b&gt;now&lt;/b&gt;") < text.index("chat")
    )
    for part in ("Severity", "Volume", "Little effort", "Soon learnt"):
        assert part in text


def test_the_metric_tree_hangs_together(plain: dict[str, str]) -> None:
    text = plain["metrics.html"]
    assert text.count('class="node') == 6  # error_rate stands below both of its parents, its own child once
    assert text.count("its drivers stand above") == 1
    assert "↓ lowers it" in text and "↑ raises it" in text
    assert 'class="spark"' in text


def test_weeks_that_are_not_over_are_not_shown(plain: dict[str, str]) -> None:
    parsed = read(plain["metrics.html"])
    weeks = {
        re.search(r"week=([\d-]+)", attributes["data-key"])[1]
        for attributes, _ in parsed.traced
        if "week=" in attributes.get("data-key", "")
    }  # type: ignore[index]
    assert weeks == {"2026-03-02", "2026-02-23"}  # the teams' is the last that has had its time


@pytest.mark.parametrize(
    ("nothing", "told"),
    [
        ("annual = null, first_year = null, cost_first_year = null", "Nothing ships yet"),
        ("annual = null, first_year = null, cost_first_year = 500", "What ships has no estimate yet"),
        ("annual = null, first_year = 7000", "€7,000</span> once"),
        ("status = 'partial'", "Some of what ships is not valued in full"),
        ("expected_from = 2", "cannot be told yet, from the results of"),
        ("expected_status = 'no_primary_effect'", "cannot be told yet."),
        (
            "expected_status = 'ok', expected_annual = 7000, expected_annual_low = 5000, expected_annual_high = 8000, expected_first_year = 1,"
            " expected_first_year_low = 0, expected_first_year_high = 2",
            "What ships can be expected to bring <span",
        ),
        ("may_count_twice = true", "Some of it may be counted twice"),
    ],
)
def test_what_ships_is_told_as_far_as_it_is_known(page_project: Path, nothing: str, told: str) -> None:
    with duckdb.connect(str(page_project / "w.duckdb")) as connection:
        connection.execute(f"update roi_estimates set {nothing} where experiment_id = 'all'")
    assert told in rendered()["scorecard.html"]


def test_the_headline_says_that_what_ships_was_chosen(page_project: Path) -> None:
    """What is measured of chosen experiments is not what they are worth: the page says so, whichever figure it leads with."""
    headline = words_of(rendered()["scorecard.html"]).partition("Experiments: what hurt")[0]
    assert "chosen for its good results" in headline and "is worth" not in headline


def test_streams_that_may_count_twice_are_named(page_project: Path) -> None:
    assert "may pay for the same acts twice" not in rendered()["experiment-winner.html"]
    with duckdb.connect(str(page_project / "w.duckdb")) as connection:
        connection.execute("update roi_estimates set may_count_twice = true where experiment_id = 'winner'")
    told = words_of(rendered()["experiment-winner.html"])
    assert "Revenue created (Conversion) and Revenue kept (Conversion) may pay for the same acts twice" in told


def words_of(page: str) -> str:
    """The text of a page, cells and lines parted by one space."""
    bare = re.sub(r"<(svg|style).*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r"[ \n\u00a0]+", " ", re.sub(r"<[^>]+>", "", re.sub(r"<(?=small|td|th|p|h\d)", " <", bare)))


def test_figures_of_another_day_and_confidence_say_so(page_project: Path) -> None:
    """An arm stopped for harm stands as of that day, its secondary metrics as of now; the day is among the looks."""
    with duckdb.connect(str(page_project / "w.duckdb")) as connection:
        judged = "experiment_id = 'winner' and segment = 'all' and is_decision and role in ('primary', 'guardrail')"
        connection.execute(
            f"update experiment_results set known_on = '2026-02-15', nominal_alpha = 0.00001, n_control = 161, n_variant = 151 where {judged}"
        )
        connection.execute("update experiment_decisions set nominal_alpha = 0.00001 where experiment_id = 'winner'")
        connection.execute(f"update experiment_results set non_inferiority = 'harmed', p_value = null where {judged} and role = 'guardrail'")
        days = "experiment_id = 'winner' and metric_id = 'conversion'"
        connection.execute(f"update experiment_sequential set verdict = case when day < '2026-02-15' then 'keep_running' else 'roll_back' end where {days}")
        connection.execute(f"update experiment_sequential set stage = 'safety', is_crossed = false where {days} and day = '2026-02-15'")
        connection.execute(
            "insert into experiment_sequential select * replace ('refund_rate' as metric_id, 'guardrail' as role, true as is_crossed)"
            f" from experiment_sequential where {days} and day = '2026-02-15'"
        )
    page = rendered()["experiment-winner.html"]
    compare(page_project, page)
    text = words_of(page)
    assert "The verdict on it, roll back, fell at the end of 2026-02-15, when only strong harm counted." in text
    assert "Primary metric: as of the end of 2026-02-15, 161 + 151 people, intervals at 99.999 %; guardrails: as of the end of 2026-02-15" in text
    assert "judged by what was known at the end of 2026-02-15" in text and "intervals at 99.999 %, p " in text
    assert "as of 2026-02-15, at 99.999 %" in text[text.index("Does it last?") : text.index("For whom?")]
    assert "and the day before them on which strong harm stopped the variant" in text
    looks = text[text.index("The looks at which") : text.index("Does it last?")]
    assert re.search(r"2026-02-15 safety .* ○ no but People refunded did roll back", looks)
    assert "✕ harmed" in text[text.index("What it did") : text.index("As it came in")]


def for_whom(page: str) -> str:
    text = words_of(page)
    return text[text.index("For whom?") : text.index("What it is worth")]


def test_segments_are_told_on_the_scale_of_their_test(page_project: Path) -> None:
    """`winner` has 30 % more in both plans: one relative change, though +3.0 points in either; the tiers are compared in points."""
    page = rendered()["experiment-winner.html"]
    compare(page_project, page)
    plan, tier = for_whom(page).split(" tier ")
    assert "○ No sign that the segments differ, so expect the common effect of all, +30.0 % (test of no difference in relative change: p" in plan
    assert plan.count("▲ better") == 2 and "+3.0 pp" not in plan
    assert "test of no difference in the change in its own unit" in tier and "Relative changes cannot be compared here" in tier


def test_a_segment_is_labelled_by_what_to_expect_of_it(page_project: Path) -> None:
    """An own interval beyond 0 is no label where chance may have put it there; without an estimate to expect there is none at all."""
    with duckdb.connect(str(page_project / "w.duckdb")) as connection:
        connection.execute(
            "update experiment_segments set ci_low = 0.001, shrunken_ci_low = -0.05 where segment = 'plan=free' and experiment_id = 'winner'"
        )
        connection.execute("update experiment_segments set ci_low = -0.001 where segment = 'plan=pro' and experiment_id = 'winner'")
        nothing = "interaction_p_value = null, shrunken_effect = null, shrunken_ci_low = null, shrunken_ci_high = null, scale = null"
        connection.execute(f"update experiment_segments set {nothing} where segment_column = 'tier' and experiment_id = 'winner'")
    page = rendered()["experiment-winner.html"]
    compare(page_project, page)
    plan, tier = for_whom(page).split(" tier ")
    assert "○ unclear plan=pro" in plan and plan.count("▲ better") == 1
    assert "Fewer than two segments have an estimate" in tier and not re.search("[▲▼○]", tier)


def test_no_variant_of_an_unsound_experiment_has_a_verdict(page_project: Path) -> None:
    with duckdb.connect(str(page_project / "w.duckdb")) as connection:
        connection.execute("update experiment_results set known_on = '2026-02-15' where is_decision and role = 'primary'")
        connection.execute("update experiment_sequential set verdict = 'ship' where day = '2026-02-15'")
    pages = rendered()
    assert "The verdict on it, ship, fell at the end of 2026-02-15" in words_of(pages["experiment-winner.html"])
    assert "The verdict on it" not in words_of(pages["experiment-crooked.html"])


def test_figures_of_now_say_so(plain: dict[str, str]) -> None:
    text = words_of(plain["experiment-winner.html"])
    told = "Primary metric: as of 2026-05-05 12:00 UTC, 10,000 + 10,000 people, intervals at 95 %; guardrails: as of 2026-05-05 12:00 UTC"
    assert told in text and "fell at the end of" not in text and "judged by what" not in text


def test_the_cases_of_a_time_are_no_people(page_project: Path, plain: dict[str, str]) -> None:
    with duckdb.connect(str(page_project / "w.duckdb")) as connection:
        connection.execute("update experiment_decisions set metric_id = 'resolution_time' where experiment_id = 'winner'")
        connection.execute("update experiment_results set metric_id = 'resolution_time' where experiment_id = 'winner' and role = 'primary'")
    page = rendered()["experiment-winner.html"]
    for text, noun in ((words_of(page), "cases"), (words_of(plain["experiment-winner.html"]), "people")):
        assert f"{noun.capitalize()} in the smaller variant" in text
        assert f"Sample per variant 5,000 {noun} 10,000 {noun} in the smaller one" in text
        assert f"10,000 + 10,000 {noun}, intervals" in text


def test_an_average_over_a_limited_time_says_so(page_project: Path, plain: dict[str, str]) -> None:
    """On the scorecard, in the page's tile and its table; no other metric is such an average."""
    with duckdb.connect(str(page_project / "w.duckdb")) as connection:
        connection.execute("update experiment_decisions set metric_id = 'resolution_time' where experiment_id = 'winner'")
        connection.execute(
            "update experiment_results set metric_id = 'resolution_time', horizon_s = 282600 where experiment_id = 'winner' and role = 'primary'"
        )
    pages = rendered()
    for name, times in (("scorecard.html", 1), ("experiment-winner.html", 2)):
        compare(page_project, pages[name])
        assert words_of(pages[name]).count("on average, within 3.3 days") == times, name
        assert "on average, within" not in words_of(plain[name])


def test_a_change_without_an_interval_is_no_missing_change(page_project: Path) -> None:
    with duckdb.connect(str(page_project / "w.duckdb")) as connection:
        guard = "experiment_id = 'winner' and role = 'guardrail' and is_decision and segment = 'all'"
        unknown = "relative_ci_low = null, relative_ci_high = null, ci_low = null, ci_high = null"
        connection.execute(f"update experiment_results set status = 'skewed', relative_status = 'skewed', relative_effect = 1.24, {unknown} where {guard}")
    text = words_of(rendered()["experiment-winner.html"])
    assert "No interval for the relative change: a few people weigh too much" in text and "+124 %" in text
    assert "No relative change: a few people" not in text


def test_next_to_no_noise_is_no_figure(page_project: Path) -> None:
    with duckdb.connect(str(page_project / "w.duckdb")) as connection:
        connection.execute("update experiment_results set variance_reduction = 7e-8 where experiment_id = 'winner' and role = 'primary'")
        connection.execute("update experiment_results set variance_reduction = 0.25 where experiment_id = 'winner' and role = 'guardrail'")
    text = words_of(rendered()["experiment-winner.html"])
    assert "adjusted for the time before, hardly less noise" in text and "adjusted for the time before, 25.0 % less noise" in text
    assert "0.000" not in text


def test_one_of_a_thing_has_no_plural(page_project: Path) -> None:
    tables = (
        "friction_journey_summary friction_cost_by_journey friction_step_summary handover_summary messaging_summary survey_summary"
        " experiment_decisions metric_tree_evidence source_audit"
    )
    with duckdb.connect(str(page_project / "w.duckdb")) as connection:
        for table in tables.split():
            columns = [name for name, kind, *_ in connection.execute(f"describe {table}").fetchall() if kind == "BIGINT"]
            connection.execute(f"update {table} set {', '.join(f'{name} = 1' for name in columns)}")
        connection.execute("update experiment_sequential set is_crossed = day = '2026-02-02'")
    things = "attempts|entries|tickets|answers|messages|weeks|days|rows|people|looks"
    pages = rendered(cost_window_days=1)
    found = {name: re.findall(rf"(?<![\d.,])(?<!\+ )\b1[ \u00a0](?:{things})\b", words_of(page)) for name, page in pages.items()}
    assert {name: words for name, words in found.items() if words} == {}
    told = {"friction.html": "1 attempt, without 1 still under way", "handover.html": "1 ticket", "metrics.html": "1 week later", "scorecard.html": "1 row ="}
    for name, words in told.items():
        assert words in words_of(pages[name]), name
    assert "1 day lies beyond" in pages["experiment-winner.html"]


def test_figures_say_over_which_days(page_project: Path) -> None:
    """The variable reaches the pages; what is over all data says so; an attempt still under way is not in the rate."""
    with duckdb.connect(str(page_project / "w.duckdb")) as connection:
        connection.execute("update friction_journey_summary set completions = 530, attempts = 1009, in_progress = 2")
    stages.report(open_project(Flags(vars="{cost_window_days: 7}")), None)
    text = {name: words_of((page_project / "out" / f"{name}.html").read_text(encoding="utf-8")) for name in ("scorecard", "friction", "metrics", "handover")}
    assert "what it costs in the last 7 days" in text["scorecard"] and "From bot to human over all data" in text["scorecard"]
    assert "over the last 7 days before the data ends" in text["friction"]
    assert "530 of 1,009 attempts, without 2 still under way" in text["friction"]
    metrics = text["metrics"]
    assert metrics.index("Over all data.") < metrics.index("Satisfaction (CSAT)") < metrics.index("Each figure is that of the last whole week")
    assert re.search(r"nine in ten within \S+ s, unanswered ones counted", text["handover"]) and "Satisfaction after a ticket" in text["handover"]
    assert "in the last 28 days" in words_of(rendered()["scorecard.html"])
    with pytest.raises(UserError, match="variable 'cost_window_days': 'soon' must be a number above 0"):
        stages.report(open_project(Flags(vars="{cost_window_days: soon}")), None)


def test_amounts_of_two_currencies_are_not_compared(page_project: Path) -> None:
    """Three steps in yen, two in the reporting currency: the dearest of each first, each amount with its own sign."""
    with duckdb.connect(str(page_project / "w.duckdb")) as connection:
        (one,) = connection.execute("select * from friction_cost").fetchall()
        columns = [name for name, *_ in connection.execute("describe friction_cost").fetchall()]
        connection.execute("delete from friction_cost")
        for rank, (journey, step, lost, currency) in enumerate(
            [("kyoto", "a", 900_000, "JPY"), ("kyoto", "b", 500_000, "JPY"), ("checkout", "form", 70, "EUR"), ("checkout", "pay", 60, "EUR"), ("kyoto", "c", 1000, "JPY")]
        ):
            row = dict(zip(columns, one, strict=True)) | {"journey_id": journey, "step_id": step, "step_order": rank, "priority_rank": rank}
            row |= {"expected_value_lost": lost, "currency": currency}
            connection.execute(f"insert into friction_cost values ({', '.join('?' * len(row))})", list(row.values()))
        connection.execute("insert into friction_cost_by_journey values ('kyoto', 600, 1401000)")
        connection.execute("insert into friction_journey_summary select * replace ('kyoto' as journey_id) from friction_journey_summary")
    pages = rendered()
    scorecard, friction = words_of(pages["scorecard.html"]), words_of(pages["friction.html"])
    assert re.findall(r"(\S+(?: [\d,]+)?) lost", scorecard) == ["€70", "JPY 900,000", "€60", "JPY 500,000", "JPY 1,000"]
    assert "the dearest of each currency first" in scorecard and "not compared across currencies" in friction
    assert friction.index("Value lost in these days€1,234") < friction.index("Value lost in these daysJPY 1,401,000")
    assert compare(page_project, pages["scorecard.html"]) and compare(page_project, pages["friction.html"])


def test_a_week_is_better_or_worse_where_weeks_do_not_vary_as_much(page_project: Path) -> None:
    cells = re.findall(r'data-label="(?:Input|Outcome)".*?</td>', rendered()["metrics.html"].split("Team by team")[1], re.DOTALL)
    assert [words_of(cell).split(" % ")[-1].strip() for cell in cells] == ["as weeks vary", "worse"]
    with duckdb.connect(str(page_project / "w.duckdb")) as connection:
        connection.execute("update empathy_scorecard set input_is_unusual = null, outcome_is_better = true")
    cells = re.findall(r'data-label="(?:Input|Outcome)".*?</td>', rendered()["metrics.html"].split("Team by team")[1], re.DOTALL)
    assert [words_of(cell).split(" % ")[-1].strip() for cell in cells] == ["too few weeks to tell", "better"]


def test_of_a_week_whose_clicks_may_still_come_nothing_is_said(page_project: Path) -> None:
    """The teams' week is the last that has had its time; where there is none, what ripens is still counting, and the rest is told."""
    place = 'data-key="week=2026-'
    teams = rendered()["metrics.html"].split("Team by team")[1].split("Every metric")[0]
    assert place + "02-23" in teams and place + "03-02" not in teams  # the last whole week is that of 2 March
    with duckdb.connect(str(page_project / "w.duckdb")) as connection:
        connection.execute("update empathy_scorecard set is_ripe = false, input_is_unusual = null, outcome_is_unusual = null")
    teams = rendered()["metrics.html"].split("Team by team")[1].split("Every metric")[0]
    assert place + "03-02" in teams
    cells = re.findall(r'data-label="(?:Input|Outcome)".*?</td>', teams, re.DOTALL)
    assert [words_of(cell).split(" % ")[-1].strip() for cell in cells] == ["still counting", "too few weeks to tell"]


def test_a_metric_without_weeks_says_where_it_is(page_project: Path) -> None:
    tree, every = rendered()["metrics.html"].split("The metric tree")[1].split("Every metric")
    for part in (tree.split("Retention")[1].split("</div>")[0], every.split(">retention<")[1].split("</tr>")[0]):
        assert "– in windows of 30 and 90 days of experiments only" in " ".join(words_of(part).split())
    counting = [row for row in every.split("</tr>") if "still counting" in row]
    assert len(counting) == 1 and ">error_rate<" in counting[0].replace("<wbr>", "")  # of those with weeks the only one that ripens


def test_a_curve_begins_at_the_mark_before_its_first_time() -> None:
    drawn = str(charts.survival([charts.Line("all", [(4000.0, 0.9), (90_000.0, 0.2)])], "time", "open", "label", "id"))
    assert ">1 h<" in drawn and ">1 min<" not in drawn and ">10 min<" not in drawn


def test_a_correlation_is_neither_none_nor_whole_where_it_is_not() -> None:
    write = formats("EUR")["correlation"]
    assert [write(value) for value in (0.74, 0.0046, -0.0046, -0.9968, 0.0, -1.0)] == ["0.74", "0.005", "−0.005", "−0.997", "0.00", "−1.00"]


def test_pages_are_written_all_or_none(tmp_path: Path, plain: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full at the third page."""
    write_site(tmp_path / "out", dict.fromkeys(plain, "old"))
    write = Path.write_text

    def filling(path: Path, *args: Any, **more: Any) -> int:
        if len(list(path.parent.glob(".*.part"))) == 2:
            raise OSError(28, "No space left on device")
        return write(path, *args, **more)

    monkeypatch.setattr(Path, "write_text", filling)
    with pytest.raises(UserError, match="No space left"):
        write_site(tmp_path / "out", plain)
    assert {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "out").iterdir()} == dict.fromkeys(plain, "old")


def test_no_open_recorded_is_no_rate_of_opens(page_project: Path) -> None:
    assert 'title="no open' not in rendered()["messaging.html"]
    with duckdb.connect(str(page_project / "w.duckdb")) as connection:
        connection.execute("update messaging_summary set opened = 0, machine_opened_only = 0, open_rate = 0 where breakdown = 'campaign'")
        campaigns = connection.execute("select count(*) from messaging_summary where breakdown = 'campaign'").fetchall()[0][0]
    assert campaigns and rendered()["messaging.html"].count('title="no open') == 2 * campaigns


def test_a_sum_says_that_it_is_rounded(plain: dict[str, str]) -> None:
    for name in ("scorecard.html", "experiment-winner.html"):
        assert "Amounts are rounded, so that a sum may differ from its parts in the last digit." in words_of(plain[name])


def test_every_unit_of_a_metric_has_its_formats() -> None:
    written = formats("EUR")
    for metric_id in metrics():
        assert {value_form(metric_id), effect_form(metric_id)} <= set(written), metric_id
    assert (written["points"](-0.0428), written["effect_points"](0.125)) == ("−4", "+12.5\u00a0points")


def test_worse_within_the_harm_allowed_is_no_gain(page_project: Path) -> None:
    with duckdb.connect(str(page_project / "w.duckdb")) as connection:
        guard = "experiment_id = 'winner' and role = 'guardrail' and is_decision"
        connection.execute(f"update experiment_results set ci_low = 0.001, ci_high = 0.002, non_inferiority = 'non_inferior' where {guard}")
    page = rendered()["experiment-winner.html"]
    assert '<span class="state unclear">✓ worse, harm excluded</span>' in page


def test_figures_have_their_unit_and_number(page_project: Path) -> None:
    with duckdb.connect(str(page_project / "w.duckdb")) as connection:
        connection.execute(
            "update roi_estimates set metric_id = 'resolution_time', value_per_unit = 0.0003 where experiment_id = 'winner' and metric_id = 'conversion'"
            " and stream = 'revenue_created'"
        )
    text = words_of(rendered()["experiment-winner.html"])
    assert "€1.08 per hour" in text and "€20.00" in text
    assert "1 planned look " in text


@pytest.mark.parametrize(
    ("alpha", "told"), [(0.05, "95 %"), (0.025, "97.5 %"), (2.2e-5, "99.998 %"), (1e-6, "99.9999 %"), (1e-30, "over 99.9999 %"), (1 / 60, "98.3 %"), (0.2, "80 %")]
)
def test_no_confidence_is_a_hundred_percent(alpha: float, told: str) -> None:
    assert formats("EUR")["confidence"](alpha).replace("\u00a0", " ") == told


OPTIONAL = (
    "friction_cost friction_step_summary friction_journey_summary friction_cost_by_journey handover_summary handover_survival"
    " messaging_summary survey_summary cfg_journeys cfg_campaigns cfg_journey_steps source_audit as_of learning_notes"
    " empathy_scorecard metric_tree_evidence experiment_backlog learning_patterns metric_catalog metric_weekly metric_tree_weekly cfg_metric_tree experiment_effects_factorial experiment_segments"
).split()


@pytest.mark.parametrize("change", ["delete from {}", "drop table {}"])
def test_no_data_is_said_and_no_crash(page_project: Path, change: str) -> None:
    everything = set(rendered())
    with duckdb.connect(str(page_project / "w.duckdb")) as connection:
        for table in OPTIONAL:
            connection.execute(change.format(table))
    pages = rendered()
    assert pages.keys() == everything
    for name in ("friction.html", "handover.html", "messaging.html", "metrics.html", "backlog.html"):
        assert "No data" in pages[name], name


def test_no_experiment(page_project: Path) -> None:
    with duckdb.connect(str(page_project / "w.duckdb")) as connection:
        for table in ("experiment_decisions", "experiment_results", "roi_estimates", "learning_notes", "cfg_experiments"):
            connection.execute(f"delete from {table}")
    pages = rendered()
    assert "No experiment was declared" in pages["scorecard.html"] and "no experiment was declared" in pages["library.html"]


def test_before_analyze(project: Path) -> None:
    with pytest.raises(UserError, match="run 'empathy-roi analyze' first"):
        rendered()


def test_pages_of_an_earlier_run_go_and_other_files_stay(tmp_path: Path, plain: dict[str, str]) -> None:
    (tmp_path / "experiment-mine.html").write_text("<p>my own notes</p>")
    (tmp_path / "experiment-old.html").write_text(plain["experiment-winner.html"])
    write_site(tmp_path, plain)
    assert {path.name for path in tmp_path.iterdir()} == {*plain, "experiment-mine.html"}
    assert all((tmp_path / name).read_text(encoding="utf-8") == page for name, page in plain.items())


@pytest.mark.parametrize(
    ("identity", "name"),
    [
        ("checkout_short_form", "x-checkout_short_form.html"),
        ("a-0123456789ab", "x-a-0123456789ab-" + hashlib.sha256(b"a-0123456789ab").hexdigest()[:12] + ".html"),
        ("Young", "x-young-" + hashlib.sha256(b"Young").hexdigest()[:12] + ".html"),
        ("../..", "x-" + hashlib.sha256(b"../..").hexdigest()[:12] + ".html"),
        ("", "x-" + hashlib.sha256(b"").hexdigest()[:12] + ".html"),
    ],
)
def test_file_names(identity: str, name: str) -> None:
    assert file_name("x", identity) == name


@pytest.mark.parametrize(
    ("low", "high", "state"), [(0.01, 0.2, "better"), (-0.2, -0.01, "worse"), (-0.1, 0.1, "open"), (5, 9, "better"), (-9, -5, "worse")]
)
def test_intervals_stay_in_the_picture(low: float, high: float, state: str) -> None:
    picture = str(svg.interval((low + high) / 2, low, high, 0.05, 0.02, "words", "x"))
    assert f'class="interval {state}"' in picture
    positions = [float(found) for found in re.findall(r'(?:[MLH]|x1="|cx=")(-?[\d.]+)', picture)]
    assert all(0 <= position <= svg.WIDTH for position in positions)
