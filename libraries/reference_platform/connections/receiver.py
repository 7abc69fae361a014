"""Bytes of one connection to messages: a short loop for plain frames, ``websockets``' Sans-I/O protocol for all others.

The protocol object judges control frames, fragments, close and every error; it is fed frame by frame, so that nothing that
comes later in a segment is answered before what came earlier is judged.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from websockets.frames import Opcode
from websockets.protocol import State

try:
    from websockets.speedups import apply_mask
except ImportError:  # no C extension on this machine
    from websockets.utils import apply_mask

if TYPE_CHECKING:
    from websockets.frames import Frame
    from websockets.server import ServerProtocol

    from reference_platform.policies.wire import Wire

PLAIN_TEXT = 0x81
CLOSE = 0x88
ANNOUNCING = (0x01, 0x02, 0x41, 0x42)
"""How data frames begin, but for FIN, that announce the size of a message or of its first fragment; compressed ones too."""


class Receiver:
    """Feed it what the socket delivered; it fills ``messages`` (payloads) and stops at a close frame or the first error.

    After ``feed``, whatever the protocol has to say is in ``protocol.data_to_send()``. ``closing`` is the close frame of the
    client once it came: it is answered by ``finish`` when everything before it was processed.
    """

    def __init__(self, wire: Wire, protocol: ServerProtocol) -> None:
        self.messages: list[bytes] = []
        self.pongs: list[bytes] = []
        """Payloads of pongs; whoever feeds it takes them out."""
        self.closing: bytes | None = None
        self._wire = wire
        self._protocol = protocol
        self._buffer = bytearray()
        self._needed = 2
        self._slow_left = 0
        self._fragments: list[bytes] = []
        self._decoder: codecs.IncrementalDecoder | None = None
        self._in_fragments = False
        self._max_size = wire.max_message_size

    @property
    def is_over(self) -> bool:
        """No more input is looked at: the client closed, or the connection failed."""
        return self.closing is not None or self._protocol.state is not State.OPEN

    def feed(self, data: bytes) -> None:
        """Takes what the socket delivered, cut anywhere."""
        if self.is_over:
            return
        if self._buffer:
            self._buffer += data
            if len(self._buffer) < self._needed:
                return
            data = bytes(self._buffer)
            self._buffer.clear()
        position, end = 0, len(data)
        while position < end and not self.is_over:
            if not self._slow_left and not self._in_fragments and self._wire.fast_lane:
                position = self._plain_frames(data, position, end)
                if position == end or self.is_over:
                    return
            if self._slow_left:
                taken = min(self._slow_left, end - position)
                self._give(data[position : position + taken])
                self._slow_left -= taken
                position += taken
            elif (rest := self._begin_slow(data, position, end)) < 0:
                return
            else:
                position = rest

    def finish(self) -> None:
        """Everything before the close frame was processed: lets the protocol answer it."""
        if self.closing is not None:
            self._protocol.receive_data(self.closing)

    def _plain_frames(self, data: bytes, position: int, end: int) -> int:
        """Reads plain masked TEXT frames; returns where something else begins, or the end after keeping an unfinished frame."""
        messages, limit, check, strict = self.messages, self._max_size, self._wire.refuses_bad_text, self._wire.refuses_long_lengths
        while end - position >= 2:
            second = data[position + 1]
            if data[position] != PLAIN_TEXT or second < 0x80:
                return position
            size = second & 0x7F
            start = position + 6
            if size > 125:
                long = size == 127
                start = position + (14 if long else 8)
                if start - 4 > end:
                    return self._keep(data, position, start - 4 - position)
                size = int.from_bytes(data[position + 2 : position + 10], "big") if long else data[position + 2] << 8 | data[position + 3]
                if size > limit or (strict and size < (65_536 if long else 126)):
                    return position
            stop = start + size
            if stop > end:
                return self._keep(data, position, stop - position)
            payload = apply_mask(data[start:stop], data[start - 4 : start])
            if check and not payload.isascii() and not _is_utf8(payload):
                self._protocol.fail(1007, "the text is not UTF-8")
                return stop
            messages.append(payload)
            position = stop
        return self._keep(data, position, 2) if position < end else position

    def _keep(self, data: bytes, position: int, needed: int) -> int:
        """Keeps the beginning of a frame until ``needed`` bytes of it are there; returns the end of the data."""
        self._buffer += data[position:]
        self._needed = needed
        return len(data)

    def _begin_slow(self, data: bytes, position: int, end: int) -> int:
        """Finds the length of the frame that begins here; returns the position, or -1 when its header is not complete yet."""
        if end - position < 2:
            self._keep(data, position, 2)
            return -1
        size = data[position + 1] & 0x7F
        width = {126: 2, 127: 8}.get(size, 0)
        if end - position < 2 + width:
            self._keep(data, position, 2 + width)
            return -1
        if width:
            shortest = 126 if width == 2 else 65_536
            size = int.from_bytes(data[position + 2 : position + 2 + width], "big")
            if size < shortest and self._wire.refuses_long_lengths:
                self._protocol.fail(1002, "the frame length is not written in the fewest bytes")
                return end
        masked = bool(data[position + 1] & 0x80)
        if size > self._max_size and masked and data[position] & 0x7F in ANNOUNCING:
            self._protocol.send_text(self._wire.too_large(size))
        length = 2 + width + 4 * masked + size
        if data[position] == CLOSE and masked and not width:
            return self._take_close(data, position, length)
        self._slow_left = length
        return position

    def _take_close(self, data: bytes, position: int, length: int) -> int:
        if len(data) - position < length:
            self._keep(data, position, length)
            return -1
        self.closing = data[position : position + length]
        return len(data)

    def _give(self, data: bytes) -> None:
        """Lets the protocol have a piece of a frame and takes up what it made of it."""
        protocol = self._protocol
        protocol.receive_data(data)
        for frame in protocol.events_received():
            self._take(frame)  # type: ignore[arg-type]

    def _take(self, frame: Frame) -> None:
        opcode = frame.opcode
        if opcode is Opcode.TEXT or opcode is Opcode.BINARY or opcode is Opcode.CONT:
            self._take_data(frame)
        elif opcode is Opcode.PONG:
            self.pongs.append(bytes(frame.data))

    def _take_data(self, frame: Frame) -> None:
        if frame.opcode is not Opcode.CONT:
            is_text = frame.opcode is Opcode.TEXT and self._wire.refuses_bad_text
            self._fragments, self._decoder = [], self._wire.text_decoder() if is_text else None
        if self._protocol.state is not State.OPEN:
            return
        if self._decoder is not None:
            try:
                self._decoder.decode(bytes(frame.data), frame.fin)
            except UnicodeDecodeError:
                self._protocol.fail(1007, "the text is not UTF-8")
                return
        self._fragments.append(bytes(frame.data))
        self._in_fragments = not frame.fin
        if frame.fin:
            self.messages.append(self._wire.message(self._fragments))
            self._fragments = []


def _is_utf8(payload: bytes) -> bool:
    try:
        str(payload, "utf-8")
    except UnicodeDecodeError:
        return False
    return True
