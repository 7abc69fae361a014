"""The shape of nearly all messages: valid, and with no field that nobody knows. It is decoded in one go.

What does not have it is no plain message, which says nothing about it: the Codec looks at it field by field then.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from msgspec import DecodeError, Meta, defstruct
from msgspec.json import Decoder

from .messages import UserMessage

MAX_INT = 2**53 - 1
"""The largest whole number that every JSON library reads as it is."""
MAX_NAME = 256
"""Characters of an id, a title or a name."""

_Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
_WIRE = {
    "message_id": _Name,
    "content": str,
    "sequence_id": Annotated[int, Meta(ge=0, le=MAX_INT)] | None,
    "attempt": Annotated[int, Meta(ge=1, le=MAX_INT)],
    "priority": Literal["normal", "high"],
    "acknowledge": bool,
    "timestamp": Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | float | None,  # a larger one is a float for orjson
    "conversation": _Name | None,
    "final": bool,
    "target_agents": None,
    "shared_state_key": None,
}
_UNSAYABLE = Annotated[str, Meta(min_length=1, max_length=0)]
"""Of what the platform fills in: there is no such value, so that no client can."""
_REQUIRED = ("message_id", "content")


def _shape() -> Any:
    names, defaults = UserMessage.__struct_fields__, UserMessage.__struct_defaults__
    optional = dict(zip(names[len(names) - len(defaults) :], defaults, strict=True))
    fields: list[Any] = [(name, _WIRE[name]) for name in _REQUIRED]
    fields += [(name, _WIRE.get(name, _UNSAYABLE), default) for name, default in optional.items()]
    fields.append(("type", Literal["user_message", "throughput_test"]))
    return defstruct("PlainMessage", fields, bases=(UserMessage,), kw_only=True, eq=False, forbid_unknown_fields=True)


_decode = Decoder(_shape()).decode


def plain_message(payload: bytes) -> UserMessage | None:
    """The message in this JSON text, without its digest; None if it is not a plain one."""
    try:
        return cast("UserMessage", _decode(payload))
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return None
