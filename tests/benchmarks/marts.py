"""The statistics of 1,000 experiment-metric pairs over 10 million exposed persons: the models' own SQL beside the same sums written by
hand, and beside tea-tasting on the same persons, in one run. CPU seconds of a process each.

    make bench-marts                        the table, to the screen
    make bench-marts WRITE=1                and into docs/benchmarks.md
    make bench-marts BENCH="--persons 1000000 --experiments 20"

Simulates the persons' values (200 experiments of five metrics each), compiles the models, and ends with 1 where a promise is missed: at
most 1.5 times the CPU of the sums by hand, at least 3 times less than tea-tasting, and the same numbers from all three.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parent))
from by_hand import HAND
from measured_build import cpu_seconds

PROJECT = Path(__file__).resolve().parents[2]
PAGE = PROJECT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- make bench-marts WRITE=1 -->", "<!-- end of make bench-marts -->"
MODELS = ("int_change_sums", "int_edge_changes", "int_metric_sums", "int_metric_pivots", "experiment_metric_stats")
MOST_OF_HAND, LEAST_FACTOR = 1.5, 3.0
#: Per metric: kind, scale, and the whole numbers y, d, x, z of a person whose numbers are r (0 to 999,999) before and s after.
METRICS = {
    "share": ("share", 1, "(s1 < 120000)::bigint", "0", "(r1 < 110000)::bigint", "0"),
    "count": ("mean", 1, "case when s2 < 400000 then 1 + s2 % 5 else 0 end", "0", "case when r2 < 390000 then 1 + r2 % 5 else 0 end", "0"),
    "amount": ("mean", 1_000_000, "case when s1 < 120000 then 5000000 + s2 * 97 else 0 end", "0", "case when r1 < 110000 then 5000000 + r2 * 91 else 0 end", "0"),
    "rate": ("ratio", 1, "case when s3 < 500000 then s2 % 3 else 0 end", "case when s3 < 500000 then 2 + s3 % 4 else 0 end",
             "case when r3 < 500000 then r2 % 3 else 0 end", "case when r3 < 500000 then 2 + r3 % 4 else 0 end"),
    "time": ("ratio", 1_000_000, "case when s3 < 500000 then s1 * 1300 else 0 end", "case when s3 < 500000 then 1 + s3 % 2 else 0 end",
             "case when r3 < 500000 then r1 * 1300 else 0 end", "case when r3 < 500000 then 1 + r3 % 2 else 0 end"),
}  # fmt: skip


def connected(database: Path, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(database), read_only=read_only)
    connection.execute("set TimeZone = 'UTC'; set preserve_insertion_order = false; set memory_limit = '6GB'")
    return connection


def prepare(database: Path, persons: int, experiments: int) -> None:
    """Write what the models read: each person's values, long as the project has them, and wide as tea-tasting reads them."""
    wide = ", ".join(f"{value} as {name}_{letter}" for name, (_, _, *values) in METRICS.items() for letter, value in zip("ydxz", values, strict=True))
    with connected(database) as connection:
        connection.execute(f"""
            create table wide as
            select experiment_no, variant_key, person_key, {wide}
            from (
                select i as person_key, i // {persons // experiments} as experiment_no, 2 * (i // {persons // experiments}) + 1 + hash(i) % 2 as variant_key,
                    {", ".join(f"(hash(i, {2 * place}) % 1000000)::bigint as r{place}, (hash(i, {2 * place + 1}) % 1000000)::bigint as s{place}" for place in (1, 2, 3))}
                from range({persons}) as numbers(i)
            ) order by experiment_no
        """)
        names = list(METRICS)
        connection.execute("create table int_person_changes as " + " union all ".join(f"""
            select (experiment_no * {len(names)} + {place + 1})::integer as metric_key, 1 as window_no, variant_key::integer as variant_key, person_key::bigint as person_key,
                0::bigint as exposed_us, date '1970-01-07' as day, true as is_first, true as is_last,
                {name}_y::bigint as y, {name}_d::bigint as d, {name}_x::bigint as x, {name}_z::bigint as z, 0::bigint as y_before, 0::bigint as d_before
            from wide where {name}_y <> 0 or {name}_d <> 0 or {name}_x <> 0 or {name}_z <> 0
        """ for place, name in enumerate(names)))
        connection.execute("create table int_metric_windows as " + " union all ".join(f"""
            select 'e' || e as experiment_id, '{name}' as metric_id, (e * {len(names)} + {place + 1})::integer as metric_key, '7' as metric_window, 1 as window_no,
                604800000000 as window_us, '{METRICS[name][0]}' as metric_kind, {METRICS[name][1]} as scale from range({experiments}) as numbers(e)
        """ for place, name in enumerate(names)))
        connection.execute(f"""
            create table int_experiment_variants as
            select 'e' || e as experiment_id, 'v' || v as variant_id, (2 * e + v)::integer as variant_key from range({experiments}) as numbers(e), (values (1), (2)) as arms(v);
            create table as_of as select timestamp '1970-02-01' as as_of, epoch_us(timestamp '1970-02-01') as as_of_us;
            create table int_window_entries as
            select variant_key::integer as variant_key, 1 as window_no, date '1970-01-07' as day, count(*) as persons from wide group by variant_key
        """)


