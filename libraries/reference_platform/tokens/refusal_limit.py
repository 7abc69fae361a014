"""How often one address may show a bad token. Only bad tokens are counted, so that nobody else is locked out."""

from __future__ import annotations

from collections import deque
from math import ceil

from reference_platform.clock import Clock

WITHIN = 60.0
"""Seconds."""
WATCHED = 10_000
"""Addresses; of more, those that were refused last."""


class RefusalLimit:
    """Knows of each address when it was refused the last times."""

    def __init__(self, clock: Clock, most: int) -> None:
        self._clock = clock
        self._most = most
        self._refused: dict[str, deque[float]] = {}

    def count(self, address: str) -> int | None:
        """One more refusal. None, or if there were too many within the last minute: in how many seconds the next try is worth while."""
        now = self._clock.now()
        times = self._refused.pop(address, None) or deque(maxlen=self._most)
        is_too_many = len(times) == self._most and times[0] > now - WITHIN
        times.append(now)
        self._refused[address] = times
        if len(self._refused) > WATCHED:
            del self._refused[next(iter(self._refused))]
        return max(1, ceil(times[0] + WITHIN - now)) if is_too_many else None
