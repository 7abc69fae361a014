"""Outbox: what leaves, in which order, with which number, and what is kept for those who come back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from reference_platform.messages import Reply

from .port import Port

if TYPE_CHECKING:
    from reference_platform.connection import Connection
    from reference_platform.session import Session


class Outbox(Port):
    """Numbers every frame of a session 1, 2, 3, … and writes each connection once per commit. The last frames of a resumable session
    are kept, whether somebody is there or not.
    """

    def release(self, replies: list[Reply]) -> None:
        """Gets the replies of one commit, in the order of their effects, over all sessions; everything they claim is durable.

        The correct Outbox sends all of them, each once, in this order. A subclass may keep some back and ``send`` them later.
        """
        self.send(replies)

    def send(self, replies: Iterable[Reply]) -> None:
        """Numbers and writes replies now. Where nobody is there they are kept, or dropped if nobody will come back."""
        policies = self.host.policies
        encode, frame = policies.codec.encode, policies.wire.frame
        touched: list[Connection] = []
        for reply in replies:
            session, fields = reply.session, reply.fields
            connection, is_kept = session.connection, session.kept is not None
            if not connection.is_open and not is_kept:
                continue
            session.offset = offset = session.offset + 1
            fields["session_id"] = session.id
            fields["epoch"] = session.epoch
            fields["offset"] = offset
            framed = frame(encode(fields))
            if is_kept:
                self.retain(session, framed)
                if not connection.is_open:
                    continue
            outgoing = connection.outgoing
            if not outgoing:
                touched.append(connection)
            outgoing.append(framed)
        for connection in touched:
            connection.flush()

    def retain(self, session: Session, framed: bytes) -> None:
        """Keeps the newest frame of a resumable session; the oldest ones are forgotten where they would be too many or too large."""
        if session.kept is not None:
            config = self.host.config
            session.kept.retained.append(framed, most=config.retained_messages, most_bytes=config.retained_bytes)

    def missed(self, session: Session, offset: int) -> list[bytes] | None:
        """The frames of the present epoch after this offset (at most the session's own), in order; None if some of them are kept no more."""
        return session.kept.retained.last(session.offset - offset) if session.kept is not None else []

    def greet(self, connection: Connection, greeting: bytes, missed: list[bytes]) -> None:
        """Writes what a connection sees first: the greeting, and behind it, before anything new, what its user has missed."""
        connection.outgoing += [greeting, *missed]
        connection.flush()

    async def drain(self) -> None:
        """Called before the platform ends: returns when nothing that was released is kept back any more."""
