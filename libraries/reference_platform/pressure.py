"""Pressure: a user is told, unasked, when much of its queue is taken, and again when it is relieved."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from .messages import Fields

if TYPE_CHECKING:
    from .host import Host

BEGINS, ENDS = 0.8, 0.5
"""Shares of the capacity. They are apart, so that a queue at the edge does not say the same thing again and again."""


class Pressure:
    """Which users are under pressure. The inbox reports each change of a depth that may matter."""

    def __init__(self, host: Host, capacity: int) -> None:
        self._host = host
        self._capacity = capacity
        self.begins = ceil(capacity * BEGINS)
        self.ends = int(capacity * ENDS)
        self.users: set[str] = set()

    def grown(self, user: str, depth: int, told: int) -> None:
        """The queue of a user has grown to ``depth``; users are told ``told``."""
        if depth >= self.begins and user not in self.users:
            self.users.add(user)
            self._host.tell(user, self.push(told, active=True))

    def shrunk(self, user: str, depth: int, told: int) -> None:
        """The queue of a user under pressure has shrunk to ``depth``."""
        if depth <= self.ends:
            self.users.discard(user)
            self._host.tell(user, self.push(told, active=False))

    def push(self, depth: int, *, active: bool) -> Fields:
        """The ``backpressure`` frame."""
        return {"type": "backpressure", "active": active, "queue_depth": depth, "capacity": self._capacity}
