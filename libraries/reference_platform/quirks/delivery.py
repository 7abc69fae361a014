"""Quirks in what leaves: late, in crumbs, or with things that nobody asked for."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque
from typing import TYPE_CHECKING

from reference_platform.messages import Reply
from reference_platform.outbound.queue import RANK, AgentMessage, OutboundQueue
from reference_platform.policies import Outbox, Wire
from reference_platform.registry import quirk
from reference_platform.sessions.session import Session

if TYPE_CHECKING:
    from reference_platform.host import Host


class DelayedOutbox(Outbox):
    """Keeps each reply back for a while, never longer than the one before it in its session."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.kept: dict[Session, deque[tuple[float, Reply]]] = {}

    def delay(self) -> float:
        """How long the next reply stays, s."""
        raise NotImplementedError

    def release(self, replies: list[Reply]) -> None:
        """Puts each reply behind the earlier ones of its session."""
        loop = asyncio.get_running_loop()
        for reply in replies:
            queue = self.kept.get(reply.session)
            due = loop.time() + self.delay()
            if queue is None:
                queue = self.kept[reply.session] = deque()
                loop.call_at(due, self._send_due, reply.session)
            elif queue:
                due = max(due, queue[-1][0])
            queue.append((due, reply))

    async def left(self, session: Session) -> None:
        """Waits until every reply of now has left."""
        loop, queue = asyncio.get_running_loop(), self.kept.get(session)
        due = queue[-1][0] if queue else 0.0
        while (queue := self.kept.get(session)) and queue[0][0] <= due:  # noqa: ASYNC110 - what is sent late has no event
            await asyncio.sleep(max(0.001, due - loop.time()))

    async def drain(self) -> None:
        """Waits until every reply has left."""
        while self.kept:  # noqa: ASYNC110 - at the end only
            await asyncio.sleep(next(iter(self.kept.values()))[-1][0] - asyncio.get_running_loop().time() + 0.002)

    def _send_due(self, session: Session) -> None:
        loop, queue = asyncio.get_running_loop(), self.kept[session]
        now = loop.time() + 0.001
        due = []
        while queue and queue[0][0] <= now:
            due.append(queue.popleft()[1])
        self.send(due)
        if queue:
            loop.call_at(queue[0][0], self._send_due, session)
        else:
            del self.kept[session]


@quirk("n1_slow_in_order")
class Slow(DelayedOutbox):
    """Every reply leaves 100 ms late, in order."""

    def delay(self) -> float:
        """Always the same."""
        return 0.1


@quirk("n7_jitter")
class Jitter(DelayedOutbox):
    """Every reply leaves 0 to 80 ms late, in order."""

    def delay(self) -> float:
        """Between nothing and 80 ms."""
        return self.host.random.uniform(0, 0.08)


@quirk("n8_classes_interleaved")
class NormalLater(DelayedOutbox):
    """Replies to normal messages leave 0 to 20 ms late and those to urgent ones at once: each class stays in order for itself."""

    def delay(self) -> float:
        """Of everything that is not urgent."""
        return self.host.random.uniform(0, 0.02)

    def release(self, replies: list[Reply]) -> None:
        """The urgent ones do not wait."""
        self.send([reply for reply in replies if reply.priority == "high"])
        super().release([reply for reply in replies if reply.priority != "high"])


@quirk("n6_one_byte_writes")
class OneByteWrites(Wire):
    """Every frame reaches the socket one byte per write."""

    def write(self, transport: asyncio.Transport, data: bytes) -> None:
        """Writes past the transport, which would join the bytes; what the socket does not take goes the usual way."""
        sent = 0
        if not transport.get_write_buffer_size() and not transport.is_closing():
            raw = transport.get_extra_info("socket")
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sent = _write_bytes(raw.fileno(), data)
        if sent < len(data):
            transport.write(data[sent:])


def _write_bytes(descriptor: int, data: bytes) -> int:
    for number in range(len(data)):
        try:
            os.write(descriptor, data[number : number + 1])
        except OSError:  # the socket is full, or the client is gone, which the transport will notice
            return number
    return len(data)


@quirk("n11_unknown_fields")
class Talkative(Outbox):
    """Every frame has fields that nobody knows, and every fifth is followed by an event of a type that nobody knows."""

    sent = 0

    def release(self, replies: list[Reply]) -> None:
        """The strange events have session, epoch and offset like everything else."""
        leaving: list[Reply] = []
        for reply in replies:
            reply.fields["x_trace"] = {"hops": [1, 2, 3], "note": None}
            leaving.append(reply)
            self.sent += 1
            if self.sent % 5 == 1:
                leaving.append(Reply(reply.session, {"type": "x_weather", "message": "sunny", "x_degrees": 21.5}))
        super().release(leaving)


@quirk("n16_agents_overtake")
class AgentsOvertake(Outbox):
    """What has waited of one agent overtakes what has waited of another: each agent's own messages stay in order within their priority. Legal
    where the target file promises ``order: per_agent``.
    """

    def leaving(self, queue: OutboundQueue) -> list[AgentMessage]:
        """The agent that spoke last goes first, at each level."""
        newest = {message.agent: place for place, message in enumerate(queue.waiting.values())}
        return sorted(super().leaving(queue), key=lambda message: (RANK[message.priority], -newest[message.agent]))
