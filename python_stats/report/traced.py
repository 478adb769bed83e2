"""Rows that know where they came from, and the ways in which their values are written."""

import hashlib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from python_stats import wording
from python_stats.errors import UserError
from python_stats.warehouse import Warehouse

Writer = Callable[[Any], str]
UNKNOWN = "–"
LONGEST_TEXT = 600
LONGEST_KEY = 120
_SPACES = re.compile(r"[ \t\r\n\f\v\u2028\u2029\x00-\x1f\x7f]+")  # not the no-break space between a number and its unit
_LONG_WORD = re.compile(r"[^\s\u00a0]{24}(?=[^\s\u00a0]{6})")


def clipped(text: str, length: int = LONGEST_TEXT) -> str:
    """Text of a bearable length, on one line; what is cut off ends in an ellipsis."""
    flat = _SPACES.sub(" ", text).strip()
    return flat if len(flat) <= length else flat[: length - 1].rstrip() + "…"


class _Formats(dict[str, Writer]):
    """Writers by name; `money:USD` writes as `money` does, in that currency."""

    def __missing__(self, name: str) -> Writer:
        form, _, currency = name.partition(":")
        if not currency:
            raise KeyError(name)
        return formats(currency)[form]


def formats(currency: str) -> dict[str, Writer]:
    """The ways in which a value can be written on a page, by the name that stands in `data-format`."""
    plain: dict[str, Writer] = {
        "text": lambda value: clipped(str(value)),
        "name": lambda value: clipped(str(value), 90),
        "long": lambda value: clipped(str(value), 2000),
        "short": lambda value: clipped(str(value), 240),
        "words": lambda value: clipped(str(value).replace("_", " ")),
        "count": wording.number,
        "money": lambda value: wording.money(value, currency),
        "signed_money": lambda value: wording.money(value, currency, signed=True),
        "money_exact": lambda value: wording.in_unit(value, "money", currency),
        "money_rate": lambda value: _money_rate(value, currency),
        "money_per_day": lambda value: _money_rate(value, currency) + " per day",
        "money_per_hour": lambda value: _money_rate(value * 3600, currency) + " per hour",  # of a value per second
        "percent": wording.percent,
        "share": wording.percent,
        "signed_percent": lambda value: wording.percent(value, signed=True),
        "confidence": _confidence,
        "duration": wording.duration,
        "seconds": wording.duration,
        "span": wording.span,
        "days": lambda value: wording.number(value) + wording.THIN + wording.noun(value, "day"),
        "signed_days": lambda value: wording.number(value, 1, signed=True) + wording.THIN + "days",
        "months": lambda value: wording.significant(value, 2) + wording.THIN + "months",
        "number": wording.significant,
        "increment": lambda value: wording.significant(value, signed=True),
        "part": lambda value: wording.number(value, 2),
        "correlation": _correlation,
        "per_hundred": lambda value: wording.number(value * 100, 1),
        "points": wording.hundredths,
        "probability": lambda value: "> 99.9\u00a0%" if value > 0.999 else "< 0.1\u00a0%" if value < 0.001 else wording.percent(value),
        "p_value": lambda value: "< 0.001" if value < 0.001 else wording.number(value, 3),
        "moment": lambda value: f"{value:%Y-%m-%d %H:%M} UTC",
        "listed": lambda value: value.replace(", ", " and "),
        "day": lambda value: f"{value:%Y-%m-%d}",
    }
    effects: dict[str, Writer] = {f"effect_{unit}": _effect(unit, currency) for unit in ("share", "points", "seconds", "number", "money")}
    return _Formats(plain | effects)


def _correlation(value: float) -> str:
    """Two decimals, or as many more as it takes not to say 0, or 1, of what is neither."""

    def show(number: float, more: int) -> str:
        return wording.number(number, 2 + more)

    return max((wording.told_apart(show, value, end)[0] for end in (0.0, math.copysign(1, value))), key=len)


def _money_rate(value: float, currency: str) -> str:
    """Two decimals, or as many as it takes for what is less than ten cents."""
    if abs(value) >= 0.1 or value == 0:
        return wording.in_unit(value, "money", currency)
    return wording.SYMBOLS.get(currency, currency + wording.THIN) + wording.significant(value, 2)


def _confidence(alpha: float) -> str:
    """95 %, 97.5 %, 99.998 %: what is less than certain is never written as 100 %."""
    if alpha < 1e-6:
        return "over " + wording.percent(1 - 1e-6)
    level = round((1 - alpha) * 100, 6)
    return wording.number(level) + wording.THIN + "%" if level == round(level) else wording.percent(1 - alpha)


