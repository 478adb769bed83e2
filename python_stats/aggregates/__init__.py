"""`empathy-roi compare`: the same read-out from a file of aggregates, without dbt and without a warehouse.

Two kinds of file. *Sufficient statistics*: one row per variant and metric (and window and segment), with the columns of
`experiment_metric_stats`, or with `mean` and `standard_deviation`. *Daily counts*: one row per variant and day with columns of counts,
and the metrics named on the command line.

Which unit is right? A share of counts (`--share`) takes each unit of its denominator as a person of its own for whom it happened or
did not; then the counts are all there is to know. For anything that can happen several times to one person (`--ratio`) the counts of a
day do not say how persons differ; the day is the unit then, and the arms are compared day by day.
"""

from python_stats.aggregates.counts import from_counts
from python_stats.aggregates.request import Answer, Measure, Request
from python_stats.aggregates.statistics import from_statistics
from python_stats.aggregates.table import Table, read_table
from python_stats.errors import UserError

__all__ = ["Answer", "Measure", "Request", "Table", "compare_table", "read_table"]


def compare_table(table: Table, request: Request) -> Answer:
    """Compare the variants of a file.

    Raises:
        UserError: naming file, row and column, where the file or the request cannot be used.
    """
    if "persons" in table.columns and not request.measures:
        if request.before_after is not None:
            raise UserError("--before-after: needs daily counts, and --share or --ratio to say what they are")
        return from_statistics(table, request)
    if request.window is not None:
        raise UserError("--window: daily counts have no windows; it is for a file of sufficient statistics")
    if not request.measures:
        raise UserError(
            f"{table.name}: has no column 'persons', so it is taken as daily counts; name what to compare, such as "
            "--share conversion=orders/visitors or --ratio clicks=clicks/views"
        )
    return from_counts(table, request)
