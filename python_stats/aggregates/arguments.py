"""From the words of the command line to a request."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from python_stats.aggregates.request import Measure, Request
from python_stats.errors import UserError


def request_of(shares: Sequence[str], ratios: Sequence[str], expected: Sequence[str], asked: Mapping[str, Any]) -> Request:
    """Read `NAME=COUNT/OF`, `VARIANT=SHARE` and a date.

    Args:
        shares, ratios, expected: as given.
        asked: the other options, under their names.

    Raises:
        UserError: naming the option that cannot be read.
    """
    measures = [*(_measure("share", text) for text in shares), *(_measure("ratio", text) for text in ratios)]
    names = [measure.name for measure in measures]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise UserError(f"the metric '{repeated}' is there twice; give each a name of its own")
    given = dict(asked)
    change = given.pop("before_after")
    return Request(measures=measures, expected_shares=dict(map(_expected, expected)), before_after=_day(change), **given)


def _measure(kind: str, text: str) -> Measure:
    name, _, counts = text.partition("=")
    numerator, _, denominator = counts.partition("/")
    if not (name and numerator and denominator):
        raise UserError(f"--{kind} {text}: write it as NAME=COUNT/{'OF' if kind == 'share' else 'PER'}, such as conversion=orders/visitors")
    return Measure(name.strip(), kind, numerator.strip(), denominator.strip())


def _expected(text: str) -> tuple[str, float]:
    variant, _, share = text.rpartition("=")
    try:
        value = float(share)
    except ValueError:
        value = 0.0
    if not variant or not 0 < value < 1:
        raise UserError(f"--expected-share {text}: write it as VARIANT=SHARE with a share between 0 and 1, such as control=0.5")
    return variant, value


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UserError(f"--before-after {text}: write a date such as 2026-03-01") from error
