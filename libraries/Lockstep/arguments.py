"""Argument types of the keywords: each converts an analyst's text and answers a wrong one with a sentence."""

from __future__ import annotations

import re
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

from robot.utils import timestr_to_secs

KIBIBYTE = 1024
_UNITS = {"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": KIBIBYTE, "mib": KIBIBYTE**2, "gib": KIBIBYTE**3}


class Count(int):
    """A whole number, 1 or more, such as ``20``."""

    @classmethod
    def convert(cls, value: str | float, name: str = "count") -> Count:
        """Converts ``20`` or ``7 000``; anything below 1 or not whole is refused."""
        try:
            number = float(str(value).replace(" ", "").replace("_", ""))
        except ValueError:
            raise ValueError(f"{name} must be a whole number such as 20, not '{value}'") from None
        if number != int(number) or number < 1:
            raise ValueError(f"{name} must be 1 or more, not {value}")
        return cls(int(number))


class Duration(float):
    """A span of time in Robot's time format, such as ``100 ms`` or ``2 minutes``; a bare number means seconds; not negative."""

    @classmethod
    def convert(cls, value: str | float | timedelta) -> Duration:
        """Converts Robot's time formats to seconds."""
        try:
            seconds = value.total_seconds() if isinstance(value, timedelta) else timestr_to_secs(value)
        except ValueError:
            raise ValueError(f"a time such as '100 ms' or '2 s' is needed, not '{value}'") from None
        if seconds < 0:
            raise ValueError(f"a time must be 0 or more, not '{value}'")
        return cls(seconds)


class Rate(float):
    """Messages per second, such as ``50`` or ``50 msg/s``; more than 0."""

    @classmethod
    def convert(cls, value: str | float) -> Rate:
        """Converts a number with or without its unit."""
        text = re.sub(r"\s*(msg|messages)?\s*/\s*s(ec|econd)?$", "", str(value).strip(), flags=re.IGNORECASE)
        try:
            rate = float(text.replace(" ", ""))
        except ValueError:
            raise ValueError(f"a rate such as '50 msg/s' is needed, not '{value}'") from None
        if not rate > 0:
            raise ValueError(f"a rate must be more than 0 msg/s, not '{value}'")
        return cls(rate)


class Size(int):
    """A size in bytes, such as ``64 KiB``, ``1 MB`` or ``200``; 1 B or more."""

    @classmethod
    def convert(cls, value: str | int) -> Size:
        """Converts a number with an optional unit (B, kB, MB, GB, KiB, MiB, GiB) to bytes."""
        match = re.fullmatch(r"([\d\s_.]+?)\s*([a-z]*)", str(value).strip().lower())
        if not match or match[2] not in _UNITS:
            raise ValueError(f"a size such as '64 KiB' or '200 B' is needed, not '{value}'")
        size = float(re.sub(r"[\s_]", "", match[1])) * _UNITS[match[2]]
        if size < 1 or size != int(size):
            raise ValueError(f"a size must be a whole number of bytes, 1 or more, not '{value}'")
        return cls(int(size))


class Timestamps(Enum):
    """How the client stamps its messages: ``now`` (true time), ``equal`` (all the same) or ``falling`` (each older than the last)."""

    now = "now"
    equal = "equal"
    falling = "falling"


class Priority(Enum):
    """How urgent a message says it is."""

    high = "high"
    normal = "normal"


def _sentence(kind: type[Any]) -> Any:
    """Robot calls a converter with the value; libdoc shows the docstring of the type."""

    def convert(value: Any) -> Any:
        return kind.convert(value)

    convert.__doc__ = kind.__doc__
    convert.__annotations__ = {"value": str | int | float}
    return convert


CONVERTERS: dict[type, Any] = {kind: _sentence(kind) for kind in (Count, Duration, Rate, Size)}

# Robot shows a converter's own sentence only when the hint is the bare type; the type checker must still know of None.
if TYPE_CHECKING:
    MaybeCount = Count | None
    MaybeDuration = Duration | None
    MaybeRate = Rate | None
    MaybeSize = Size | None
else:
    MaybeCount, MaybeDuration, MaybeRate, MaybeSize = Count, Duration, Rate, Size
