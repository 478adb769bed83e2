"""`python -m python_stats.simulation FOLDER`: simulate the business from the command line."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from python_stats.simulation.generate import DEFAULT_START, simulate


@click.command()
@click.argument("output_folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--events", default=200_000, show_default=True, help="About how many events, per replica.")
@click.option("--seed", default=1, show_default=True)
@click.option("--days", default=120, show_default=True)
@click.option("--start", type=click.DateTime(["%Y-%m-%d"]), default=DEFAULT_START.isoformat(), show_default=True)
@click.option("--file-format", type=click.Choice(["parquet", "csv"]), default="parquet", show_default=True)
@click.option("--dirty-share", default=0.01, show_default=True)
@click.option("--replicas", default=1, show_default=True, help="Independent copies of the business in one raw set.")
@click.option("--seeds-folder", type=click.Path(path_type=Path, file_okay=False), help="Also write the seeds that go with it.")
@click.option("--typed", is_flag=True, help="Typed columns instead of text.")
def main(
    output_folder: Path,
    events: int,
    seed: int,
    days: int,
    start: datetime,
    file_format: str,
    dirty_share: float,
    replicas: int,
    seeds_folder: Path | None,
    typed: bool,
) -> None:
    """Write the eight raw tables and truth.json to OUTPUT_FOLDER."""
    try:
        summary = simulate(output_folder, events, seed, days, start.date(), file_format, dirty_share, replicas, seeds_folder, typed)
    except ValueError as error:
        click.echo(f"simulate: {error}", err=True)
        sys.exit(2)
    for table, count in summary.rows.items():
        click.echo(f"{table}: {count:,} rows, {summary.dirty_rows[table]:,} of them dirty")
    click.echo(f"raw_location: {summary.raw_location}")


if __name__ == "__main__":
    main()
