"""When messages are due. Times are absolute: a late message never shifts those behind it (open loop)."""

from __future__ import annotations

from collections.abc import Iterator
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

    def due(self) -> Iterator[float | None]:
        """The due time of each message in seconds after the start, or None where there is no pace."""
        for number in range(self.count):
            yield None if self.every is None else number * self.every
