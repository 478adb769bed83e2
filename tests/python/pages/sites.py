"""How warehouses to write pages from are made."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import handmade_pages
from handmade_warehouse import write_database, write_project

from python_stats import pipeline
from python_stats.analysis import Options
from python_stats.project import Flags, open_project
from python_stats.report import render_site
from python_stats.warehouse import open_warehouse

LONG = "very long " * 1024
HOSTILE = {
    "winner": "../../etc/passwd%00\"'><script>alert(1)</script>",
    "harmful": "Ünï \u202e\u0000code; a=b 😀" + "\u0301" * 40,
    "crooked": LONG,
    "young": "Young",
}
AGAIN = {"young": "young"}  # differs from another by case alone


def render(folder: Path) -> dict[str, str]:
    with open_warehouse(open_project(Flags(project_dir=str(folder), profiles_dir=str(folder))), read_only=True) as opened:
        return render_site(opened, "EUR")


@cache
def once(folder: Path) -> dict[str, str]:
    """The pages of a folder that nobody changes, rendered once."""
    return render(folder)


def made(folder: Path, content: dict[str, list[dict[str, Any]]], pages: dict[str, list[dict[str, Any]]]) -> Path:
    """A project folder with these marts, analysed."""
    write_project(folder)
    write_database(folder / "w.duckdb", content)
    handmade_pages.write(folder / "w.duckdb", pages)
    with open_warehouse(open_project(Flags(project_dir=str(folder), profiles_dir=str(folder)))) as opened:
        pipeline.run(opened, Options())
    handmade_pages.write_parts(folder / "w.duckdb")
    return folder


def renamed(content: dict[str, list[dict[str, Any]]], names: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    """The experiments under other ids, and every free text of theirs hostile."""
    texts = {"experiment_name", "owner_team", "hypothesis", "pain_point", "step_name"}
    return {
        mart: [
            {
                column: names.get(value, value)
                if column == "experiment_id"
                else f"{names.get(row.get('experiment_id', ''), '')}{value}<i>'\""
                if column in texts
                else value
                for column, value in row.items()
            }
            for row in rows
        ]
        for mart, rows in content.items()
    }
