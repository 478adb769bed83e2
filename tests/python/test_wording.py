from __future__ import annotations

import math

import pytest

from python_stats import wording


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (wording.number(1234567.4), "1,234,567"),
        (wording.number(-0.4), "0"),
        (wording.number(-12.5, 1, signed=True), "−12.5"),
        (wording.number(None), "–"),
        (wording.number(math.nan), "–"),
        (wording.percent(0.04), "4.0 %"),
        (wording.percent(0.0025), "0.25 %"),
        (wording.percent(1.964, signed=True), "+196 %"),
        (wording.duration(45), "45.0 s"),
        (wording.duration(5400), "1.5 h"),
        (wording.duration(-86400 * 3), "−3.0 days"),
        (wording.money(27000.0), "€27,000"),
        (wording.money(-3400.0, "USD"), "−$3,400"),
        (wording.money(3400.0, "CHF", signed=True), "+CHF 3,400"),
        (wording.in_unit(12.345, "money"), "€12.35"),
        (wording.in_unit(0.00123, "number"), "0.00123"),
    ],
)
def test_wording(text: str, expected: str) -> None:
    assert text.replace("\u00a0", " ") == expected
