"""Who may send when: a window of unanswered messages on each connection, or a timetable that nothing can move."""

from __future__ import annotations

import math
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from .pacing import Ticker, Timetable, tick_at

if TYPE_CHECKING:
    from .lane import Lane
    from .plan import Plan


class Mix:
    """Which messages are urgent and which are sent twice: evenly spread, the same in every run."""

    def __init__(self, high_share: float, duplicate_share: float) -> None:
        self._high, self._twice = high_share, duplicate_share

    def is_urgent(self, number: int) -> bool:
        """True for the share of urgent messages."""
        return int((number + 1) * self._high) > int(number * self._high)

    def is_repeated(self, number: int) -> bool:
        """True for the share of messages with a copy."""
        return int((number + 1) * self._twice) > int(number * self._twice)


class Traffic(Protocol):
    """What a lane asks and tells."""

    mix: Mix | None

    def begin(self, lanes: Sequence[Lane], start: float) -> None:
        """The load begins at this monotonic instant, which is now."""

    def stop(self) -> None:
        """No further message falls due."""

    def ended(self, lane: Lane, count: int) -> None:
        """So many messages of this lane have got their answer (or their end)."""

    def gone(self, lane: Lane) -> None:
        """The connection of this lane is gone."""

    def intended(self, lane: Lane, first: int, count: int) -> list[float] | None:
        """When these messages should have been sent; None: now."""


def traffic(plan: Plan) -> Traffic:
    """The kind of traffic that a plan wants."""
    mix = mix_of(plan)
    return OpenLoop(plan, mix) if plan.stages else ClosedLoop(plan, mix)


def mix_of(plan: Plan) -> Mix | None:
    """Which messages of a plan are urgent and repeated; None where none is."""
    return Mix(plan.high_share, plan.duplicate_share) if plan.high_share or plan.duplicate_share else None


class ClosedLoop:
    """Each answer makes room for the next message, until the connection has sent its part or time is over."""

    def __init__(self, plan: Plan, mix: Mix | None) -> None:
        self.mix = mix
        self._plan = plan
        self._window = plan.window or 1
        self._running = False
        self._left: dict[Lane, float] = {}
        """How many messages each connection may still send; infinite where time decides it."""

    def begin(self, lanes: Sequence[Lane], start: float) -> None:  # noqa: ARG002 - a window has no timetable
        """Fills every window."""
        self._running = True
        for lane in lanes:
            part = self._plan.part_of(lane.number)
            self._left[lane] = math.inf if part is None else part
            self.ended(lane, self._window)

    def stop(self) -> None:
        """Answers make no more room."""
        self._running = False

    def ended(self, lane: Lane, count: int) -> None:
        """There is room for as many again."""
        if not self._running:
            return
        left = self._left[lane]
        if left < count:
            count = int(left)
        if count:
            self._left[lane] = left - count
            lane.owe(count)

    def gone(self, lane: Lane) -> None:
        """Nobody else takes over its part."""

    def intended(self, lane: Lane, first: int, count: int) -> list[float] | None:  # noqa: ARG002
        """A message is due when there is room for it, which is when it is sent."""
        return None


class OpenLoop:
    """Message k of the whole phase is due when the timetable says so, and goes to connection k modulo their number."""

    def __init__(self, plan: Plan, mix: Mix | None) -> None:
        self.mix = mix
        self._plan = plan
        self._timetable = Timetable(plan.stages, plan.burst)
        self._lanes: list[Lane | None] = [None] * plan.connections
        self._step = plan.connections
        self._begun = 0
        self._start = 0.0
        self._ticker: Ticker | None = None

    def begin(self, lanes: Sequence[Lane], start: float) -> None:
        """Starts to tick."""
        for lane in lanes:
            self._lanes[lane.number] = lane
        self._start = start
        fastest = max(max(stage.begin, stage.end) for stage in self._plan.stages)
        self._ticker = Ticker(tick_at(fastest), self._tick)

    def stop(self) -> None:
        """No further tick."""
        if self._ticker is not None:
            self._ticker.stop()
            self._ticker = None

    def ended(self, lane: Lane, count: int) -> None:
        """Answers change nothing here."""

    def gone(self, lane: Lane) -> None:
        """Its messages fall due all the same and stay unsent."""

    def intended(self, lane: Lane, first: int, count: int) -> list[float]:
        """By the timetable."""
        begin, step, due = self._start, self._step, self._timetable.due
        number = lane.number + first * step
        if count == 1:  # nearly always: a tick is short
            return [begin + due(number)]
        return [begin + due(each) for each in range(number, number + count * step, step)]

    def _tick(self) -> None:
        first, begun = self._begun, self._timetable.count(monotonic() - self._start)
        self._begun = begun
        lanes, number = self._lanes, self._step
        for each in range(first, min(begun, first + number)):  # the first message of each connection that has any
            lane = lanes[each % number]
            if lane is not None:
                lane.owe((begun - each - 1) // number + 1)
