"""Answers that come in chunks, as one client has them: what was received of each, and what is wanted next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from ..checks.events import Kind
from ..errors import UsageError

STREAMED = frozenset({Kind.CHUNK, Kind.STREAM_END, Kind.STREAM_LOST})
MOST_BYTES = 67_108_864
"""Of all streams of one client; longer answers belong to the load lane, which counts instead of keeping them."""


@dataclass(slots=True)
class ReceivedStream:
    """What a client has of one stream. Written by the loop thread only."""

    id: str
    client: str
    kind: str = ""
    content_type: str = ""
    chunks: int | None = None
    """How many the target has announced."""
    bytes: int | None = None
    wanted: int = 0
    """The first chunk that was not received yet, nor told to be lost."""
    received_bytes: int = 0
    lost: int = 0
    """How many chunks the target has said to be lost."""
    ended: bool = False
    refused: str = ""
    """Why the target does not go on with it, in its own words; empty as long as it does."""
    arrived: float = 0.0
    """When the last frame of it came, s, monotonic."""
    texts: dict[int, str] = field(default_factory=dict)
    """Chunk -> its text, as it came first."""

    @property
    def boundary(self) -> str:
        """What stands between the parts of a multipart stream, behind two hyphens."""
        return self.content_type.partition("boundary=")[2]

    @property
    def is_over(self) -> bool:
        """Its end has come, or the target has said that it will not go on."""
        return self.ended or bool(self.refused)

    @property
    def received(self) -> int:
        """How many different chunks were received."""
        return len(self.texts)

    @property
    def text(self) -> str:
        """What was received, in the order of the chunks."""
        return "".join(self.texts[index] for index in sorted(self.texts))

    def digest(self) -> str | None:
        """Of the whole, None as long as something is missing."""
        if self.wanted != len(self.texts):
            return None
        whole = sha256()
        for index in range(self.wanted):
            whole.update(self.texts[index].encode("utf-8", "surrogatepass"))
        return whole.hexdigest()[:16]


class ReceivedStreams:
    """All streams of one client, by id, over all its connections. Used by the loop thread only."""

    def __init__(self, client: str) -> None:
        self.by_id: dict[str, ReceivedStream] = {}
        self._client = client
        self._bytes = 0

    def begun(self, said: Mapping[str, Any]) -> None:
        """The target has answered that it begins a stream; the answer may come late, with what is sent again after a reconnection."""
        stream = self._stream(str(said.get("stream")))
        stream.kind, stream.content_type = str(said.get("kind") or ""), str(said.get("content_type") or "")
        stream.chunks, stream.bytes = said.get("chunks"), said.get("bytes")

    def took(self, kind: Kind, stream_id: str | None, index: int | None, details: dict[str, Any], now: float) -> dict[str, Any]:
        """Takes what a frame brings and returns what the journal shall keep of it: never the text itself."""
        stream = self._stream(stream_id or "")
        stream.arrived = now
        if kind is Kind.CHUNK:
            text = details.pop("data", None)
            text = text if isinstance(text, str) else ""
            size = len(text.encode("utf-8", "surrogatepass"))
            if index is not None and index not in stream.texts:
                self._make_room(size)
                stream.texts[index] = text
                stream.received_bytes += size
                while stream.wanted in stream.texts:
                    stream.wanted += 1
            return {**details, "bytes": size}
        if kind is Kind.STREAM_LOST:
            first, last = details.get("first"), details.get("last")
            if isinstance(first, int) and isinstance(last, int) and first <= stream.wanted <= last:
                stream.wanted, stream.lost = last + 1, stream.lost + last - first + 1
                while stream.wanted in stream.texts:
                    stream.wanted += 1
            return details
        stream.ended = True
        return {**details, "whole": stream.digest()}

    def unended(self) -> list[ReceivedStream]:
        """Those whose end has not come and of which the target has not said that it will not go on."""
        return [stream for stream in self.by_id.values() if not stream.is_over]

    def _stream(self, stream_id: str) -> ReceivedStream:
        if stream_id not in self.by_id:
            self.by_id[stream_id] = ReceivedStream(stream_id, self._client)
        return self.by_id[stream_id]

    def _make_room(self, size: int) -> None:
        self._bytes += size
        if self._bytes > MOST_BYTES:
            raise UsageError(f"the streams of {self._client} are longer than {MOST_BYTES:,} bytes together; split the case into several tests")
