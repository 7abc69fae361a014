"""Who is away, and until when it may come back, on the platform's clock."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from math import inf
from typing import TYPE_CHECKING

from reference_platform.alarm import Alarm

if TYPE_CHECKING:
    from reference_platform.clock import Clock

    from .session import Session


class Absences:
    """Tells ``over`` of each session whose absence lasts longer than it may; when control moves the clock, what is due happens at once."""

    def __init__(self, clock: Clock, over: Callable[[Session], None]) -> None:
        self._clock = clock
        self._over = over
        self._ends: list[tuple[float, int, float | None, Session]] = []
        """A heap: the end of each absence, a number (sessions have no order), its beginning. Those whose user came back stay until then."""
        self._number = 0
        self._alarm = Alarm(clock, self.look)

    def begin(self, session: Session, until: float) -> None:
        """This resumable session is away now; it is over when the clock is past ``until`` and nobody came back before."""
        if session.kept is not None:
            self._number += 1
            heappush(self._ends, (until, self._number, session.kept.left, session))
            if self._ends[0][1] == self._number:
                self._plan()

    def look(self) -> None:
        """Ends all absences that have lasted too long."""
        now = self._clock.now()
        while self._ends and self._ends[0][0] < now:
            _, _, left, session = heappop(self._ends)
            if session.kept is not None and left == session.kept.left:
                self._over(session)
        self._plan()

    def _plan(self) -> None:
        self._alarm.set(self._ends[0][0] if self._ends else inf)
