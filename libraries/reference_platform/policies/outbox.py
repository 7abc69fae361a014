"""Outbox: what leaves, in which order, with which number, and what is kept for those who come back."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from reference_platform.messages import Reply
from reference_platform.outbound.queue import RANK, AgentMessage, Bounds, Loss, OutboundQueue, State, Waited

from .port import Port

if TYPE_CHECKING:
    from reference_platform.connections.connection import Connection
    from reference_platform.host import Host
    from reference_platform.sessions.session import Session, Wish

AT_ONCE = 128
"""Waiting messages that are sent in one go: then it is looked whether they are read, and others have their turn."""


class Outbox(Port):
    """Numbers every frame of a session 1, 2, 3, … and writes each connection once per commit. The last frames of a resumable session
    are kept, whether somebody is there or not. What agents say of their own accord waits while nobody takes it.
    """

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        config = host.config
        self.bounds = Bounds(config.outbound_queue_size, config.outbound_overflow, config.outbound_ttl, config.outbound_ttl_critical)
        self.bounds_of: dict[str, Bounds] = {}
        """Those of single users."""
        self.totals: Counter[str] = Counter()
        """Messages of agents by what became of them, over all sessions since the start."""

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
                if reply.waited is not None:
                    self.numbered(session, reply.waited)
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

    async def left(self, session: Session) -> None:
        """Called behind a commit: returns when nothing that was released for this session so far is kept back any more."""

    async def drain(self) -> None:
        """Called before the platform ends: returns when nothing that was released is kept back any more."""

    # What agents say of their own accord

    def spoken(self, messages: Sequence[tuple[Session, AgentMessage]]) -> None:
        """Agents have said this, in this order, and it is durable: it leaves, waits, or is lost."""
        of_session: dict[Session, list[AgentMessage]] = {}
        for session, message in messages:
            of_session.setdefault(session, []).append(message)
        for session, said in of_session.items():
            for message in said if queue_of(session).waiting else self.push(session, said):
                self.admit(session, message)
            self.deliver(session)

    def admit(self, session: Session, message: AgentMessage) -> None:
        """Takes a message into the queue of its session; where that is full, one is lost."""
        queue, bounds = queue_of(session), self.bounds_for(session)
        self.expire(session)
        over = len(queue.waiting) + 1 - bounds.size
        if session.kept is None and not session.connection.is_open:  # nobody will ever come back
            self.lose(session, [message], "dropped")
        elif over > 0 and bounds.overflow != "drop_oldest":
            self.lose(session, [message], "rejected" if bounds.overflow == "reject" else "dropped")
        else:
            self.lose(session, list(islice(queue.waiting.values(), max(0, over))), "dropped")
            queue.waiting[message.message_id] = message
            self.count(session, "queued", 1)

    def expire(self, session: Session) -> None:
        """Loses what has waited too long."""
        queue, bounds, now = queue_of(session), self.bounds_for(session), self.host.clock.now()
        self.lose(session, [message for message in queue.waiting.values() if now > message.created_at + bounds.age(message)], "expired")

    def leaving(self, queue: OutboundQueue) -> list[AgentMessage]:
        """What waits, in the order in which it leaves: the most urgent first, what was said first before what was said later."""
        return sorted(queue.waiting.values(), key=lambda message: RANK[message.priority])

    def losses(self, queue: OutboundQueue) -> Loss:
        """What a user is told of lost messages before the first one that has waited."""
        told, queue.untold = queue.untold, Loss()
        return told

    def deliver(self, session: Session) -> None:
        """Sends some of what waits, if it is taken; the rest behind others that are to be served, and when it is taken again."""
        queue = session.outbound
        if queue is None or not session.connection.is_open:
            return
        self.expire(session)
        if self.is_taking(session):
            loss = self.losses(queue)
            if loss.total:
                self.release([Reply(session, loss.fields(), waited=loss)])
            some = self.leaving(queue)[:AT_ONCE]
            for message in some[: len(some) - len(self.push(session, some))]:
                del queue.waiting[message.message_id]
        if queue.waiting and not queue.is_going_on:
            queue.is_going_on = True
            self.host.spawn(self._deliver_rest(session, queue))

    async def _deliver_rest(self, session: Session, queue: OutboundQueue) -> None:
        before = 0
        while queue.waiting and session.connection.is_open and len(queue.waiting) != before:
            await asyncio.sleep(0)
            await session.connection.relieved()
            before = len(queue.waiting)
            self.deliver(session)
        queue.is_going_on = False

    def push(self, session: Session, messages: Sequence[AgentMessage]) -> Sequence[AgentMessage]:
        """Sends messages in this order, as long as they are taken; returns the rest."""
        done = 0
        while done < len(messages) and self.is_taking(session):
            some = messages[done : done + AT_ONCE]
            for message in some:
                message.state = "sent"
            self.count(session, "delivered", len(some))
            self.release([Reply(session, message.fields(), waited=message) for message in some])
            done += len(some)
        return messages[done:]

    def numbered(self, session: Session, waited: Waited) -> None:
        """It was sent with the session's present offset. The store keeps it until it is known to be received, but not more than of other frames."""
        queue, changes = queue_of(session), self.host.transactions.batch.outbound
        waited.mark = session.epoch, session.offset
        queue.sent.append(waited)
        if isinstance(waited, AgentMessage):
            changes.sent.append(waited)
        if len(queue.sent) > self.host.config.retained_messages and isinstance(oldest := queue.sent.popleft(), AgentMessage):
            changes.gone.append(oldest)
        self._changed(session)

    def returned(self, session: Session, wish: Wish, *, recovered: bool) -> None:
        """Somebody comes back to this session: what has arrived is done with; unless the rest can follow as it was, it waits again."""
        queue = session.outbound
        if queue is None:
            return
        if wish.epoch != session.epoch or wish.offset <= session.offset:
            self.host.transactions.batch.outbound.gone += queue.received(wish.epoch, wish.offset)
        if not recovered:
            self.count(session, "delivered", -len(queue.again()))
        self._changed(session)

    def depth(self, session: Session) -> int:
        """How many messages wait."""
        if session.outbound is None:
            return 0
        self.expire(session)
        return len(session.outbound.waiting)

    def ended(self, session: Session) -> None:
        """Nobody can come back to this session any more: what waits there has expired with it."""
        if session.outbound is not None:
            self.lose(session, list(session.outbound.waiting.values()), "expired")

    def is_taking(self, session: Session) -> bool:
        """Somebody is there and reads."""
        return session.connection.is_open and not session.connection.is_stalled

    def bounds_for(self, session: Session) -> Bounds:
        """How much may wait for this session, and how long."""
        return self.bounds_of.get(session.user, self.bounds)

    def lose(self, session: Session, messages: Sequence[AgentMessage], how: State) -> None:
        """These messages will never come."""
        if not messages:
            return
        queue = queue_of(session)
        for message in messages:
            queue.waiting.pop(message.message_id, None)
            message.state = how
        setattr(queue.untold, how, getattr(queue.untold, how) + len(messages))
        self.host.transactions.batch.outbound.gone += messages
        self.count(session, how, len(messages))

    def count(self, session: Session, what: str, number: int) -> None:
        """This happened to so many messages."""
        queue_of(session).totals[what] += number
        self.totals[what] += number
        self._changed(session)

    def _changed(self, session: Session) -> None:
        transactions = self.host.transactions
        transactions.batch.outbound.queues[session] = None
        transactions.touch()


def queue_of(session: Session) -> OutboundQueue:
    """The outbound queue of this session, a new one if there is none."""
    if session.outbound is None:
        session.outbound = OutboundQueue()
    return session.outbound
