"""JSON that means one thing: what two readers could understand differently, or what takes more than it may, is refused.

Each look at the whole text is one call of a library; only a text in which something suspicious was found is looked at piece by piece.
"""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Any

import orjson

from .messages import Invalid

MAX_DEPTH = 100
"""Levels of lists and objects."""
MAX_CONTAINERS = 50_000
"""Lists and objects in one message; each takes some ten times as much memory as text."""
LONGEST_INT = 2**63
"""From here on libraries disagree about what a whole number is."""

_QUOTE, _ESCAPED_QUOTE = b'"', b"\\u0022"
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_LONG_NUMBER = re.compile(rb"\d{19}")


class _AmbiguousError(ValueError):
    """The text is JSON, and not everybody reads the same."""


def read_json(payload: bytes) -> Any:
    """What this text says, or ``Invalid``; never raises, whatever the bytes are."""
    if _opened(payload) > MAX_DEPTH:
        brackets = _STRING.sub(b"", payload).translate(None, _NO_BRACKETS)
        if max(accumulate(map(_STEPS.__getitem__, brackets[: 2 * MAX_CONTAINERS])), default=0) > MAX_DEPTH:
            return Invalid("nesting_too_deep", f"lists and objects are nested {MAX_DEPTH} levels deep at most", told={"max_depth": MAX_DEPTH})
        if _opened(brackets) > MAX_CONTAINERS:
            return Invalid("invalid_message", f"a message has at most {MAX_CONTAINERS:,} lists and objects")
    try:
        read = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return Invalid("invalid_json", "the message is not valid JSON") if _is_utf8(payload) else Invalid("invalid_encoding", "the message is not UTF-8")
    if _is_suspicious(payload, read):
        try:
            json.loads(payload, object_pairs_hook=_without_twins, parse_int=_not_too_long)
        except _AmbiguousError as ambiguous:
            return Invalid("invalid_json", str(ambiguous))
    return read


def _opened(text: bytes) -> int:
    return text.count(b"[") + text.count(b"{")


def _is_suspicious(payload: bytes, read: Any) -> bool:
    """True where a name may stand twice, which shows in quotation marks that got lost on reading, or where a number may be too long."""
    return (
        payload.count(_QUOTE) != orjson.dumps(read).count(_QUOTE)
        or _ESCAPED_QUOTE in payload
        or _LONG_NUMBER.search(payload) is not None
    )


def _without_twins(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise _AmbiguousError("a name stands twice in one object")


def _not_too_long(digits: str) -> None:
    if len(digits) > 20 or not -LONGEST_INT <= int(digits) < LONGEST_INT:
        raise _AmbiguousError("whole numbers have at most 64 bits")


def _is_utf8(payload: bytes) -> bool:
    try:
        str(payload, "utf-8")
    except UnicodeDecodeError:
        return False
    return True
