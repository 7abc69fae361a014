"""A short way from frames to replies: it gives exactly what the target's adapter gives, or leaves the work to it.

It is taken only where the target file leaves no doubt which rule the adapter would choose. Replies are read many at a time: what
costs is a line of Python for each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from operator import itemgetter
from typing import Any, NamedTuple, cast

import orjson

from ...checks.events import Kind
from ...targets.mapping import Adapter
from ...targets.model import Rule, TargetFile

msgspec: Any = None
with suppress(ImportError):  # no wheel for this machine: replies are read through a dictionary, at twice the cost
    msgspec = import_module("msgspec")


class Reply(NamedTuple):
    """What is checked of a reply; None where the target does not name it."""

    message_id: str
    attempt: int | None
    sequence_id: int | None
    offset: int | None
    digest: str | None


Read = Callable[[Sequence[bytes]], Sequence[Reply] | None]
"""The replies, if all of these payloads are plain replies; None if only the adapter can judge one of them."""
_TYPES = (str, int, int, int, str)


class _Way(NamedTuple):
    """Key and value that only plain replies have, and where their parts are."""

    key: str
    value: str
    parts: tuple[str | None, ...]


def reader(adapter: Adapter, file: TargetFile) -> Read:
    """The quickest function that reads replies of this target."""
    way = _short_way(file) if file.adapter is None else None
    if way is None:
        return partial(_each, partial(_by_adapter, adapter))
    return _by_struct(way) or partial(_each, _by_dictionary(way))


def _each(read: Callable[[bytes], Reply | None], payloads: Iterable[bytes]) -> Sequence[Reply] | None:
    replies = [read(payload) for payload in payloads]
    return None if None in replies else cast("list[Reply]", replies)


def _by_struct(way: _Way) -> Read | None:
    """By a structure that has only these parts: what else is in a reply is looked over and never becomes an object."""
    paths = [path for path in way.parts if path]
    if msgspec is None or len({way.key, *paths}) <= len(paths):
        return None
    named = [(name, type_, path) for name, type_, path in zip(Reply._fields, _TYPES, way.parts, strict=True) if path]
    absent = {name: None for name, path in zip(Reply._fields, way.parts, strict=True) if not path}
    structure = msgspec.defstruct(
        "PlainReply", [(name, type_) for name, type_, _ in named], namespace=absent, rename={name: path for name, _, path in named},
        tag_field=way.key, tag=way.value, gc=False)
    decode = msgspec.json.Decoder(structure).decode

    def read(payloads: Sequence[bytes]) -> Sequence[Reply] | None:
        try:
            for payload in payloads:
                if not payload.isascii():
                    str(payload, "utf-8")  # in what it looks over, the decoder takes any bytes for text
            return cast("list[Reply]", list(map(decode, payloads)))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    return read


def _by_dictionary(way: _Way) -> Callable[[bytes], Reply | None]:
    """Through a dictionary of all that is in a reply."""
    key, value, parts = way
    loads = orjson.loads
    named = [path for path in parts if path]
    take: Callable[[Any], Any] = itemgetter(*named) if len(named) > 1 else lambda wire: (wire[named[0]],)
    absent = [not path for path in parts]

    def read(payload: bytes) -> Reply | None:
        try:
            wire = loads(payload)
            if wire[key] != value:
                return None
            found = take(wire)
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return None
        if len(named) < len(parts):  # what this target does not name is put in as absent
            rest = iter(found)
            found = tuple(None if missing else next(rest) for missing in absent)
        message_id, attempt, sequence, offset, digest = found
        if (message_id.__class__ is str and (attempt.__class__ is int or absent[1]) and (sequence.__class__ is int or absent[2])
                and (offset.__class__ is int or absent[3]) and (digest.__class__ is str or absent[4])):
            return Reply(message_id, attempt, sequence, offset, digest)
        return None  # a part of another type: the adapter knows what that means

    return read


def _by_adapter(adapter: Adapter, payload: bytes) -> Reply | None:
    decoded = adapter.decode(payload)
    if len(decoded) != 1 or decoded[0].kind is not Kind.REPLY or decoded[0].message_id is None:
        return None
    reply = decoded[0]
    return Reply(reply.message_id, reply.attempt, reply.sequence_id, reply.offset, reply.digest)  # type: ignore[arg-type]  # asked above


def _short_way(file: TargetFile) -> _Way | None:
    """None where there is doubt."""
    messages, ready = file.messages, file.connect.ready
    if len(messages.reply) != 1 or len(messages.reply[0].where) != 1:
        return None
    rule = messages.reply[0]
    (key, value), = rule.where.items()
    parts = (rule.message_id, rule.attempt, rule.sequence_id, rule.offset or messages.offset, rule.digest)
    others = [Rule(where=ready.wait_for)] if ready else []
    others += [*messages.accepted, *messages.duplicate, *messages.refused, *messages.error, *(each.answer for each in file.questions.values())]
    doubtful = (
        rule.echo or not rule.message_id or value == "*" or not isinstance(value, str)
        or any("." in path for path in (key, *parts) if path)
        or any(not isinstance(other.where.get(key), str) or other.where[key] in {"*", value} for other in others)
    )
    return None if doubtful else _Way(key, cast("str", value), parts)
