"""Rows of aggregates about so few persons or cases that they may not be published: the variables `suppress_small_cells`, `min_cell_size`.

A mart says in its YAML which columns count the persons or cases of a row, and within which columns rows add up to something that is
published as well:

    config:
      meta:
        small_cells: {count: [attempts], within: [day, journey_id, dimension_name]}   # or {none: why no row is about few persons}

A row with a count between 1 and the minimum is withheld. Where rows add up, a total less the rows that are shown would tell the one that
is not: then the next larger rows of the group are withheld as well, until all that is withheld counts at least the minimum. Rows that
add up in several ways have a list for each: `within: [[week], [campaign_id]]`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from python_stats.errors import UserError
from python_stats.sql_warehouse import Shown, quoted

#: For the tables that the statistics write: the same as `meta.small_cells`.
STATISTICS: dict[str, dict[str, Any]] = {
    "experiment_results": {"count": ["n_control", "n_variant"]},
    "experiment_effects_factorial": {"count": ["persons_in_smallest_cell"]},
    "experiment_increments": {"count": ["persons"]},
    "experiment_segments": {"count": ["n_control", "n_variant"]},
    "experiment_decisions": {"count": ["persons_per_variant"]},
    "experiment_sequential": {"count": ["n_control", "n_variant"]},
    "experiment_time_effects": {"count": ["n_control", "n_variant"]},
    "experiment_survival": {"count": ["at_risk"]},
    "experiment_durability": {"count": ["n_control", "n_variant"]},
    "roi_estimates": {"none": "amounts of money for a month of all customers, reckoned from effects"},
    "learning_notes": {"none": "sentences about effects, not about persons"},
    "learning_patterns": {"none": "counts experiments"},
    "metric_tree_evidence": {"none": "effects and correlations, not persons"},
    "run_history": {"none": "counts raw rows of all persons"},
}


@dataclass(frozen=True)
class Cells:
    """What counts the persons or cases of a row.

    Attributes:
        count: columns; the smallest that is not null decides.
        within: per way in which rows add up to something that is published, the columns, or expressions over columns, that they share.
    """

    count: tuple[str, ...]
    within: tuple[tuple[str, ...], ...] = ()


def least(variables: Mapping[str, Any]) -> int | None:
    """The smallest count that is shown; None where nothing is withheld.

    Raises:
        UserError: a variable that is no such thing.
    """
    asked, size = variables.get("suppress_small_cells", False), variables.get("min_cell_size", 10)
    if not isinstance(asked, bool):
        raise UserError(f"variable 'suppress_small_cells': {asked!r} must be true or false")
    if isinstance(size, bool) or not isinstance(size, int) or size < 2:
        raise UserError(f"variable 'min_cell_size': {size!r} must be a whole number of 2 or more")
    return size if asked else None


def declared(manifest: Path) -> dict[str, Cells]:
    """Per published table, what counts its rows; a table that says why it counts nobody is left out.

    Raises:
        UserError: the manifest cannot be read, or a public mart says nothing.
    """
    try:
        nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
        said = {
            str(node["alias"]): node["config"].get("meta", {}).get("small_cells", {})
            for node in nodes
            if node["resource_type"] == "model" and node["access"] == "public"
        }
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise UserError(f"{manifest}: dbt's manifest cannot be read; run it again") from error
    found = {}
    for table, cells in {**said, **STATISTICS}.items():
        if "count" in cells:
            found[table] = Cells(tuple(cells["count"]), groupings(cells.get("within", [])))
        elif "none" not in cells:
            raise UserError(f"mart '{table}' is public, but config.meta.small_cells does not say what counts its rows (docs/privacy.md)")
    return found


def groupings(within: Sequence[str | Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Each way in which rows add up, of `within` as a mart says it: columns, or a list of columns for each way."""
    columns = tuple(each for each in within if isinstance(each, str))
    return ((columns,) if columns else ()) + tuple(tuple(each) for each in within if not isinstance(each, str))


def shown(variables: Mapping[str, Any], manifest: Path, quote: Callable[[str], str] = quoted) -> Shown:
    """Per table of which not every row may be published, how to make the query for those that may (`shown_rows`).

    Args:
        quote: a name as the engine writes it.

    Raises:
        UserError: a wrong variable, a mart that does not say what counts its rows.
    """
    size = least(variables)
    if size is None:
        return {}

    def made_of(cells: Cells) -> Callable[[str, Sequence[str]], str]:
        return lambda relation, columns: shown_rows(relation, columns, cells, size, quote)

    return {table: made_of(cells) for table, cells in declared(manifest).items()}


def shown_rows(
    relation: str, columns: Sequence[str], cells: Cells, least_count: int, quote: Callable[[str], str] = quoted
) -> str:
    """A query for the rows that are shown, in SQL that every engine takes.

    Args:
        relation: as SQL.
        columns: all of the relation's, in order; they break ties between rows of one size.
        quote: a name as the engine writes it.
    """
    listed = ", ".join(map(quote, columns))
    counted = [f"nullif({quote(name)}, 0)" for name in cells.count]  # nobody is not few
    size = f"least({', '.join(counted)})" if len(counted) > 1 else counted[0]
    sized = f"select {listed}, {size} as cell_size from {relation}"
    told = f"select {listed}, cell_size, case when cell_size < {least_count} then 1 else 0 end as is_withheld from ({sized}) as sized"
    ordered = ", ".join(f"{quote(name)} nulls last" for name in columns)
    for place, shared in enumerate(cells.within):
        # what a way withholds beyond the small rows are rows that are large enough by themselves, so that no other way tells of few by them
        group = f"partition by {', '.join(shared)}"
        before = f"{group} order by is_withheld desc, coalesce(cell_size, 0), {ordered} rows between unbounded preceding and 1 preceding"
        ranked = (
            f"select {listed}, cell_size, is_withheld, max(is_withheld) over ({group}) as withholds,"
            f" coalesce(sum(cell_size) over ({before}), 0) as cells_before from ({told}) as told_{place}"
        )
        is_next = f"cell_size is not null and withholds = 1 and cells_before < {least_count}"
        judged = f"case when {is_next} then 1 else is_withheld end as is_withheld"
        told = f"select {listed}, cell_size, {judged} from ({ranked}) as ranked_{place}"
    return f"select {listed} from ({told}) as told where is_withheld = 0"
