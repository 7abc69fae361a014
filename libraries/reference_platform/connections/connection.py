"""One TCP connection: handshake, then frames in and out, then the end.

Messages go to the pipeline as soon as they are read; where one has to wait, the connection's task goes on behind it.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from websockets.http11 import Request
from websockets.protocol import State

from reference_platform.policies.gate import Refusal
from reference_platform.sessions.session import Wish
from reference_platform.shutdown import STOPPING
from reference_platform.tokens.callers import Caller

from .handshake import Admission, Head, TurnedAway, judge, refused
from .leaving import Leaving
from .receiver import Receiver

if TYPE_CHECKING:
    from reference_platform.messages import Decode
    from reference_platform.pipeline import Pipeline
    from reference_platform.policies.tokens import Identity
    from reference_platform.sessions.session import Session

CLOSE_PATIENCE = 5.0
"""Seconds a client has to end the TCP connection after the closing handshake."""
EVICTED_PATIENCE = 0.5
"""The same for one whose session another connection has taken; most of them are dead."""


class Connection(asyncio.Protocol):
    """Speaks HTTP until the upgrade and WebSocket from then on."""

    transport: asyncio.Transport
    session: Session
    decode: Decode
    """How its messages are decoded."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.id = f"connection-{secrets.token_hex(8)}"
        self.outgoing: list[bytes] = []
        """Frames that the Outbox has numbered and not yet flushed."""
        self.is_open = False
        """The upgrade is done and neither side has closed: frames may be sent."""
        self.wish = Wish()
        self.caller = Caller("")
        """Where its client says to be and what to be, as the audit trail tells it."""
        self.is_evicted = False
        """Another connection takes its session."""
        self.released = asyncio.Event()
        """It has let go of its session: everything that it had sent is in the inbox or answered."""
        self.opened_at = 0.0
        """Seconds since the platform's start."""
        self._pipeline = pipeline
        self._policies = pipeline.policies
        self._protocol = self._policies.wire.protocol()
        self._receiver = Receiver(self._policies.wire, self._protocol)
        self._head = Head(self._protocol)
        self._leaving = Leaving()
        self._news = asyncio.Event()
        self._payloads: Iterator[bytes] = iter(())
        """Messages that the pipeline has not taken yet,"""
        self._behind: Awaitable[object] | None = None
        """because it waits for this."""
        self.is_broken = False
        """TCP ended with an error, such as a reset."""
        self._gone = False
        self._eof = False
        self._is_consuming = False
        self._discarding = False
        self._stopped = False
        self._writing_paused = False
        self._reading_paused = False

    @property
    def is_ending(self) -> bool:
        """The client has closed or is gone; what it had sent before may still be on its way through the pipeline."""
        return self._client_left or self._receiver.is_over

    @property
    def is_kept_waiting(self) -> bool:
        """The client takes its replies, but too much of what it sent waits for judgement: more of it may lie unread."""
        return self._reading_paused and not self._writing_paused

    @property
    def is_stalled(self) -> bool:
        """Frames could be sent, but the client takes none: what it sent waits too, so that its replies cannot pile up."""
        return self._writing_paused and self.is_open

    async def relieved(self) -> None:
        """Returns when the client takes frames again, or none can be sent to it any more."""
        while self.is_stalled:
            self._news.clear()
            await self._news.wait()

    @property
    def peer(self) -> str:
        """Address and port at the other end."""
        return ":".join(map(str, (self.transport.get_extra_info("peername") or ("?", 0))[:2]))

    @property
    def _client_left(self) -> bool:
        """No more bytes can come."""
        return self._gone or self._eof

    # What the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A TCP connection was accepted."""
        self.transport = cast("asyncio.Transport", transport)  # a stream server makes no others; uvloop's is no subclass
        self.transport.set_write_buffer_limits(high=self._policies.wire.write_high_water)
        self._pipeline.host.spawn(self._live())

    def data_received(self, data: bytes) -> None:
        """Bytes came, cut anywhere."""
        if self._discarding:
            return
        if self._protocol.state is State.CONNECTING:
            self._head.data += data
        else:
            self._receiver.feed(data)
            self._send_protocol_data()
            while self._receiver.pongs:
                self._policies.heartbeat.answered(self, self._receiver.pongs.pop(0))
            if self._is_consuming:
                self._pipeline.host.guard(self._hand_over)
                if self._behind is None and not self._receiver.is_over:
                    return
        self._news.set()
        self._regulate()

    def eof_received(self) -> bool:
        """The client will send no more; what it sent is processed, then the connection ends."""
        self._eof = True
        self._news.set()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """The TCP connection is gone."""
        self.is_broken = exc is not None
        self._gone = True
        self.is_open = False
        self.outgoing.clear()
        self._news.set()

    def pause_writing(self) -> None:
        """The client does not read: stop reading from it, so that its replies cannot pile up."""
        self._writing_paused = True
        self._regulate()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._writing_paused = False
        self._news.set()
        self._regulate()

    # What the platform calls

    def flush(self) -> None:
        """Writes everything that the Outbox has put into ``outgoing``, at once."""
        data = self.outgoing[0] if len(self.outgoing) == 1 else b"".join(self.outgoing)
        self.outgoing.clear()
        if not self._gone:
            self._policies.wire.write(self.transport, data)

    def stop_reading(self) -> None:
        """Takes no further messages; what was received is still processed and answered."""
        self._stopped = True
        self._regulate()

    def close(self, code: int, reason: str) -> None:
        """Starts the closing handshake; what was received before is still processed."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code, reason)
            self._send_protocol_data()

    def evict(self) -> None:
        """Another connection takes the session: what was received is still processed, but nothing is sent any more, and no patience had."""
        if not self._client_left and self._receiver.closing is None:
            self.is_evicted = True
            self.close(4001, "taken over")
        self.is_open = False
        self._news.set()

    def ping(self, payload: bytes) -> None:
        """Sends a ping, if frames may be sent."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_ping(payload)
            self._send_protocol_data()

    def fail(self, code: int, reason: str) -> None:
        """Ends the connection without waiting for the client's consent; what was received before is still processed."""
        self._protocol.fail(code, reason)
        self._send_protocol_data()
        self._news.set()

    # The task

    async def _live(self) -> None:
        if await self._open():
            await self._consume()
            self._policies.heartbeat.closed(self)
            self._policies.tokens.closed(self)
            self.is_open = False
            await self._policies.sessions.close(self.session)
            self._policies.streams.left(self.session)
            self._pipeline.closed(self)
            self.released.set()
            await self._leave()
            self._pipeline.host.events.note("cleaned", self.session.user, self.session.id, self.id)
        else:
            await self._leave()

    async def _open(self) -> bool:
        """The handshake; returns whether the connection has a session now."""
        self._policies.gate.hesitant.began(self)
        try:
            request = await self._request()
            judged = await judge(request, self._policies, self.peer) if request is not None else None
            if isinstance(judged, Refusal) and not self._gone:
                self.transport.write(refused(judged))
            if not isinstance(judged, Admission | TurnedAway):
                return False
            response = self._protocol.accept(judged.request)
            if self._gone or response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
                self._protocol.send_response(response)
                self._send_protocol_data()
                return False
            if isinstance(judged, TurnedAway):
                self._protocol.send_response(response)
                self.close(*judged.farewell)
                return False
            self.wish, self.caller = judged.wish, judged.caller
            farewell = None if self._policies.sessions.replaces(judged.identity, self.wish) else self._policies.gate.crowded()
            if farewell is None:
                await self._join(judged.identity)
            self._protocol.send_response(response)
            self._send_protocol_data()
        finally:
            self._policies.gate.hesitant.ended(self)
        if farewell is not None:
            self.close(farewell.code, farewell.reason)
            return False
        self._greet()
        self._policies.tokens.opened(self, judged.identity)
        return True

    async def _request(self) -> Request | Refusal | None:
        """The request or what is wrong with it, once its head is complete; None when it never came."""
        while (request := self._head.request()) is None and not self._client_left:
            self._news.clear()
            await self._news.wait()
        return request

    async def _join(self, identity: Identity) -> None:
        """Takes its session, for which nobody else is there from now on; what the greeting will say of it is durable."""
        self.decode = self._policies.gate.paced(self._policies.codec.decode)
        self.session = await self._policies.sessions.open(identity, self)
        self.opened_at = self._pipeline.host.uptime()
        self._pipeline.opened(self)
        if self.session.kept is not None:
            await self._pipeline.transactions.committed()

    def _greet(self) -> None:
        policies, session = self._policies, self.session
        if self.is_evicted:
            self.close(4001, "taken over")
            return
        if self._pipeline.host.stage == STOPPING:
            self.close(1013, "the platform is going away, come back")
            return
        greeting = policies.sessions.greeting(session)
        missed = policies.outbox.missed(session, greeting["offset"])
        if missed is None:
            self.close(1013, "more was pushed meanwhile than is kept, come back")
            return
        self.is_open = not self._gone
        policies.outbox.greet(self, policies.wire.frame(policies.codec.encode(greeting)), missed)
        policies.outbox.deliver(session)
        policies.heartbeat.opened(self)
        if self._head.data:
            self._receiver.feed(bytes(self._head.data))
            self._head.data.clear()
            self._send_protocol_data()

    async def _consume(self) -> None:
        """Sees to it that every message comes to the pipeline, in order; ends when no more can come."""
        receiver = self._receiver
        self._is_consuming = True
        self._hand_over()
        while self._behind is not None or not self.is_ending:
            if self._behind is not None:
                await self._behind
                self._behind = self._pipeline.receive(self._payloads, self)
                self._hand_over()
                self._regulate()
            else:
                self._news.clear()
                await self._news.wait()
        self._policies.duplicates.connection_closed(self)
        self._policies.inbox.connection_closed(self)
        if self.is_open:
            await self._pipeline.settled(self.session.user)
        if receiver.closing is not None and self._protocol.state is State.OPEN:
            receiver.finish()
            self._send_protocol_data()

    def _hand_over(self) -> None:
        """Gives what was received to the pipeline, unless something earlier still waits."""
        if self._behind is None and self._receiver.messages:
            self._payloads, self._receiver.messages = iter(self._receiver.messages), []
            self._behind = self._pipeline.receive(self._payloads, self)

    # Bytes out, and the end

    def _send_protocol_data(self) -> None:
        for data in self._protocol.data_to_send():
            if self._gone:
                return
            if data:
                self._policies.wire.write(self.transport, data)
            else:
                self._leaving.half_close(self.transport)
        if self._protocol.state is not State.OPEN:
            self.is_open = False
            self._news.set()

    def _regulate(self) -> None:
        """Reads only while the client takes its replies and not too much waits for judgement."""
        if self._gone:
            return
        wanted = not self._discarding and (self._stopped or self._writing_paused or len(self._receiver.messages) > self._pipeline.host.config.message_buffer_size)
        if wanted != self._reading_paused:
            self._reading_paused = wanted
            with contextlib.suppress(RuntimeError):  # the transport is closing
                (self.transport.pause_reading if wanted else self.transport.resume_reading)()

    async def _leave(self) -> None:
        self._discarding = True
        if not self._gone:
            self._regulate()
            patience = EVICTED_PATIENCE if self.is_evicted else CLOSE_PATIENCE
            await self._leaving.end(self.transport, lambda: self._client_left, self._news, patience)
