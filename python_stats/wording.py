"""Numbers as people read them: one way for verdicts, command line and scorecard."""

import math
from collections.abc import Sequence

MINUS = "−"
THIN = "\u00a0"  # no-break space, so that a number and its unit stay on one line


def number(value: float | None, digits: int = 0, *, signed: bool = False) -> str:
    """1,234.5 with a true minus sign; an en dash for what is not known. A rounded zero has no sign."""
    if value is None or not math.isfinite(value):
        return "–"
    text = f"{abs(value):,.{digits}f}"
    if float(text.replace(",", "")) == 0:
        return text
    return (MINUS if value < 0 else "+" if signed else "") + text


def significant(value: float | None, digits: int = 3, *, signed: bool = False) -> str:
    """About `digits` significant digits, never in scientific notation."""
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return number(value, min(decimals, 8), signed=signed)


def percent(value: float | None, *, signed: bool = False) -> str:
    """A share as percent: 4.0 %, 12 %, 0.25 %."""
    if value is None or not math.isfinite(value):
        return "–"
    size = abs(value) * 100
    digits = 1 if size >= 1 or size == 0 else 2
    if size >= 99.95:
        digits = 0
    return number(value * 100, digits, signed=signed) + THIN + "%"


def duration(seconds: float | None, *, signed: bool = False) -> str:
    """Seconds in the unit people would use: 45 s, 3.2 min, 5.1 h, 2.4 days."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    size = abs(seconds)
    for limit, divisor, unit in ((90, 1, "s"), (90 * 60, 60, "min"), (48 * 3600, 3600, "h"), (math.inf, 86400, "days")):
        if size < limit:
            return number(seconds / divisor, 1, signed=signed) + THIN + unit
    raise AssertionError("unreachable")


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


def in_unit(value: float | None, unit: str, currency: str = "EUR") -> str:
    """A metric's value in its own unit (`share`, `seconds`, `money`, `number`)."""
    if unit == "share":
        return percent(value)
    if unit == "seconds":
        return duration(value)
    if unit == "money":
        text = number(value, 2)
        return text if text == "–" else (MINUS if text[0] == MINUS else "") + SYMBOLS.get(currency, currency + THIN) + text.lstrip(MINUS)
    return significant(value)


def effect_in_unit(value: float | None, unit: str, currency: str = "EUR") -> str:
    """A difference in a metric's own unit: shares in percentage points."""
    if value is None:
        return "–"
    if unit == "share":
        return number(value * 100, 1 if abs(value) >= 0.01 else 2, signed=True) + THIN + "pp"
    if unit == "seconds":
        return duration(value, signed=True)
    text = in_unit(abs(value), unit, currency)
    return (MINUS if value < 0 else "+") + text


def columns_of_text(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table for a terminal: a head, a rule, and rows in columns."""
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    texts = (head, tuple("─" * width for width in widths), *rows)
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in texts]
