"""What a server says that it keeps of streams whose client is away, or does not read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .verdict import Verdict
from .violations import Code

Said = Sequence[Mapping[str, Any]]
"""The server's list of a user's streams."""


class Wanted(NamedTuple):
    """What a client has of a stream that it will come back to."""

    next_chunk: int
    """The chunk that it wants next."""
    chunks: int | None
    """How many were announced."""
    missing: int
    """Bytes that it has not got yet, of those that were announced."""


def retained(said: Said, wanted: Mapping[str, Wanted], most_bytes: int | None = None, *, loss_allowed: bool = False) -> Verdict:
    """Each stream that a client will come back to is kept: nothing of it is lost, and what fits is there.

    A stream that is not in the list, has lost something (unless `loss_allowed`) or has fewer bytes than are missing, although they fit, is
    *incomplete_stream*; other totals than announced are *disagreement*; more than `most_bytes` in all is *over_capacity*. Measures
    stream_bytes_kept.
    """
    verdict = Verdict("streams are kept")
    listed = {str(item.get("stream")): item for item in said}
    fits = most_bytes is None or sum(one.missing for one in wanted.values()) <= most_bytes
    for stream, one in wanted.items():
        verdict.exercised += 1
        wrong = _wrong(listed.get(stream), one, fits=fits, loss_allowed=loss_allowed)
        if wrong is not None:
            verdict.violated(wrong[0], f"stream {stream} {wrong[1]}")
    kept = sum(item.get("bytes_retained") or 0 for item in said)
    verdict.measured("stream_bytes_kept", kept, "bytes", verdict.exercised)
    if most_bytes is not None and kept > most_bytes:
        verdict.violated(Code.OVER_CAPACITY, f"{kept} bytes of streams are kept, {most_bytes} are allowed")
    return verdict.concluded()


def _wrong(item: Mapping[str, Any] | None, one: Wanted, *, fits: bool, loss_allowed: bool) -> tuple[Code, str] | None:
    """What is wrong with one stream."""
    if item is None:
        return Code.INCOMPLETE_STREAM, f"is not kept, although chunk {one.next_chunk} of it is wanted"
    if item.get("lost") and not loss_allowed:
        return Code.INCOMPLETE_STREAM, f"has lost {item['lost']} chunks"
    if one.chunks is not None and item.get("chunks") not in (None, one.chunks):
        return Code.DISAGREEMENT, f"is said to have {item['chunks']} chunks, {one.chunks} were announced"
    if (written := item.get("written")) is not None and written < one.next_chunk:
        return Code.DISAGREEMENT, f"is said to be written up to chunk {written}, but {one.next_chunk} were received"
    kept = item.get("bytes_retained")
    if fits and item.get("agent") == "done" and kept is not None and kept < one.missing and not loss_allowed:
        return Code.INCOMPLETE_STREAM, f"has {kept} bytes kept where {one.missing} are missing"
    return None


def agents_wait(said: Said) -> Verdict:
    """Some agent has more to write than may be kept, and waits (*no_backpressure* where all of it was written)."""
    verdict = Verdict("agents wait while nobody reads")
    verdict.exercised = len(said)
    if said and all(item.get("agent") != "waits" for item in said):
        kept = sum(item.get("bytes_retained") or 0 for item in said)
        verdict.violated(Code.NO_BACKPRESSURE, f"{len(said)} streams were written to their end while nobody read; {kept} bytes of them are kept")
    return verdict.concluded()


def losses_signalled(said: Said, told: Mapping[str, int]) -> Verdict:
    """Of each stream as many chunks are lost as the client was told (*unsound_resume*), by id in `told`. *Vacuous* if nothing is lost."""
    verdict = Verdict("losses are signalled")
    for item in said:
        stream, lost = str(item.get("stream")), item.get("lost") or 0
        signalled = told.get(stream, 0)
        verdict.exercised += lost
        if lost != signalled:
            verdict.violated(Code.UNSOUND_RESUME, f"of stream {stream} {lost} chunks are lost, the client was told of {signalled}")
    return verdict.concluded()
