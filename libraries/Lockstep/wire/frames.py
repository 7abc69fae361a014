"""Frames as bytes: any that can be written, legal or not, and those that a server sends back. No sockets here.

Source: RFC 6455, 5.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import pack

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
OPCODES = {"continuation": CONTINUATION, "text": TEXT, "binary": BINARY, "close": CLOSE, "ping": PING, "pong": PONG}
NAMES = {opcode: name for name, opcode in OPCODES.items()}
MASK = b"\x11\x22\x33\x44"
"""One for all, so that what the log shows can be read and sent again."""
NO_CODE = 1005
"""Stands for a close frame without a code (RFC 6455, 7.1.5)."""


@dataclass(frozen=True, slots=True)
class ClientFrame:
    """One frame that a client writes; every field may break the rules."""

    opcode: int
    payload: bytes = b""
    final: bool = True
    reserved: int = 0
    """The three reserved bits: 4, 2 and 1 stand for the first, second and third."""
    masked: bool = True
    length_bits: int = 0
    """16 or 64: the length is written so although fewer bits would do; 0: in the fewest."""
    announced: int | None = None
    """The length that is written, where it is not the true one."""

    @property
    def octets(self) -> bytes:
        """As it goes over the wire."""
        size = len(self.payload) if self.announced is None else self.announced
        bits = self.length_bits or (7 if size < 126 else 16 if size < 65_536 else 64)
        first, bit = self.final << 7 | self.reserved << 4 | self.opcode, 0x80 if self.masked else 0
        if bits == 7:
            head = bytes((first, bit | size))
        elif bits == 16:
            head = pack("!BBH", first, bit | 126, size)
        else:
            head = pack("!BBQ", first, bit | 127, size)
        return head + (MASK + masked(self.payload) if self.masked else self.payload)

    @property
    def ends_the_talk(self) -> bool:
        """Nothing that is written behind it is looked at as a frame: it is a close, or its payload never comes to an end."""
        return self.opcode == CLOSE or (self.announced is not None and self.announced > len(self.payload))

    def __str__(self) -> str:
        words = [NAMES.get(self.opcode, f"opcode {self.opcode:X}").upper(), "" if self.final else "not final"]
        words += [f"reserved bits {self.reserved:03b}" if self.reserved else "", "" if self.masked else "unmasked"]
        words += [f"length in {self.length_bits} bits" if self.length_bits else "", f"says {self.announced:,} B" if self.announced is not None else ""]
        return ", ".join([*filter(None, words), f"{len(self.payload):,} B"])


def masked(payload: bytes) -> bytes:
    """The payload under the mask."""
    key = MASK * (len(payload) // 4 + 1)
    return (int.from_bytes(payload) ^ int.from_bytes(key[: len(payload)])).to_bytes(len(payload))


@dataclass(frozen=True, slots=True)
class ServerFrame:
    """One frame that a server sent."""

    first: int
    payload: bytes
    masked: bool = False

    @property
    def opcode(self) -> int:
        """What it is."""
        return self.first & 0x0F

    @property
    def code(self) -> int:
        """Of a close frame."""
        return int.from_bytes(self.payload[:2]) if len(self.payload) >= 2 else NO_CODE

    @property
    def fault(self) -> str:
        """What a server must not send without an extension; empty where it is a good frame."""
        if self.masked:
            return "a masked frame"
        if self.first & 0x70:
            return "a frame with reserved bits"
        if self.opcode not in NAMES:
            return f"a frame with opcode {self.opcode:X}"
        if self.opcode >= CLOSE and (not self.first & 0x80 or len(self.payload) > 125):
            return "a control frame that is too long or in fragments"
        return ""

    def __str__(self) -> str:
        name = NAMES.get(self.opcode, f"opcode {self.opcode:X}").upper()
        if self.opcode == CLOSE:
            return f"{name} {self.code} {self.payload[2:].decode('utf-8', 'replace')!r}" if self.payload else f"{name} without a code"
        return f"{name}, {len(self.payload):,} B"


def server_frames(data: bytearray) -> Iterator[ServerFrame]:
    """Takes the complete frames off the front of what came."""
    while len(data) >= 2:
        masked_bit, size = data[1] & 0x80, data[1] & 0x7F
        width = {126: 2, 127: 8}.get(size, 0)
        begin = 2 + width + (4 if masked_bit else 0)
        if width:
            if len(data) < 2 + width:
                return
            size = int.from_bytes(data[2 : 2 + width])
        if len(data) < begin + size:
            return
        frame = ServerFrame(data[0], bytes(data[begin : begin + size]), bool(masked_bit))
        del data[: begin + size]
        yield frame