def _effect(unit: str, currency: str) -> Writer:
    return lambda value: wording.effect_in_unit(value, unit, currency)


def value_format(unit: str) -> str:
    """The format for a value of a metric with that unit."""
    return {"money": "money_exact"}.get(unit, unit)


@dataclass(frozen=True)
class Traced:
    """A row of a mart that knows where it came from."""

    mart: str
    key: Mapping[str, Any]
    values: Mapping[str, Any]
    writers: Mapping[str, Writer]

    def __getitem__(self, column: str) -> Any:
        return self.values[column]

    @property
    def key_text(self) -> str:
        """`column=value` pairs joined by semicolons; `%` and `;` in a value are escaped as in an address.

        A value of more than 120 characters, or with unprintable ones, stands as `sha256(column)=…`, so that a page stays light.
        """
        return ";".join(_pair(name, str(value)) for name, value in self.key.items() if value is not None)

    def words(self, column: str, form: str = "text") -> str:
        """The value as plain text."""
        value = self.values[column]
        return UNKNOWN if value is None else self.writers[form](value)

    @property
    def place(self) -> Markup:
        """Attributes that say which row an element shows; what `part` writes inside need not say it again."""
        return Markup('data-mart="{}" data-key="{}"').format(self.mart, self.key_text)

    def show(self, column: str, form: str = "text") -> Markup:
        """The value as text, in an element that says where it stands."""
        return Markup('<span {} data-column="{}" data-format="{}">{}</span>').format(
            self.place, column, form, breakable(self.words(column, form))
        )

    def part(self, column: str, form: str = "text") -> Markup:
        """The same inside an element that has the row's `place`."""
        return Markup('<span data-column="{}" data-format="{}">{}</span>').format(column, form, breakable(self.words(column, form)))

    def around(self, picture: Markup) -> Markup:
        """A picture in an element that says which row it draws."""
        return Markup('<span class="picture" {}>{}</span>').format(self.place, picture)


def breakable(text: str) -> Markup:
    """Escaped text whose very long words may be broken at the end of a line."""
    return Markup("<wbr>").join(_LONG_WORD.sub(lambda found: found[0] + "\0", text).split("\0"))


def _pair(name: str, value: str) -> str:
    if len(value) > LONGEST_KEY or not value.isprintable():
        return f"sha256({name})={hashlib.sha256(value.encode()).hexdigest()}"
    return f"{name}={value.replace('%', '%25').replace(';', '%3B')}"


@dataclass(frozen=True)
class Source:
    """The marts of one warehouse as traced rows.

    Attributes:
        warehouse: where they are read.
        currency: in which money is written.
        cost_window_days: the project's variable.
    """

    warehouse: Warehouse
    currency: str
    cost_window_days: float = 28

    @property
    def window(self) -> str:
        """How long the days are over which friction is counted, in words: 28 days."""
        days = self.cost_window_days
        return wording.number(days, 0 if days == int(days) else 1) + wording.THIN + wording.noun(days, "day")

    @property
    def writers(self) -> dict[str, Writer]:
        """See `formats`."""
        return formats(self.currency)

    def rows(self, mart: str, columns: Sequence[str], key: Sequence[str], order_by: Sequence[str] = ()) -> list[Traced]:
        """All rows of a mart, in order of its key or as asked.

        Raises:
            UserError: where the table or a column is not there.
        """
        writers = self.writers
        wanted = list(dict.fromkeys([*key, *columns]))
        read = self.warehouse.read(mart, wanted, order_by or key)
        return [Traced(mart, {name: row[name] for name in key}, row, writers) for row in read]

    def rows_if_there(self, mart: str, columns: Sequence[str], key: Sequence[str], order_by: Sequence[str] = ()) -> list[Traced]:
        """The same; nothing where there is no such table, or an older one without these columns: the page then says that it has no data."""
        try:
            return self.rows(mart, columns, key, order_by) if self.warehouse.has(mart) else []
        except UserError:
            return []

    def names(self, mart: str, key: Sequence[str], name: str) -> dict[tuple[Any, ...], Markup]:
        """What things are called, by their keys, traced; empty where the mart is missing."""
        return {tuple(row[part] for part in key): row.show(name, "name") for row in self.rows_if_there(mart, [name], key)}