def compile_models(folder: Path, database: Path) -> None:
    environment = os.environ | {"EMPATHY_ROI_DATABASE": str(database), "DBT_PROFILES_DIR": str(PROJECT)}
    done = subprocess.run([sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--quiet", "compile", "--no-introspect", "--select", *MODELS,
                           "--target-path", str(folder / "target"), "--log-path", str(folder / "logs")],
                          cwd=PROJECT, env=environment, text=True, capture_output=True, check=False)  # fmt: skip
    if done.returncode:
        sys.exit(done.stdout + done.stderr)


def ours(folder: Path, database: Path) -> None:
    """The models, as dbt compiles them for a build from scratch."""
    with connected(database) as connection:
        connection.execute("create table int_builds as select 1 as run_no")
        for name in MODELS:
            (path,) = (folder / "target" / "compiled").rglob(f"{name}.sql")
            connection.execute(f"create table {name} as {path.read_text()}")


def by_hand(folder: Path, database: Path) -> None:
    with connected(database) as connection:
        connection.execute(f"create table by_hand as {HAND}")


def tea_tasting(folder: Path, database: Path) -> None:
    """Counts, means, variances and covariances of every metric and what was before, experiment by experiment."""
    import ibis
    from tea_tasting.aggr import read_aggregates

    connection = ibis.duckdb.connect(database, read_only=True, memory_limit="6GB")
    everyone = connection.table("wide")
    columns, pairs = [], []
    for name, (kind, *_) in METRICS.items():
        own = [f"{name}_{letter}" for letter in ("ydxz" if kind == "ratio" else "yx")]
        columns += own
        pairs += [(one, other) for place, one in enumerate(own) for other in own[place + 1 :]]
    found = {}
    for number in range(int(connection.con.execute("select max(experiment_no) from wide").fetchone()[0]) + 1):
        by_variant = read_aggregates(everyone.filter(everyone.experiment_no == number), "variant_key", has_count=True,
                                     mean_cols=columns, var_cols=columns, cov_cols=pairs)  # fmt: skip
        found.update({int(variant): (aggregates.count(), aggregates.mean("amount_y"), aggregates.var("amount_y")) for variant, aggregates in by_variant.items()})
    (folder / "tea_tasting.json").write_text(json.dumps(found))


WORK: dict[str, Callable[[Path, Path], None]] = {"ours": ours, "by hand": by_hand, "tea-tasting": tea_tasting}


