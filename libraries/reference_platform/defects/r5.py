"""R5: stability. A connection is dropped, one client holds up all others, or memory grows."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from reference_platform.messages import Fields, Reply, UserMessage
from reference_platform.policies import Agents, Heartbeat, Outbox
from reference_platform.registry import defect

if TYPE_CHECKING:
    from reference_platform.connections.connection import Connection
    from reference_platform.host import Host


@defect("r5_idle_drop")
class IdleDropped(Heartbeat):
    """Closes a connection to which no frame was sent for 31 s, although its client answers every ping."""

    idle_limit = 31.0
    longest_wait = 0.25

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.sent: dict[Connection, tuple[int, float]] = {}
        """Frames sent so far, and when it was seen that there were more."""
        self.looked_at = 0.0

    def opened(self, connection: Connection) -> None:
        """The greeting counts."""
        self.looked_at = self.host.clock.now()
        self.sent[connection] = (connection.session.offset, self.looked_at)
        super().opened(connection)

    def look(self) -> None:
        """What was sent since the last look may have been sent right after it."""
        now = self.host.clock.now()
        for connection in list(self.beats):
            offset, since = self.sent[connection]
            if connection.session.offset != offset:
                self.sent[connection] = (connection.session.offset, self.looked_at)
            elif now - since >= self.idle_limit:
                connection.close(1000, "idle")
        self.looked_at = now
        super().look()

    def closed(self, connection: Connection) -> None:
        """It is forgotten."""
        super().closed(connection)
        self.sent.pop(connection, None)


@defect("r5_hol_blocking")
class OneQueueForAll(Outbox):
    """All replies leave through one queue, which waits for whoever does not read."""

    stalled_at = 16_384
    """Bytes that a client has not taken."""
    pause = 0.01

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.queue: deque[Reply] = deque()
        self.waits = False

    def release(self, replies: list[Reply]) -> None:
        """In order, over all sessions."""
        self.queue.extend(replies)
        if not self.waits:
            self._send_on()

    async def drain(self) -> None:
        """Who does not read at the end is not waited for."""

    def _send_on(self) -> None:
        self.waits = False
        while self.queue:
            connection = self.queue[0].session.connection
            if connection.is_open and connection.transport.get_write_buffer_size() > self.stalled_at:
                self.waits = True
                asyncio.get_running_loop().call_later(self.pause, self._send_on)
                return
            self.send([self.queue.popleft()])


@defect("r5_mem_leak_per_msg")
class Hoarder(Agents):
    """Keeps 1 KiB of every message for ever."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.hoard: list[bytes] = []

    async def apply(self, message: UserMessage) -> Fields:
        """Nobody ever looks at it again."""
        self.hoard.append(message.message_id.encode().ljust(1024, b"."))
        return await super().apply(message)
