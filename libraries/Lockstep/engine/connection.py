"""One TCP connection with a WebSocket on it: whatever arrives is in the journal before anybody asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import repeat
from time import monotonic
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from ..checks.events import Event, Kind
from ..checks.streams import BEGINS
from ..errors import UsageError
from ..faults.route import Route
from ..targets.connect import Connect
from ..targets.mapping import Adapter, Decoded
from .asking import Questions
from .ending import how_it_ended, in_words
from .handshake import Address, Refused, handshake
from .journal import Journal
from .outcomes import Disconnected
from .pongs import AnsweringConnection, Pongs
from .received_streams import STREAMED, ReceivedStreams
from .session import SessionState
from .signal import Signal

SETTLES = frozenset({Kind.REPLY, Kind.DUPLICATE, Kind.REFUSED})
"""Kinds that end an attempt; an acknowledgement (accepted) does not."""
NOTED = "stream", "index"
"""What the journal keeps of what a question says."""
UNREMARKABLE: Iterable[None] = repeat(None)


class Connection:
    """Opens, reads without pause, sends, closes. Used by the loop thread only."""

    def __init__(
        self, number: int, client: str, user: str, journal: Journal, adapter: Adapter, *, secret: str = "",
        session: SessionState | None = None, unanswered: dict[str, None] | None = None, streams: ReceivedStreams | None = None,
        pongs: Pongs | None = None,
    ) -> None:
        self.number = number
        self.client = client
        self.user = user
        self.journal = journal
        self.adapter = adapter
        self.session = SessionState() if session is None else session
        """What the client remembers from one connection to the next."""
        self.unanswered = {} if unanswered is None else unanswered
        """Messages of this client of unknown fate, in the order in which they became so; an answer on any connection takes them off."""
        self.streams = ReceivedStreams(client) if streams is None else streams
        """Answers that come in chunks; they go on with the next connection."""
        self.pongs = Pongs() if pongs is None else pongs
        """How pings of the target are answered."""
        self.changed = Signal()
        self.all_answered = Signal()
        self.ended = asyncio.Event()
        self.outstanding: dict[tuple[str, int], int | None] = {}
        """Attempts that wait for an answer, and the sequence id that each was sent with."""
        self.questions = Questions(client)
        self.reads = True
        self.hello: Event | None = None
        self.close_event: Event | None = None
        self.closed_by_us = False
        self.last_arrival = 0.0
        self.sent = 0
        self.settled_after: int | None = None  # how much had been sent when the last barrier was reached
        self._early = 0
        self._pings = 0
        self._secret = secret
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    # opening

    async def open(
        self, settings: Connect, address: Address, hello: bytes | None = None, *, route: Route | None = None, source: str | None = None,
        noted: Mapping[str, Any] | None = None, compressed: bool = False,
    ) -> None:
        """Connects, says ``hello``, and waits until the target says that it is ready; raises Refused otherwise.

        ``noted`` is what the journal shall keep of this try, beside how it ended.
        """
        self._note(Kind.CONNECT, details=noted)
        try:
            self._socket = await handshake(settings, address, route=route, source=source, compressed=compressed,
                                           made_by=partial(AnsweringConnection, pongs=self.pongs, note=self._pinged))
            self._reader = asyncio.create_task(self._read(self._socket))
            if hello is not None:
                await self._greet(self._socket, hello)
            await self._ready(settings)
        except Refused as refusal:
            self._note(Kind.CONNECT_FAILED, details={**(noted or {}), "reason": str(refusal), **({"way": refusal.way} if refusal.way else {})})
            raise
        except BaseException:  # cancelled by a test time-out: nobody else knows of this socket
            if self._socket is not None:
                self._socket.transport.abort()
            raise

    async def _greet(self, socket: ClientConnection, hello: bytes) -> None:
        try:
            await self._put(socket, [hello])
        except Disconnected:
            raise Refused(f"it closed the connection before it was ready ({self.how_closed()})") from None

    async def _ready(self, settings: Connect) -> None:
        if settings.ready is None:
            self._greeted(self._note(Kind.CONNECTED, details={}))
            return
        deadline = monotonic() + settings.ready.within
        while self.hello is None and self.close_event is None:
            if not await self.changed.wait(deadline - monotonic()):
                await self.close()
                raise Refused(f"it opened the connection but did not say within {settings.ready.within:g} s that it is ready (see 'connect.ready' in its file)")
        if self.hello is None:
            details = (self.close_event.details if self.close_event else None) or {}
            raise Refused(f"it closed the connection before it was ready ({self.how_closed()})", way=f"close {details.get('code')}")

    # reading

    async def _read(self, socket: ClientConnection) -> None:
        decode, clock, check_room = self.adapter.decode, self.journal.clock, self.journal.check_room
        try:
            while True:
                data = await socket.recv(decode=False)
                arrived = clock()
                check_room()
                for decoded in decode(data):
                    (self._streamed if decoded.kind in STREAMED else self._arrived)(decoded, arrived)
                self.changed.raised()
        except ConnectionClosed as closed:
            self._ended(*how_it_ended(closed, by_us=self.closed_by_us))
        except UsageError as full:
            socket.transport.abort()
            self._ended(1006, str(full), "us")

    def _arrived(self, decoded: Decoded, arrived: float) -> None:
        kind, message_id, attempt, sequence_id, offset, digest, details = decoded
        index = self.journal.write(
            kind, self.client, self.number, self.user, message_id, attempt, sequence_id, offset, digest, None, details, time=arrived
        )
        if offset is not None and kind is not Kind.CONNECTED:
            if self.hello is None:  # a target may send what was missed in front of its greeting, which says what these numbers belong to
                self._early = max(self._early, offset)
                self.session.numbered(offset, details)
            elif offset > self.session.offset:
                self.session.offset = offset
        if kind in SETTLES:
            if message_id is not None:
                self._settle(message_id, attempt)
            if not self.outstanding:
                self.all_answered.raised()
        elif kind is Kind.ANSWER or (kind is Kind.ERROR and message_id is not None):
            self._answered(self.journal.events[index])
            return  # who asks all the time gets answers all the time: that says nothing about messages
        elif kind is Kind.CONNECTED:
            self._greeted(self.journal.events[index])
        self.last_arrival = arrived

    def _streamed(self, decoded: Decoded, arrived: float) -> None:
        """A part of a stream: beside the numbered messages, and no sign that one of them is still under way."""
        kind, stream, _, number, _, digest, details = decoded
        kept = self.streams.took(kind, stream, number, dict(details or {}), arrived)
        self.journal.write(kind, self.client, self.number, self.user, stream, None, number, None, digest, None, kept, time=arrived)

    def _answered(self, answer: Event) -> None:
        said = answer.details or {}
        if said.get("question") == BEGINS:
            self.streams.begun(said.get("fields") or {})
        self.questions.answered(answer)

    def _greeted(self, hello: Event) -> None:
        self.hello = hello
        self.session.greeted(hello, self._early)  # before anything else is read: what follows counts from the offset that it names

    def _settle(self, message_id: str, attempt: int | None) -> None:
        """Takes an attempt off the list of those that wait, and its message off those of unknown fate."""
        if self.unanswered:
            self.unanswered.pop(message_id, None)
        if attempt is not None:
            self.outstanding.pop((message_id, attempt), None)
        else:  # a target that does not echo attempts
            oldest = next((key for key in self.outstanding if key[0] == message_id), None)
            if oldest is not None:
                del self.outstanding[oldest]

    def _ended(self, code: int, reason: str, by: str) -> None:
        if self._secret:  # a target may repeat our token in its reason
            reason = reason.replace(self._secret, "<token>")
        self.close_event = self._note(Kind.CLOSE, details={"code": code, "reason": reason, "by": by})
        for (message_id, attempt), sequence_id in self.outstanding.items():
            self._note(Kind.SEND_UNKNOWN, message_id, attempt, sequence_id)
            self.unanswered[message_id] = None
        self.outstanding.clear()
        for request in self.questions.never_answered(self.how_closed()):
            self._note(Kind.QUERY_UNKNOWN, request)
        self.changed.raised()
        self.all_answered.raised()
        self.ended.set()

    # sending

    async def send(
        self, messages: Sequence[Mapping[str, Any]], digests: Sequence[str], intended: float | None = None, *,
        details: Iterable[Mapping[str, Any] | None] = UNREMARKABLE, missing: str = "", in_one_segment: bool = False,
        frames: Sequence[bytes] | None = None,
    ) -> tuple[float, float]:
        """Sends messages in order, ``in_one_segment`` as far as their size allows; returns when the first and the last was written down.

        ``details`` are what the journal shall keep of each message beside its identity; ``frames`` how they look, where not as usual.
        """
        socket = await self._usable()
        self.journal.check_room()
        encode, write, clock = self.adapter.encode, self.journal.write, self.journal.clock
        frames = frames or [encode({**message, missing: None} if missing else message) for message in messages]
        written: list[float] = []
        for message, digest, noted in zip(messages, digests, details, strict=False):
            key = (message["message_id"], message["attempt"])
            sequence_id = message.get("sequence_id")
            written.append(clock())
            write(Kind.SEND, self.client, self.number, self.user, *key, sequence_id, None, digest, intended, noted, time=written[-1])
            self.outstanding[key] = sequence_id
            if self.unanswered:  # sent again, so that there can be an answer again
                self.unanswered.pop(key[0], None)
        self.sent += len(frames)
        await self._put(socket, frames, in_one_segment=in_one_segment)
        return written[0], written[-1]

    async def _put(self, socket: ClientConnection, frames: Sequence[bytes], *, in_one_segment: bool = False) -> None:
        try:
            async with socket.send_context():
                for frame in frames:
                    socket.protocol.send_text(frame)
                if in_one_segment:
                    socket.transport.write(b"".join(socket.protocol.data_to_send()))
        except ConnectionClosed:
            raise await self._gone() from None

    async def say(self, texts: Sequence[str]) -> None:
        """Sends texts that are no messages, as they are; each is in the journal as a mark."""
        socket = await self._usable()
        for text in texts:
            self.mark(broken=text)
        await self._put(socket, [text.encode() for text in texts])

    async def say_malformed(self, fragments: Sequence[bytes], noted: Mapping[str, Any], *, binary: bool = False) -> None:
        """Sends one message that the target has to refuse, in one frame or several; it is in the journal as a mark."""
        socket = await self._usable()
        begin, last = (socket.protocol.send_binary if binary else socket.protocol.send_text), len(fragments) - 1
        self.mark(**noted)
        try:
            async with socket.send_context():
                begin(fragments[0], fin=not last)
                for number, fragment in enumerate(fragments[1:], 1):
                    socket.protocol.send_continuation(fragment, fin=number == last)
        except ConnectionClosed:
            raise await self._gone() from None

    async def ask(self, question: str, request_id: str, within: float | None, values: Mapping[str, Any]) -> Event:
        """Asks a question and returns the event of its answer, matched by request id."""
        socket = await self._usable()
        frame = self.adapter.ask(question, request_id, values)
        future = self.questions.asked(request_id)
        self._note(Kind.QUERY, request_id, details={"question": question, **{name: values[name] for name in NOTED if name in values}})
        await self._put(socket, [frame])
        return await self.questions.answer(question, future, within)

    async def ping(self) -> asyncio.Future[float]:
        """Sends a ping and returns what completes with its pong; both are in the journal."""
        socket = await self._usable()
        self._pings += 1
        name = f"ping {self._pings}"
        self._note(Kind.PING, name)
        try:
            pong = asyncio.ensure_future(await socket.ping(name))
        except ConnectionClosed:
            raise await self._gone() from None
        pong.add_done_callback(lambda future: self._ponged(name, future))
        return pong

    def _ponged(self, name: str, pong: asyncio.Future[float]) -> None:
        if not pong.cancelled() and pong.exception() is None:
            self._note(Kind.PONG, name, details={"took": pong.result()})

    def _pinged(self, kind: Kind, ping: str) -> None:
        """The target has pinged, or was answered; quiet where the journal is full: whoever reads is told of that."""
        if self.journal.has_room:
            self._note(kind, ping)
            self.changed.raised()

    def mark(self, **details: Any) -> None:
        """Writes into the journal what was done or seen at this moment, beside all messages."""
        self._note(Kind.MARK, details=details)

    # reading or not

    async def read_on(self, *, reads: bool) -> None:
        """Leaves unread whatever the target sends from now on, as a program does that hangs; or reads again."""
        transport = (await self._usable()).transport
        if self.reads is not reads:
            self.reads = reads
            self.mark(reads=reads)
            (transport.resume_reading if reads else transport.pause_reading)()

    # closing

    async def close(self, code: int = 1000) -> None:
        """Closes in the orderly way and waits until the end is in the journal."""
        if self._socket is None or self._reader is None:
            return
        if self.close_event is None:
            await self.read_on(reads=True)  # else the target's answer to the close would never be seen
        self.closed_by_us = self.close_event is None
        await self._socket.close(code)
        await self._reader

    async def drop(self) -> None:
        """Gives the connection up without a word, for a path on which nothing comes through any more; its end is in the journal."""
        if self._socket is None or self._reader is None:
            return
        if self.close_event is None:
            self.closed_by_us = True
            self._socket.transport.abort()
        await self._reader

    @property
    def is_open(self) -> bool:
        """True from ready to closed."""
        return self.hello is not None and self.close_event is None

    def how_closed(self) -> str:
        """Who closed it and with which code, in words."""
        return in_words(self.close_event)

    async def _usable(self) -> ClientConnection:
        if self._socket is None or self.close_event is not None:
            raise await self._gone()
        return self._socket

    async def _gone(self) -> Disconnected:
        """The error that says how the connection ended, once the reader has seen the end."""
        if self._reader is not None:
            await self._reader
        return Disconnected(f"the connection of {self.client} was {self.how_closed()}")

    def _note(self, kind: Kind, message_id: str | None = None, attempt: int | None = None, sequence_id: int | None = None, *,
              details: Mapping[str, Any] | None = None) -> Event:
        index = self.journal.write(kind, self.client, self.number, self.user, message_id, attempt, sequence_id, None, None, None, details)
        return self.journal.events[index]
