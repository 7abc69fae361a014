"""Who is at the other end, as the audit trail tells it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from typing import NamedTuple

LONGEST = 200
"""Characters of anything that a stranger says of itself."""
_TOKEN_LIKE = re.compile(r"[\w-]{10,}\.[\w-]{10,}\.[\w-]*")


class Caller(NamedTuple):
    """Where somebody calls from, and with what."""

    address: str
    user_agent: str = ""


def caller(peer: str, forwarded: Collection[str], user_agent: str, trusted: Collection[str]) -> Caller:
    """The caller at the address ``peer``. What its ``X-Forwarded-For`` headers say counts only as far as trusted proxies have written it:
    each has appended whom it was called by, so the last address that is no trusted proxy is the caller's.
    """
    hops = [part.strip() for line in forwarded for part in line.split(",")]
    address = peer
    while address in trusted and hops:
        address = hops.pop()
    return Caller(presentable(address), presentable(user_agent))


def presentable(text: str) -> str:
    """A stranger's text as it may be kept: short, on one line, and without anything that looks like a token."""
    return "".join(letter if letter.isprintable() else "?" for letter in _TOKEN_LIKE.sub("(token)", text)[:LONGEST])


def fingerprint(token: str) -> str:
    """Names a token without giving it away: 16 hex digits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()[:16]
