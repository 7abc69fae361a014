"""What somebody shows to be let in, and how it travels in an opening handshake."""

from __future__ import annotations

from collections.abc import Sequence
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


def token_in_line(line: bytes) -> str | None:
    """The token in a line of a head that is too long to be read; None where it has another reason to be long."""
    text = line.decode("latin-1")
    name, _, value = text.partition(":")
    if name.lower() in {"authorization", "sec-websocket-protocol"}:
        return value.strip().partition(" ")[2] or value.strip()
    return _of_query(text.split(" ")[1], "token") if text.startswith("GET ") else None


def _of_query(path: str, name: str) -> str | None:
    return parse_qs(urlsplit(path).query, keep_blank_values=True).get(name, [None])[0]
