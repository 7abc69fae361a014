"""A short way from frames to replies: it gives exactly what the target's adapter gives, or leaves the work to it.

It is taken only where the target file leaves no doubt which rule the adapter would choose. Replies are read many at a time: what
costs is a line of Python for each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple, cast

import msgspec

from ...checks.events import Kind
from ...targets.mapping import Adapter
from ...targets.model import Rule, TargetFile


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
    return partial(_by_adapter, adapter) if way is None else _by_structure(way)


def _by_structure(way: _Way) -> Read:
    """By a structure that has only these parts: what else is in a reply is looked over and never becomes an object."""
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


def _by_adapter(adapter: Adapter, payloads: Iterable[bytes]) -> Sequence[Reply] | None:
    replies = []
    for payload in payloads:
        decoded = adapter.decode(payload)
        if len(decoded) != 1 or decoded[0].kind is not Kind.REPLY or decoded[0].message_id is None:
            return None
        reply = decoded[0]
        replies.append(Reply(reply.message_id, reply.attempt, reply.sequence_id, reply.offset, reply.digest))  # type: ignore[arg-type]  # asked above
    return replies


def _short_way(file: TargetFile) -> _Way | None:
    """None where there is doubt."""
    messages, ready = file.messages, file.connect.ready
    if len(messages.reply) != 1 or len(messages.reply[0].where) != 1:
        return None
    rule = messages.reply[0]
    (key, value), = rule.where.items()
    parts = (rule.message_id, rule.attempt, rule.sequence_id, rule.offset or messages.offset, rule.digest)
    named = [key, *filter(None, parts)]
    others = [Rule(where=ready.wait_for)] if ready else []
    others += [*messages.accepted, *messages.duplicate, *messages.refused, *messages.error, *(each.answer for each in file.questions.values())]
    doubtful = (
        rule.echo or not rule.message_id or len(set(named)) < len(named) or value == "*" or not isinstance(value, str)
        or any("." in path or not path.isprintable() or '"' in path or "\\" in path for path in named)
        or any(not isinstance(other.where.get(key), str) or other.where[key] in {"*", value} for other in others)
    )
    return None if doubtful else _Way(key, cast("str", value), parts)
