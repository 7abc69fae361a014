"""Bytes of one connection to messages and back: a short loop for plain data frames, ``websockets``' Sans-I/O protocol for all others.

The protocol object answers pings, puts fragments in order, and judges closing and every error. It is fed frame by frame, so that
what comes later in a segment is never looked at before what came earlier was judged. No sockets here, no clock, no loop.
"""

from __future__ import annotations

import codecs
import itertools
import os
from collections.abc import Iterable
from struct import Struct
from typing import TYPE_CHECKING

from websockets.frames import Opcode
from websockets.protocol import State

try:
    from websockets.speedups import apply_mask
except ImportError:  # no C extension on this machine
    from websockets.utils import apply_mask

if TYPE_CHECKING:
    from websockets.client import ClientProtocol
    from websockets.frames import Frame

PLAIN_TEXT, PLAIN_BINARY = 0x81, 0x82
_HEAD_16, _HEAD_64 = Struct("!BBH").pack, Struct("!BBQ").pack
_HEADS = [bytes((PLAIN_TEXT, 0x80 | size)) for size in range(126)] + [_HEAD_16(PLAIN_TEXT, 0xFE, size) for size in range(126, 4096)]
_OPEN = State.OPEN
_SHORTEST = {2: 0, 4: 126, 10: 65_536}
"""The least size that a head of so many bytes may name."""
_next_key = itertools.cycle([os.urandom(4) for _ in range(1021)]).__next__
"""Masking keys, used in turn: a fresh one for each frame would cost more than the masking, and nothing here needs to be kept secret."""


def masked_text(payloads: Iterable[bytes]) -> bytes:
    """The payloads as masked TEXT frames, in one piece for one write."""
    pieces: list[bytes] = []
    for payload in payloads:
        size = len(payload)
        key = _next_key()
        if size < 4096:
            head = _HEADS[size]
        elif size < 65_536:
            head = _HEAD_16(PLAIN_TEXT, 0xFE, size)
        else:
            head = _HEAD_64(PLAIN_TEXT, 0xFF, size)
        pieces += (head, key, apply_mask(payload, key))
    return b"".join(pieces)


class Receiver:
    """Feed it what the socket delivered, cut anywhere; it returns the messages that are complete now.

    After ``feed``, whatever the protocol has to say is in ``protocol.data_to_send()``. Once ``is_over``, nothing more is looked at.
    """

    def __init__(self, protocol: ClientProtocol, max_size: int) -> None:
        self._protocol = protocol
        self._max_size = max_size
        self._buffer = bytearray()
        self._needed = 2
        self._slow_left = 0
        self._fragments: list[bytes] | None = None
        self._decoder: codecs.IncrementalDecoder | None = None
        self.had_slow = False
        """True after a ``feed`` in which the protocol was asked: only then can it have something to say."""

    @property
    def is_over(self) -> bool:
        """The server closed, or the connection failed."""
        return self._protocol.state is not _OPEN

    def feed(self, data: bytes) -> list[bytes]:
        """Takes the next bytes; returns the payloads of the messages that they complete."""
        messages: list[bytes] = []
        self.had_slow = False
        if self._buffer:
            self._buffer += data
            if len(self._buffer) < self._needed:
                return messages
            data = bytes(self._buffer)
            self._buffer.clear()
        position, end = 0, len(data)
        while position < end and self._protocol.state is _OPEN:
            if not self._slow_left and self._fragments is None:
                position = self._plain_frames(data, position, end, messages)
                if position == end:
                    break
            position = self._slowly(data, position, end, messages)
        return messages

    def _plain_frames(self, data: bytes, position: int, end: int, messages: list[bytes]) -> int:  # noqa: PLR0911 - a loop of few steps
        """Reads plain data frames; returns where something else begins, or the end after keeping an unfinished frame."""
        limit = self._max_size
        while end - position >= 2:
            opcode, size = data[position], data[position + 1]
            if (opcode != PLAIN_TEXT and opcode != PLAIN_BINARY) or size > 127:  # noqa: PLR1714 - every nanosecond; 128: masked
                return position
            start = position + 2
            if size > 125:
                start += 2 if size == 126 else 8
                if start > end:
                    return self._keep(data, position, start - position)
                if size == 126:
                    size = data[position + 2] << 8 | data[position + 3]
                else:
                    size = int.from_bytes(data[position + 2 : start], "big")
                if size < _SHORTEST[start - position]:
                    return position
            if size > limit:
                return position
            stop = start + size
            if stop > end:
                return self._keep(data, position, stop - position)
            payload = data[start:stop]
            if opcode == PLAIN_TEXT and not payload.isascii() and not _is_utf8(payload):
                return self._failed(1007, "the text is not UTF-8", end)
            messages.append(payload)
            position = stop
        return self._keep(data, position, 2) if position < end else position

    def _keep(self, data: bytes, position: int, needed: int) -> int:
        """Keeps the beginning of a frame until ``needed`` bytes of it are there; returns the end of the data."""
        self._buffer += data[position:]
        self._needed = needed
        return len(data)

    def _slowly(self, data: bytes, position: int, end: int, messages: list[bytes]) -> int:
        """Lets the protocol have the frame that begins (or goes on) here; returns where it ends."""
        self.had_slow = True
        if not self._slow_left:
            if end - position < 2:
                return self._keep(data, position, 2)
            size = data[position + 1] & 0x7F
            width = {126: 2, 127: 8}.get(size, 0)
            if end - position < 2 + width:
                return self._keep(data, position, 2 + width)
            if width:
                size = int.from_bytes(data[position + 2 : position + 2 + width], "big")
                if size < _SHORTEST[2 + width]:
                    return self._failed(1002, "the length of a frame is not written in the fewest bytes", end)
            self._slow_left = 2 + width + 4 * (data[position + 1] >> 7) + size
        stop = min(position + self._slow_left, end)
        self._slow_left -= stop - position
        self._protocol.receive_data(data[position:stop])
        for frame in self._protocol.events_received():
            self._take(frame, messages)  # type: ignore[arg-type]  # after the handshake all events are frames
        return stop

    def _failed(self, code: int, reason: str, end: int) -> int:
        self.had_slow = True
        self._protocol.fail(code, reason)
        return end

    def _take(self, frame: Frame, messages: list[bytes]) -> None:
        opcode = frame.opcode
        if opcode is Opcode.TEXT or opcode is Opcode.BINARY:
            self._fragments = []
            self._decoder = codecs.getincrementaldecoder("utf-8")() if opcode is Opcode.TEXT else None
        elif opcode is not Opcode.CONT:
            return
        if self._fragments is None or self.is_over:
            return
        try:
            if self._decoder is not None:
                self._decoder.decode(frame.data, frame.fin)
        except UnicodeDecodeError:
            self._protocol.fail(1007, "the text is not UTF-8")
            return
        self._fragments.append(bytes(frame.data))
        if frame.fin:
            messages.append(b"".join(self._fragments))
            self._fragments = None


def _is_utf8(payload: bytes) -> bool:
    try:
        str(payload, "utf-8")
    except UnicodeDecodeError:
        return False
    return True


def how_it_ended(protocol: ClientProtocol) -> str:
    """Who closed the connection, and why, as the protocol has it."""
    received, sent = protocol.close_rcvd, protocol.close_sent
    if received is not None:
        return f"closed by the target with code {received.code}{f' ({received.reason})' if received.reason else ''}"
    return f"closed by us{f' with code {sent.code}: {sent.reason}' if sent and sent.reason else ''}"
