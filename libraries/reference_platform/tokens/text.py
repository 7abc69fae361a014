"""What a token says, read strictly: nothing of it is believed before its signature was looked at."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any, NamedTuple, NoReturn

from .faults import TokenFault, TokenRefusedError

INVALID = "the token is not valid"
"""All that somebody is told who may have made it up."""
LONGEST = 8192
"""Characters of a token; a longer one is refused before anything of it is decoded."""
_PART = re.compile(r"[A-Za-z0-9_-]+")


class Parts(NamedTuple):
    """The two readable parts of a token."""

    header: dict[str, Any]
    claims: dict[str, Any]


def parts_of(token: str | None) -> Parts:
    """Header and claims of a token in three parts, or TokenRefusedError."""
    if not token:
        raise TokenRefusedError("a token is needed, such as Authorization: Bearer ...", TokenFault.MISSING)
    if len(token) > LONGEST:
        raise TokenRefusedError(INVALID)
    header, dot, rest = token.partition(".")
    claims, second_dot, _ = rest.partition(".")
    if not (dot and second_dot):
        raise TokenRefusedError(INVALID)
    return Parts(_object(header), _object(claims))


def _object(part: str) -> dict[str, Any]:
    """A JSON object in base64url, without padding, each name once and no numbers that JSON does not know."""
    if not _PART.fullmatch(part):
        raise TokenRefusedError(INVALID)
    try:
        text = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()
        found = json.loads(text, object_pairs_hook=_unique, parse_constant=_refused)
    except (binascii.Error, ValueError, RecursionError):
        raise TokenRefusedError(INVALID) from None
    if not isinstance(found, dict):
        raise TokenRefusedError(INVALID)
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise TokenRefusedError(INVALID)
    return found


def _refused(_: str) -> NoReturn:
    raise TokenRefusedError(INVALID)


def time_in(claims: dict[str, Any], name: str) -> int | None:
    """A time in whole seconds, 0 or later; None where it is not said. Anything else is no time."""
    if name not in claims:
        return None
    value = claims[name]
    if type(value) is not int or value < 0:
        raise TokenRefusedError(INVALID)
    return value


def text_in(claims: dict[str, Any], name: str) -> str:
    """A text that must be there, and must not be empty."""
    value = claims.get(name)
    if type(value) is not str or not value or not value.isprintable():
        raise TokenRefusedError(INVALID)
    return value
