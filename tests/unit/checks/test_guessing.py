"""Ids: told by hand, and against all pairs of them."""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Callable

import pytest
from hypothesis import strategies as st
from random_histories import against_oracle, choices, codes, expect

from Lockstep.checks.guessing import ids_unguessable

RANDOM = random.Random(4711)
MIXED = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"


@pytest.mark.parametrize(
    "made",
    [
        lambda _: f"{RANDOM.getrandbits(128):032x}",
        lambda _: f"{RANDOM.getrandbits(64):016x}",
        lambda _: str(uuid.UUID(int=RANDOM.getrandbits(128), version=4)),
        lambda _: f"session-{RANDOM.getrandbits(128):032X}",
        lambda _: "".join(RANDOM.choices(MIXED, k=22)),
        lambda _: str(RANDOM.getrandbits(128)),
    ],
)
def test_random_ids_of_64_bits_and_more_are_unguessable(made: Callable[[int], str]) -> None:
    for _ in range(200):
        verdict = ids_unguessable([made(number) for number in range(10)])
        assert (verdict.exercised, verdict.counts) == (10, {}), verdict.violations


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda number: f"s-{number}", "differ in 1 place of 10 letters each: 3 bits"),
        (lambda number: f"{number:032x}", "each id is higher than the one before it: 0000000000000000000000000000000"),
        (lambda number: f"{2**127 - number:032x}", "each id is lower"),
        (lambda number: f"{(number * 7) % 11:040d}", "can be reached from another one by counting"),
        (lambda number: f"{37 * ((number * 7) % 11):040d}", "can be reached from another one by counting"),
        (lambda number: f"1763737200{number * 37 + 5:03d}-{RANDOM.getrandbits(20):05x}", "bits, where 64 are the least"),
        (lambda number: str(uuid.UUID(int=0x1EC9414C232A6B00B3C89E6BDECED846 + (number << 96))), "where 64 are the least"),
        (lambda number: f"{RANDOM.getrandbits(128) if number % 9 else 5:032x}", "of 10 ids 00000000000000000000000000000005 was given more than once"),
        (lambda number: f"{number * 2**80 + RANDOM.getrandbits(80):032x}", "each id is higher"),
    ],
)
def test_ids_that_can_be_worked_out_are_reported(made: Callable[[int], str], words: str) -> None:
    verdict = ids_unguessable([made(number) for number in range(10)])
    assert set(verdict.counts) == {"unsound_resume"}
    assert any(words in violation.sentence for violation in verdict.violations), verdict.violations


def test_the_bits_are_measured() -> None:
    verdict = ids_unguessable([f"s-{RANDOM.getrandbits(128):032x}" for _ in range(10)])
    assert [(figure.name, figure.value, figure.unit, figure.samples) for figure in verdict.measurements] == [("id_bits", 128.0, "bits", 10)]


@pytest.mark.parametrize("same", ["x", "", "é"])
def test_equal_ids_have_no_bits(same: str) -> None:
    assert ids_unguessable([same] * 10).counts == {"unsound_resume": 2}


def test_letters_of_no_known_alphabet_count_as_they_are() -> None:
    verdict = ids_unguessable([letter * 40 for letter in "äöüßabcdef"])
    assert round(verdict.measurements[0].value) == 133


def test_a_few_ids_show_nothing() -> None:
    assert ids_unguessable([f"{RANDOM.getrandbits(128):032x}" for _ in range(9)]).counts == {"vacuous": 1}


@st.composite
def some_ids(draw: st.DrawFn) -> list[str]:
    """Hexadecimal ids with random, counted and equal parts."""
    count, made = draw(choices(10, 14, 14))
    width = made.pick(2, 8, 8)
    step = made.pick(0, 0, 1, -1)
    ids = []
    for number in range(count):
        digits = "".join(made.pick(*"0123456789abcdef") for _ in range(width))
        ids.append(made.pick(digits * 3, digits * 3, digits * 3, ids[-1] if ids else digits * 3) if not step else f"{digits * 3}" if made.pick(0, 0, 0, 1) else f"{500 + step * number:024x}"[-3 * width :])
    return ids


@against_oracle(some_ids(), number=200)
def test_ids_are_compared_in_pairs(ids: list[str]) -> None:
    width = len(ids[0])
    places = [place for place in range(width) if any(one[place] != ids[0][place] for one in ids)]
    different = ["".join(one[place] for place in places) for one in ids]
    base = 16 if set("".join(different)) & set("abcdef") else 10
    numbers = [int(one or "0", base) for one in different]
    found = []
    found += ["unsound_resume"] * (len(set(ids)) < len(ids))
    found += ["unsound_resume"] * (len(places) * math.log2(base) < 64)
    found += ["unsound_resume"] * (len(set(numbers)) == len(numbers) and numbers in (sorted(numbers), sorted(numbers, reverse=True)))
    found += ["unsound_resume"] * any(0 < abs(one - other) <= 1000 for one in numbers for other in numbers)
    verdict = ids_unguessable(ids)
    assert (verdict.exercised, codes(verdict)) == (len(ids), expect(*found))
