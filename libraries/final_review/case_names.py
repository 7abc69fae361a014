"""Which cases a row of a criterion names: ``rms-1, hvt-2``, or a whole suite as ``wsr-2-1 to wsr-2-30``."""

from __future__ import annotations

import re

from .errors import InputError

_RANGE = re.compile(r"(?P<suite>\S+)-(?P<first>\d+) to (?P=suite)-(?P<last>\d+)")


def case_names(text: str) -> tuple[str, ...]:
    """The IDs, each as often as it is named; a range holds both of its ends."""
    return tuple(name for part in text.split(",") if part.strip() for name in _named(" ".join(part.split())))


def _named(part: str) -> list[str]:
    if " " not in part:
        return [part]
    found = _RANGE.fullmatch(part)
    if found is None or int(found["first"]) > int(found["last"]):
        raise InputError(f"cases={part} names no cases; allowed are IDs such as rms-1, separated by commas, and ranges such as wsr-2-1 to wsr-2-30.")
    return [f"{found['suite']}-{number}" for number in range(int(found["first"]), int(found["last"]) + 1)]
