"""The shapes of nearly all messages: flat, valid, and with no field that nobody knows. They are decoded in one go.

What has none of these shapes is no plain message, which says nothing about it: the Codec looks at it field by field then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from msgspec import DecodeError, Meta, defstruct
from msgspec.json import Decoder

from .messages import UserMessage

MAX_INT = 2**53 - 1
"""The largest whole number that every JSON library reads as it is."""
MAX_NAME = 256
"""Characters of an id, a title or a name."""
MOST_SHAPES = 64
"""So many are remembered; every program of a client needs one or two."""

_Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
_TEXTS: dict[str, Any] = {
    "type": Literal["user_message", "throughput_test"], "message_id": _Name, "content": str, "priority": Literal["normal", "high"], "conversation": _Name,
}  # fmt: skip
_OTHERS: dict[str, Any] = {
    "sequence_id": Annotated[int, Meta(ge=0, le=MAX_INT)],
    "attempt": Annotated[int, Meta(ge=1, le=MAX_INT)],
    "acknowledge": bool,
    "timestamp": Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | float,
    "final": bool,
}
_SAYABLE = _TEXTS | _OTHERS
_UNSAYABLE = Annotated[str, Meta(min_length=1, max_length=0)]
"""Of what a shape leaves out and what the platform fills in: there is no such value, so that no client can."""
_NAMES, _DEFAULTS = UserMessage.__struct_fields__, UserMessage.__struct_defaults__
_OPTIONAL = dict(zip(_NAMES[len(_NAMES) - len(_DEFAULTS) :], _DEFAULTS, strict=True))

Decode = Callable[[bytes], UserMessage]


class PlainMessages:
    """Knows the shapes that clients use, by example.

    A shape is a set of fields, all of them there and no others. Its texts need two quotation marks for each name and for each value that
    is a text: where these are all there are, no name can stand there twice.
    """

    def __init__(self) -> None:
        self._shapes: dict[tuple[str, ...], Decode] = {}
        self._by_quotes: dict[int, Decode] = {}
        """The shape that was seen last with so many quotation marks."""

    def decode(self, payload: bytes) -> UserMessage | None:
        """The message in this JSON text, without its digest; None if it has none of the shapes."""
        quotes = payload.count(b'"')
        decode = self._by_quotes.get(quotes)
        if decode is None:
            if b"\\\\" in payload:  # then it takes a closer look to tell which quotation marks are within a text
                return None
            decode = self._by_quotes.get(quotes - payload.count(b'\\"'))
            if decode is None:
                return None
        try:
            return decode(payload)
        except (DecodeError, UnicodeDecodeError, RecursionError):
            return None

    def learn(self, fields: Mapping[str, Any]) -> None:
        """Remembers the shape of a valid message."""
        shape = tuple(sorted(fields))
        if shape not in self._shapes:
            if len(self._shapes) == MOST_SHAPES or not _SAYABLE.keys() >= fields.keys() or None in fields.values():
                return
            self._shapes[shape] = Decoder(_struct(shape)).decode
        self._by_quotes[2 * len(shape) + 2 * len(_TEXTS.keys() & fields.keys())] = self._shapes[shape]


def _struct(shape: tuple[str, ...]) -> Any:
    fields: list[Any] = [(name, _SAYABLE[name]) for name in shape]
    fields += [(name, _UNSAYABLE, default) for name, default in _OPTIONAL.items() if name not in shape]
    return defstruct("PlainMessage", fields, bases=(UserMessage,), kw_only=True, eq=False, forbid_unknown_fields=True)
