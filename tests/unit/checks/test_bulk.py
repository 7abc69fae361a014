"""The operations on columns: with numpy and without it they are the same."""

from __future__ import annotations

import importlib
import itertools
import sys
from array import array
from collections.abc import Iterator
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_histories import examples

from Lockstep.checks import bulk

small = st.lists(st.integers(0, 5), max_size=12)
pairs = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12)


@pytest.fixture(autouse=True, params=["numpy", "without numpy"])
def _kind(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "without numpy":
            patch.setattr(bulk, "numpy", None)
        yield


@examples(100)
@given(pairs)
def test_two_columns_compared(drawn: list[tuple[int, int]]) -> None:
    one, other = array("I", (a for a, _ in drawn)), array("i", (b for _, b in drawn))
    assert bulk.equal(one, other) == bytes(a == b for a, b in drawn)
    assert bulk.equal(one, 3) == bytes(a == 3 for a, _ in drawn)
    assert bulk.less(one, other) == bytes(a < b for a, b in drawn)
    assert list(bulk.difference(array("d", one), array("d", other))) == [a - b for a, b in drawn]


@examples(100)
@given(pairs)
def test_lesser_entries_surpluses_and_ranks(drawn: list[tuple[int, int]]) -> None:
    one, other = array("i", (a for a, _ in drawn)), array("i", (b for _, b in drawn))
    assert list(bulk.least(one, other)) == [min(a, b) for a, b in drawn]
    assert list(bulk.least_from_here(one)) == [min(one[place:]) for place in range(len(one))]
    assert list(bulk.surplus(array("q", one), array("q", other))) == [max(a - b, 0) for a, b in drawn]
    assert list(bulk.ranks(array("I", sorted(one)), other)) == [sum(a < b for a in one) for b in other]
    found = bulk.happened(array("i", [bulk.NEVER if value == 3 else value for value in one]))
    assert (list(found), found.typecode) == (sorted(value for value in one if value != 3), "I")


@examples(100)
@given(pairs)
def test_masks(drawn: list[tuple[int, int]]) -> None:
    one, other = bytes(a > 2 for a, _ in drawn), bytes(b > 2 for _, b in drawn)
    assert bulk.negated(one) == bytes(not a for a in one)
    assert bulk.both(one, other) == bytes(a and b for a, b in zip(one, other, strict=True))
    assert bulk.either(one, other) == bytes(a or b for a, b in zip(one, other, strict=True))
    assert list(bulk.places(one)) == [place for place, wanted in enumerate(one) if wanted]
    assert list(bulk.chosen(array("q", range(len(one))), one)) == [place for place, wanted in enumerate(one) if wanted]


@examples(100)
@given(small)
def test_entries_at_positions(positions: list[int]) -> None:
    for column in (array("d", [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]), b"abcdef", bytearray(b"abcdef")):
        found = bulk.taken(column, array("I", positions))
        assert list(found) == [column[position] for position in positions]
        assert found.typecode == (column.typecode if isinstance(column, array) else "B")


@examples(100)
@given(small)
def test_what_rises_and_what_is_first(keys: list[int]) -> None:
    positions = array("I", range(10, 10 + len(keys)))
    assert bulk.rises(array("I", keys)) == all(a < b for a, b in itertools.pairwise(keys))
    found = bulk.firsts(array("I", keys), positions, 7)
    assert list(found) == [10 + keys.index(key) if key in keys else bulk.NEVER for key in range(7)]
    groups = bulk.grouped(array("I", keys), positions)
    assert list(groups) == list(dict.fromkeys(keys))
    assert {key: list(mine) for key, mine in groups.items()} == {
        key: [10 + place for place, other in enumerate(keys) if other == key] for key in keys
    }


def test_keys_may_be_large() -> None:
    assert list(bulk.grouped(array("I", [7, 2**20, 7]), array("I", [1, 2, 3]))) == [7, 2**20]


def test_what_is_no_number_is_left_out() -> None:
    assert list(bulk.ascending(array("d", [3.0, nan, 1.0]))) == [1.0, 3.0]
    assert list(bulk.ascending(array("d"))) == []


def test_numpy_is_a_help_and_no_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert importlib.reload(bulk).numpy is None
    monkeypatch.undo()
    importlib.reload(bulk)
