"""Streams: answers that come in chunks, where they go on after a break, and how they end."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING

from reference_platform.messages import Fields, Invalid, StreamResume, StreamStart
from reference_platform.streaming.flow import SENT_AT_A_TIME, Limits, SessionStreams
from reference_platform.streaming.stream import Stream

from .port import Port

if TYPE_CHECKING:
    from reference_platform.host import Host
    from reference_platform.sessions.session import Session

RETRY_AFTER = 0.2
"""Seconds after which it is worth to ask for a slot again."""
REMEMBERED = 64
"""So many ended streams of a session can still be asked for."""


class Streams(Port):
    """Numbers the chunks of each stream 0, 1, 2, … and ends it with exactly one frame that tells the digest of the whole.

    A stream lives with its session. While nobody is there its agent goes on writing as far as there is room, and nothing is sent on a
    new connection before the client says from which chunk on. Chunks have no number of the session and are never among what it retains.
    """

    turn_bytes = SENT_AT_A_TIME
    """Bytes of one stream after which another one has its turn."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.sessions: dict[str, SessionStreams] = {}
        self.lost = 0
        """Chunks that nobody can have any more, since the start."""
        self._turns = 0
        self._limits: dict[str | None, Limits] = {}

    # Decisions

    def mint(self) -> str:
        """A new id; nobody can guess it."""
        return f"stream-{secrets.token_hex(12)}"

    def position(self, stream: Stream, index: int) -> int:
        """The chunk from which on a client is served that asks for this one."""
        return min(index, stream.chunks)

    def turn(self, ready: list[Stream]) -> Stream:
        """Which of these streams of one session is sent now; the correct one lets them take turns."""
        stream = min(ready, key=lambda one: one.turn)
        self._turns += 1
        stream.turn = self._turns
        return stream

    def next_frames(self, stream: Stream) -> list[bytes]:
        """The next chunk of a stream, a loss in its place, or its end; from here on that counts as sent."""
        if stream.sent >= stream.chunks:
            return [self.framed(stream, fields) for fields in self.end(stream)]
        last = stream.lost_at(stream.sent)
        if last is not None:
            told: Fields = {"type": "stream_lost", "stream_id": stream.id, "from": stream.sent, "to": last}
            stream.sent = last + 1
        else:
            told = self.chunk(stream, stream.sent)
            stream.sent += 1
        return [self.framed(stream, told)]

    def chunk(self, stream: Stream, index: int) -> Fields:
        """One chunk."""
        return {
            "type": "stream_chunk", "stream_id": stream.id, "index": index, "position": stream.position(index),
            "data": stream.data(index).decode(),
        }  # fmt: skip

    def end(self, stream: Stream) -> list[Fields]:
        """What a client gets behind the last chunk: one frame."""
        stream.is_at_end = True
        if stream.ended is None:
            stream.ended = self.host.clock.now()
            self._changed(stream)
            self.forget_ended(self.sessions[stream.session.id])
        return [{"type": "stream_end", "stream_id": stream.id, "chunks": stream.chunks, "bytes": stream.size, "digest": self.digest(stream)}]

    def digest(self, stream: Stream) -> str:
        """Of the whole."""
        return stream.digest()

    def room(self, group: SessionStreams, stream: Stream) -> bool:
        """Whether the agent may write one more chunk of this stream.

        What was sent is kept as long as nothing else needs the room. Where all of it is still to be sent the agent has to wait; or, if
        nobody is there and ``drop_oldest`` says so, its oldest chunks are lost, which its client is told in their place.
        """
        limits, size = self.limits(group.session.user), stream.description.chunk_bytes
        over = group.kept_bytes + size - limits.most_bytes
        for other in (stream, *group.streams.values()):
            while over > 0 and other.kept and other.first < other.sent:
                over -= len(other.kept[0])
                other.forget_first()
        if over > 0 and limits.overflow == "drop_oldest" and not group.session.is_live:
            while over > 0 and stream.kept:
                over -= len(stream.kept[0])
                self.lose(stream)
        return over <= 0

    def lose(self, stream: Stream) -> None:
        """The oldest chunk that is kept of a stream is lost, durably."""
        stream.lose(stream.first)
        stream.forget_first()
        self.lost += 1
        self._changed(stream)

    # From the pipeline

    async def start(self, request: StreamStart, session: Session) -> Fields:
        """The agent begins an answer; the first chunk leaves behind the answer to this."""
        group = self._group(session)
        limits = self.limits(session.user)
        stream = Stream.of(self.mint(), session, request.description)
        if group.unended >= limits.slots or (group.unended and not self.room(group, stream)):
            return self.full(request, limits)
        group.add(stream)
        self._changed(stream)
        self._flow_when_committed(group, stream, 0)
        return {
            "type": "stream_started", "request_id": request.request_id, "stream_id": stream.id, "kind": request.description.kind,
            "content_type": stream.content.content_type, "bytes": stream.size, "chunks": stream.chunks, "digest": None,
        }  # fmt: skip

    async def resume(self, request: StreamResume, session: Session) -> Fields:
        """A client that has come back says which chunk it wants next."""
        group = self._group(session)
        stream = group.streams.get(request.stream_id)
        if stream is None:
            return Invalid("unknown_stream", "this session has no such stream", request_id=request.request_id).answer()
        if stream.ended is not None and self.host.clock.now() > stream.ended + self.host.config.stream_window:
            self.drop(group, stream)
            return Invalid("stream_expired", "this stream has ended too long ago", request_id=request.request_id).answer()
        if not 0 <= request.chunk <= stream.chunks:
            reason = f"index must be from 0 to {stream.chunks}, not {request.chunk}"
            return Invalid("invalid_position", reason, request_id=request.request_id).answer()
        stream.connection = None
        self._flow_when_committed(group, stream, self.position(stream, request.chunk))
        return {
            "type": "stream_resumed", "request_id": request.request_id, "stream_id": stream.id, "index": request.chunk, "chunks": stream.chunks,
        }  # fmt: skip

    def full(self, request: StreamStart, limits: Limits) -> Fields:
        """Why there is no room for one more stream, and when it is worth asking again."""
        reason = f"a session has {limits.slots} streams at a time, of {limits.most_bytes} bytes together; try again later"
        return Invalid("too_many_streams", reason, request_id=request.request_id).answer() | {"retry_after": RETRY_AFTER}

    # From sessions and their connections

    def left(self, session: Session) -> None:
        """The connection of a session has ended; its agents go on writing."""
        group = self.sessions.get(session.id)
        if group is None:
            return
        if session.kept is None:
            self.over(session)
            return
        group.halt()
        self._all_changed(group)

    def over(self, session: Session) -> None:
        """Nobody can come back to this session: nothing is kept of its streams."""
        group = self.sessions.pop(session.id, None)
        if group is not None:
            group.end()

    def recovered(self, streams: Iterable[Stream]) -> None:
        """Called once at the start with the streams of earlier processes: their agents go on."""
        for stream in streams:
            self._group(stream.session).add(stream)

    def stop(self) -> None:
        """The platform ends: how far each stream has come is to be stored."""
        for group in self.sessions.values():
            self._all_changed(group)

    # From control

    def limits(self, user: str | None) -> Limits:
        """What a session of this user may have."""
        return self._limits.get(user) or self._limits.get(None) or self.configured

    @property
    def configured(self) -> Limits:
        """As the configuration says."""
        config = self.host.config
        return Limits(config.stream_bytes, config.stream_overflow, config.max_streams)

    def limit(self, user: str | None, limits: Limits) -> None:
        """Other limits for one user, or for everybody who has none of their own."""
        self._limits[user] = limits
        for group in self.sessions.values():
            group.changed()

    # How

    def framed(self, stream: Stream, fields: Fields) -> bytes:
        """A frame of a stream as it goes onto the wire."""
        fields["session_id"], fields["epoch"] = stream.session.id, stream.session.epoch
        policies = self.host.policies
        return policies.wire.frame(policies.codec.encode(fields))

    def _group(self, session: Session) -> SessionStreams:
        if session.id not in self.sessions:
            self.sessions[session.id] = SessionStreams(self.host, session)
        return self.sessions[session.id]

    def _flow_when_committed(self, group: SessionStreams, stream: Stream, index: int) -> None:
        """Chunks follow behind the answer that announces them, which leaves after its commit."""
        connection = group.session.connection

        async def flow() -> None:
            await self.host.transactions.committed()
            await self.host.policies.outbox.left(group.session)
            if group.session.connection is connection and stream.id in group.streams:
                group.flow(stream, index, connection)

        self.host.spawn(flow())

    def _changed(self, stream: Stream) -> None:
        if stream.session.kept is not None:
            self.host.transactions.stream_changed(stream)

    def _all_changed(self, group: SessionStreams) -> None:
        for stream in group.streams.values():
            self._changed(stream)

    def forget_ended(self, group: SessionStreams) -> None:
        """Of very many ended streams the oldest can be asked for no more."""
        ended = [stream for stream in group.streams.values() if stream.ended is not None]
        for stream in ended[:-REMEMBERED]:
            self.drop(group, stream)

    def drop(self, group: SessionStreams, stream: Stream) -> None:
        """Nobody can ask for this stream any more."""
        group.drop(stream)
        self._changed(stream)
