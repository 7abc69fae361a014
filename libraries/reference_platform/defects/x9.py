"""X9: the network changes. A client that comes from another address is a stranger, or is owed what it never got."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_platform.policies import Outbox, Sessions
from reference_platform.policies.tokens import Identity
from reference_platform.registry import defect
from reference_platform.sessions.session import Session

if TYPE_CHECKING:
    from reference_platform.connections.connection import Connection
    from reference_platform.host import Host


@defect("x9_bound_to_ip")
class BoundToAddress(Sessions):
    """A session can be taken up again from the address where it began and from no other: whoever changes the network starts anew."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.addresses: dict[str, str] = {}
        """By session: where it began."""

    async def open(self, identity: Identity, connection: Connection) -> Session:
        """From elsewhere it does not exist."""
        asked, address = connection.wish.session_id, connection.peer.rpartition(":")[0]
        if asked is not None and self.addresses.get(asked, address) != address:
            session = self.refuse(identity, connection, asked)
        else:
            session = await super().open(identity, connection)
        self.addresses.setdefault(session.id, address)
        return session


@defect("x9_messages_into_dead_path")
class DeadPath(Outbox):
    """What was written to a connection counts as delivered, also when its client had long changed the network: it is never sent again."""

    def retain(self, session: Session, framed: bytes) -> None:
        """Only what nobody was there for is kept."""
        if not session.connection.is_open:
            super().retain(session, framed)

    def missed(self, session: Session, offset: int) -> list[bytes] | None:
        """What is kept, as if it were all."""
        kept = session.kept
        return kept.retained.last(min(session.offset - offset, len(kept.retained))) if kept is not None else []
