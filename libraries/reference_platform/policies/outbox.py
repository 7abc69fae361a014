"""Outbox: what leaves, in which order, with which number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from reference_platform.messages import Fields, Reply
from reference_platform.session import Session

from .port import Port

if TYPE_CHECKING:
    from reference_platform.connection import Connection


class Outbox(Port):
    """Numbers every frame of a session 1, 2, 3, … and writes each connection once per commit."""

    def release(self, replies: list[Reply]) -> None:
        """Gets the replies of one commit, in the order of their effects, over all sessions; everything they claim is durable.

        The correct Outbox sends all of them, each once, in this order. A subclass may keep some back and ``send`` them later.
        """
        self.send(replies)

    def send(self, replies: Iterable[Reply]) -> None:
        """Numbers and writes replies now. Replies to connections that are gone are dropped."""
        policies = self.host.policies
        encode, frame = policies.codec.encode, policies.wire.frame
        touched: list[Connection] = []
        for session, fields, _ in replies:
            connection = session.connection
            if not connection.is_open:
                continue
            self.stamp(session, fields)
            if not connection.outgoing:
                touched.append(connection)
            connection.outgoing.append(frame(encode(fields)))
        for connection in touched:
            connection.flush()

    def stamp(self, session: Session, fields: Fields) -> None:
        """Adds session, epoch and the next offset."""
        session.offset += 1
        fields["session_id"] = session.id
        fields["epoch"] = session.epoch
        fields["offset"] = session.offset

    async def drain(self) -> None:
        """Called before the platform ends: returns when nothing that was released is kept back any more."""
