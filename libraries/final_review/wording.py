"""How the page puts things one after the other."""

from __future__ import annotations

from collections.abc import Sequence


def listed(things: Sequence[str]) -> str:
    """One, two and three."""
    return f"{', '.join(things[:-1])} and {things[-1]}" if len(things) > 1 else "".join(things)


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: 1 test, 2 tests."""
    return f"{number} {one if number == 1 else many or one + 's'}"
