"""One fault that somebody asked for: what, when, on which connection, and how often it has struck."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any

from .catalogue import CATALOGUE, Direction, Fault
from .triggers import After, AfterBytes, AfterFrames, Condition, InCodePoint, InHeader, InPayload, Trigger

numbers = itertools.count(1)
"""Each fault of this process has its own."""
INSIDE: dict[Fault, Callable[[int, Condition], Trigger]] = {
    Fault.CUT_IN_FRAME: InPayload, Fault.CUT_IN_HEADER: InHeader, Fault.CUT_IN_CODE_POINT: InCodePoint, Fault.FLIP: InPayload,
}
"""Faults that strike inside of something, behind so many frames."""


@dataclass(eq=False, slots=True)
class Injection:
    """``delay`` and ``jitter`` in s, ``rate`` in bytes per second, ``size`` in bytes, ``lasting`` in s."""

    fault: Fault
    direction: Direction
    after: After | None = None
    how: Fault = Fault.RESET
    delay: float = 0.0
    jitter: float = 0.0
    rate: float = 0.0
    size: int = 0
    lasting: float | None = None
    times: int = 1
    alone: bool = False
    """Lasting, and yet it acts only on the connection where it strikes."""
    planned: bool = False
    """Belongs to a plan: strikes only while messages are under way, and then the next of the plan has its turn."""
    number: int = field(default_factory=numbers.__next__)
    struck: int = 0
    due: float | None = None
    """s, monotonic: when the time of a planned one has come, however many connections there were since it had its turn."""

    @property
    def lasts(self) -> bool:
        """It goes on until it is ended."""
        return CATALOGUE[self.fault].lasts

    @property
    def cuts(self) -> bool:
        """It ends the connection that it strikes."""
        silently = self.fault is Fault.BLACKHOLE and self.alone and self.direction is Direction.BOTH
        return silently or not (self.lasts or self.fault is Fault.FLIP)

    @property
    def ending(self) -> Fault:
        """How it ends a connection: a cut in a certain place says that itself."""
        return self.how if self.fault.startswith("cut_") else self.fault

    @property
    def is_done(self) -> bool:
        """It has struck as often as it was to."""
        return self.struck >= self.times

    def works(self, direction: Direction) -> bool:
        """It is about the bytes of this direction."""
        return self.direction in {direction, Direction.BOTH}

    def trigger(self, condition: Condition) -> Trigger | None:
        """What looks for the place to strike; None: at once, or when its time has come."""
        after = self.after
        if self.fault in INSIDE and self.needs_frames:
            return INSIDE[self.fault](int(after.amount) if after is not None else 0, condition)
        if after is None or after.unit == "seconds":
            return None
        return AfterBytes(int(after.amount), condition) if after.unit == "bytes" else AfterFrames(int(after.amount), condition)

    @property
    def needs_frames(self) -> bool:
        """It cannot strike where frames cannot be seen."""
        return self.after.unit == "frames" if self.after is not None else self.fault in INSIDE

    @property
    def seconds(self) -> float | None:
        """The time after which it strikes, if it is told so."""
        if self.due is not None:
            return max(0.0, self.due - monotonic())
        return self.after.amount if self.after is not None and self.after.unit == "seconds" else None

    def begin_turn(self) -> None:
        """From now on its time is counted."""
        if (seconds := self.seconds) is not None:
            self.due = monotonic() + seconds

    def said(self) -> dict[str, Any]:
        """What was asked for, for journal and records."""
        said: dict[str, Any] = {"delay": self.delay, "jitter": self.jitter, "rate": self.rate, "size": self.size, "lasting": self.lasting}
        told = {name: value for name, value in said.items() if value}
        if self.fault.startswith("cut_"):
            told["how"] = str(self.how)
        if self.after is not None:
            told["after"] = str(self.after)
        if self.planned:
            told["plan"] = True
        if self.times > 1:
            told["times"] = self.times
        return {"number": self.number, "fault": str(self.fault), "direction": str(self.direction), **told}


@dataclass(frozen=True, slots=True)
class Shape:
    """What lasting faults make of one direction of one connection."""

    delay: float = 0.0
    jitter: float = 0.0
    hold: float = 0.0
    rate: float = 0.0
    size: int = 0
    gap: float = 0.0
    stopped: bool = False
    swallows: bool = False

    @property
    def is_late(self) -> bool:
        """Bytes have to wait somewhere."""
        return bool(self.delay or self.jitter or self.hold)

    @classmethod
    def of(cls, injections: Iterable[Injection]) -> Shape:
        """All that are in force together; of two of a kind the later one counts."""
        shape = cls()
        for one in injections:
            shape = replace(shape, **_SHAPES[one.fault](one)) if one.fault in _SHAPES else shape
        return shape


PLAIN = Shape()
_SHAPES: dict[Fault, Callable[[Injection], dict[str, Any]]] = {
    Fault.LATENCY: lambda one: {"delay": one.delay, "jitter": one.jitter},
    Fault.COALESCE: lambda one: {"hold": one.delay},
    Fault.BANDWIDTH: lambda one: {"rate": one.rate},
    Fault.SLICE: lambda one: {"size": one.size or 1, "gap": one.delay},
    Fault.STOP_READING: lambda _one: {"stopped": True},
    Fault.BLACKHOLE: lambda _one: {"swallows": True},
}
