"""Something to be done at a moment of the platform's clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .clock import Clock

SHORTEST_WAIT = 0.005
"""Seconds between two looks, so that something overdue that must wait keeps nobody busy."""


class Alarm:
    """Calls ``look`` when the moment has come that it was set to, and whenever control moves the clock."""

    def __init__(self, clock: Clock, look: Callable[[], None]) -> None:
        self.due = inf
        """Platform time; infinite: never."""
        self._clock = clock
        self._look = look
        self._timer: asyncio.TimerHandle | None = None
        clock.moved.append(look)

    def set(self, due: float) -> None:
        """From now on it is this moment and no other."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.due = due
        if due < inf:
            wait = max(SHORTEST_WAIT, due - self._clock.now())
            self._timer = asyncio.get_running_loop().call_later(wait, self._look)
