"""Build the project on the oracle's adversarial data and compare every mart with the oracle's own answer.

    python tests/oracle/run_oracle.py                 # all cases: seeds 1-20 at 300 persons, 1-3 at 3,000
    python tests/oracle/run_oracle.py --quick         # a part, for CI
    python tests/oracle/run_oracle.py --seeds 7 --forms csv
    python tests/oracle/run_oracle.py --target postgres --seeds 1-5   # on a server of its own, and every table beside DuckDB's
    python tests/oracle/run_oracle.py --target spark --seeds 1-2      # the same on a cluster of its own

The oracle lies beside the project (../shared/oracle, or EMPATHY_ROI_SHARED); without it the script says so and exits with 0.
A case that has passed is remembered in build/oracle (with --resume it is not run again while the project's SQL is unchanged).
"""
from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "tests" / "python"))

import engines  # noqa: E402
import postgres_server  # noqa: E402
import spark_cluster  # noqa: E402

SHARED = Path(os.environ.get("EMPATHY_ROI_SHARED", PROJECT.parent / "shared"))
WORK = PROJECT / "build" / "oracle"

# What each form of a case asks for: the file format, options of the generator, and the project's variables.
FORMS: dict[str, tuple[str, list[str], dict[str, str]]] = {
    "csv": ("csv", [], {}),
    "parquet": ("parquet", ["--parquet"], {"reporting_timezone": "America/New_York", "as_of": "2025-04-01 12:00:00"}),
    "omitted": ("csv", ["--omit-optional"], {"reporting_timezone": "Europe/Berlin"}),
}


@dataclass(frozen=True)
class Case:
    seed: int
    persons: int
    form: str

    @property
    def name(self) -> str:
        return f"{self.form}-{self.persons}-{self.seed}"


def run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=PROJECT, text=True, capture_output=True, check=False, env={**os.environ, **environment})


def generate(case: Case, folder: Path) -> str:
    """Raw rows and seeds of a case; what went wrong, or nothing."""
    for part in ("raw", "seeds"):
        shutil.rmtree(folder / part, ignore_errors=True)
    generated = run([sys.executable, str(SHARED / "oracle" / "generate.py"), "--raw", str(folder / "raw"), "--seeds",
                     str(folder / "seeds"), "--seed", str(case.seed), "--persons", str(case.persons), *FORMS[case.form][1]])
    return generated.stdout + generated.stderr if generated.returncode else ""


def settings(case: Case, folder: Path) -> dict[str, str]:
    """The environment of a case on DuckDB."""
    return {
        "EMPATHY_ROI_SEEDS": os.path.relpath(folder / "seeds", PROJECT), "EMPATHY_ROI_DATABASE": str(folder / "found.duckdb"),
        "EMPATHY_ROI_RAW_LOCATION": str(folder / "raw" / f"{{table}}.{FORMS[case.form][0]}"), "DBT_PROFILES_DIR": str(PROJECT)}


def build(case: Case, folder: Path, with_tests: bool, environment: dict[str, str]) -> str:
    """What went wrong, or nothing."""
    engine = environment.get("EMPATHY_ROI_TARGET", "duckdb")
    skipped = ["unit_test"] if with_tests else ["unit_test", "test"]
    built = run(
        [sys.executable, "-m", "dbt.cli.main", "build", "--quiet", "--no-write-json", "--vars", json.dumps(FORMS[case.form][2]),
         *(part for kind in skipped for part in ("--exclude-resource-type", kind)),
         "--target-path", str(folder / f"target-{engine}"), "--log-path", str(folder / "logs")], **environment)
    return built.stdout + built.stderr if built.returncode else ""


def compare(case: Case, folder: Path, found: Path) -> tuple[bool, str]:
    """With the oracle: (no difference at all, what was printed)."""
    variables = [part for name, value in FORMS[case.form][2].items() for part in ("--var", f"{name}={value}")]
    compared = run([sys.executable, str(SHARED / "oracle" / "compare.py"), "--raw", str(folder / "raw"), "--seeds",
                    str(folder / "seeds"), "--found", str(found), *variables])
    return compared.returncode == 0, compared.stdout + compared.stderr


def check_duckdb(case: Case, with_tests: bool) -> tuple[bool, str]:
    """(no difference at all, what was printed)."""
    folder = WORK / case.form  # one folder a form: dbt then parses the project once, not once a case
    (folder / "found.duckdb").unlink(missing_ok=True)
    failure = generate(case, folder) or build(case, folder, with_tests, settings(case, folder))
    return (False, failure) if failure else compare(case, folder, folder / "found.duckdb")


