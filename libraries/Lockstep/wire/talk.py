"""One row of the table over one TCP connection: what is written, what comes back, and how it ended."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Literal

from .frames import CLOSE, NO_CODE, PING, PONG, TEXT, ClientFrame, ServerFrame, server_frames
from .place import ACCEPT, Place, fresh_name
from .table import Row, Sending

READY, PROBE = b"lockstep: ready?", b"lockstep: alive?"
GRACE = 1.0
"""s that a server may go on answering pings before it has looked at what it must refuse."""
Wait = Literal["answer", "end", ""]
SHOWN_BYTES, SHOWN_LINES = 32, 24
HANDSHAKE_END = b"\r\n\r\n"
_GONE = (ConnectionError, ssl.SSLError)


SIMPLE = Row(row="a simple message", family="framing", rfc="5.2", send=[Sending(text="{message}")], expect="understood")


@dataclass(slots=True)
class Seen:
    """What a server did about one row."""

    way: str = ""
    """``answered``, ``alive``, ``close 1002``, ``close none``, ``dropped``, ``http 400``, ``silent`` or ``garbage``."""
    pongs: list[bytes] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    """What went over the wire, in hexadecimal and in words."""
    why: str = ""
    """What was wrong with what the server sent."""

    def show(self, arrow: str, words: object, octets: bytes) -> None:
        """Adds a line, as long as there are not too many."""
        if len(self.lines) < SHOWN_LINES:
            more = f" … ({len(octets):,} B)" if len(octets) > SHOWN_BYTES else ""
            self.lines.append(f"{arrow} {words}   {octets[:SHOWN_BYTES].hex(' ')}{more}")
        elif len(self.lines) == SHOWN_LINES:
            self.lines.append("… and more")


def try_row(place: Place, row: Row, waits_for: Wait) -> Seen:
    """Tries one row on a connection of its own.

    A pong shows that the connection has survived. Then an ``answer`` to the message is waited for, or for a while the ``end`` of the connection,
    since a server may look at what it got later than it answers pings.
    """
    with place.connect() as raw:
        return _Talk(place, row, raw, waits_for).run()


class _Talk:
    """The course of one row."""

    def __init__(self, place: Place, row: Row, raw: socket.socket, waits_for: Wait) -> None:
        self._place, self._row, self._raw = place, row, raw
        self._seen = Seen()
        self._waits_for = waits_for
        self._name = fresh_name()
        self._greeting = place.greeting
        self._data = bytearray()
        self._deadline = 0.0
        self._is_answered = False

    def run(self) -> Seen:
        """Handshake, frames, and what comes of them."""
        row, seen = self._row, self._seen
        frames = row.frames(self._place.message(self._name))
        request = self._place.request(row.request)
        self._show_request(request)
        written = b"".join(frame.octets for frame in self._told(frames))  # at once: a server that has closed may answer a late write with a reset
        if row.together:
            self._write(request + written)
        else:
            self._write(request, ahead=True)
        if not self._upgraded():
            return seen
        if not row.together:
            if not self.is_ready():
                return seen
            self._write(written)
        self._observe()
        return seen

    def is_welcome(self) -> bool:
        """The handshake, and a first ping."""
        self._write(self._place.request(None), ahead=True)
        return self._upgraded() and self.is_ready()

    def _told(self, frames: list[ClientFrame]) -> list[ClientFrame]:
        """All that is written, with a ping behind it whose pong shows that the connection has survived it."""
        if not any(frame.ends_the_talk for frame in frames) and not self._row.half_close:
            frames = [*frames, ClientFrame(PING, PROBE)]
        for frame in frames:
            self._seen.show("→", frame, frame.octets)
        return frames

    def _show_request(self, request: bytes) -> None:
        names = [line.partition(b":")[0].decode() for line in request.split(b"\r\n")[1:-2]]
        self._seen.lines.append(f"→ {self._row.request.method if self._row.request else 'GET'} with {', '.join(names)}")  # values may be secret

    def _write(self, data: bytes, *, ahead: bool = False) -> None:
        """Writes, in the portions that the row asks for; the server may have ended the connection already."""
        self._deadline = monotonic() + self._place.patience
        portion = self._row.cut or len(data) or 1
        with suppress(*_GONE, TimeoutError):
            for begin in range(0, len(data), portion):
                self._raw.settimeout(self._place.patience)
                self._raw.sendall(data[begin : begin + portion])
            if self._row.half_close and not ahead:
                self._raw.shutdown(socket.SHUT_WR)
        self._deadline = monotonic() + self._place.patience

    def _read(self) -> bool:
        """Reads what is there; False at the end of the connection or of the patience, which ``way`` says."""
        try:
            self._raw.settimeout(max(0.001, self._deadline - monotonic()))
            data = self._raw.recv(65_536)
        except TimeoutError:
            self._seen.way = "silent"
            return False
        except _GONE:
            data = b""
        if not data:
            self._seen.way = "dropped"
            self._seen.lines.append("← end of the connection")
            return False
        self._data += data
        return True

    def _upgraded(self) -> bool:
        """Reads the answer to the handshake; False where it is not that of a WebSocket."""
        while (end := self._data.find(HANDSHAKE_END)) < 0:
            if not self._read():
                return False
        if not self._data.startswith(b"HTTP/"):
            return self._garbage("something else in front of its answer to the handshake")
        head, self._data = bytes(self._data[:end]), self._data[end + len(HANDSHAKE_END) :]
        line, *rest = head.split(b"\r\n")
        self._seen.lines.append(f"← {self._without_secret(line)[:80].decode('latin-1')}")
        status = line.split(b" ")[1:2]
        if status != [b"101"]:
            number = status[0].decode("latin-1") if status and status[0].isdigit() else "?"
            self._seen.way = f"http {number}"
            return False
        headers = {name.strip().lower(): value.strip() for name, _, value in (one.partition(b":") for one in rest)}
        wrong = self._wrong_in(headers)
        return self._garbage(wrong) if wrong else True

    def _wrong_in(self, headers: Mapping[bytes, bytes]) -> str:
        """What a server must not answer to the handshake; empty where all is well."""
        if headers.get(b"sec-websocket-accept") != ACCEPT:
            return "a wrong Sec-WebSocket-Accept"
        if headers.get(b"sec-websocket-extensions"):
            return "an extension that was not offered"
        if headers.get(b"sec-websocket-protocol", b"").decode("latin-1") not in {"", *self._place.subprotocols}:
            return "a sub-protocol that was not offered"
        return ""

    def _garbage(self, what: str) -> bool:
        self._seen.way, self._seen.why = "garbage", what
        return False

    def is_ready(self) -> bool:
        """Waits for a first pong, so that what a server says by itself at the beginning is no answer to anything."""
        greeting, self._greeting = self._greeting, None
        first = b"" if greeting is None else ClientFrame(TEXT, greeting).octets
        with suppress(*_GONE, TimeoutError):
            self._raw.sendall(first + ClientFrame(PING, READY).octets)
        self._deadline = monotonic() + self._place.patience
        while True:
            for frame in server_frames(self._data):
                if frame.opcode == PONG and frame.payload == READY:
                    return True
                if frame.opcode == CLOSE:
                    self._take(frame)
                    return False
            if not self._read():
                return False

    def _without_secret(self, data: bytes) -> bytes:
        """A server may repeat our token, in a close reason for example."""
        secret = self._place.secret.encode()
        return data.replace(secret, b"<token>") if secret else data

    def _observe(self) -> None:
        """Reads until the connection has ended, or has survived and, where that is wanted, the message is answered."""
        is_alive = False
        while True:
            for frame in server_frames(self._data):
                if frame.opcode == PONG and frame.payload == PROBE:
                    is_alive = True
                    if self._waits_for == "end":
                        self._deadline = monotonic() + GRACE
                elif self._take(frame):
                    return
            if is_alive and (self._is_answered or not self._waits_for) and self._waits_for != "end":
                break
            if not self._read():
                if is_alive and self._seen.way == "silent":
                    break
                return
        self._seen.way = "answered" if self._is_answered else "alive"

    def _take(self, frame: ServerFrame) -> bool:
        """Takes note of a frame; True if the talk is over with it."""
        seen = self._seen
        shown = replace(frame, payload=self._without_secret(frame.payload))
        seen.show("←", shown, bytes((shown.first, min(126, len(shown.payload)))) + shown.payload)
        if frame.fault:
            seen.way, seen.why = "garbage", frame.fault
            return True
        if frame.opcode == PONG and frame.payload != READY:
            seen.pongs.append(frame.payload)
        elif frame.opcode == CLOSE:
            seen.way = "close none" if frame.code == NO_CODE else f"close {frame.code}"
            return True
        elif self._name.encode() in frame.payload:
            self._is_answered = True
        return False


class Bystander:
    """Somebody else, who is connected all the time and must go on being served."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._talk: _Talk | None = None
        self._raw: socket.socket | None = None

    def is_served(self) -> bool:
        """Whether a ping is answered; afterwards, where it is not, a fresh connection is tried the next time."""
        try:
            if self._talk is None:
                self._raw = self._place.connect()
                self._talk = _Talk(self._place, SIMPLE, self._raw, "")
                served = self._talk.is_welcome()
            else:
                served = self._talk.is_ready()
        except OSError:
            served = False
        if not served:
            self.close()
        return served

    def close(self) -> None:
        """Ends the connection."""
        if self._raw is not None:
            self._raw.close()
        self._raw = self._talk = None
