"""Which cases a row of a criterion names: ``rms-1, hvt-2``, or a whole suite as ``wsr-2-1 to wsr-2-30``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .errors import InputError

RANGE_FROM = 3
"""So many neighbours are a range."""
_RANGE = re.compile(r"(?P<suite>\S+)-(?P<first>\d+) to (?P=suite)-(?P<last>\d+)")


def case_names(text: str) -> tuple[str, ...]:
    """The IDs, each as often as it is named; a range holds both of its ends."""
    return tuple(name for part in text.split(",") if part.strip() for name in _named(" ".join(part.split())))


def in_short(cases: Iterable[str]) -> str:
    """The same IDs, in their order, with ranges for neighbours: ``wsr-1-1, wsr-2-1 to wsr-2-30``."""
    groups: list[list[str]] = []
    for case in cases:
        if groups and case == _next(groups[-1][-1]):
            groups[-1].append(case)
        else:
            groups.append([case])
    return ", ".join(name for group in groups for name in ([f"{group[0]} to {group[-1]}"] if len(group) >= RANGE_FROM else group))


def _next(case: str) -> str:
    """The ID behind this one; empty where it has no number."""
    suite, _, number = case.rpartition("-")
    return f"{suite}-{int(number) + 1}" if number.isdecimal() else ""


def _named(part: str) -> list[str]:
    if " " not in part:
        return [part]
    found = _RANGE.fullmatch(part)
    if found is None or int(found["first"]) > int(found["last"]):
        raise InputError(f"cases={part} names no cases; allowed are IDs such as rms-1, separated by commas, and ranges such as wsr-2-1 to wsr-2-30.")
    return [f"{found['suite']}-{number}" for number in range(int(found["first"]), int(found["last"]) + 1)]
