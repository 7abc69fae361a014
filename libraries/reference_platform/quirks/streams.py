"""Quirks in how streams share a connection."""

from __future__ import annotations

from reference_platform.policies import Streams
from reference_platform.registry import quirk
from reference_platform.streaming.stream import Stream


@quirk("n13_streams_interleaved")
class OneChunkOfAny(Streams):
    """Chunks of several streams come mixed, one by one, as chance has it; each stream stays in order for itself."""

    turn_bytes = 1

    def turn(self, ready: list[Stream]) -> Stream:
        """Any of them."""
        return self.host.random.choice(ready)
