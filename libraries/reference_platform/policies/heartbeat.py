"""Heartbeat: whether whoever is at the other end still lives."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from .port import Port

if TYPE_CHECKING:
    from reference_platform.connections.connection import Connection
    from reference_platform.host import Host

SHORTEST_WAIT = 0.005
"""Seconds between two looks, so that something overdue that must wait keeps nobody busy."""


@dataclass(slots=True)
class Beat:
    """One open connection."""

    next_ping: float
    """Platform time."""
    unanswered: dict[bytes, tuple[float, float]] = field(default_factory=dict)
    """Pings by payload, oldest first: platform time and real time (monotonic) of sending."""


class Heartbeat(Port):
    """Pings each connection every ``interval`` s and gives it up when a ping stays unanswered for ``timeout`` s.

    Both are counted on the platform's clock: when control moves it, what is due happens at once. Pings of clients are answered by
    the Wire.
    """

    patience = 1.0
    """Real seconds that an answer may always take, so that a moved clock gives up nobody who had no time to answer."""

    longest_wait = float("inf")
    """Most seconds between two looks, for those who look for more than what is due."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.every: float = host.config.heartbeat_interval
        """Seconds from one ping of a connection to the next."""
        self.timeout: float = host.config.connection_timeout
        """Seconds after which an unanswered ping means that nobody is there."""
        self.beats: dict[Connection, Beat] = {}
        self._sent = 0
        self._timer: asyncio.TimerHandle | None = None
        host.clock.moved.append(self.look)

    def set(self, every: float, timeout: float) -> None:
        """From now on; the next ping of each open connection is due after the new interval."""
        self.every, self.timeout = every, timeout
        now = self.host.clock.now()
        for beat in self.beats.values():
            beat.next_ping = now + self.interval()
        self._plan()

    def interval(self) -> float:
        """Seconds until the next ping of a connection."""
        return self.every

    def opened(self, connection: Connection) -> None:
        """A connection was greeted."""
        self.beats[connection] = Beat(self.host.clock.now() + self.interval())
        if self._timer is None:
            self._plan()

    def closed(self, connection: Connection) -> None:
        """Nothing more comes from this connection."""
        self.beats.pop(connection, None)

    def answered(self, connection: Connection, payload: bytes) -> None:
        """A pong came; it answers that ping and all before it. A pong that nobody has asked for means nothing."""
        beat = self.beats.get(connection)
        if beat is not None and payload in beat.unanswered:
            for earlier in list(beat.unanswered):
                del beat.unanswered[earlier]
                if earlier == payload:
                    break

    def look(self) -> None:
        """Does all that is due now, and looks again when something will be."""
        now, real = self.host.clock.now(), monotonic()
        for connection, beat in list(self.beats.items()):
            if self.lost_in(beat, now, real) <= 0 and not connection.is_kept_waiting:
                del self.beats[connection]
                connection.fail(1011, "heartbeat lost")
            elif now >= beat.next_ping:
                self.ping(connection, beat, now, real)
        self._plan()

    def ping(self, connection: Connection, beat: Beat, now: float, real: float) -> None:
        """Sends a ping and notes when."""
        self._sent += 1
        payload = self._sent.to_bytes(8, "big")
        beat.unanswered[payload] = (now, real)
        beat.next_ping = now + self.interval()
        connection.ping(payload)

    def lost_in(self, beat: Beat, now: float, real: float) -> float:
        """Seconds until the oldest unanswered ping means that nobody is there."""
        for asked, really in beat.unanswered.values():
            return max(asked + self.timeout - now, really + self.patience - real)
        return float("inf")

    def _plan(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.beats:
            now, real = self.host.clock.now(), monotonic()
            wait = min(min(beat.next_ping - now, self.lost_in(beat, now, real)) for beat in self.beats.values())
            self._timer = asyncio.get_running_loop().call_later(max(SHORTEST_WAIT, min(wait, self.longest_wait)), self.look)
