"""How streams of one session move: their agents write as long as there is room, and what is written goes onto the connection."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from reference_platform.connections.connection import Connection
    from reference_platform.host import Host
    from reference_platform.policies.streams import Streams
    from reference_platform.sessions.session import Session

    from .stream import Stream

WRITTEN_AT_A_TIME = 65_536
"""Bytes that an agent writes before others of the loop have their turn."""
SENT_AT_A_TIME = 16_384
"""Bytes after which others of the loop have their turn."""


class Limits(NamedTuple):
    """What the streams of one session may take together."""

    most_bytes: int
    """Bytes of chunks that are kept."""
    overflow: str
    """What happens when nobody is there and no more fits: ``stop`` or ``drop_oldest``."""
    slots: int
    """Streams whose last frame was not sent yet."""


class SessionStreams:
    """All streams of one session, by id."""

    def __init__(self, host: Host, session: Session) -> None:
        self.session = session
        self.streams: dict[str, Stream] = {}
        self._host = host
        self._news = asyncio.Event()
        """There is more to send, or the connection has changed."""
        self._room = asyncio.Event()
        """Something was sent or forgotten: there may be room again."""
        self._sender: asyncio.Task[None] | None = None
        self._on: Connection | None = None
        """The connection that the sender writes to."""

    @property
    def kept_bytes(self) -> int:
        """Bytes of all chunks that are kept."""
        return sum(stream.kept_bytes for stream in self.streams.values())

    @property
    def unended(self) -> int:
        """Streams that take a slot."""
        return sum(stream.ended is None for stream in self.streams.values())

    def add(self, stream: Stream) -> None:
        """Its agent begins to write, or goes on."""
        self.streams[stream.id] = stream
        if stream.ended is None:
            stream.writing = self._host.spawn(self._write(stream))

    def drop(self, stream: Stream) -> None:
        """It is over: nothing of it is kept."""
        stream.is_over = True
        del self.streams[stream.id]
        if stream.writing is not None:
            stream.writing.cancel()
        self.changed()

    def flow(self, stream: Stream, index: int, connection: Connection) -> None:
        """From now on this stream is sent on this connection, from this chunk on."""
        stream.connection, stream.sent, stream.is_at_end = connection, index, False
        if self._on is not connection:
            self._on = connection
            self._sender = self._host.spawn(self._send(connection))
        self.changed()

    def halt(self) -> None:
        """Nobody is there any more: nothing is sent until somebody asks for it."""
        self._on = None
        for stream in self.streams.values():
            stream.connection = None
        self.changed()

    def changed(self) -> None:
        """Whoever waits looks again: what may be sent, or how much may be kept, is another."""
        self._news.set()
        self._room.set()

    def end(self) -> None:
        """The session is over."""
        self.halt()
        for stream in list(self.streams.values()):
            self.drop(stream)

    async def _write(self, stream: Stream) -> None:
        """What an agent does: one chunk after the other, at its own pace, while there is room."""
        at_a_time = max(1, WRITTEN_AT_A_TIME // stream.description.chunk_bytes)
        while not stream.is_summed:
            stream.add_to_sum(at_a_time)
            await asyncio.sleep(0)
        rate, due = stream.description.chunks_per_second, monotonic()
        while stream.written < stream.chunks:
            if rate is not None:
                await asyncio.sleep(max(0.0, due - monotonic()))
                due = max(due, monotonic() - 1 / rate) + 1 / rate
            elif stream.written % at_a_time == 0:
                await asyncio.sleep(0)
            while not self._port.room(self, stream):
                stream.has_no_room = True
                self._room.clear()
                await self._room.wait()
            stream.has_no_room = False
            stream.write()
            self._news.set()

    async def _send(self, connection: Connection) -> None:
        """Sends what is written, for as long as this connection takes it."""
        while self._on is connection and connection.is_open:
            if connection.is_stalled:
                await connection.relieved()
                continue
            ready = [stream for stream in self.streams.values() if stream.connection is connection and stream.has_more]
            if not ready:
                self._news.clear()
                await self._news.wait()
                continue
            self._send_some(ready, connection)
            self._room.set()
            await asyncio.sleep(0)

    def _send_some(self, ready: list[Stream], connection: Connection) -> None:
        """One turn of one stream."""
        port, size = self._port, 0
        stream = port.turn(ready)
        while stream.has_more and size < port.turn_bytes:
            for frame in port.next_frames(stream):
                connection.outgoing.append(frame)
                size += len(frame)
        if connection.outgoing:
            connection.flush()

    @property
    def _port(self) -> Streams:
        return self._host.policies.streams
