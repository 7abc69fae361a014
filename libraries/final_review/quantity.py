"""Values with units: reads ``500 ms``, compares it exactly with ``0.5 s``, and writes figures as people read them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from .errors import InputError

THIN_SPACE = "\u202f"
_TEXT = re.compile(r"(?P<value>[+-]?\d+(?:\.\d+)?)\s*(?P<unit>\S.*)?")
_WORD = re.compile(r"[a-z][a-z _-]*", re.IGNORECASE)


class Dimension(StrEnum):
    """What a unit measures; only values of one dimension can be compared."""

    TIME = "time"
    RATE = "rate"
    BYTES = "bytes"
    BYTES_PER_MESSAGE = "bytes per message"
    SHARE = "share"
    COUNT = "count"


_UNITS: dict[str, tuple[Dimension, Fraction]] = {
    "us": (Dimension.TIME, Fraction(1, 1_000_000)),
    "ms": (Dimension.TIME, Fraction(1, 1000)),
    "s": (Dimension.TIME, Fraction(1)),
    "min": (Dimension.TIME, Fraction(60)),
    "h": (Dimension.TIME, Fraction(3600)),
    "msg/s": (Dimension.RATE, Fraction(1)),
    "B": (Dimension.BYTES, Fraction(1)),
    "KB": (Dimension.BYTES, Fraction(1000)),
    "MB": (Dimension.BYTES, Fraction(1000**2)),
    "GB": (Dimension.BYTES, Fraction(1000**3)),
    "B/msg": (Dimension.BYTES_PER_MESSAGE, Fraction(1)),
    "%": (Dimension.SHARE, Fraction(1, 100)),
    "share": (Dimension.SHARE, Fraction(1)),
    "": (Dimension.COUNT, Fraction(1)),
}
_COUNTED = ("messages", "violations", "duplicates", "connections", "disconnects", "sessions", "agents", "tries")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A figure with its unit. A unit that is no measure ("messages") names what was counted."""

    value: float
    unit: str = ""

    @property
    def dimension(self) -> Dimension:
        """What the unit measures."""
        return _UNITS.get(self.unit, (Dimension.COUNT, Fraction(1)))[0]

    @property
    def exact(self) -> Fraction:
        """The value in the dimension's base unit, without rounding: 0.7 s equals 700 ms."""
        return Fraction(repr(self.value)) * _UNITS.get(self.unit, (Dimension.COUNT, Fraction(1)))[1]

    def comparable_with(self, limit: Quantity) -> bool:
        """Whether this figure can be held against ``limit``: zero and plain rates need no unit."""
        bare = limit.unit == "" and (limit.value == 0 or self.dimension is Dimension.RATE)
        return bare or self.dimension is limit.dimension

    def in_unit_of(self, limit: Quantity) -> Quantity:
        """The same figure in the limit's unit, so that both can stand side by side."""
        if limit.unit in ("", self.unit) or self.dimension is not limit.dimension:
            return self
        factor = _UNITS.get(limit.unit, (Dimension.COUNT, Fraction(1)))[1]
        return Quantity(float(self.exact / factor), limit.unit)

    def __str__(self) -> str:
        """The figure as it is shown to people, such as ``7 412 messages``; a share just below 100 % with the digits that say so."""
        if self.unit == "%" and 99 < self.value < 100:
            digits = 1 - math.floor(math.log10(100 - self.value))
            return f"{f'{self.value:.{digits}f}'.rstrip('0')} %"
        return f"{figure(self.value)} {self.unit}".rstrip()


def parse(text: str) -> Quantity:
    """Reads an agreed value such as ``500 ms``, ``50 msg/s``, ``0`` or ``100 %``."""
    match = _TEXT.fullmatch(text.strip())
    unit = (match["unit"] or "").strip() if match else ""
    if match is None or not (unit in _UNITS or unit in _COUNTED):
        units = ", ".join(unit for unit in _UNITS if unit)
        raise InputError(
            f"'{text}' is not a value with a unit: write a number and one of {units} (or what is counted: {', '.join(_COUNTED)})."
        )
    return Quantity(float(match["value"]), unit)


def figure(value: float) -> str:
    """Writes a number with three significant digits or all of its whole ones, thousands apart: 0.0123, 46.9, 7 412."""
    if not math.isfinite(value):
        return str(value)
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}".replace(",", THIN_SPACE)
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{min(digits, 9)}f}".rstrip("0").rstrip(".")


def counted(unit: str) -> str:
    """The noun for what a count counted: the unit if it is a word, otherwise messages."""
    return unit if unit not in _UNITS and _WORD.fullmatch(unit) and unit != "count" else "messages"


def beside(measured: Quantity, limit: Quantity) -> str:
    """Writes a figure that stands beside its limit with as many digits as it takes to see which side of it it is on."""
    if measured.unit == "s" and 0 < measured.value < 0.1:
        return str(measured.in_unit_of(Quantity(0, "ms")))
    shown = figure(measured.value)
    if shown != figure(limit.value) or measured.value == limit.value:
        return f"{shown} {measured.unit}".rstrip()
    for digits in range(1, 12):
        shown = f"{measured.value:.{digits}f}"
        if float(shown) != limit.value:
            break
    return f"{shown} {measured.unit}".rstrip()
