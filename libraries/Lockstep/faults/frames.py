"""Follows one direction of a WebSocket connection as it passes: where its handshake, its frames' heads and what they carry begin and end.

It never holds bytes back and never judges them. What is not a WebSocket (TLS, a refused handshake) is *opaque*: bytes can be counted there,
frames cannot. Source: RFC 6455, 5.2.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

LONGEST_HEAD = 14
END_OF_HANDSHAKE = b"\r\n\r\n"
STATUS_LINE = 12
"""Bytes of an HTTP answer up to the end of its status."""
CONTINUATION, TEXT, FIRST_CONTROL = 0x0, 0x1, 0x8


class Part(Enum):
    """What a byte belongs to."""

    HANDSHAKE = "handshake"
    HEAD = "head"
    PAYLOAD = "payload"
    OPAQUE = "opaque"


class Frame:
    """One frame; its length and mask are known when its head is."""

    __slots__ = ("compressed", "length", "mask", "opcode", "text")

    def __init__(self, first: int, *, continues_text: bool) -> None:
        self.opcode = first & 0x0F
        self.compressed = bool(first & 0x40)
        self.text = continues_text if self.opcode == CONTINUATION else self.opcode == TEXT and not self.compressed
        self.length = 0
        self.mask = b""

    @property
    def has_data(self) -> bool:
        """It carries (part of) a message; pings, pongs and closes do not."""
        return self.opcode < FIRST_CONTROL


class Piece(NamedTuple):
    """A run of bytes of one part. Pieces of what was fed tile it."""

    part: Part
    begin: int                  # where it begins and ends in what was fed
    end: int
    frame: Frame | None = None
    at: int = 0                 # bytes of the same part before it
    last: bool = False          # the frame ends with it


class Scanner:
    """Is fed with all bytes of one direction, in any portions."""

    def __init__(self) -> None:
        self.frames = 0
        """Frames with data that have ended."""
        self._part = Part.HANDSHAKE
        self._start = b""
        self._tail = b""
        self._head = bytearray()
        self._frame = Frame(0, continues_text=False)
        self._carried = 0
        self._text = False

    @property
    def is_opaque(self) -> bool:
        """Frames cannot be seen here."""
        return self._part is Part.OPAQUE

    def feed(self, data: bytes) -> list[Piece]:
        """The pieces of these bytes."""
        pieces: list[Piece] = []
        at, end = 0, len(data)
        while at < end:
            pieces.append(self._piece(data, at, end))
            at = pieces[-1].end
        return pieces

    def skip(self, data: bytes) -> None:
        """The same where nobody asks for the pieces: whole frames are counted in a tenth of the time."""
        at, end = 0, len(data)
        while at < end:
            if self._part is Part.HEAD and not self._head:
                at = self._whole_frames(data, at, end)
            if at < end:
                at = self._piece(data, at, end).end

    def _piece(self, data: bytes, at: int, end: int) -> Piece:
        if self._part is Part.HEAD:
            return self._in_head(data, at)
        if self._part is Part.PAYLOAD:
            return self._in_payload(at, end)
        if self._part is Part.HANDSHAKE:
            return self._in_handshake(data, at)
        return Piece(Part.OPAQUE, at, end)

    def _whole_frames(self, data: bytes, at: int, end: int) -> int:
        """Passes over all frames that are there as a whole; returns where the first one begins that is not."""
        frames, text = 0, self._text
        while at + LONGEST_HEAD <= end:
            first, second = data[at], data[at + 1]
            length = second & 0x7F
            begin = at + 6 if second & 0x80 else at + 2
            if length == 126:
                length = data[at + 2] << 8 | data[at + 3]
                begin += 2
            elif length == 127:
                length = int.from_bytes(data[at + 2:at + 10])
                begin += 8
            if begin + length > end:
                break
            at = begin + length
            if not first & FIRST_CONTROL:
                frames += 1
                if first & 0x0F:
                    text = first & 0x4F == TEXT
        self.frames += frames
        self._text = text
        return at

    def _in_handshake(self, data: bytes, at: int) -> Piece:
        if len(self._start) < STATUS_LINE:
            self._start = (self._start + data[at:at + STATUS_LINE])[:STATUS_LINE]
            if not self._start[:1].isupper():
                self._part = Part.OPAQUE
                return Piece(Part.OPAQUE, at, len(data))
        window = self._tail + data[at:]
        found = window.find(END_OF_HANDSHAKE)
        if found < 0:
            self._tail = window[1 - len(END_OF_HANDSHAKE):]
            return Piece(Part.HANDSHAKE, at, len(data))
        self._part = Part.HEAD if self._upgrades() else Part.OPAQUE
        return Piece(Part.HANDSHAKE, at, at - len(self._tail) + found + len(END_OF_HANDSHAKE))

    def _upgrades(self) -> bool:
        """Frames follow a request, and an answer that agrees to it."""
        return self._start.startswith(b"GET ") or (self._start.startswith(b"HTTP/") and self._start.endswith(b" 101"))

    def _in_head(self, data: bytes, at: int) -> Piece:
        head = self._head
        before = len(head)
        head += data[at:at + LONGEST_HEAD - before]
        if not before:
            self._frame = Frame(head[0], continues_text=self._text)
        frame = self._frame
        size = _size(head)
        if size is None or len(head) < size:
            return Piece(Part.HEAD, at, len(data), frame, before)
        _complete(frame, head, size)
        head.clear()
        self._carried = 0
        last = frame.length == 0
        self._part = Part.HEAD if last else Part.PAYLOAD
        if last:
            self._ended(frame)
        return Piece(Part.HEAD, at, at + size - before, frame, before, last)

    def _in_payload(self, at: int, end: int) -> Piece:
        frame, carried = self._frame, self._carried
        took = min(frame.length - carried, end - at)
        self._carried = carried + took
        last = self._carried == frame.length
        if last:
            self._part = Part.HEAD
            self._ended(frame)
        return Piece(Part.PAYLOAD, at, at + took, frame, carried, last)

    def _ended(self, frame: Frame) -> None:
        if frame.opcode < FIRST_CONTROL:
            self.frames += 1
            self._text = frame.text


def _size(head: bytearray) -> int | None:
    """How long this head is, once its second byte is there."""
    if len(head) < 2:
        return None
    length = head[1] & 0x7F
    return 2 + (8 if length == 127 else 2 if length == 126 else 0) + (4 if head[1] & 0x80 else 0)


def _complete(frame: Frame, head: bytearray, size: int) -> None:
    masked = bool(head[1] & 0x80)
    lengths = head[2:size - 4] if masked else head[2:size]
    frame.length = int.from_bytes(lengths) if lengths else head[1] & 0x7F
    frame.mask = bytes(head[size - 4:size]) if masked else b""


def unmasked(data: bytes, mask: bytes, at: int) -> bytes:
    """What a run of a payload says; ``at`` is how far into the payload it begins."""
    if not mask:
        return data
    turn = at % 4
    key = (mask[turn:] + mask[:turn]) * (len(data) // 4 + 1)
    return (int.from_bytes(data) ^ int.from_bytes(key[:len(data)])).to_bytes(len(data))
