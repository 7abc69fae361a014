"""Looks on while a load phase lasts: what is worth telling of it, and what it costs the server."""

from __future__ import annotations

from contextlib import suppress
from time import time

import psutil

from phase_progress import Progress

from ..server_figures import ServerFigures
from .plan import Plan
from .result import Load


class Onlooker:
    """``tell`` takes the newest state in the loop, ``look`` gives it away in another thread once a second."""

    def __init__(self, plan: Plan, server: psutil.Process | None) -> None:
        self.server: list[ServerFigures] = []
        """Figures of the server's process; none where it is not known."""
        self.load: Load | None = None
        """What was told last; where the phase is interrupted, nobody else has it."""
        self._process = server
        self._plan = plan
        self._word = Progress(stage=f"opening {plan.connections} connection{'s' * (plan.connections != 1)}", updated=time())
        self._begun: float | None = None
        self._seen = 0

    def tell(self, load: Load) -> None:
        """A line of a shard has come."""
        now, self.load = time(), load
        if not load.sent:
            self._begun = now
            return
        rate = (load.answered - self._seen) / (now - self._word.updated) if self._word.done is not None and now > self._word.updated else None
        self._seen = load.answered
        self._word = Progress(
            done=load.answered + load.refused, total=self._plan.scheduled, rate=rate, p99=load.latency.percentile(99) or None,
            violations=sum(load.violations.values()), begun=self._begun, planned=self._plan.lasts, updated=now,
        )

    def look(self) -> Progress:
        """The newest word; reads the server's figures on the way."""
        if self._process is not None:
            with suppress(psutil.Error):
                self.server.append(ServerFigures.of(self._process))
        return self._word
