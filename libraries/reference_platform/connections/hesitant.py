"""Connections that have not finished their opening handshake: each has so long for it, by the platform's clock, and then it is dropped."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

from reference_platform.alarm import Alarm

if TYPE_CHECKING:
    from reference_platform.clock import Clock

    from .connection import Connection


class Hesitant:
    """In the order in which they came."""

    def __init__(self, clock: Clock, time: Callable[[], float]) -> None:
        self._clock = clock
        self._time = time
        self._due: dict[Connection, float] = {}
        self._alarm = Alarm(clock, self._drop)

    def __len__(self) -> int:
        return len(self._due)

    def began(self, connection: Connection) -> None:
        """It is there, and has said nothing yet."""
        self._due[connection] = self._clock.now() + self._time()
        if len(self._due) == 1:
            self._drop()

    def ended(self, connection: Connection) -> None:
        """It was let in or turned away, or is gone."""
        self._due.pop(connection, None)

    def _drop(self) -> None:
        now = self._clock.now()
        for connection in [connection for connection, due in self._due.items() if due <= now]:
            self.ended(connection)
            connection.transport.abort()
        self._alarm.set(next(iter(self._due.values()), inf))
