"""When messages are due, and what wakes us up then. Times are absolute: a late message never shifts those behind it."""

from __future__ import annotations

import asyncio
import ctypes
import math
import os
import struct
from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import accumulate

from .plan import Stage

COARSE = 0.001
"""s between two ticks. A timer of the loop cannot be finer, a timer of the system can."""
FINE = ((5_000, 0.000_25), (25_000, 0.000_5))
"""Up to so many msg/s a tick may be so fine (s): each one is a wake-up, which costs more than a message."""
_CLOCK_MONOTONIC, _TFD_NONBLOCK, _TFD_CLOEXEC = 1, 0o4000, 0o2000000


class Timetable:
    """Which message is due when: the rate integrated over the stages. Messages of a ``burst`` are due with its first one."""

    def __init__(self, stages: Sequence[Stage], burst: int = 1) -> None:
        self._stages = stages
        self._burst = burst
        self._times = [0.0, *accumulate(stage.seconds for stage in stages)]
        self._counts = [0.0, *accumulate(stage.messages for stage in stages)]
        self.total = math.floor(self._counts[-1] + 1e-6)
        steady = len(stages) == 1 and burst == 1 and stages[0].begin == stages[0].end
        self._rate = stages[0].begin if steady else None  # asked for every message: the usual case without a search

    def due(self, number: int) -> float:
        """Seconds after the start at which a message is due."""
        rate = self._rate
        if rate is not None:
            return number / rate
        number -= number % self._burst
        at = min(bisect_right(self._counts, number), len(self._stages)) - 1
        stage, left = self._stages[at], number - self._counts[at]
        slope = (stage.end - stage.begin) / stage.seconds
        if slope:
            return self._times[at] + (math.sqrt(max(0.0, stage.begin**2 + 2 * slope * left)) - stage.begin) / slope
        return self._times[at] + left / stage.begin

    def count(self, elapsed: float) -> int:
        """How many messages are due so many seconds after the start."""
        if elapsed < 0:
            return 0
        if self._rate is not None:
            return min(self.total, int(elapsed * self._rate + 1e-6) + 1)
        at = min(bisect_right(self._times, elapsed), len(self._stages)) - 1
        stage, inside = self._stages[at], min(elapsed - self._times[at], self._stages[at].seconds)
        reached = self._counts[at] + inside * (stage.begin + (stage.end - stage.begin) / stage.seconds * inside / 2)
        begun = math.floor(reached + 1e-6) + 1
        return min(self.total, -(-begun // self._burst) * self._burst)


def tick_at(rate: float) -> float:
    """Seconds between two ticks where the fastest stage has this rate (msg/s)."""
    return next((every for most, every in FINE if rate <= most), COARSE)


class Ticker:
    """Calls a function regularly until it is stopped; used inside the loop."""

    def __init__(self, every: float, call: Callable[[], None]) -> None:
        self._every = every
        self._call = call
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._descriptor = _system_timer(every) if every < COARSE else None
        if self._descriptor is not None:
            self._loop.add_reader(self._descriptor, self._woken, self._descriptor)
        else:
            self._again()

    @property
    def is_fine(self) -> bool:
        """True where the system's timer ticks."""
        return self._descriptor is not None

    def stop(self) -> None:
        """No further call."""
        if self._timer is not None:
            self._timer.cancel()
        if self._descriptor is not None:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def _woken(self, descriptor: int) -> None:
        try:
            os.read(descriptor, 8)
        except BlockingIOError:
            return  # no tick: woken for nothing
        self._call()

    def _again(self) -> None:
        self._timer = self._loop.call_later(max(self._every, COARSE), self._tick)

    def _tick(self) -> None:
        self._again()
        self._call()


def _system_timer(every: float) -> int | None:
    """A descriptor that becomes readable at each tick; None where the system has no such thing. (Python has it from 3.13 on.)"""
    with suppress(OSError, AttributeError, TypeError):
        libc = ctypes.CDLL(None, use_errno=True)
        descriptor = int(libc.timerfd_create(_CLOCK_MONOTONIC, _TFD_NONBLOCK | _TFD_CLOEXEC))
        if descriptor >= 0:
            nanoseconds = round(every * 1e9)
            libc.timerfd_settime(descriptor, 0, struct.pack("@qqqq", 0, nanoseconds, 0, nanoseconds), None)
            return descriptor
    return None
