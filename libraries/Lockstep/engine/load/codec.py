"""The target's adapter, made fast for one connection: a template for what is sent, a short way for what is a plain reply.

Both give exactly what the adapter gives, or leave the work to it: a template is tried against the adapter before it is used, and
the short way is taken only where the target file leaves no doubt which rule the adapter would choose.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

import orjson

from ...checks.events import Kind
from ...targets.mapping import Adapter, digest_of
from ...targets.model import Rule, TargetFile

Reply = tuple[str, int | None, int | None, int | None, str | None]
"""Message id, attempt, sequence id, offset and digest of a reply."""
Encode = Callable[[str, int, int, str], bytes]
"""Message id, sequence id, number of the content and time stamp (as text) to the payload of a frame."""
PROBE_ID, PROBE_TEXT, PROBE_SEQUENCE, PROBE_STAMP = "probe-4b1d-id", "probe-4b1d-text", 718281828459, 1618033988.25
_PROBES = re.compile(f"({PROBE_ID}|{PROBE_TEXT}|{PROBE_SEQUENCE}|{PROBE_STAMP})")
MOST_CONTENTS, LEAST_CONTENTS, CONTENT_MEMORY = 1009, 31, 16_000_000


class Contents:
    """The texts that are sent in turn, each different from all others, with their digests; repeatable by seed.

    Making a digest for every message would cost more than checking it: a reply with a neighbour's digest is found as surely.
    """

    def __init__(self, size: int | None, seed: int) -> None:
        letters = random.Random(f"load-{seed}")  # noqa: S311 - repeatable text, no secret
        count = MOST_CONTENTS if size is None else max(LEAST_CONTENTS, min(MOST_CONTENTS, CONTENT_MEMORY // size))
        filler = "".join(letters.choices("abcdefghijklmnopqrstuvwxyz      ", k=4096))
        self.texts = [_text(number, size, filler) for number in range(count)]
        self.digests = [digest_of(text) for text in self.texts]
        self.escaped = [orjson.dumps(text)[1:-1].decode() for text in self.texts]

    def __len__(self) -> int:
        return len(self.texts)


def _text(number: int, size: int | None, filler: str) -> str:
    begin = f"{number:04d} of the load: "
    if size is None:
        return begin + filler[number : number + 40]
    return (begin + filler[number:] + filler * (size // len(filler) + 1))[:size]


def encoder(adapter: Adapter, contents: Contents, constant: Mapping[str, Any]) -> Encode:
    """A function that makes what ``adapter.encode`` makes of a message with these constant parts."""
    texts, escaped = contents.texts, contents.escaped

    def by_adapter(message_id: str, sequence: int, content: int, stamp: str) -> bytes:
        return adapter.encode({
            **constant, "message_id": message_id, "sequence_id": sequence, "content": texts[content], "timestamp": float(stamp),
        })

    probe = adapter.encode({
        **constant, "message_id": PROBE_ID, "sequence_id": PROBE_SEQUENCE, "content": PROBE_TEXT, "timestamp": PROBE_STAMP,
    })
    pieces = _PROBES.split(probe.decode("utf-8", "replace"))
    if pieces.count(PROBE_ID) != 1 or pieces.count(PROBE_TEXT) != 1 or max(map(pieces.count, (str(PROBE_SEQUENCE), str(PROBE_STAMP)))) > 1:
        return by_adapter
    id_at, text_at = pieces.index(PROBE_ID), pieces.index(PROBE_TEXT)
    sequence_at, stamp_at = (pieces.index(probe) if probe in pieces else None for probe in (str(PROBE_SEQUENCE), str(PROBE_STAMP)))

    def by_template(message_id: str, sequence: int, content: int, stamp: str) -> bytes:
        pieces[id_at], pieces[text_at] = message_id, escaped[content]
        if sequence_at is not None:
            pieces[sequence_at] = str(sequence)
        if stamp_at is not None:
            pieces[stamp_at] = stamp
        return "".join(pieces).encode()

    tries = [("a.1", 0, 0, "1.5"), ("b-77", 41, len(contents) - 1, "1763701234.567891")]
    return by_template if all(by_template(*each) == by_adapter(*each) for each in tries) else by_adapter


def reader(adapter: Adapter, file: TargetFile) -> Callable[[bytes], Reply | None]:
    """A function that returns the parts of a plain reply, and None for everything that only the adapter can judge."""
    key, value, parts = _short_way(file) if file.adapter is None else ("", "", ())
    if not key:
        return partial(_by_adapter, adapter)
    loads = orjson.loads
    named = [path for path in parts if path]
    take: Callable[[Any], Any] = itemgetter(*named) if len(named) > 1 else lambda wire: (wire[named[0]],)
    absent = [not path for path in parts]

    def read(payload: bytes) -> Reply | None:
        try:
            wire = loads(payload)
            if wire[key] != value:
                return None
            reply = take(wire)
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return None
        if len(reply) < len(absent):  # what this target does not name is put in as absent
            rest = iter(reply)
            reply = tuple(None if missing else next(rest) for missing in absent)
        message_id, attempt, sequence, offset, digest = reply
        if (message_id.__class__ is str and (attempt.__class__ is int or absent[1]) and (sequence.__class__ is int or absent[2])
                and (offset.__class__ is int or absent[3]) and (digest.__class__ is str or absent[4])):
            found: Reply = reply
            return found
        return None  # a part of another type: the adapter knows what that means

    return read


def _by_adapter(adapter: Adapter, payload: bytes) -> Reply | None:
    decoded = adapter.decode(payload)
    if len(decoded) != 1 or decoded[0].kind is not Kind.REPLY or decoded[0].message_id is None:
        return None
    reply = decoded[0]
    return reply.message_id, reply.attempt, reply.sequence_id, reply.offset, reply.digest  # type: ignore[return-value]  # asked above


def _short_way(file: TargetFile) -> tuple[str, str, Sequence[str | None]]:
    """Key and value that only plain replies have, and where their parts are; an empty key where there is doubt."""
    nothing, messages, ready = ("", "", ()), file.messages, file.connect.ready
    if len(messages.reply) != 1 or len(messages.reply[0].where) != 1:
        return nothing
    rule = messages.reply[0]
    (key, value), = rule.where.items()
    parts = (rule.message_id, rule.attempt, rule.sequence_id, rule.offset or messages.offset, rule.digest)
    others = [Rule(where=ready.wait_for)] if ready else []
    others += [*messages.accepted, *messages.duplicate, *messages.refused, *messages.error, *messages.pressure, *(each.answer for each in file.questions.values())]
    doubtful = (
        rule.echo or not rule.message_id or value == "*" or not isinstance(value, str)
        or any("." in path for path in (key, *parts) if path)
        or any(not isinstance(other.where.get(key), str) or other.where[key] in {"*", value} for other in others)
    )
    return nothing if doubtful else (key, value, parts)
