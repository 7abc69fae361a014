"""How much had been done by when: what a server needs is held against the messages that it had settled, not against time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from .result import Load


class Volume:
    """The settled messages (answered or refused) of several loads, one after the other, as a function of time.

    Between two lines of a load they are taken to come evenly; before the first load there are none.
    """

    def __init__(self, loads: Iterable[Load]) -> None:
        self._times: list[float] = []
        self._counts: list[int] = []
        total = 0
        for load in sorted(loads, key=lambda load: load.begin):
            for moment in load.moments:
                self._note(load.begin + moment.at - moment.lasted, total)
                total += moment.answered + moment.refused
                self._note(load.begin + moment.at, total)

    def _note(self, time: float, count: int) -> None:
        """Times never go back: a line that is a little late does not end before it began."""
        self._times.append(max(time, self._times[-1]) if self._times else time)
        self._counts.append(count)

    def at(self, time: float) -> float:
        """How many messages were settled by this monotonic instant."""
        place = bisect_left(self._times, time)
        if place == len(self._times):
            return self._counts[-1] if self._counts else 0
        if place == 0:
            return self._counts[0]
        (before, after), (fewer, more) = self._times[place - 1 : place + 1], self._counts[place - 1 : place + 1]
        return fewer + (more - fewer) * (time - before) / (after - before) if after > before else more
