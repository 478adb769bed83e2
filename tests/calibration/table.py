"""The calibration table as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from calibration.cells import POWER, Cell


def _rate(value: float) -> str:
    return f"{100 * value:.2f}"


def table(cells: Sequence[Cell]) -> str:
    """One section a method, one line a cell."""
    lines: list[str] = []
    for method in dict.fromkeys(cell.method for cell in cells):
        lines += ["", f"### {method}", "", "| promise | corner | warned % | found % | at most % | all % | |", "|---|---|--:|--:|--:|--:|---|"]
        for cell in (cell for cell in cells if cell.method == method):
            warned = 1 - cell.counted / cell.experiments
            at_most = f"{_rate(cell.nominal)} ± 2" if cell.kind == POWER else _rate(cell.allowed(len(cells)))
            lines.append(
                f"| {cell.promise} | {cell.corner} | {100 * warned:.1f} | {_rate(cell.rate) if cell.counted else '–'} | {at_most} "
                f"| {_rate(cell.rate_shown) if cell.shown else '–'} | {cell.outcome(len(cells))} |"
            )
    return "\n".join(lines)


def summary(cells: Sequence[Cell]) -> str:
    """One line a method and promise: how many corners, and the worst of them."""
    lines = ["| method | promise | corners | ok | conservative | warned | fail | worst % | in |", "|---|---|--:|--:|--:|--:|--:|--:|---|"]
    for method, promise in dict.fromkeys((cell.method, cell.promise) for cell in cells):
        group = [cell for cell in cells if (cell.method, cell.promise) == (method, promise)]
        count = Counter(cell.outcome(len(cells)) for cell in group)
        judged = [cell for cell in group if cell.outcome(len(cells)) != "warned"] or group
        worst = max(judged, key=lambda cell: cell.rate - cell.nominal)
        lines.append(
            f"| {method} | {promise} | {len(group)} | {count['ok']} | {count['conservative']} | {count['warned']} | {count['FAILS']} "
            f"| {_rate(worst.rate)} | {worst.corner} |"
        )
    return "\n".join(lines)


def written(cells: Sequence[Cell], experiments: int, seed: int) -> str:
    """The page."""
    failures = sum(cell.outcome(len(cells)) == "FAILS" for cell in cells)
    return f"""# Calibration

Do the methods keep the error rates that they promise? Written by `make calibrate` (seed {seed}, {experiments:,} simulated experiments a
cell); do not edit. {len(cells)} cells, {failures} fail.

- **found**: how often the promise was broken among results whose status is `ok`. For a p-value, a test of no effect that found one;
  for an interval, one that missed the truth; for a verdict, the wrong verdict.
- **at most**: the promise and three Monte-Carlo standard errors, corrected for the number of cells (the binomial quantile that all
  cells together exceed as rarely as one cell exceeds three standard errors). Above it a cell `FAILS`, and `make calibrate` exits with 1.
- **warned**: results with another status: no estimate (nobody converted, say), or an estimate with a warning (`skewed`). They are not
  judged, because the product does not present them as sound. A corner in which four of five results are warned counts as `warned`.
- **all**: the same rate over every result that shows an estimate, warned or not.
- **conservative**: fewer errors than promised, beyond chance. Reported, not failed.
- A relative interval that is `unbounded` claims nothing, so it misses nothing.

## Summary

The worst is that of the corners that are judged. In a corner that counts as `warned`, the few results without a warning can be wrong far
more often: they are those whose arms look better filled than they are.

{summary(cells)}

## Every cell
{table(cells)}
"""
