"""One connection of a load phase: handshake, batched writes with bounded buffers, and every reply into its tally at once."""

from __future__ import annotations

import asyncio
import ssl
from itertools import repeat
from time import monotonic, time
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.frames import CloseCode
from websockets.protocol import State
from websockets.uri import parse_uri

from ...checks.events import Kind
from ...targets.mapping import Adapter
from ..handshake import ADVICE, CLOSE_WITHIN, Refused
from .codec import Encode, encoder, stamp
from .frames import Receiver, how_it_ended, masked_text
from .tally import Tally

if TYPE_CHECKING:
    from .columns import Columns
    from .plan import Command, Door
    from .traffic import Mix, Traffic

MOST_HEAD = 131_072
"""Bytes of the answer to a handshake."""
WRITE_BUFFER = 65_536
"""Bytes that may wait for the socket; above it nothing more is sent until it has taken them."""
AT_ONCE, TURN = 64, 8
"""Messages in one write, and writes between two looks at the loop."""


class Lane(asyncio.Protocol):
    """Opens, sends what it is told to, checks what arrives. ``traffic`` says how many more messages it may send."""

    transport: asyncio.Transport

    def __init__(self, door: Door, command: Command, *, adapter: Adapter, tally: Tally, columns: Columns, traffic: Traffic) -> None:
        self.door, self.number = door, door.number  # the number is asked for every message; a model's attribute costs more
        self.tally = tally
        self.owed = 0
        """Messages that are due and not sent: the socket takes no more, or there was no turn yet."""
        self.closed: str | None = None
        """How the connection ended, once it has."""
        self._ending = False
        self._settings = command.file.connect
        self._adapter = adapter
        self._columns = columns
        self._traffic = traffic
        self._mix, self._due = traffic.mix, traffic.intended
        self._encoders: dict[tuple[int, bool], Encode] = {}
        self._plain = self._encoder(1, urgent=False)
        self._wall = time() - monotonic()
        self._may_send = False
        self._protocol = ClientProtocol(parse_uri(door.url), subprotocols=list(door.subprotocols) or None,  # type: ignore[arg-type]
                                        max_size=command.file.connect.max_size)
        self._receiver = Receiver(self._protocol, command.file.connect.max_size)
        self._head: bytearray | None = bytearray()
        self._paused = self._was_paused = False
        self._ready, self._gone = asyncio.Future[None](), asyncio.Future[None]()

    # opening

    async def open(self, tls: ssl.SSLContext | None) -> None:
        """Connects and waits until the target says that it is ready; raises Refused otherwise."""
        place = self.door.url.split("?")[0]
        parts = urlsplit(self.door.url)
        try:
            async with asyncio.timeout(self._settings.within):
                await asyncio.get_running_loop().create_connection(
                    lambda: self, parts.hostname or "", parts.port or (443 if parts.scheme == "wss" else 80), ssl=tls)
                await self._ready
        except TimeoutError:
            self.abort()
            raise Refused(f"it did not open {place} within {self._settings.within:g} s") from None
        except OSError as error:
            raise Refused(f"no connection to {place} ({error.strerror or type(error).__name__})") from None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP is there: asks for the upgrade."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=WRITE_BUFFER)
        request = self._protocol.connect()
        for name, value in self.door.headers.items():
            request.headers[name] = value
        self._protocol.send_request(request)
        self._flush_protocol()

    def _answered(self, data: bytes) -> bytes:
        """Takes the answer to the handshake; returns what came behind it."""
        head = cast("bytearray", self._head)
        head += data
        end = head.find(b"\r\n\r\n")
        if end < 0 and len(head) <= MOST_HEAD:
            return b""
        self._head = None
        status = head.split(b" ", 2)[1:2]
        if end < 0 or not head.startswith(b"HTTP/1.1 ") or not status[0].isdigit():
            self._refused("what it answered is not a WebSocket handshake")
        elif status[0] != b"101":
            self._refused(f"it answered the handshake with HTTP {status[0].decode()}{ADVICE.get(int(status[0]), '')}")
        else:
            self._protocol.receive_data(bytes(head[: end + 4]))
            self._protocol.events_received()
            if self._protocol.handshake_exc is not None:
                self._refused(f"what it answered is not a WebSocket handshake ({self._protocol.handshake_exc})")
            if self.door.hello is not None and self.is_open:
                self.transport.write(masked_text([self.door.hello.encode()]))
            if self._settings.ready is None and self.is_open:
                self._opened()
            return bytes(head[end + 4 :])
        return b""

    def _greeted(self, payloads: list[bytes]) -> list[bytes]:
        """Looks for the message that says *ready*; returns what came behind it."""
        for position, payload in enumerate(payloads):
            for decoded in self._adapter.decode(payload):
                if decoded.kind is Kind.CONNECTED:
                    self.tally.next_offset = None if decoded.offset is None else decoded.offset + 1
                    self._opened()
                    return payloads[position + 1 :]
        return []

    def _opened(self) -> None:
        self._may_send = True
        if not self._ready.done():
            self._ready.set_result(None)

    def _refused(self, how: str) -> None:
        if not self._ready.done():
            self._ready.set_exception(Refused(self._without_secret(how)))
        self.transport.abort()

    # receiving

    def data_received(self, data: bytes) -> None:
        """Bytes came, cut anywhere."""
        arrived = monotonic()
        if self._head is not None:
            data = self._answered(data)
            if not data or self._head is not None:
                return
        payloads = self._receiver.feed(data)
        if payloads and not self._ready.done():
            payloads = self._greeted(payloads)
        if payloads:
            ended = self.tally.took(payloads, arrived)
            if ended:
                self._traffic.ended(self, ended)
        if self._receiver.had_slow:
            self._flush_protocol()

    def _flush_protocol(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self.transport.write(data)
            elif self.transport.can_write_eof():
                self.transport.write_eof()
        if self._receiver.is_over and self._head is None and not self._ending:
            self._note_end()

    def _note_end(self) -> None:
        """The server closes, or broke a rule: nothing more is sent, and the TCP connection must end soon."""
        self.closed = self.closed or self._without_secret(how_it_ended(self._protocol))
        self._end_soon()

    def _without_secret(self, text: str) -> str:
        return text.replace(self.door.secret, "<token>") if self.door.secret else text

    def _end_soon(self) -> None:
        self._ending, self._may_send = True, False
        asyncio.get_running_loop().call_later(CLOSE_WITHIN, self.abort)

    def eof_received(self) -> bool:
        """The server will send no more."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - either way it is gone
        """The TCP connection is gone."""
        self._may_send = False
        if self.closed is None:
            self.closed = "broken off by the target without a closing handshake (code 1006)"
        if not self._ready.done():
            self._ready.set_exception(Refused(f"the connection was {self.closed} before it was ready"))
            self._ready.exception()  # whoever waited may have given up already
        if not self._gone.done():
            self._gone.set_result(None)
        self._traffic.gone(self)

    # sending

    @property
    def is_open(self) -> bool:
        """Messages may be sent."""
        return self._protocol.state is State.OPEN and self.closed is None

    def pause_writing(self) -> None:
        """The socket takes no more."""
        self._paused = self._was_paused = True

    def resume_writing(self) -> None:
        """It takes again: what fell due meanwhile goes first."""
        self._paused = False
        self.pay()

    def owe(self, count: int) -> None:
        """So many more messages are due now."""
        self.owed += count
        if self.owed == count and not self._paused:
            self.pay()

    def pay(self) -> None:
        """Sends what is due, as far as the socket takes it, and looks at the loop in between."""
        budget = TURN
        while self.owed and self._may_send and not self._paused:
            if not budget:
                asyncio.get_running_loop().call_soon(self.pay)
                return
            budget -= 1
            count = min(self.owed, AT_ONCE)
            self.owed -= count
            self._send(count)
        if not self.owed and not self._paused:
            self._was_paused = False

    def _send(self, count: int) -> None:
        """Sends the next messages in one write."""
        tally, now = self.tally, monotonic()
        first = tally.sent
        tally.sent += count
        due = self._due(self, first, count)
        if self._was_paused:
            self._columns.held_up += count
        elif due is not None:
            note = self._columns.lags.append
            for intended in due:
                note(int((now - intended) * 1e6))
        prefix, waiting, mix = tally.prefix, tally.waiting, self._mix
        ids, payloads, number = [], [], first
        for intended in due or repeat(now, count):
            message_id = f"{prefix}{number}"
            if mix is None:
                waiting[message_id] = (number, False, intended, now)
                ids.append(message_id)
            else:
                payloads += self._mixed(mix, number, message_id, intended, now)
            number += 1
        self.transport.write(masked_text(payloads or self._plain(ids, first, stamp(now + self._wall))))

    def _mixed(self, mix: Mix, number: int, message_id: str, intended: float, now: float) -> list[bytes]:
        """A message that may be urgent, and its copy if it has one."""
        urgent, at = mix.is_urgent(number), stamp(now + self._wall)
        self.tally.waiting[message_id] = (number, urgent, intended, now)
        frames = self._encoder(1, urgent=urgent)([message_id], number, at)
        if mix.is_repeated(number):
            self.tally.copies[message_id] = 1
            self._columns.copies_sent += 1
            frames += self._encoder(2, urgent=urgent)([message_id], number, at)
        return frames

    def ask(self, question: str, request_id: str) -> bool:
        """Asks the target something, if the socket takes it; the answer goes into the tally."""
        can = self.is_open and not self._paused
        if can:
            self.transport.write(masked_text([self._adapter.ask(question, request_id)]))
        return can

    def _encoder(self, attempt: int, *, urgent: bool) -> Encode:
        found = self._encoders.get((attempt, urgent))
        if found is None:
            constant = {"attempt": attempt, "priority": "high" if urgent else None, "user": self.door.user, "client": f"load-{self.door.number}"}
            found = self._encoders[attempt, urgent] = encoder(self._adapter, self._columns.contents, constant)
        return found

    # closing

    async def close(self) -> None:
        """Closes in the orderly way; a connection that does not end in time is dropped."""
        if self.is_open:
            self.closed = "closed by us"
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self._flush_protocol()
            if not self._ending:
                self._end_soon()
        if hasattr(self, "transport"):
            await self._gone

    def give_up(self) -> None:
        """Drops a connection that takes nothing and says nothing; what it owes stays unsent."""
        self.closed = "dropped by us: it neither took nor answered anything any more"
        self.abort()

    def abort(self) -> None:
        """Drops the connection."""
        if hasattr(self, "transport"):
            self.transport.abort()
