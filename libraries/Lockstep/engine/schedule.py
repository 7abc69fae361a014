"""When messages are due. Times are absolute: a late message never shifts those behind it (open loop)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Schedule:
    """``count`` messages, ``every`` seconds apart from the start on; None: as fast as the connection takes them."""

    count: int
    every: float | None = None

    @classmethod
    def at_rate(cls, rate: float, count: int) -> Schedule:
        """Messages at a steady rate (msg/s)."""
        return cls(count, 1 / rate)

    def due(self, number: int) -> float | None:
        """When a message is due in seconds after the start; None where there is no pace."""
        return None if self.every is None else number * self.every
