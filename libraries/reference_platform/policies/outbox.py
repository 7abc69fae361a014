"""Outbox: what leaves, in which order, with which number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from reference_platform.messages import Reply

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
        for reply in replies:
            session, fields = reply.session, reply.fields
            connection = session.connection
            if not connection.is_open:
                continue
            session.offset = offset = session.offset + 1
            fields["session_id"] = session.id
            fields["epoch"] = session.epoch
            fields["offset"] = offset
            outgoing = connection.outgoing
            if not outgoing:
                touched.append(connection)
            outgoing.append(frame(encode(fields)))
        for connection in touched:
            connection.flush()

    async def drain(self) -> None:
        """Called before the platform ends: returns when nothing that was released is kept back any more."""
