"""Worlds of the oracle's generator, made disjoint by their ids, each cut and shuffled into batches in a random way of its own."""

from __future__ import annotations

import csv
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb

from python_stats.loading import RAW_TABLES
from python_stats.metrics import metrics

Row = dict[str, str]

#: Columns that name somebody or something of one world.
IDS = ("user_id", "anonymous_id", "message_id", "ticket_id", "subject_id", "agent_id")
WAYS = ("arrival", "random", "latest first", "links last", "copies last", "by person")


def generate(generator: Path, folder: Path, seed: int, persons: int) -> tuple[dict[str, list[Row]], dict[str, list[str]]]:
    """One world: rows and columns per raw table, every id marked with the world; its seeds lie in `folder`/seeds."""
    subprocess.run(
        [sys.executable, str(generator), "--raw", str(folder / "raw"), "--seeds", str(folder / "seeds"), "--seed", str(seed),
         "--persons", str(persons)],
        check=True, capture_output=True,
    )  # fmt: skip
    rows, columns = {}, {}
    for table in RAW_TABLES:
        with (folder / "raw" / f"{table}.csv").open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            columns[table] = list(reader.fieldnames or [])
            rows[table] = [_marked(row, f"w{seed}-", columns[table][0]) for row in reader]
    return rows, columns


def declare_all_metrics(seeds: Path) -> None:
    """Every experiment of these seeds wants every metric of the project, so that each is followed through the increments."""
    path = seeds / "experiment_metrics.csv"
    with path.open(newline="", encoding="utf-8") as file:
        declared = list(csv.DictReader(file))
    known = {(row["experiment_id"], row["metric_id"]) for row in declared}
    model = next(row for row in declared if row["role"] == "secondary")
    for experiment_id in sorted({row["experiment_id"] for row in declared}):
        for metric_id, metric in sorted(metrics().items()):
            if metric_id != "net_value" and (experiment_id, metric_id) not in known:
                declared.append(model | {"experiment_id": experiment_id, "metric_id": metric_id, "good_direction": metric.good_direction})
    _write_csv(path, declared)


def seeds_of_before(seeds: Path, folder: Path) -> Path:
    """The same seeds in `folder` as they might have been before: half of the metrics, and a week before the exposure that counts."""
    shutil.copytree(seeds, folder)
    for name in ("experiment_metrics.csv", "experiments.csv"):
        with (folder / name).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        if name == "experiments.csv":
            rows = [row | {"covariate_window_days": "7"} for row in rows]
        else:
            rows = [row for place, row in enumerate(rows) if row["role"] != "secondary" or place % 2]
        _write_csv(folder / name, rows)
    return folder


def _write_csv(path: Path, rows: list[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _marked(row: Row, mark: str, key: str) -> Row:
    return row | {name: mark + row[name] for name in {key, *IDS} if row.get(name)}


def batches_of(rows: dict[str, list[Row]], columns: dict[str, list[str]], count: int, way: str, order: random.Random) -> list[dict[str, list[Row]]]:
    """The rows in `count` batches: put in the order of `way`, then cut at random places (a batch may be empty)."""
    place = _place(rows, columns, way, order)
    everything = sorted(((place(table, row), order.random(), table, row) for table in RAW_TABLES for row in rows[table]), key=lambda item: item[:2])
    cuts = sorted(order.random() for _ in range(count - 1))
    batches: list[dict[str, list[Row]]] = [{table: [] for table in RAW_TABLES} for _ in range(count)]
    for number, (_, _, table, row) in enumerate(everything):
        batches[sum(cut <= number / len(everything) for cut in cuts)][table].append(row)
    return batches


def _place(rows: dict[str, list[Row]], columns: dict[str, list[str]], way: str, order: random.Random) -> Callable[[str, Row], tuple[float, str]]:
    """Where a row stands in the order of arrival, for each of the WAYS."""
    seen: set[tuple[str, str]] = set()

    def arrival(row: Row) -> str:
        return (row.get("loaded_at") or row.get("received_at") or row.get("created_at") or "").replace("T", " ")

    def place(table: str, row: Row) -> tuple[float, str]:
        if way == "arrival":
            return (0, arrival(row))
        if way == "latest first":
            return (0, "".join(chr(200 - ord(letter)) if letter < "\x80" else "~" for letter in arrival(row)))
        if way == "links last":  # who signs in where is known only at the end
            return (1 if row.get("user_id") and row.get("anonymous_id") else 0, arrival(row))
        if way == "copies last":
            key = (table, row[columns[table][0]])
            is_copy = key in seen
            seen.add(key)
            return (1 if is_copy else 0, arrival(row))
        if way == "by person":
            return (0, row.get("user_id") or row.get("anonymous_id") or "")
        return (order.random(), "")

    return place


def write_batch(folder: Path, batch: dict[str, list[Row]], columns: dict[str, list[str]], form: str = "csv") -> None:
    """One file a table, as CSV or Parquet, with text in all columns."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in RAW_TABLES:
        with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns[table], lineterminator="\n")
            writer.writeheader()
            writer.writerows(batch[table])
        if form == "parquet":
            with duckdb.connect() as connection:
                connection.read_csv(str(folder / f"{table}.csv"), header=True, all_varchar=True).write_parquet(str(folder / f"{table}.parquet"))
            (folder / f"{table}.csv").unlink()
