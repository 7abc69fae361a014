"""Wire: frame rules of RFC 6455 and how bytes reach the socket."""

from __future__ import annotations

import asyncio
import codecs
from struct import Struct

import orjson
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.server import ServerProtocol

from reference_platform.connections.credentials import spoken
from reference_platform.messages import Invalid

from .port import Port

_LENGTH_16 = Struct("!BBH").pack
_LENGTH_64 = Struct("!BBQ").pack


class Wire(Port):
    """Decides what a legal frame is and how frames are written. One object serves all connections: keep no state per connection."""

    fast_lane = True
    """Plain masked single-frame TEXT may be read by the short loop; False sends every frame through ``protocol``."""
    refuses_long_lengths = True
    """A length that is not written in the fewest bytes fails the connection with 1002."""
    refuses_bad_text = True
    """TEXT that is not UTF-8 fails the connection with 1007, a bad fragment before its message is complete."""
    write_high_water = 65_536
    """Bytes not yet taken by the socket at which reading from that connection stops."""

    speaks: type[ServerProtocol] = ServerProtocol
    inflates = ServerPerMessageDeflateFactory(server_no_context_takeover=True, client_max_window_bits=12)
    """Understands what a client has compressed, if it asks for that; what is sent is never compressed."""

    def protocol(self) -> ServerProtocol:
        """A new protocol object of ``websockets`` for one connection: it judges handshake, control frames, fragments, inflated sizes, close."""
        return self.speaks(
            max_size=self.max_message_size, extensions=[self.inflates], select_subprotocol=lambda _, offered: spoken(offered),
        )  # fmt: skip

    def too_large(self, size: int) -> bytes:
        """What is said, in front of close 1009, of a message that would have so many bytes; known from the header of a frame."""
        limit = self.max_message_size
        refusal = Invalid("payload_too_large", f"a message has at most {limit:,} bytes", told={"max_size": limit, "received_size": size})
        return orjson.dumps(refusal.answer())

    def message(self, fragments: list[bytes]) -> bytes:
        """One message from its fragments, each of which was found good."""
        return b"".join(fragments)

    @property
    def max_message_size(self) -> int:
        """Largest message in bytes, fragments summed; above it the connection fails with 1009."""
        return self.host.config.max_message_size

    def text_decoder(self) -> codecs.IncrementalDecoder:
        """A strict decoder for the fragments of one text message."""
        return codecs.getincrementaldecoder("utf-8")("strict")

    def frame(self, payload: bytes) -> bytes:
        """The payload as one unmasked TEXT frame."""
        size = len(payload)
        if size < 126:
            return bytes((0x81, size)) + payload
        if size < 65_536:
            return _LENGTH_16(0x81, 126, size) + payload
        return _LENGTH_64(0x81, 127, size) + payload

    def write(self, transport: asyncio.Transport, data: bytes) -> None:
        """Hands whole frames to the transport, in the order of the calls."""
        transport.write(data)
