"""Who knows some ids cannot work out another one."""

from __future__ import annotations

import math
import string
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from . import wording
from .verdict import Verdict
from .violations import Code

ENOUGH_IDS = 10
"""With fewer ids chance alone may show an order, or the same letter in one place of all."""
ENOUGH_BITS = 64
NEAR = 1000
"""Two of ten random ids of 64 bits are as near as this once in 10**14 times; those of a counter are nearer."""
ALPHABETS = (
    string.digits, string.digits + "abcdef", string.digits + "ABCDEF", string.digits + string.ascii_lowercase,
    string.digits + string.ascii_uppercase, string.digits + string.ascii_letters, string.digits + string.ascii_letters + "+/-_",
)


def ids_unguessable(ids: Sequence[str]) -> Verdict:
    """Ids have 64 bits or more, occur once, and show no order and no small distance (*unsound_resume*): whoever has one has no other.

    `ids` in the order in which they were made, ten or more. Bits are counted by length and alphabet, over the places in which ids
    differ: what is the same in all tells nobody anything. O(n log n). Source: length and entropy of session ids, as OWASP asks for them.
    """
    verdict = Verdict("ids cannot be guessed")
    if len(ids) >= ENOUGH_IDS:
        verdict.exercised = len(ids)
        if again := [one for one, times in Counter(ids).items() if times > 1]:
            verdict.violated(Code.UNSOUND_RESUME, f"of {len(ids)} ids {wording.listed(again)} was given more than once")
        different = _differing(ids)
        alphabet = _alphabet(different)
        bits = min(map(len, different)) * math.log2(len(alphabet))
        verdict.measured("id_bits", bits, "bits", len(ids))
        if bits < ENOUGH_BITS:
            verdict.violated(
                Code.UNSOUND_RESUME,
                f"ids such as {ids[0]} differ in {wording.counted(min(map(len, different)), 'place')} of {len(alphabet)} letters each: {bits:.0f} bits, "
                f"where {ENOUGH_BITS} are the least",
            )
        _judge_numbers(verdict, ids, [_number(one, alphabet) for one in different])
    return verdict.concluded()


def _judge_numbers(verdict: Verdict, ids: Sequence[str], numbers: Sequence[int]) -> None:
    """Reports ids that follow each other, or lie near each other, when they are read as numbers."""
    for order, follows in (("higher", int.__lt__), ("lower", int.__gt__)):
        if all(follows(one, other) for one, other in pairwise(numbers)):
            verdict.violated(Code.UNSOUND_RESUME, f"each id is {order} than the one before it: {wording.listed(ids, 3)}")
    near = sorted(zip(numbers, ids, strict=True))
    close = [(one, other) for (low, one), (high, other) in pairwise(near) if 0 < high - low <= NEAR]
    if close:
        verdict.violated(Code.UNSOUND_RESUME, f"{wording.counted(len(close), 'id')} can be reached from another one by counting, such as {' and '.join(close[0])}")


def _differing(ids: Sequence[str]) -> list[str]:
    """Of each id what is not the same in all; ids of different lengths are compared from their beginning."""
    shared = [len({one[place] for one in ids}) == 1 for place in range(min(map(len, ids)))]
    return ["".join(letter for place, letter in enumerate(one) if place >= len(shared) or not shared[place]) for one in ids]


def _alphabet(texts: Sequence[str]) -> str:
    letters = set().union(*texts)
    return next((alphabet for alphabet in ALPHABETS if letters <= set(alphabet)), "".join(sorted(letters)))


def _number(text: str, alphabet: str) -> int:
    number = 0
    for letter in text:
        number = number * len(alphabet) + alphabet.index(letter)
    return number
