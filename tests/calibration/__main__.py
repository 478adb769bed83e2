"""Runs the families of cells and writes docs/calibration.md.

    make calibrate                                          all families, 10,000 experiments a cell
    python -m calibration --only welch --only ratios        some, to the screen

What a family gave is kept in build/calibration until the code changes, so that the run can be cut after any family and resumed.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import hashlib
import json
import sys
import time
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from calibration.cells import Cell
from calibration.families import FAMILIES
from calibration.table import table, written

PROJECT = Path(__file__).resolve().parents[2]
KEPT = PROJECT / "build" / "calibration"
PAGE = PROJECT / "docs" / "calibration.md"


def code_stamp(name: str) -> str:
    """Changes with every module that the family's own one imports, and those in turn."""
    found: set[Path] = set()
    waiting = [PROJECT / "tests" / "calibration" / f"{FAMILIES[name].__module__.rpartition('.')[2]}.py"]
    while waiting:
        source = waiting.pop()
        if source not in found:
            found.add(source)
            waiting += imported(source)
    digest = hashlib.sha256()
    for source in sorted(found):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


def imported(source: Path) -> list[Path]:
    """The project's own files that a file imports, at its top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update([node.module, *(f"{node.module}.{alias.name}" for alias in node.names)])
    files = [folder / name.replace(".", "/") for name in names for folder in (PROJECT, PROJECT / "tests")]
    return [file for path in files for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]


def run(name: str, experiments: int, seed: int) -> list[Cell]:
    """One family, by a generator of its own: the same whatever else runs."""
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    return list(FAMILIES[name](rng, experiments))


def kept(name: str, experiments: int, seed: int) -> tuple[list[Cell], float]:
    """The family's cells and its CPU seconds, from build/calibration where the code is still the same."""
    stamp = code_stamp(name)
    file = KEPT / f"{name}-{experiments}-{seed}.json"
    if file.is_file():
        found = json.loads(file.read_text())
        if found["code"] == stamp:
            return [Cell(**values) for values in found["cells"]], found["cpu_s"]
    started = time.process_time()
    cells = run(name, experiments, seed)
    spent = time.process_time() - started
    KEPT.mkdir(parents=True, exist_ok=True)
    content = {"code": stamp, "cpu_s": spent, "cells": [dataclasses.asdict(cell) for cell in cells]}
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(content))
    partial.replace(file)
    return cells, spent


def failing(cells: Iterable[Cell]) -> list[Cell]:
    """The cells that break their promise, judged together."""
    together = list(cells)
    return [cell for cell in together if cell.outcome(len(together)) == "FAILS"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="calibration", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", type=int, default=10_000, help="per cell")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=sorted(FAMILIES), help="these families, to the screen; no page is written")
    options = parser.parse_args()
    cells: list[Cell] = []
    seconds = 0.0
    for name in options.only or FAMILIES:
        found, spent = kept(name, options.experiments, options.seed)
        cells += found
        seconds += spent
        print(f"{name}: {len(found)} cells, {spent:.0f} CPU s, {len(failing(found))} fail", file=sys.stderr, flush=True)
    broken = failing(cells)
    if options.only:
        print(table(cells))
    else:
        PAGE.write_text(written(cells, options.experiments, options.seed))
    for cell in broken:
        print(f"FAILS: {cell.method}, {cell.promise}, {cell.corner}: {cell.rate:.2%}, promised {cell.nominal:.2%}", file=sys.stderr)
    print(f"{len(cells)} cells, {seconds:.0f} CPU s, {len(broken)} fail", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
