"""What a server says that it keeps of streams whose client is away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .verdict import Verdict
from .violations import Code


def retained_in_full(said: Sequence[Mapping[str, Any]], wanted: Mapping[str, tuple[int, int | None]], most_bytes: int | None = None) -> Verdict:
    """Each stream that a client will come back to is kept: whole so far, from the chunk on that the client wants.

    `said`: the server's list of streams; `wanted`: by id of the stream the chunk that is wanted next, and how many were announced.
    A stream that is not in the list or has lost something is *incomplete_stream*, other totals than announced are *disagreement*, more
    than `most_bytes` kept in all *over_capacity*. Measures stream_bytes_kept.
    """
    verdict = Verdict("streams are kept")
    listed = {str(item.get("stream")): item for item in said}
    for stream, (index, announced) in wanted.items():
        verdict.exercised += 1
        item = listed.get(stream)
        if item is None:
            verdict.violated(Code.INCOMPLETE_STREAM, f"stream {stream} is not kept, although chunk {index} of it is wanted")
        elif item.get("lost"):
            verdict.violated(Code.INCOMPLETE_STREAM, f"of stream {stream} {item['lost']} chunks are lost")
        elif announced is not None and item.get("chunks") != announced:
            verdict.violated(Code.DISAGREEMENT, f"stream {stream} is said to have {item.get('chunks')} chunks, {announced} were announced")
        elif (from_chunk := item.get("kept_from")) is not None and from_chunk > index:
            verdict.violated(Code.INCOMPLETE_STREAM, f"stream {stream} is kept from chunk {from_chunk} on, although {index} is wanted")
        elif (written := item.get("written")) is not None and written < index:
            verdict.violated(Code.DISAGREEMENT, f"of stream {stream} {index} chunks were received, but {written} are said to be written")
    kept = sum(item.get("bytes_retained") or 0 for item in said)
    verdict.measured("stream_bytes_kept", kept, "bytes", verdict.exercised)
    if most_bytes is not None and kept > most_bytes:
        verdict.violated(Code.OVER_CAPACITY, f"{kept} bytes of streams are kept, at most {most_bytes} are promised")
    return verdict.concluded()
