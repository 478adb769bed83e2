"""Numbers as people read them: one way for verdicts, command line and scorecard."""

import math
from collections.abc import Callable, Sequence
from typing import Any

MINUS = "−"
LEAST = 1e-12  # of a share: what is smaller is rounding
THIN = "\u00a0"  # no-break space, so that a number and its unit stay on one line


def number(value: float | None, digits: int = 0, *, signed: bool = False) -> str:
    """1,234.5 with a true minus sign; an en dash for what is not known. A rounded zero has no sign."""
    if value is None or not math.isfinite(value):
        return "–"
    text = f"{abs(value):,.{digits}f}"
    if float(text.replace(",", "")) == 0:
        return text
    return (MINUS if value < 0 else "+" if signed else "") + text


def _decimals(value: float, digits: int) -> int:
    """Decimals that show so many significant digits of a value above 0."""
    return max(0, digits - 1 - math.floor(math.log10(value) + 1e-9))  # 0.00999999999999 is 0.01


def significant(value: float | None, digits: int = 3, *, signed: bool = False) -> str:
    """About `digits` significant digits, never in scientific notation."""
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    return number(value, min(_decimals(abs(value), digits), max(8, digits)), signed=signed)


def percent(value: float | None, *, signed: bool = False, more: int = 0) -> str:
    """A share as percent: 4.0 %, 12 %, 0.25 %, 0.0030 %, 99.96 %. Only nothing is 0 %, and only all (or more) is 100 %.

    `more` digits tell it from another value.
    """
    if value is None or not math.isfinite(value):
        return "–"
    size, missing = abs(value), 1 - abs(value)
    if size < LEAST:
        digits = 1
    elif size < 1e-4:
        digits = _decimals(size * 100, 2)
    elif size < 0.01:
        digits = 2
    elif size < 0.9995:
        digits = 1
    else:
        digits = _decimals(missing * 100, 1) if missing > LEAST else 0
    return number(value * 100, digits + more, signed=signed) + THIN + "%"


def told_apart(show: Callable[[Any, int], str], first: float | None, second: float | None) -> tuple[str, str]:
    """Two values, with as many more digits as it takes to tell them apart; `show` gives a value's text with so many more.

    Equal values, and those that no twelve digits tell apart, stand as they are alone.
    """
    for more in range(13):
        texts = show(first, more), show(second, more)
        if texts[0] != texts[1]:
            return texts
    return show(first, 0), show(second, 0)


def duration(seconds: float | None, *, signed: bool = False, more: int = 0) -> str:
    """Seconds in the unit people would use: 45 s, 3.2 min, 5.1 h, 2.4 days."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    size = abs(seconds)
    for limit, divisor, unit in ((90, 1, "s"), (90 * 60, 60, "min"), (48 * 3600, 3600, "h"), (math.inf, 86400, "days")):
        if size < limit:
            return number(seconds / divisor, 1 + more, signed=signed) + THIN + unit
    raise AssertionError("unreachable")


def span(seconds: float | None) -> str:
    """The same without an idle decimal, for limits: 30 days, 3.3 days."""
    return duration(seconds).replace(".0" + THIN, THIN)


def noun(count: float | None, one: str, many: str | None = None) -> str:
    """What is counted: 'day' for 1, else 'days', or the plural given."""
    return one if count == 1 else many or one + "s"


SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£"}


def money(value: float | None, currency: str = "EUR", *, signed: bool = False) -> str:
    """Whole units of a currency: €27,000, −$3,400, CHF 1,200."""
    if value is None or not math.isfinite(value):
        return "–"
    digits = 0 if abs(value) >= 10 or value == 0 else 2
    text = number(value, digits, signed=signed)
    sign = text[0] if text[0] in (MINUS, "+") else ""
    symbol = SYMBOLS.get(currency, currency + THIN)
    return sign + symbol + text.removeprefix(sign)


def in_unit(value: float | None, unit: str, currency: str = "EUR", *, more: int = 0) -> str:
    """A metric's value in its own unit (`share`, `points`, `seconds`, `money`, `number`); `more` digits tell it from another."""
    if unit == "share":
        return percent(value, more=more)
    if unit == "points":
        return hundredths(value, more=more)
    if unit == "seconds":
        return duration(value, more=more)
    if unit == "money":
        text = number(value, 2 + more)
        return text if text == "–" else (MINUS if text[0] == MINUS else "") + SYMBOLS.get(currency, currency + THIN) + text.lstrip(MINUS)
    return significant(value, 3 + more)


def hundredths(value: float | None, *, more: int = 0) -> str:
    """A score between −1 and 1 in whole points of a hundred: −4, +12."""
    return number(None if value is None else value * 100, more, signed=True)


def points(value: float, usual: int = 1) -> str:
    """A difference of shares in percentage points: +0.4 pp, +0.25 pp, +0.0015 pp; one below a point has two decimals at least."""
    size = abs(value)
    digits = _decimals(size * 100, 2) if LEAST <= size < 1e-4 else usual if size >= 0.01 else 2
    return number(value * 100, digits, signed=True) + THIN + "pp"


def effect_in_unit(value: float | None, unit: str, currency: str = "EUR") -> str:
    """A difference in a metric's own unit: shares in percentage points."""
    if value is None:
        return "–"
    if unit == "share":
        return points(value)
    if unit == "points":
        return hundredths(value, more=1) + THIN + "points"
    if unit == "seconds":
        return duration(value, signed=True)
    text = in_unit(abs(value), unit, currency)
    return (MINUS if value < 0 else "+") + text


def columns_of_text(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table for a terminal: a head, a rule, and rows in columns."""
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    texts = (head, tuple("─" * width for width in widths), *rows)
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in texts]
