"""The numbers behind what an analyst writes; argument types say what they must be."""

from __future__ import annotations

import math
import re
from typing import Any


def figure(value: Any) -> float | None:
    """The finite number behind a text such as ``7 000``; None where there is none."""
    try:
        number = float(re.sub(r"[\s_]", "", str(value)))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def fraction(value: Any) -> float | None:
    """The part of 1 behind a text such as ``0.1`` or ``10 %``; None where there is none."""
    text = str(value).strip()
    number = figure(text.removesuffix("%"))
    return number / 100 if number is not None and text.endswith("%") else number


def listed(value: object, such_as: str) -> list[Any]:
    """The entries of a list, or of a text with commas; bare numbers get the unit of the last entry."""
    if isinstance(value, list | tuple):
        entries = list(value)
    else:
        entries = [entry.strip() for entry in str(value).split(",")]
        unit = re.sub(r"^[\d\s_.+-]*", "", entries[-1])
        entries = [f"{entry} {unit}".strip() if figure(entry) is not None else entry for entry in entries]
    if not entries or not all(str(entry).strip() for entry in entries):
        raise ValueError(f"must be {such_as}, not '{value}'")
    return entries


def whole(value: Any, lowest: int) -> int:
    """The whole number behind a text such as ``20``, not below the lowest; anything else is a sentence."""
    number = figure(value)
    if number is None:
        raise ValueError(f"must be a whole number such as 20, not '{value}'")
    if number != int(number) or number < lowest:
        raise ValueError(f"must be a whole number, {lowest} or more, not {value}")
    return int(number)