def differences(folder: Path, database: Path) -> list[str]:
    """Where the three do not come to the same: to the bit by hand, save the cubes, to rounding with tea-tasting."""
    with connected(database) as connection:
        columns = [row[0] for row in connection.execute("describe by_hand").fetchall() if row[0] != "sum_cubes"]
        assert len(columns) > 20
        stats = connection.execute("select count(*) from experiment_metric_stats").fetchone()
        names = ", ".join(columns)
        apart = connection.execute(f"select count(*) from (select {names} from experiment_metric_stats except all select {names} from by_hand)").fetchone()
        found = [] if stats and stats[0] and apart == (0,) else [f"{apart} of {stats} rows are not those by hand"]
        cubes = connection.execute("""
            select count(*) from experiment_metric_stats as o join by_hand as h using (experiment_id, variant_id, metric_id, metric_window)
            where abs(o.sum_cubes - h.sum_cubes) <= 1e-9 * (o.persons + abs(h.sum_cubes))
        """).fetchone()  # fmt: skip
        if cubes != stats:
            found.append(f"the cubes of {cubes} of {stats} rows are those by hand")
        theirs = json.loads((folder / "tea_tasting.json").read_text())
        rows = connection.execute("""
            select variant_key, persons, numerator / persons * 1e6 as mean, (sum_yy - sum_y * sum_y / persons) / (persons - 1) * 1e12 as variance
            from experiment_metric_stats inner join int_experiment_variants using (experiment_id, variant_id) where metric_id = 'amount'
        """).fetchall()
        assert len(rows) == len(theirs)
        for variant, *own in rows:
            if any(abs(one - other) > 1e-9 * abs(other) for one, other in zip(own, theirs[str(variant)], strict=True)):
                found.append(f"variant {variant}: {own} here, {theirs[str(variant)]} in tea-tasting")
    return found[:10]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=10_000_000)
    parser.add_argument("--experiments", type=int, default=200)
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    parser.add_argument("--work", choices=sorted(WORK), help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder = PROJECT / "build" / "bench" / "marts"
    database = folder / "persons.duckdb"
    if options.work:
        if options.work == "tea-tasting":
            import ibis
            import tea_tasting.aggr  # noqa: F401

            ibis.duckdb.connect()  # imports
        before = cpu_seconds()
        WORK[options.work](folder, database)
        print(cpu_seconds() - before)
        return 0
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    prepare(database, options.persons, options.experiments)
    compile_models(folder, database)
    spent = {}
    for name in WORK:
        done = subprocess.run([sys.executable, __file__, "--work", name], text=True, capture_output=True, check=False)
        if done.returncode:
            sys.exit(done.stdout + done.stderr)
        spent[name] = float(done.stdout.splitlines()[-1])
    missed = differences(folder, database)
    (folder / "spent.json").write_text(json.dumps(spent))
    of_hand, factor = spent["ours"] / spent["by hand"], spent["tea-tasting"] / spent["ours"]
    pairs = options.experiments * len(METRICS)
    text = "\n".join([
        f"{pairs:,} experiment-metric pairs, {options.persons:,} exposed persons; CPU time, one run, side by side. DuckDB {duckdb.__version__}.", "",
        "| | CPU s | |", "|---|--:|--:|",
        f"| the models, from each person's values to `experiment_metric_stats` | {spent['ours']:.1f} | |",
        f"| the same columns, to the bit, in one statement by hand | {spent['by hand']:.1f} | the models cost {of_hand:.2f} times that |",
        f"| counts, means, variances and covariances in tea-tasting {version('tea-tasting')} | {spent['tea-tasting']:.1f} | {factor:.1f} times the models |",
    ])  # fmt: skip
    print(text)
    if options.write:
        page = PAGE.read_text()
        PAGE.write_text(f"{page.split(BEGIN)[0]}{BEGIN}\n{text}\n{END}{page.split(END)[1]}")
    missed += [f"{of_hand:.2f} times the CPU of the sums by hand, at most {MOST_OF_HAND}"] if of_hand > MOST_OF_HAND else []
    missed += [f"only {factor:.1f} times less CPU than tea-tasting, at least {LEAST_FACTOR}"] if factor < LEAST_FACTOR else []
    for failure in missed:
        print(f"MISSED: {failure}", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
