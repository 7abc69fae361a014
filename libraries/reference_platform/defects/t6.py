"""T6: many connections. Some are never served, or new ones wait for ever."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from websockets.http11 import Request

from reference_platform.policies import Gate, Sessions
from reference_platform.policies.gate import Refusal
from reference_platform.policies.tokens import Identity
from reference_platform.registry import defect
from reference_platform.sessions.session import Session

if TYPE_CHECKING:
    from reference_platform.connections.connection import Connection


@defect("t6_conn_limit_silent")
class NeverServed(Sessions):
    """Serves 128 connections; it accepts and greets further ones as well, but never reads what they send."""

    served = 128

    async def open(self, identity: Identity, connection: Connection) -> Session:
        """Nobody tells the client."""
        session = await super().open(identity, connection)
        if len(self.open_sessions) > self.served:
            connection.stop_reading()
        return session


@defect("t6_accept_backlog_stall")
class NewcomersWait(Gate):
    """Lets nobody in while it is busy: a new connection waits until nothing was sent to anybody for a moment, up to six seconds."""

    moment = 0.25
    longest = 6.0

    async def check(self, request: Request) -> Refusal | None:
        """An idle platform is as quick as ever, but for that moment."""
        until, before = monotonic() + self.longest, -1
        while monotonic() < until and (sent := self._sent()) != before:
            before = sent
            await asyncio.sleep(self.moment)
        return await super().check(request)

    def _sent(self) -> int:
        return sum(session.offset for session in self.host.policies.sessions.open_sessions.values())