def check_engine(engine: engines.Engine, case: Case, with_tests: bool) -> tuple[bool, str]:
    """On a server: no difference from the oracle, and none from DuckDB in any table, those of the statistics included."""
    folder = WORK / f"{engine.name}-{case.form}"
    database = folder / "found.duckdb"
    database.unlink(missing_ok=True)
    on_duckdb = settings(case, folder)
    on_engine = on_duckdb | engine.environment
    statistics = [sys.executable, "-m", "python_stats", "analyze", "--vars", json.dumps(FORMS[case.form][2])]
    engine.drop(*engines.SCHEMAS)
    failure = generate(case, folder)
    if not failure:
        loaded = run([sys.executable, "-m", "python_stats", "load", on_duckdb["EMPATHY_ROI_RAW_LOCATION"]], **on_engine)
        failure = loaded.stderr if loaded.returncode else ""
    failure = failure or build(case, folder, with_tests, on_engine) or build(case, folder, False, on_duckdb)
    for environment in (on_engine, on_duckdb):
        analyzed = None if failure else run(statistics, **environment)
        failure = failure or (analyzed.stderr if analyzed and analyzed.returncode else "")
    if failure:
        return False, failure
    tables, there = engine.tables(), engines.duckdb_tables(database)
    shutil.rmtree(folder / "export", ignore_errors=True)
    engines.export_csv(engine.rows, tables, folder / "export")
    is_same, said = compare(case, folder, folder / "export")
    missing = there ^ set(tables)
    lines = [f"XX only one engine has {name}" for name in sorted(missing)]
    for table in sorted(set(tables) - missing - {"int_builds"}):  # which remembers the raw columns' types
        found = engine.rows(table)
        if not engine.numbers & set(found[0]):
            lines += [f"XX {table}: {line}" for line in engines.differences(engines.duckdb_rows(database, table), found)]
    return is_same and not lines, "\n".join([*lines, said])


def fingerprint() -> str:
    """Of everything that decides what is built."""
    digest = hashlib.sha256()
    for path in sorted([*PROJECT.glob("models/**/*.sql"), *PROJECT.glob("macros/**/*.sql"), PROJECT / "dbt_project.yml"]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def numbers(text: str) -> list[int]:
    """1,3-5 is 1, 3, 4, 5."""
    spans = [part.split("-") for part in text.split(",")]
    return [number for span in spans for number in range(int(span[0]), int(span[-1]) + 1)]


def cases_of(options: argparse.Namespace) -> list[Case]:
    forms = options.forms.split(",")
    if options.seeds:
        return [Case(seed, options.persons, form) for seed in numbers(options.seeds) for form in forms]
    if options.quick:
        return [Case(1, 300, "csv"), Case(2, 300, "parquet"), Case(3, 300, "omitted")]
    return [Case(seed, persons, form)
            for persons, seeds in ((300, range(1, 21)), (3000, range(1, 4))) for seed in seeds for form in forms]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three cases only, the first with the data tests")
    parser.add_argument("--resume", action="store_true", help="skip what has passed with the same SQL")
    parser.add_argument("--seeds", help="these of the generator's seeds, such as 1,3 or 1-5")
    parser.add_argument("--persons", type=int, default=300)
    parser.add_argument("--forms", default=",".join(FORMS))
    parser.add_argument("--target", default="duckdb", choices=["duckdb", "postgres", "spark"])
    options = parser.parse_args()
    if not (SHARED / "oracle" / "compare.py").is_file():
        print(f"oracle: skipped, there is no oracle beside the project ({SHARED / 'oracle'})")
        return 0
    WORK.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        check: Callable[..., tuple[bool, str]] = check_duckdb
        try:
            if options.target == "postgres":
                server = stack.enter_context(postgres_server.running())
                check = partial(check_engine, engines.Postgres(stack.enter_context(server.connect()), server.environment))
            elif options.target == "spark":
                cluster = stack.enter_context(spark_cluster.running())
                check = partial(check_engine, engines.Spark(stack.enter_context(cluster.connect()), cluster.environment))
        except (postgres_server.NoServerError, spark_cluster.NoClusterError) as error:
            print(f"oracle: skipped, {error}")
            return 0
        return check_all(check, cases_of(options), options)


def check_all(check: Callable[..., tuple[bool, str]], cases: list[Case], options: Any) -> int:
    """The exit code; a case that passes is remembered."""
    prefix = "" if options.target == "duckdb" else f"{options.target}-"
    memory = WORK / f"passed-{prefix}{options.forms}.json"
    passed = json.loads(memory.read_text()) if memory.is_file() else {}
    now, failed = fingerprint(), []
    for case in cases:
        if options.resume and passed.get(case.name) == now:
            print(f"ok {case.name} (before)")
            continue
        is_same, output = check(case, with_tests=options.quick and case is cases[0])
        print(f"{'ok' if is_same else 'XX'} {prefix}{case.name}", flush=True)
        if is_same:
            passed[case.name] = now
            memory.write_text(json.dumps(passed, indent=1))
        else:
            failed.append(case.name)
            print("\n".join(output.splitlines()[:40]))
    print(f"oracle: {len(cases) - len(failed)} of {len(cases)} cases without a difference")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
