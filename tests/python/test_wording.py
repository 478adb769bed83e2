from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        (wording.percent(0.0), "0.0 %"),
        (wording.percent(0.00003), "0.0030 %"),
        (wording.percent(-0.000045, signed=True), "−0.0045 %"),
        (wording.percent(0.9994), "99.9 %"),
        (wording.percent(0.9996), "99.96 %"),
        (wording.percent(0.99999), "99.999 %"),
        (wording.percent(1.0), "100 %"),
        (wording.percent(0.1 + 0.2 - 0.3), "0.0 %"),  # 5.6e-17
        (wording.effect_in_unit(0.0123, "share"), "+1.2 pp"),
        (wording.effect_in_unit(-0.00001, "share"), "−0.0010 pp"),
        (wording.percent(1.964, signed=True), "+196 %"),
        (wording.duration(45), "45.0 s"),
        (wording.duration(5400), "1.5 h"),
        (wording.duration(-86400 * 3), "−3.0 days"),
        (wording.money(27000.0), "€27,000"),
        (wording.money(-3400.0, "USD"), "−$3,400"),
        (wording.money(3400.0, "CHF", signed=True), "+CHF 3,400"),
        (wording.in_unit(12.345, "money"), "€12.35"),
        (wording.in_unit(0.00123, "number"), "0.00123"),
        (wording.in_unit(-0.0428, "points"), "−4"),
        (wording.in_unit(1.0, "points"), "+100"),
        (wording.in_unit(0.0, "points"), "0"),
        (wording.effect_in_unit(-0.0325, "points"), "−3.2 points"),
        (wording.span(30 * 86400), "30 days"),
        (wording.span(282_600), "3.3 days"),
        (wording.span(None), "–"),
        (f"1 {wording.noun(1, 'day')}, 2 {wording.noun(2, 'day')}, 0 {wording.noun(0, 'entry', 'entries')}", "1 day, 2 days, 0 entries"),
    ],
)
def test_wording(text: str, expected: str) -> None:
    assert text.replace("\u00a0", " ") == expected


@given(st.floats(1e-11, 1 - 1e-11))
def test_only_nothing_is_none_and_only_all_is_all(share: float) -> None:
    shown = float(wording.percent(share).removesuffix("\u00a0%"))
    assert 0 < shown < 100 and shown == pytest.approx(100 * share, rel=0.051)


@pytest.mark.parametrize("unit", ["share", "points", "seconds", "money", "number"])
@given(st.floats(0.001, 1), st.floats(1e-6, 1))
def test_two_values_that_differ_are_told_apart(unit: str, first: float, change: float) -> None:
    second = first * (1 + change)
    texts = wording.told_apart(lambda value, more: wording.in_unit(value, unit, more=more), first, second)
    assert texts[0] != texts[1]


def test_ordinary_pairs_and_equal_ones_look_as_they_do_alone() -> None:
    for first, second in ((0.04, 0.044), (0.25, 0.25), (None, 0.1)):
        texts = wording.told_apart(lambda value, more: wording.percent(value, more=more), first, second)
        assert texts == (wording.percent(first), wording.percent(second))
