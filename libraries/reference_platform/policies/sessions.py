"""Sessions: what a user has open, and what survives a connection."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from reference_platform.messages import Fields
from reference_platform.session import Session

from .port import Port
from .tokens import Identity

if TYPE_CHECKING:
    from reference_platform.connection import Connection
    from reference_platform.host import Host


class Sessions(Port):
    """Mints sessions. In this first form each connection has one of its own, which ends with it."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.open_sessions: dict[str, Session] = {}

    async def open(self, identity: Identity, connection: Connection) -> Session:
        """Gets a verified identity; returns the session of this connection. May wait; nothing was sent to the client yet."""
        session = Session(f"session-{secrets.token_hex(16)}", identity.user, 1, connection, f"connection-{secrets.token_hex(8)}")
        self.open_sessions[session.id] = session
        return session

    async def close(self, session: Session) -> None:
        """The connection is gone and everything it had sent is in the inbox or answered. May wait."""
        self.open_sessions.pop(session.id, None)

    def greeting(self, session: Session) -> Fields:
        """The first frame on a connection, ``connection_established``, complete."""
        return {
            "type": "connection_established",
            "user_id": session.user,
            "session_id": session.id,
            "connection_id": session.connection_id,
            "epoch": session.epoch,
            "offset": session.offset,
            "recovered": False,
            "server_time": self.host.clock.now(),
            "limits": self.host.config.limits(),
        }
