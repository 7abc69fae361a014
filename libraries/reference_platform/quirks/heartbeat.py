"""Quirks of the heartbeat."""

from __future__ import annotations

from reference_platform.policies import Heartbeat
from reference_platform.registry import quirk


@quirk("n18_pings_at_any_time")
class PingsAtAnyTime(Heartbeat):
    """Pings come every 5 to 50 ms, also between messages that follow each other closely."""

    def interval(self) -> float:
        """Another one each time."""
        return self.host.random.uniform(0.005, 0.05)
