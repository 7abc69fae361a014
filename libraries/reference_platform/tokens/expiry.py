"""Whose token is over while its connection is there, on the platform's clock."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

from reference_platform.alarm import Alarm

if TYPE_CHECKING:
    from reference_platform.clock import Clock
    from reference_platform.connections.connection import Connection


class TokenExpiry:
    """Tells ``over`` of each open connection whose token has expired, once."""

    def __init__(self, clock: Clock, over: Callable[[Connection], None]) -> None:
        self._clock = clock
        self._over = over
        self._expires: dict[Connection, float] = {}
        self._alarm = Alarm(clock, self.look)

    def begin(self, connection: Connection, expires: float) -> None:
        """This connection is there now; at ``expires`` (platform time) its token is over."""
        self._expires[connection] = expires
        if expires < self._alarm.due:
            self._alarm.set(expires)

    def end(self, connection: Connection) -> None:
        """It is gone."""
        self._expires.pop(connection, None)

    def look(self) -> None:
        """Tells of all tokens that are over, and looks again when the next one will be."""
        now = self._clock.now()
        for connection in [one for one, expires in self._expires.items() if expires <= now]:
            del self._expires[connection]
            self._over(connection)
        self._alarm.set(min(self._expires.values(), default=inf))
