"""X8: malformed input. What a client sends ends the platform or others' connections, or gets in although it is no message."""

from __future__ import annotations

import codecs
import json
from collections.abc import Sequence
from typing import Any

from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.frames import Frame
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import ExtensionParameter

from reference_platform.messages import Decode, Fields, Invalid, LatencyProbe, Question, UserMessage
from reference_platform.policies import Agents, Codec, Gate, Wire
from reference_platform.registry import defect
from reference_platform.strict_json import read_json


@defect("x8_crash_on_bad_json")
class Crashes(Codec):
    """Takes for granted that what comes is JSON."""

    @staticmethod
    def read(payload: bytes) -> Any:
        """Nobody catches what it raises."""
        return json.loads(payload)


@defect("x8_close_all_on_bad")
class ClosesAll(Codec):
    """A message that makes no sense ends all connections: somebody must be attacking."""

    def decode(self, payload: bytes) -> UserMessage | Question | LatencyProbe | Invalid:
        """With 1008, whoever it was."""
        message = super().decode(payload)
        if isinstance(message, Invalid):
            for connection in list(self.host.connections.values()):
                connection.close(1008, "go away")
        return message


@defect("x8_fragmented_bad_utf8_accepted")
class RepairsFragments(Wire):
    """Text in fragments is repaired where it is not UTF-8, and taken; in one frame it is refused."""

    def text_decoder(self) -> codecs.IncrementalDecoder:
        """Finds nothing wrong."""
        return codecs.getincrementaldecoder("utf-8")("replace")

    def message(self, fragments: list[bytes]) -> bytes:
        """With question marks in place of what was wrong."""
        return super().message(fragments).decode("utf-8", "replace").encode()


@defect("x8_giant_payload_crash")
class Overwhelmed(Wire):
    """A message above the limit ends the platform: as one that runs out of memory."""

    def too_large(self, size: int) -> bytes:
        """Room is made first, and then it is looked at."""
        self.host.failed(MemoryError(f"{size} bytes"))
        return super().too_large(size)


class _InflatesAll(PerMessageDeflate):
    def decode(self, frame: Frame, *, max_size: int | None = None) -> Frame:  # noqa: ARG002 - that is the defect
        return super().decode(frame)


@defect("x8_decompression_bomb")
class Inflates(Wire):
    """Counts the bytes on the wire: what is compressed may inflate to as many as it likes, and is taken."""

    class Boundless(ServerPerMessageDeflateFactory):
        """Its extension does not know of a limit."""

        def process_request_params(self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]) -> Any:
            """The same, but for what inflates."""
            answer, agreed = super().process_request_params(params, accepted_extensions)
            return answer, _InflatesAll(
                agreed.remote_no_context_takeover, agreed.local_no_context_takeover, agreed.remote_max_window_bits, agreed.local_max_window_bits,
            )  # fmt: skip

    inflates = Boundless(server_no_context_takeover=True, client_max_window_bits=12)


@defect("x8_unmasked_accepted")
class TakesUnmasked(Wire):
    """Frames that a client has not masked are read as they are."""

    class Masking(ServerProtocol):
        """Masks, with zeros, what came unmasked, and reads it then. It is given frames in pieces, the header in one."""

        left = 0

        def receive_data(self, data: bytes | bytearray) -> None:
            """A piece of a frame."""
            if self.state is State.OPEN and not self.left and len(data) > 1:
                size = data[1] & 0x7F
                width = {126: 2, 127: 8}.get(size, 0)
                size = int.from_bytes(data[2 : 2 + width], "big") if width else size
                masked = data[1] & 0x80
                self.left = 2 + width + (4 if masked else 0) + size
                self.left -= len(data)
                data = data if masked else bytes((data[0], data[1] | 0x80)) + bytes(data[2 : 2 + width]) + bytes(4) + bytes(data[2 + width :])
            else:
                self.left = max(0, self.left - len(data))
            super().receive_data(data)

    speaks = Masking


@defect("x8_slowloris")
class Patient(Gate):
    """Whoever has begun a handshake may take a day for it."""

    @property
    def handshake_time(self) -> float:
        """Nobody is turned away."""
        return 86_400.0


@defect("x8_rate_not_kept")
class Hasty(Gate):
    """Looks at whatever comes, however fast it comes."""

    def paced(self, decode: Decode) -> Decode:
        """The rate is known, and nobody counts."""
        return decode


@defect("x8_deep_json_recursion")
class Recurses(Codec):
    """Goes down into lists and objects by calling itself, without a bound; nobody catches where that ends."""

    @staticmethod
    def read(payload: bytes) -> Any:
        """JSON as everybody reads it; the depth is looked at afterwards."""
        opened = payload.count(b"[") + payload.count(b"{")
        return _descended(0, opened) if opened > 100 else read_json(payload)


def _descended(level: int, levels: int) -> Invalid:
    return _descended(level + 1, levels) if level < levels else Invalid("nesting_too_deep", "nested too deep")


@defect("x8_nan_accepted")
class TakesNaN(Codec):
    """Numbers that are none, infinite or beyond all bounds are taken, and end up in the agent's state."""

    @staticmethod
    def read(payload: bytes) -> Any:
        """As Python reads it."""
        try:
            return json.loads(payload)
        except (ValueError, RecursionError):
            return Invalid("invalid_json", "the message is not valid JSON")


@defect("x8_wrong_type_accepted")
class TakesAnyType(Codec):
    """What ought to be a text is made one."""

    def user_message(self, fields: dict[str, Any]) -> UserMessage | Invalid:
        """An object is its notation, and so is null."""
        return super().user_message(fields | {name: str(fields.get(name)) for name in ("message_id", "content")})


@defect("x8_counts_bad_as_processed")
class CountsMalformed(Agents):
    """A malformed message counts as processed: version and count go on."""

    def refused(self, user: str) -> None:
        """Nothing else changes."""
        state = self.state(user)
        state.message_count += 1
        state.version += 1


@defect("x8_tells_its_inside")
class TellsItsInside(Codec):
    """A refusal says which line of the platform's code it comes from."""

    @staticmethod
    def encode(fields: Fields) -> bytes:
        """Useful for whoever wrote it."""
        if fields.get("type") == "error":
            fields = fields | {"message": f"{fields['message']} (JSONDecodeError in {__file__}, line 87)"}
        return Codec.encode(fields)
