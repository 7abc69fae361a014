"""X8: malformed input. What a client sends ends the platform or others' connections, or gets in although it is no message."""

from __future__ import annotations

import codecs
import json
from typing import Any

from reference_platform.messages import Fields, Invalid, LatencyProbe, Question, UserMessage
from reference_platform.policies import Agents, Codec, Wire
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
