"""Values with units: what is read, what is compared with what, and how a figure is shown."""

from __future__ import annotations

import pytest

from final_review.errors import InputError
from final_review.quantity import Quantity, beside, counted, figure, parse


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [("500 ms", 500, "ms"), ("50 msg/s", 50, "msg/s"), ("0", 0, ""), ("100 %", 100, "%"), ("1s", 1, "s"), ("99.95 %", 99.95, "%"), (" 2 MB ", 2, "MB")],
)
def test_limits_are_read_with_their_unit(text: str, value: float, unit: str) -> None:
    assert parse(text) == Quantity(value, unit)


@pytest.mark.parametrize("text", ["", "ms", "500 mss", "1,000", "nan", "inf ms", "5 0", "--1 s"])
def test_what_is_no_limit_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InputError, match=r"is not a value with a unit: write a number and one of us, ms, s"):
        parse(text)


def test_units_of_one_dimension_are_compared_without_rounding() -> None:
    assert Quantity(0.7, "s").exact == Quantity(700, "ms").exact
    assert Quantity(0.7000001, "s").exact > Quantity(700, "ms").exact
    assert Quantity(0.0469, "s").in_unit_of(Quantity(500, "ms")) == Quantity(46.9, "ms")


@pytest.mark.parametrize(
    ("measured", "limit", "comparable"),
    [
        ("ms", "1 s", True),
        ("messages", "0", True),
        ("s", "0", True),
        ("msg/s", "10", True),
        ("s", "500", False),
        ("%", "1", False),
        ("", "100 %", False),
        ("MB", "1 s", False),
        ("messages", "500 messages", True),
    ],
)
def test_only_one_dimension_is_comparable(measured: str, limit: str, comparable: bool) -> None:
    assert Quantity(1.0, measured).comparable_with(parse(limit)) is comparable


@pytest.mark.parametrize(
    ("value", "text"),
    [(7412, "7\u202f412"), (0, "0"), (0.0123, "0.0123"), (46.94, "46.9"), (1234.6, "1\u202f235"), (99.96, "100"), (1e-12, "0"), (50.0, "50")],
)
def test_figures_are_short(value: float, text: str) -> None:
    assert figure(value) == text


def test_a_figure_beside_its_limit_never_looks_equal_when_it_is_not() -> None:
    assert beside(Quantity(1.0004, "s"), Quantity(1, "s")) == "1.0004 s"
    assert beside(Quantity(99.996, "%"), Quantity(100, "%")) == "99.996 %"
    assert beside(Quantity(1.0, "s"), Quantity(1, "s")) == "1 s"
    assert beside(Quantity(0.469, "s"), Quantity(1, "s")) == "0.469 s"


def test_a_small_part_of_a_second_is_shown_in_milliseconds() -> None:
    assert beside(Quantity(0.0469, "s"), Quantity(1, "s")) == "46.9 ms"


def test_counts_are_named_by_what_was_counted() -> None:
    assert counted("connections") == "connections"
    assert counted("") == counted("count") == counted("messages") == "messages"
