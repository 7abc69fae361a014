"""How late our own loop was: a generator that was late cannot judge the time of others (case rule 7)."""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left, bisect_right
from time import monotonic

TICK = 0.01
LATE = 0.050
"""s; above this 99th percentile of loop lag, figures of time and rate are invalid."""


class LagProbe:
    """Ticks every 10 ms in the loop and keeps by how much each tick came too late."""

    def __init__(self) -> None:
        self.times = array("d")
        self.lags = array("d")

    async def tick(self) -> None:
        """Runs until cancelled."""
        while True:
            wanted = monotonic() + TICK
            await asyncio.sleep(TICK)
            now = monotonic()
            self.times.append(now)
            self.lags.append(max(0.0, now - wanted))

    def p99(self, since: float, until: float) -> float:
        """99th percentile (s) of the loop's lag between two monotonic instants; 0 where nothing was sampled."""
        lags = sorted(self.lags[bisect_left(self.times, since) : bisect_right(self.times, until)])
        return lags[min(len(lags) - 1, int(len(lags) * 0.99))] if lags else 0.0

    def reason_for_invalid(self, since: float, until: float) -> str | None:
        """A sentence when this process was too late to measure time in that span, else None."""
        late = self.p99(since, until)
        if late <= LATE:
            return None
        return f"invalid: the generator's own loop was late (99 % of ticks within {late * 1000:.0f} ms, {LATE * 1000:.0f} ms allowed)"
