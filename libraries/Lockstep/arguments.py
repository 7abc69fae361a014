"""Argument types of the keywords: each converts an analyst's text and answers a wrong one with a sentence."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from robot.running.context import EXECUTION_CONTEXTS
from robot.utils import timestr_to_secs

from .numbers_in_text import figure, fraction, listed, whole

KIBIBYTE = 1024
_UNITS = {"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": KIBIBYTE, "mib": KIBIBYTE**2, "gib": KIBIBYTE**3}


class Number(int):
    """A whole number, 0 or more, such as ``19``."""

    @classmethod
    def convert(cls, value: str | float) -> Number:
        """Converts ``20`` or ``7 000``; what is not whole or below 0 is refused."""
        return cls(whole(value, 0))


class Count(int):  # beside Number and not below it: Robot would take the converter of the first class that fits
    """A whole number, 1 or more, such as ``20``."""

    @classmethod
    def convert(cls, value: str | float) -> Count:
        """Converts ``20`` or ``7 000``; what is not whole or below 1 is refused."""
        return cls(whole(value, 1))


class Duration(float):
    """A span of time in Robot's time format, such as ``100 ms`` or ``2 minutes``; a bare number means seconds; not negative."""

    @classmethod
    def convert(cls, value: str | float | timedelta) -> Duration:
        """Converts Robot's time formats to seconds."""
        try:
            seconds = value.total_seconds() if isinstance(value, timedelta) else timestr_to_secs(value)
        except (ValueError, OverflowError):
            seconds = math.nan
        if not math.isfinite(seconds):
            raise ValueError(f"must be a time such as '100 ms' or '2 s', not '{value}'")
        if seconds < 0:
            raise ValueError(f"must be a time of 0 or more, not '{value}'")
        return cls(seconds)


class Interval(float):
    """A span of time between two things that repeat, such as ``20 ms``; more than 0."""

    @classmethod
    def convert(cls, value: str | float | timedelta) -> Interval:
        """Converts Robot's time formats to seconds; 0 would repeat without end in no time."""
        seconds = Duration.convert(value)
        if not seconds:
            raise ValueError(f"must be a time of more than 0, such as '20 ms', not '{value}'")
        return cls(seconds)


class Rate(float):
    """Messages per second, such as ``50`` or ``50 msg/s``; more than 0."""

    @classmethod
    def convert(cls, value: str | float) -> Rate:
        """Converts a number with or without its unit."""
        rate = figure(re.sub(r"\s*(msg|messages)?\s*/\s*s(ec|econd)?$", "", str(value).strip(), flags=re.IGNORECASE))
        if rate is None:
            raise ValueError(f"must be a rate such as '50 msg/s', not '{value}'")
        if rate <= 0:
            raise ValueError(f"must be more than 0 msg/s, not '{value}'")
        return cls(rate)


class Rates(tuple[Rate, ...]):
    """Rates one after the other, such as ``100, 300, 600 msg/s``; each more than 0."""

    __slots__ = ()

    @classmethod
    def convert(cls, value: object) -> Rates:
        """Converts a list, or a text with commas; a unit behind the last one is meant for all."""
        return cls(Rate.convert(each) for each in listed(value, "rates such as '100, 300, 600 msg/s'"))


class Durations(tuple[Duration, ...]):
    """Spans of time one after the other, such as ``2, 3, 6, 3, 2 s``; bare numbers mean seconds."""

    __slots__ = ()

    @classmethod
    def convert(cls, value: object) -> Durations:
        """Converts a list, or a text with commas; a unit behind the last one is meant for all."""
        return cls(Duration.convert(each) for each in listed(value, "times such as '2, 3, 6 s'"))


class Counts(tuple[Count, ...]):
    """Whole numbers one after the other, such as ``1, 5, 10, 130``; each 1 or more."""

    __slots__ = ()

    @classmethod
    def convert(cls, value: object) -> Counts:
        """Converts a list, or a text with commas."""
        return cls(Count.convert(each) for each in listed(value, "whole numbers such as '1, 5, 10'"))


class Size(int):
    """A size in bytes, such as ``64 KiB``, ``1 MB`` or ``200``; 1 B or more."""

    @classmethod
    def convert(cls, value: str | int) -> Size:
        """Converts a number with an optional unit (B, kB, MB, GB, KiB, MiB, GiB) to bytes."""
        match = re.fullmatch(r"(.*?)\s*([a-z]*)", str(value).strip().lower())
        number = figure(match[1]) if match and match[2] in _UNITS else None
        if match is None or number is None:
            raise ValueError(f"must be a size such as '64 KiB' or '200 B', not '{value}'")
        size = number * _UNITS[match[2]]
        if size < 1 or size != int(size):
            raise ValueError(f"must be a whole number of bytes, 1 or more, not '{value}'")
        return cls(int(size))


class Share(float):
    """A part of a whole, such as ``0.95`` or ``95 %``; more than 0, at most 1."""

    @classmethod
    def convert(cls, value: str | float) -> Share:
        """Converts a number between 0 and 1, or a percentage."""
        share = fraction(value)
        if share is None or not 0 < share <= 1:
            raise ValueError(f"must be a share such as '0.95' or '95 %', more than 0 and at most 1, not '{value}'")
        return cls(share)


