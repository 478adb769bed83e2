"""Small cells: what is withheld, that no total less what is shown tells of few, and that every published table says what counts its rows."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import product
from pathlib import Path

import duckdb
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from python_stats.errors import UserError
from python_stats.operations import publication
from python_stats.operations.publication import Content
from python_stats.privacy import small_cells
from python_stats.privacy.small_cells import Cells
from python_stats.project import Flags, open_project
from python_stats.report.site import render_site
from python_stats.tables import TABLES
from python_stats.warehouse import open_warehouse

PROJECT = Path(__file__).parents[3]
LEAST = 10


def shown(rows: list[tuple[str, str, int | None]], cells: Cells) -> list[tuple[str, str, int | None]]:
    with duckdb.connect() as connection:
        connection.execute("create table mart (day varchar, place varchar, persons bigint)")
        if rows:
            connection.executemany("insert into mart values (?, ?, ?)", rows)
        query = small_cells.shown_rows("mart", ["day", "place", "persons"], cells, LEAST)
        return connection.execute(query).fetchall()


def test_rows_about_few_are_withheld_and_rows_about_nobody_are_not() -> None:
    rows = [("mon", "a", 9), ("mon", "b", 10), ("mon", "c", 0), ("mon", "d", None), ("mon", "e", 1)]
    assert sorted(row[1] for row in shown(rows, Cells(("persons",)))) == ["b", "c", "d"]


def test_a_single_small_cell_takes_the_next_larger_one_along() -> None:
    rows = [("mon", "a", 3), ("mon", "b", 40), ("mon", "c", 50), ("tue", "a", 30), ("tue", "b", 40)]
    assert sorted(shown(rows, Cells(("persons",), (("day",),)))) == [("mon", "c", 50), ("tue", "a", 30), ("tue", "b", 40)]


counts = st.one_of(st.none(), st.integers(0, 40))


@settings(deadline=None)
@given(st.lists(st.lists(counts, max_size=6), max_size=4))
def test_no_total_less_what_is_shown_counts_few(groups: list[list[int | None]]) -> None:
    rows = [(f"day {day}", f"place {place}", count) for day, group in enumerate(groups) for place, count in enumerate(group)]
    left = shown(rows, Cells(("persons",), (("day",),)))
    assert not [row for row in left if row[2] and row[2] < LEAST]
    totals: dict[str, int] = defaultdict(int)
    withheld: dict[str, int] = defaultdict(int)
    for row in rows:
        totals[row[0]] += row[2] or 0
        withheld[row[0]] += (row[2] or 0) * (row not in left)
    for day, total in totals.items():
        assert withheld[day] == 0 or withheld[day] >= LEAST or withheld[day] == total
        if all(row[2] is None or row[2] == 0 or row[2] >= LEAST for row in rows if row[0] == day):
            assert withheld[day] == 0  # nothing is withheld without need


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), counts), max_size=14, unique_by=lambda row: row[:2]))
def test_rows_that_add_up_in_two_ways_tell_of_few_in_neither(drawn: list[tuple[int, int, int | None]]) -> None:
    """A day's total and a place's, where every row is in one of each."""
    rows = [(f"day {day}", f"place {place}", count) for day, place, count in drawn]
    left = shown(rows, Cells(("persons",), (("day",), ("place",))))
    assert not [row for row in left if row[2] and row[2] < LEAST]
    for way in (0, 1):
        for group in {row[way] for row in rows}:
            whole = sum(row[2] or 0 for row in rows if row[way] == group)
            withheld = whole - sum(row[2] or 0 for row in left if row[way] == group)
            assert withheld == 0 or withheld >= LEAST or withheld == whole
    if all(not row[2] or row[2] >= LEAST for row in rows):
        assert sorted(map(str, left)) == sorted(map(str, rows))


def test_the_smallest_of_several_counts_decides() -> None:
    with duckdb.connect() as connection:
        connection.execute("create table mart as select * from (values (1, 50, 9), (2, 50, 0), (3, 50, null), (4, 12, 11)) as t(id, one, two)")
        query = small_cells.shown_rows("mart", ["id", "one", "two"], Cells(("one", "two")), LEAST)
        assert sorted(row[0] for row in connection.execute(query).fetchall()) == [2, 3, 4]


def test_variables() -> None:
    assert small_cells.least({}) is None
    assert small_cells.least({"suppress_small_cells": True}) == 10
    assert small_cells.least({"suppress_small_cells": True, "min_cell_size": 5}) == 5
    for name, value in product(("min_cell_size",), (1, True, "ten", 2.5)):
        with pytest.raises(UserError, match="variable 'min_cell_size'"):
            small_cells.least({name: value})
    with pytest.raises(UserError, match="variable 'suppress_small_cells'"):
        small_cells.least({"suppress_small_cells": "yes"})


def manifest_with(path: Path, meta: dict[str, object]) -> Path:
    model = {"alias": "mart", "resource_type": "model", "access": "public", "config": {"meta": meta}}
    path.write_text(json.dumps({"nodes": {"model.mart": model}}))
    return path


def test_rows_may_add_up_in_several_ways() -> None:
    assert small_cells.groupings([]) == ()
    assert small_cells.groupings(["week", "metric_id"]) == (("week", "metric_id"),)
    assert small_cells.groupings([["week"], ["channel", "path"]]) == (("week",), ("channel", "path"))


def test_a_public_mart_has_to_say(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"mart 'mart' is public, but config\.meta\.small_cells does not say"):
        small_cells.declared(manifest_with(tmp_path / "manifest.json", {}))
    found = small_cells.declared(manifest_with(tmp_path / "manifest.json", {"small_cells": {"count": ["n"], "within": ["day"]}}))
    assert found["mart"] == Cells(("n",), (("day",),))
    assert "mart" not in small_cells.declared(manifest_with(tmp_path / "manifest.json", {"small_cells": {"none": "it is about shops"}}))


def said_of(mart: str) -> dict[str, list[str]]:
    """What the YAML of a mart says of its small cells."""
    models = [model for path in (PROJECT / "models").glob("**/_*.yml") for model in yaml.safe_load(path.read_text("utf-8")).get("models", [])]
    return dict(next(model for model in models if model["name"] == mart)["config"]["meta"]["small_cells"])


def test_a_journeys_total_does_not_tell_a_step_of_it() -> None:
    """friction_cost_by_journey publishes what the steps of friction_cost add up to: of 3, 40 and 50 entries two steps are withheld."""
    cells = said_of("friction_cost")
    with duckdb.connect() as connection:
        connection.execute("create table mart as select * from (values ('a', 'x', 3), ('a', 'y', 40), ('a', 'z', 50), ('b', 'x', 40)) as t(journey_id, step_id, entries)")
        query = small_cells.shown_rows("mart", ["journey_id", "step_id", "entries"], Cells(tuple(cells["count"]), small_cells.groupings(cells["within"])), LEAST)
        assert sorted(connection.execute(query).fetchall()) == [("a", "z", 50), ("b", "x", 40)]


def test_the_summaries_tell_no_row_of_the_daily_marts() -> None:
    """messaging_summary publishes a total per campaign, channel and stage of life, handover_summary one per path."""
    assert {("campaign_id",), ("channel",), ("lifecycle_stage",)} < set(small_cells.groupings(said_of("messaging_campaign_daily")["within"]))
    assert ("path",) in small_cells.groupings(said_of("handover_daily")["within"])


def test_every_table_of_the_statistics_says() -> None:
    assert small_cells.STATISTICS.keys() == TABLES.keys()
    for table, cells in small_cells.STATISTICS.items():
        assert ("count" in cells) != ("none" in cells)
        assert set(cells.get("count", ())) <= TABLES[table].keys()


def test_a_publication_leaves_them_out_and_says_how_many(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "work.duckdb")) as connection:
        connection.execute("create table mart as select * from (values ('a', 3), ('b', 30), ('c', 9)) as t(place, persons)")
        connection.execute("create table other as select 1 as persons")
    shown_of = {"mart": lambda relation, columns: small_cells.shown_rows(relation, columns, Cells(("persons",)), LEAST)}
    content = Content(tmp_path / "work.duckdb", "main", ["mart", "other"], None, shown_of)
    publication.publish(tmp_path / "published", "000001-x", content, datetime(2026, 5, 5), keep=7)
    with duckdb.connect(str(tmp_path / "published" / "current" / publication.DATABASE), read_only=True) as connection:
        assert connection.execute("select * from mart").fetchall() == [("b", 30)]
        told = connection.execute("select table_name, row_count, rows_withheld from publication order by 1").fetchall()
        assert told == [("mart", 1, 2), ("other", 1, 0)]


@pytest.mark.parametrize("least_count", [2, 1_000, 10**12])
def test_pages_do_without_what_is_withheld(analyzed_project: Path, least_count: int) -> None:
    project = open_project(Flags(project_dir=str(analyzed_project), profiles_dir=str(analyzed_project)))
    counted = {**small_cells.STATISTICS, "friction_cost": {"count": ["entries"]}, "experiment_traffic": {"count": ["exposed"]},
               "experiment_metric_stats_daily": {"count": ["persons"]}}  # fmt: skip

    def made_of(cells: Cells) -> Callable[[str, Sequence[str]], str]:
        return lambda relation, columns: small_cells.shown_rows(relation, columns, cells, least_count)

    with open_warehouse(project, read_only=True) as warehouse:
        whole = warehouse.read("experiment_results", ("n_control", "n_variant"))
        warehouse.show_only({table: made_of(Cells(tuple(cells["count"]))) for table, cells in counted.items() if "count" in cells})
        left = warehouse.read("experiment_results", ("n_control", "n_variant"))
        pages = render_site(warehouse, "EUR")
    assert left == [row for row in whole if min(row.values()) >= least_count]
    assert "scorecard.html" in pages
