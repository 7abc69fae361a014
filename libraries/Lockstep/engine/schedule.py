"""When messages are due. Times are absolute: a late message never shifts those behind it (open loop)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Schedule:
    """``count`` messages, ``every`` seconds apart from the start on; None: as fast as the connection takes them.

    With ``of`` they come in bursts of so many, with ``apart`` seconds from the last message of one to the first of the next.
    """

    count: int
    every: float | None = None
    of: int | None = None
    apart: float = 0.0

    @classmethod
    def at_rate(cls, rate: float, count: int) -> Schedule:
        """Messages at a steady rate (msg/s)."""
        return cls(count, 1 / rate)

    @property
    def is_paced(self) -> bool:
        """True where each message has its own time."""
        return self.every is not None or self.of is not None

    def due(self, number: int) -> float | None:
        """When a message is due in seconds after the start; None where there is no pace."""
        every = self.every or 0.0
        if self.of is not None:
            return number * every + number // self.of * (self.apart - every)
        return None if self.every is None else number * every
