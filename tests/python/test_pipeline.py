"""From a warehouse to the tables written back."""

from __future__ import annotations

import ast
import math
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import yaml
from handmade_warehouse import marts, share_row, write_database, write_project

from python_stats import pipeline, warehouse
from python_stats.analysis import Options
from python_stats.errors import DatabaseLockedError, UserError
from python_stats.project import Flags, open_project
from python_stats.tables import DESCRIPTIONS, KEYS, TABLES
from python_stats.warehouse import open_warehouse

WRITTEN = [table for table in TABLES if table != "run_history"]  # that one is written by the nightly run
MAY_BE_EMPTY = {"metric_tree_evidence", "experiment_effects_factorial", "experiment_sequential", "experiment_time_effects", "experiment_survival"}  # nothing there is factorial, has days, times or a tree


def run() -> pipeline.Run:
    with open_warehouse(open_project(Flags())) as opened:
        return pipeline.run(opened, Options())


def everything(path: Path) -> dict[str, list[tuple]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return {table: connection.execute(f"select * from {table} order by {', '.join(KEYS[table])}").fetchall() for table in WRITTEN}


def test_the_verdicts_of_the_fixture(project: Path) -> None:
    found = {row["experiment_id"]: row["verdict"] for row in run().tables["experiment_decisions"]}
    assert found == {"winner": "ship", "harmful": "roll_back", "crooked": "invalid", "young": "keep_running"}


def test_a_second_run_writes_the_same(project: Path) -> None:
    first = run()
    before = everything(project / "w.duckdb")
    second = run()
    assert second.run_id == first.run_id
    assert everything(project / "w.duckdb") == before
    with duckdb.connect(str(project / "w.duckdb")) as connection:
        connection.execute("update experiment_metric_stats set persons = persons + 1 where experiment_id = 'young'")
    assert run().run_id != first.run_id


def test_what_is_written(project: Path) -> None:
    run()
    with duckdb.connect(str(project / "w.duckdb"), read_only=True) as connection:
        for table in WRITTEN:
            columns = TABLES[table]
            described = connection.execute(f"describe {table}").fetchall()
            assert [(name, kind.lower()) for name, kind, *_ in described] == list(columns.items())
            keys = connection.execute(f"select {', '.join(KEYS[table])} from {table}").fetchall()
            assert len(keys) == len(set(keys)) and (keys or table in MAY_BE_EMPTY), table
            for row in connection.execute(f"select * from {table}").fetchall():
                assert not any(isinstance(value, float) and not math.isfinite(value) for value in row)
        stamps = connection.execute("select distinct as_of, run_id from experiment_results").fetchall()
    assert len(stamps) == 1 and len(stamps[0][1]) == 12


def test_every_written_column_is_described_where_bi_tools_see_it(project: Path) -> None:
    assert {table: list(said) for table, said in DESCRIPTIONS.items()} == {table: list(columns) for table, columns in TABLES.items()}
    short = [(table, column) for table, said in DESCRIPTIONS.items() for column, text in said.items() if len(text.split()) < 4 or text[-1] not in ".?…"]
    assert short == []
    run()
    with open_warehouse(open_project(Flags())) as opened:
        opened.write({"run_history": []})
    with duckdb.connect(str(project / "w.duckdb"), read_only=True) as connection:
        tables = dict(connection.execute("select table_name, comment from duckdb_tables()").fetchall())
        found = connection.execute("select table_name, column_name, comment from duckdb_columns()").fetchall()
    assert {table: tables[table] for table in TABLES} == {table: f"One row per {', '.join(KEYS[table])}" for table in TABLES}
    expected = {(table, column, text) for table, said in DESCRIPTIONS.items() for column, text in said.items()}
    assert {row for row in found if row[0] in TABLES} == expected


def test_a_description_may_hold_any_sign(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "It's 5 %; \"quoted\" -- and 'so' on"
    monkeypatch.setitem(DESCRIPTIONS["learning_notes"], "what_next", hostile)
    with open_warehouse(open_project(Flags())) as opened:
        opened.write({"learning_notes": []})
    with duckdb.connect(str(project / "w.duckdb"), read_only=True) as connection:
        found = connection.execute("select comment from duckdb_columns() where table_name = 'learning_notes' and column_name = 'what_next'")
        assert found.fetchall() == [(hostile,)]


def test_an_experiment_with_days_is_judged_at_its_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`winner` becomes group-sequential, with 150 persons a day and arm for 40 days: it ships at the third of four looks,
    the first at which its guardrail is known to be unharmed."""
    content = marts()
    own = next(row for row in content["cfg_experiments"] if row["experiment_id"] == "winner")
    own.update(monitoring="group_sequential", looks=4, spending="obrien_fleming")
    for variant, converted in (("old", 10), ("new", 13)):
        for number in range(60):
            persons, at = min(150 * (number + 1), 6_000), {"day": date(2026, 2, 1) + timedelta(days=number)}
            content["experiment_metric_stats_daily"] += [
                share_row("winner", variant, "conversion", persons, persons * converted // 100, **at),
                share_row("winner", variant, "refund_rate", persons, persons // 100, **at),
            ]
            content["experiment_traffic_daily"].append({"experiment_id": "winner", "variant_id": variant, "exposed": persons, **at})
    folder = write_project(tmp_path / "daily")
    write_database(folder / "w.duckdb", content)
    monkeypatch.chdir(folder)
    tables = run().tables
    decision = next(row for row in tables["experiment_decisions"] if row["experiment_id"] == "winner")
    assert (decision["verdict"], decision["decided_on"], decision["looks"]) == ("ship", date(2026, 2, 25), 3)
    assert decision["persons_per_variant"] == 3_750 and decision["split_daily_p_value"] == 1.0
    row = next(row for row in tables["experiment_results"] if row["experiment_id"] == "winner" and row["role"] == "primary")
    assert (row["known_on"], row["p_value"]) == (decision["decided_on"], decision["p_value"]) and row["p_value"] < row["alpha"]
    days = [row for row in tables["experiment_sequential"] if row["metric_id"] == "conversion"]
    assert len(days) == 59 and [row["look"] for row in days if row["look"]] == [1, 2, 3, 4]


@pytest.mark.parametrize(("local", "verdict"), [(datetime(2026, 4, 30, 17, 30), "keep_running"), (datetime(2026, 5, 1, 12, 30), "ship")])
def test_an_experiment_ends_by_the_reporting_time_zone_s_clock(
    local: datetime, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half an hour after its last day in UTC: in Los Angeles that day is not over; in Auckland it has been for half a day."""
    content = marts()
    content["as_of"] = [{"as_of": datetime(2026, 5, 1, 0, 30), "local_as_of": local}]
    own = next(row for row in content["cfg_experiments"] if row["experiment_id"] == "winner")
    own.update(ended_on=date(2026, 4, 30), planned_sample_per_variant=50_000)
    folder = write_project(tmp_path / "far")
    write_database(folder / "w.duckdb", content)
    monkeypatch.chdir(folder)
    found = run()
    decision = next(row for row in found.tables["experiment_decisions"] if row["experiment_id"] == "winner")
    assert decision["verdict"] == verdict
    assert {row["as_of"] for row in found.tables["experiment_decisions"]} == {datetime(2026, 5, 1, 0, 30)}  # in UTC, whatever the zone


def test_a_failing_write_leaves_the_old_tables(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run()
    before = everything(project / "w.duckdb")
    original = warehouse.DuckDBWarehouse._replace

    def fails_at_the_last(self, table, rows):
        if table == "learning_notes":
            raise RuntimeError("no more disk")
        original(self, table, rows)

    monkeypatch.setattr(warehouse.DuckDBWarehouse, "_replace", fails_at_the_last)
    with pytest.raises(RuntimeError):
        run()
    assert everything(project / "w.duckdb") == before


def test_no_experiments_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_project(tmp_path / "empty")
    content = {mart: [] for mart in marts()} | {"as_of": marts()["as_of"]}
    write_database(folder / "w.duckdb", content)
    monkeypatch.chdir(folder)
    assert not run().tables["experiment_results"]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("drop table experiment_metric_stats", "experiment_metric_stats: no such table"),
        ("alter table experiment_metric_stats drop column sum_yd", "no column 'sum_yd'"),
        ("delete from as_of", "as_of: the mart is empty"),
        ("update cfg_experiments set started_on = null where experiment_id = 'winner'", "experiment_id = 'winner': started_on is empty"),
    ],
)
def test_marts_that_are_not_there(project: Path, statement: str, message: str) -> None:
    with duckdb.connect(str(project / "w.duckdb")) as connection:
        connection.execute(statement)
    with pytest.raises(UserError, match=message):
        run()


def test_lock_messages() -> None:
    assert warehouse.is_lock_message('IO Error: Could not set lock on file "x.duckdb": Conflicting lock is held in python (PID 1)')
    assert not warehouse.is_lock_message("IO Error: No space left on device")
    assert DatabaseLockedError("x").exit_code == 75


def test_mathematics_knows_no_warehouse_and_the_warehouse_no_mathematics() -> None:
    package = Path(pipeline.__file__).parent

    def imports(path: Path) -> set[str]:
        tree = ast.parse(path.read_text())
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        return names | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    for path in (package / "estimators").glob("*.py"):
        foreign = {name for name in imports(path) if name.startswith("python_stats") and not name.startswith("python_stats.estimators")}
        assert not foreign, path
        assert not imports(path) & {"duckdb", "jinja2", "click", "yaml"}, path
    for path in (*(package / f"{name}.py" for name in ("warehouse", "project", "svg", "dbt_runner")), *(package / "report").glob("*.py")):
        assert not {found for found in imports(path) if found.startswith(("numpy", "scipy", "python_stats.estimators"))}
    for path in [*(package / "analysis").glob("*.py"), *(package / f"{name}.py" for name in ("verdicts", "money", "designs"))]:
        assert not imports(path) & {"duckdb", "jinja2", "click", "python_stats.warehouse", "python_stats.report"}, path


def test_what_is_read_of_the_experiment_marts_is_in_their_contracts() -> None:
    models = {
        model["name"]: {column["name"] for column in model.get("columns", ())}
        for path in (Path(pipeline.__file__).parents[1] / "models").rglob("*.yml")
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models") or ()
    }
    asked: dict[str, set[str]] = {}

    class Nothing:
        """A warehouse in which every mart is empty, but for the moment of it all."""

        def read(self, table, columns, order_by=(), among=None):
            asked.setdefault(table, set()).update(columns)
            return [dict.fromkeys(columns, datetime(2026, 5, 5))] if table == "as_of" else []

        def has(self, table):
            return True

        def write(self, tables):
            assert not tables["experiment_results"]

    pipeline.run(Nothing(), Options())
    assert len(asked) > 8
    for table, columns in asked.items():
        if not table.startswith("cfg_"):  # typed seeds are generated from their own contract
            assert columns <= models[table], f"{table}: {columns - models[table]}"
