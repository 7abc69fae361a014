"""Who is here: the connections of each user, and the users whose agents may leave the memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .connections.connection import Connection
    from .host import Host
    from .lanes import Lanes
    from .storage.transactions import Transactions


class Presence:
    """One per platform. A connection is here from before its greeting until its last message was processed."""

    def __init__(self, host: Host, lanes: Lanes) -> None:
        self.next_origin = 1
        self._host = host
        self._lanes = lanes
        self._present: dict[str, int] = {}
        self._left: set[str] = set()

    def opened(self, connection: Connection, transactions: Transactions) -> None:
        """Notes a new origin; its number stands in every ledger row of this connection."""
        session = connection.session
        session.origin = self.next_origin
        self.next_origin += 1
        self._host.connections[connection.id] = connection
        self._present[session.user] = self._present.get(session.user, 0) + 1
        transactions.batch.origins.append((session.origin, session.user, session.id, connection.id))
        if session.context is not None:
            transactions.batch.contexts[session.context] = None
        transactions.touch()

    def closed(self, connection: Connection) -> None:
        """Nothing more comes from this connection. Its user's agent leaves the memory when nothing needs it any more."""
        del self._host.connections[connection.id]
        user = connection.session.user
        self._present[user] -= 1
        if not self._present[user]:
            del self._present[user]
            self._left.add(user)

    def forget_users(self, transactions: Transactions) -> None:
        """Right after a commit: agents of users who left, have nothing waiting and no uncommitted change."""
        if self._left:
            changed = {state.user for state in transactions.batch.agents}
            for user in {user for user in self._left if not self._lanes.is_active(user)} - changed:
                self._left.discard(user)
                if user not in self._present:
                    self._host.policies.agents.forget(user)
