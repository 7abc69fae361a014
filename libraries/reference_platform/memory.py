"""How much memory this process takes."""

from __future__ import annotations

from time import monotonic

import psutil


class Memory:
    """Resident bytes, read from the system at most once in ``interval`` s."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._process = psutil.Process()
        self._read_at = -interval
        self._resident = 0

    def resident(self) -> int:
        """The bytes, at most ``interval`` s old."""
        now = monotonic()
        if now - self._read_at >= self._interval:
            self._read_at = now
            self._resident = self._process.memory_info().rss
        return self._resident
