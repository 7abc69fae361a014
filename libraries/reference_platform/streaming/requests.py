"""What a client may ask about streams: to begin one, or to go on with one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reference_platform.messages import Invalid, StreamResume, StreamStart
from reference_platform.plain_message import MAX_INT

from .contents import ANALYSIS, KINDS, LINE_AT_LEAST
from .stream import Description

LONGEST, SHORTEST_CHUNK, LONGEST_CHUNK, MOST_OBJECTS, FASTEST = 16_777_216, 16, 262_144, 65_536, 100_000
LONGEST_MULTIPART = 1_048_576
"""Its headers tell digests of what follows, so that all of it is made once beforehand."""
_SIZE, _OBJECTS, _CHUNK = 51_200, 200, 1024


def stream_start(fields: dict[str, Any], request_id: str) -> StreamStart | Invalid:
    """A ``start_stream``, or what is wrong with it."""
    get = fields.get
    kind, objects, chunk_bytes, rate, seed = get("kind"), get("objects", _OBJECTS), get("chunk_bytes", _CHUNK), get("chunks_per_second"), get("seed", 0)
    size = get("bytes", ANALYSIS if kind == "multipart" else _SIZE)
    longest = LONGEST_MULTIPART if kind == "multipart" else LONGEST
    if kind not in KINDS:
        wrong = f"kind must be one of {', '.join(KINDS)}"
    elif not _is_whole(size, 1, longest):
        wrong = f"bytes must be a whole number from 1 to {longest}"
    elif not _is_whole(objects, 0, MOST_OBJECTS):
        wrong = f"objects must be a whole number from 0 to {MOST_OBJECTS}"
    elif not _is_whole(chunk_bytes, LINE_AT_LEAST if kind == "json_lines" else SHORTEST_CHUNK, LONGEST_CHUNK):
        wrong = f"chunk_bytes must be a whole number from {SHORTEST_CHUNK} (of json_lines {LINE_AT_LEAST}) to {LONGEST_CHUNK}"
    elif rate is not None and not (type(rate) in (int, float) and 0 < rate <= FASTEST):
        wrong = f"chunks_per_second must be a number above 0, at most {FASTEST}"
    elif not _is_whole(seed, 0, MAX_INT):
        wrong = "seed must be a whole number from 0"
    else:
        return StreamStart(request_id, Description(kind, size, objects, chunk_bytes, rate, seed))
    return Invalid("invalid_message", wrong, request_id=request_id)


def stream_resume(fields: dict[str, Any], request_id: str, is_name: Callable[[object], bool]) -> StreamResume | Invalid:
    """A ``resume_stream``, or what is wrong with it; whether there is such a stream and such a chunk is not known here."""
    stream_id, index = fields.get("stream_id"), fields.get("index")
    if not is_name(stream_id):
        return Invalid("invalid_message", "stream_id must be the name of a stream, as stream_started has told it", request_id=request_id)
    if not _is_whole(index, -MAX_INT, MAX_INT):
        return Invalid("invalid_message", "index must be a whole number", request_id=request_id)
    return StreamResume(request_id, str(stream_id), int(index or 0))


def _is_whole(value: object, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most
