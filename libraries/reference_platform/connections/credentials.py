"""What somebody shows to be let in, and how it travels in an opening handshake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from websockets.http11 import Request
from websockets.typing import Subprotocol

SUBPROTOCOLS = (Subprotocol("agents.v1"),)
"""What is spoken here; a client that offers sub-protocols must offer one of these, beside one that is its token."""
PREFIX = "jwt."
"""``jwt.ENVIRONMENT.TOKEN`` is a token that travels as a sub-protocol: browsers can send no headers."""


def offered_subprotocols(request: Request) -> list[str]:
    """What the client says it speaks, and what it has put between."""
    return [one.strip() for line in request.headers.get_all("Sec-WebSocket-Protocol") for one in line.split(",")]


def spoken(offered: Sequence[str]) -> Subprotocol | None:
    """The first of ours that the client speaks too."""
    return next((one for one in SUBPROTOCOLS if one in offered), None)


def token_of(request: Request) -> str | None:
    """The token from ``Authorization: Bearer``, else from a sub-protocol ``jwt.ENVIRONMENT.TOKEN``, else from ``?token=``."""
    scheme, _, value = (request.headers.get("Authorization") or "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    for one in offered_subprotocols(request):
        if one.startswith(PREFIX):
            return one.removeprefix(PREFIX).partition(".")[2]
    return _of_query(request.path, "token")


def ticket_of(request: Request) -> str | None:
    """The ticket from ``?ticket=``."""
    return _of_query(request.path, "ticket")


class Unread(NamedTuple):
    """What can be said of a request whose token is too long for it to be read."""

    token: str
    forwarded: list[str]
    user_agents: list[str]


def unread(lines: Sequence[bytes]) -> Unread | None:
    """Of the lines of a head, one of which is too long; None where that is not for a token."""
    texts = [line.decode("latin-1") for line in lines]
    longest = max(texts, key=len)
    name, _, value = longest.partition(":")
    if name.lower() in {"authorization", "sec-websocket-protocol"}:
        token: str | None = value.strip().partition(" ")[2] or value.strip()
    else:
        token = _of_query(longest.split(" ")[1], "token") if longest.startswith("GET ") else None
    return None if token is None else Unread(token, _values(texts, "x-forwarded-for"), _values(texts, "user-agent"))


def _values(lines: Sequence[str], wanted: str) -> list[str]:
    """What headers of this name say."""
    found = (line.partition(":") for line in lines[1:])
    return [value.strip() for name, _, value in found if name.lower() == wanted]


def _of_query(path: str, name: str) -> str | None:
    return parse_qs(urlsplit(path).query, keep_blank_values=True).get(name, [None])[0]
