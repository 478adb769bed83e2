"""What was found, in one table of the docs."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from faults import kills
from faults.world import PROJECT, WORK

PAGE = PROJECT / "docs" / "faults.md"
START, END = "<!-- figures: make faults -->", "<!-- end of figures -->"


def _known(name: str) -> Any:
    path = WORK / f"{name}.json"
    return json.loads(path.read_text()) if path.is_file() else None


def _verdict(wrong: list[str]) -> str:
    return "held" if not wrong else f"**{len(wrong)} times not**"


def rows() -> list[tuple[str, str, str]]:
    """(what was done, how much of it, whether what is promised held)."""
    found = []
    trials = kills.records() if (WORK / "kills").is_dir() else []
    stages = Counter(stage for trial in trials for stage in trial["kills"])
    if trials:
        kinds = Counter(trial["kind"] for trial in trials for _ in trial["kills"])
        told = ", ".join(f"{stages[stage]} in {name}" for stage, name in (
            ("start", "dbt's start"), ("build", "the build"), ("tests", "the tests"), ("analyze", "the statistics"), ("report", "the pages"), ("publish", "publishing"),
        ) if stages[stage])  # fmt: skip
        found.append((
            "`kill -9` at random moments, then the same command",
            f"{sum(stages.values())} kills in {len(trials)} series: {told}; {kinds['increment']} of increments, {kinds['full']} of full refreshes, {kinds['built']} after dbt's part",
            _verdict([line for trial in trials for line in trial["wrong"]]),
        ))  # fmt: skip
        found.append((
            "a reader during all of it", f"{sum(trial['glances'] for trial in trials):,} glances at the link, {sum(trial['looks'] for trial in trials):,} checks of every checksum",
            _verdict([line for trial in trials for line in trial["wrong"] if not line.startswith(("differs", "the run", "left"))]),
        ))  # fmt: skip
    for name, wrong in (_known("damage") or {}).items():
        found.append((name, "a clear message, exit code 2, the next run mends it" if "clock" not in name and "published database" not in name else "the run is like any other", _verdict(wrong)))
    pairs = _known("pairs")
    if pairs:
        found.append((
            "two runs started at once", f"{pairs['pairs']} pairs; in {pairs['both_in_turn']} of them one waited (`--wait`) or came after the other", _verdict(pairs["wrong"])))  # fmt: skip
        found.append((
            "a held connection, and one that reopens `current`, through consecutive runs",
            f"{pairs['publications']} publications seen, {pairs['looks']:,} checks of every checksum", _verdict(pairs["wrong"])))  # fmt: skip
    nights = _known("nights")
    if nights:
        found.append((
            "nights in a row, dbt and all, while a connection is held", f"{nights['nights']} runs, {nights['publications']} publications seen, {nights['looks']:,} checks of every checksum",
            _verdict(nights["wrong"])))  # fmt: skip
    broken = _known("broken_rows")
    if broken:
        sizes = sorted(map(int, broken["cpu_s"]))
        told = ", ".join(f"{size:,}: {broken['cpu_s'][str(size)]:.1f}" for size in sizes)
        found.append((f"broken rows of every table, {broken['reasons']} ways to break one", f"each accounted for; CPU s of staging by rows: {told}", _verdict(broken["wrong"])))
    hostile, extremes = _known("hostile"), _known("extremes")
    if hostile:
        found.append((
            "hostile ids and names in raw rows, seeds and paths", f"{hostile['tables']} published tables with the same numbers, {hostile['pages']} pages with the same elements, {hostile['shown']} hostile texts seen as text",
            _verdict(hostile["wrong"])))  # fmt: skip
    if extremes:
        found.append(("10 MB ids and texts, columns named like SQL, bytes that are no text", "built, or named by file", _verdict(extremes["wrong"])))
    fuzz = _known("fuzz")
    if fuzz:
        found.append((
            "fuzzing of arguments and seeds", f"{fuzz['seconds'] / 60:.0f} minutes: {fuzz['calls']:,} calls, {fuzz['seed_sets']:,} sets of seeds through the rules, {fuzz['seed_files']:,} sets of files through a build",
            _verdict(fuzz["wrong"])))  # fmt: skip
    old = _known("old_duckdb")
    if old:
        skipped = "".join(f"; {version} not tried: {why}" for version, why in old["skipped"].items())
        found.append(("the published file in older DuckDB", f"{old['tables']} tables read alike by {', '.join(old['read'])}{skipped}", _verdict(old["wrong"])))
    return found


def write(page: Path = PAGE) -> None:
    """Put the figures into the page, between its marks."""
    table = "\n".join(["| what was done | how much | what is promised |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows())])
    before, _, rest = page.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{START}\n{table}\n{END}{after}", encoding="utf-8")
