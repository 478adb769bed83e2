"""Build the project on the oracle's adversarial data and compare every mart with the oracle's own answer.

    python tests/oracle/run_oracle.py                 # all cases: seeds 1-20 at 300 persons, 1-3 at 3,000
    python tests/oracle/run_oracle.py --quick         # a part, for CI
    python tests/oracle/run_oracle.py --seeds 7 --forms csv

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
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
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


def check(case: Case, with_tests: bool) -> tuple[bool, str]:
    """(no difference at all, what was printed)."""
    skipped = ["unit_test"] if with_tests else ["unit_test", "test"]
    file_format, options, variables = FORMS[case.form]
    folder = WORK / case.form  # one folder a form: dbt then parses the project once, not once a case
    for part in ("raw", "seeds"):
        shutil.rmtree(folder / part, ignore_errors=True)
    (folder / "found.duckdb").unlink(missing_ok=True)
    generated = run([sys.executable, str(SHARED / "oracle" / "generate.py"), "--raw", str(folder / "raw"), "--seeds",
                     str(folder / "seeds"), "--seed", str(case.seed), "--persons", str(case.persons), *options])
    if generated.returncode:
        return False, generated.stdout + generated.stderr
    built = run(
        [sys.executable, "-m", "dbt.cli.main", "build", "--quiet", "--vars", json.dumps(variables),
         *(part for kind in skipped for part in ("--exclude-resource-type", kind)),
         "--target-path", str(folder / "target"), "--log-path", str(folder / "logs")],
        EMPATHY_ROI_SEEDS=os.path.relpath(folder / "seeds", PROJECT), EMPATHY_ROI_DATABASE=str(folder / "found.duckdb"),
        EMPATHY_ROI_RAW_LOCATION=str(folder / "raw" / f"{{table}}.{file_format}"), DBT_PROFILES_DIR=str(PROJECT))
    if built.returncode:
        return False, built.stdout + built.stderr
    settings = [part for name, value in variables.items() for part in ("--var", f"{name}={value}")]
    compared = run([sys.executable, str(SHARED / "oracle" / "compare.py"), "--raw", str(folder / "raw"), "--seeds",
                    str(folder / "seeds"), "--found", str(folder / "found.duckdb"), *settings])
    return compared.returncode == 0, compared.stdout + compared.stderr


def fingerprint() -> str:
    """Of everything that decides what is built."""
    digest = hashlib.sha256()
    for path in sorted([*PROJECT.glob("models/**/*.sql"), *PROJECT.glob("macros/**/*.sql"), PROJECT / "dbt_project.yml"]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def cases_of(options: argparse.Namespace) -> list[Case]:
    forms = options.forms.split(",")
    if options.seeds:
        return [Case(int(seed), options.persons, form) for seed in options.seeds.split(",") for form in forms]
    if options.quick:
        return [Case(1, 300, "csv"), Case(2, 300, "parquet"), Case(3, 300, "omitted")]
    return [Case(seed, persons, form)
            for persons, seeds in ((300, range(1, 21)), (3000, range(1, 4))) for seed in seeds for form in forms]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three cases only")
    parser.add_argument("--resume", action="store_true", help="skip what has passed with the same SQL")
    parser.add_argument("--seeds", help="these of the generator's seeds, comma-separated")
    parser.add_argument("--persons", type=int, default=300)
    parser.add_argument("--forms", default=",".join(FORMS))
    options = parser.parse_args()
    if not (SHARED / "oracle" / "compare.py").is_file():
        print(f"oracle: skipped, there is no oracle beside the project ({SHARED / 'oracle'})")
        return 0
    WORK.mkdir(parents=True, exist_ok=True)
    memory = WORK / f"passed-{options.forms}.json"
    passed = json.loads(memory.read_text()) if memory.is_file() else {}
    now, failed, cases = fingerprint(), [], cases_of(options)
    for case in cases:
        if options.resume and passed.get(case.name) == now:
            print(f"ok {case.name} (before)")
            continue
        is_same, output = check(case, with_tests=options.quick)
        print(f"{'ok' if is_same else 'XX'} {case.name}", flush=True)
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
