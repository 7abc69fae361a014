"""Looks on while a load phase lasts: what is worth telling of it, and what it costs the server."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from time import time

import psutil

from phase_progress import Progress

from ..server_figures import ServerFigures
from .plan import Plan
from .result import Load

RATE_OVER = 0.9
"""Seconds over which the rate is told, at least: of several shards each says its line at another time of a second."""


class Onlooker:
    """``tell`` takes the newest state in the loop, ``look`` gives it away in another thread once a second."""

    def __init__(self, plan: Plan, server: psutil.Process | None, clock: Callable[[], float] = time) -> None:
        self.server: list[ServerFigures] = []
        """Figures of the server's process; none where it is not known."""
        self.load: Load | None = None
        """What was told last; where the phase is interrupted, nobody else has it."""
        self._process = server
        self._plan = plan
        self._clock = clock
        self._word = Progress(stage=f"opening {plan.connections} connection{'s' * (plan.connections != 1)}", updated=clock())
        self._begun: float | None = None
        self._marks: deque[tuple[float, int]] = deque()
        """Times, and how many messages were answered by then."""

    def tell(self, load: Load) -> None:
        """A line of a shard has come."""
        now, self.load = self._clock(), load
        if not load.sent:
            self._begun = now
            self._marks = deque([(now, 0)])
            return
        self._word = Progress(
            done=load.answered + load.refused, total=self._plan.scheduled, rate=self._rate(now, load.answered), p99=load.latency.percentile(99) or None,
            violations=sum(load.violations.values()), begun=self._begun, planned=self._plan.lasts, updated=now,
        )

    def _rate(self, now: float, answered: int) -> float | None:
        """Answers a second since the youngest mark that is old enough; None until there is one."""
        marks = self._marks
        while len(marks) > 1 and now - marks[1][0] >= RATE_OVER:
            marks.popleft()
        since, before = marks[0] if marks else (now, 0)
        marks.append((now, answered))
        return (answered - before) / (now - since) if now - since >= RATE_OVER else None

    def look(self) -> Progress:
        """The newest word; reads the server's figures on the way."""
        if self._process is not None:
            with suppress(psutil.Error):
                self.server.append(ServerFigures.of(self._process))
        return self._word