class Growth(NamedTuple):
    """By how much something may grow: a size such as ``100 MB``, or a part of what it was, such as ``5 %``."""

    size: float
    share: float

    @classmethod
    def convert(cls, value: object) -> Growth:
        """Converts a size or a percentage."""
        if str(value).strip().endswith("%"):
            return cls(0.0, Share.convert(str(value)))
        return cls(Size.convert(str(value)), 0.0)

    def beyond(self, was: float) -> float:
        """How much more than this is allowed, in B."""
        return self.size + self.share * was


class Percentile(float):
    """Which part of all values a limit is for, such as ``p95``, ``95`` or ``99.9``; more than 0, less than 100."""

    @classmethod
    def convert(cls, value: str | float) -> Percentile:
        """Converts a number with or without the p in front of it."""
        percentile = figure(str(value).strip().lower().removeprefix("p"))
        if percentile is None or not 0 < percentile < 100:
            raise ValueError(f"must be a percentile such as 'p95' or '99.9', more than 0 and less than 100, not '{value}'")
        return cls(percentile)


class Portion(NamedTuple):
    """One of several equal parts, such as ``2 of 4``."""

    number: int
    of: int

    @classmethod
    def convert(cls, value: object) -> Portion:
        """Converts its number and how many there are."""
        match = re.fullmatch(r"(\d+)\s+of\s+(\d+)", str(value).strip(), re.IGNORECASE)
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            raise ValueError(f"must be a part such as '2 of 4', not '{value}'")
        return cls(int(match[1]), int(match[2]))


class Timestamps(Enum):
    """How the client stamps its messages: ``now`` (true time), ``equal`` (all the same) or ``falling`` (each older than the last)."""

    now = "now"
    equal = "equal"
    falling = "falling"


class BenchmarkPhase(Enum):
    """The phases of a benchmark: ``warm-up``, ``ramp``, ``sustained`` (load), ``peak`` and ``cool-down``."""

    warm_up = "warm-up"
    ramp = "ramp"
    sustained = "sustained"
    peak = "peak"
    cool_down = "cool-down"


class Priority(Enum):
    """How urgent a message says it is."""

    high = "high"
    normal = "normal"


@dataclass(frozen=True)
class Misfit:
    """An argument that could not be converted. The library refuses it with a sentence that names the argument and the keyword."""

    sentence: str


def converter(kind: type[Any], convert: Callable[[Any], Any] | None = None) -> Callable[[Any], Any]:
    """What Robot calls with an argument. Robot would put words of its own in front of an error: see :class:`Misfit`."""
    inner = convert or kind.convert

    def converted(value: Any) -> Any:
        try:
            return inner(value)
        except ValueError as error:
            context = EXECUTION_CONTEXTS.current
            if context is None or context.dry_run:  # no keyword will run that could refuse it
                raise
            return Misfit(str(error))

    converted.__doc__ = kind.__doc__  # libdoc shows it
    converted.__annotations__ = {"value": object}  # whatever it is, the sentence is ours
    return converted


def returned_by(kind: type[Any], keyword: str, *, or_nothing: bool = False) -> Callable[[Any], Any]:
    """The converter of an argument that only another keyword can give; ``or_nothing``: which may have returned None."""

    def check(value: Any) -> Any:
        if not isinstance(value, kind) and not (or_nothing and value is None):
            raise ValueError(f"must be what '{keyword}' returned, not '{value}'")
        return value

    return converter(kind, check)


def member_of(kind: type[Enum]) -> Callable[[Any], Enum]:
    """Converts the name or the value of a member; another word is answered with all of them."""

    def member(value: Any) -> Enum:
        wanted = value if isinstance(value, kind) else str(value).strip().lower()
        found = next((one for one in kind if wanted in {one, one.value}), None)
        if found is None:
            raise ValueError(f"must be one of {', '.join(one.value for one in kind)}, not '{value}'")
        return found

    return member


CONVERTERS: dict[type, Any] = {
    **{kind: converter(kind) for kind in (Number, Count, Counts, Duration, Durations, Interval, Rate, Rates, Size, Share, Growth, Percentile, Portion)},
    **{kind: converter(kind, member_of(kind)) for kind in (BenchmarkPhase, Timestamps, Priority)},
}

# A dry run shows a converter's own sentence only when the hint is the bare type; the type checker must still know of None.
if TYPE_CHECKING:
    MaybeNumber = Number | None
    MaybeCount = Count | None
    MaybeDuration = Duration | None
    MaybeDurations = Durations | None
    MaybeInterval = Interval | None
    MaybeRate = Rate | None
    MaybeSize = Size | None
    MaybeShare = Share | None
    MaybePriority = Priority | None
    MaybePortion = Portion | None
else:
    MaybeNumber, MaybeCount, MaybeDuration, MaybeDurations, MaybeInterval, MaybeRate, MaybeSize, MaybeShare, MaybePriority, MaybePortion = (
        Number, Count, Duration, Durations, Interval, Rate, Size, Share, Priority, Portion,
    )
