"""X6: flapping. A client that comes and goes quickly leaves something behind each time, or is locked out for it."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

import jwt
from websockets.http11 import Request

from reference_platform.connections.credentials import token_of
from reference_platform.policies import Gate, Sessions
from reference_platform.policies.gate import Refusal
from reference_platform.registry import defect
from reference_platform.sessions.session import Session

if TYPE_CHECKING:
    from reference_platform.host import Host


@defect("x6_ghost_sessions")
class GhostSessions(Sessions):
    """Each connection that ends leaves a session behind that counts as live for ever, although nobody is there."""

    async def close(self, session: Session) -> None:
        """Cleaned up is the one; the other was forgotten."""
        connection = session.connection
        await super().close(session)
        ghost = replace(session, id=self.mint(), connection=connection, kept=None, context=None)
        self.open_sessions[ghost.id] = ghost


@defect("x6_fd_leak")
class HastyCleanUp(Sessions):
    """A connection that ends within its first second leaves a descriptor open: its clean-up comes too early for one half of it."""

    soon = 1.0

    async def close(self, session: Session) -> None:
        """Slow clients never notice."""
        if self.host.uptime() - session.connection.opened_at < self.soon:
            os.open(os.devnull, os.O_RDONLY)
        await super().close(session)


@defect("x6_rate_limit_locks_out")
class LockedOut(Gate):
    """Takes a client that connects more than ten times in five seconds for an attacker and locks it out for a minute."""

    most, within, locked = 10, 5.0, 60.0

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.tries: dict[str, deque[float]] = {}
        """By user: when the last connections were opened."""
        self.until: dict[str, float] = {}

    async def check(self, request: Request) -> Refusal | None:
        """Whoever says to be this user."""
        now, user = self.host.clock.now(), _user(request)
        tries = self.tries.setdefault(user, deque(maxlen=self.most))
        if len(tries) == self.most and now - tries[0] < self.within:
            self.until[user] = now + self.locked
        tries.append(now)
        if now < self.until.get(user, 0.0):
            return Refusal(HTTPStatus.TOO_MANY_REQUESTS, f"too many connections, come back in {self.locked:.0f} s")
        return await super().check(request)


def _user(request: Request) -> str:
    try:
        return str(jwt.decode(token_of(request) or "", options={"verify_signature": False}).get("sub"))
    except jwt.PyJWTError:
        return ""
