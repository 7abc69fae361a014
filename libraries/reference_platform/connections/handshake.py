"""The opening handshake: the head of a request, what it must be beyond what ``websockets`` checks, and how it is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlsplit

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from reference_platform.policies.gate import Farewell, Refusal
from reference_platform.policies.tokens import Identity
from reference_platform.sessions.session import Wish
from reference_platform.tokens.callers import Caller
from reference_platform.tokens.faults import TokenFault, TokenRefusedError

from .credentials import offered_subprotocols, ticket_of, token_of, unread

if TYPE_CHECKING:
    from websockets.server import ServerProtocol

    from reference_platform.policies import Policies

MAX_HEAD = 131_072
"""Bytes of a request head."""
MAX_LINE = 8_192
MAX_HEADERS = 128
DIGITS = 18
"""Of an epoch or an offset."""


class Head:
    """The bytes before the upgrade."""

    def __init__(self, protocol: ServerProtocol) -> None:
        self.data = bytearray()
        """What came; once the request was read, what came behind it."""
        self._protocol = protocol

    def request(self) -> Request | Refusal | None:
        """The request, or what is wrong with it; None until its head is complete."""
        end = self.data.find(b"\r\n\r\n")
        if end < 0:
            if len(self.data) > MAX_HEAD:
                return Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the request head is too large")
            return None
        head = bytes(self.data[: end + 4])
        del self.data[: end + 4]
        if (refusal := _not_http(head)) is not None:
            return refusal
        self._protocol.receive_data(head)
        request = next(iter(self._protocol.events_received()), None)
        return request if isinstance(request, Request) else Refusal(HTTPStatus.BAD_REQUEST, "the request cannot be read")


class Admission(NamedTuple):
    """Somebody whose connection may be upgraded."""

    request: Request
    identity: Identity
    wish: Wish
    caller: Caller


class TurnedAway(NamedTuple):
    """Somebody whose connection is upgraded only to be closed with a word."""

    request: Request
    farewell: Farewell


async def judge(request: Request | Refusal, policies: Policies, peer: str) -> Admission | Refusal | TurnedAway:
    """Who asks for the upgrade and wants what, or why there is none; ``peer`` is the address and port of the other end."""
    address = peer.rpartition(":")[0]
    if isinstance(request, Refusal):
        if request.unread is not None:
            said = request.unread
            await policies.audit.refused(TokenFault.MALFORMED, said.token, policies.audit.caller(address, said.forwarded, said.user_agents))
        return request
    refusal = _against_rfc(request)
    if refusal is None:
        refusal = await policies.gate.check(request)
    if refusal is not None:
        return refusal
    token, ticket, headers = token_of(request), ticket_of(request), request.headers
    who = policies.audit.caller(address, headers.get_all("X-Forwarded-For"), headers.get_all("User-Agent"))
    try:
        identity = policies.tokens.redeem(ticket) if token is None and ticket else await policies.tokens.verify(token)
    except TokenRefusedError as error:
        await policies.audit.refused(error.fault, token or ticket, who)
        way = policies.gate.refusal(str(error), who.address)
        return way if isinstance(way, Refusal) else TurnedAway(request, way)
    if (farewell := policies.gate.speaks(offered_subprotocols(request))) is not None:
        return TurnedAway(request, farewell)
    wish = _wish(request, address)
    return wish if isinstance(wish, Refusal) else Admission(request, identity, wish, who)


def _wish(request: Request, address: str) -> Wish | Refusal:
    """What a request says about sessions; ``address`` is where it comes from."""
    query = parse_qs(urlsplit(request.path).query, keep_blank_values=True)
    resumable, session_id = query.get("resumable", ["false"])[0], query.get("session_id", [None])[0]
    if resumable not in ("true", "false"):
        return Refusal(HTTPStatus.BAD_REQUEST, "resumable must be true or false")
    if resumable == "false" and session_id is None:
        return Wish()
    epoch, offset = _whole(query, "epoch"), _whole(query, "offset")
    if epoch is None or offset is None:
        return Refusal(HTTPStatus.BAD_REQUEST, "epoch and offset must be whole numbers from 0, as the platform has told them")
    headers = request.headers
    told = (address, *headers.get_all("X-Forwarded-For"), *headers.get_all("User-Agent"))
    return Wish(True, session_id, epoch, offset, hashlib.sha256("\0".join(told).encode()).hexdigest()[:16])  # noqa: FBT003 - resumable


def _whole(query: Mapping[str, list[str]], name: str) -> int | None:
    """A number of the query, 0 if it is not there; None if it is no such number."""
    text = query.get(name, ["0"])[0]
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= DIGITS else None


def _not_http(head: bytes) -> Refusal | None:
    """Refuses a head that is no GET of HTTP/1.1, or too large in one of its parts."""
    lines = head.split(b"\r\n")
    if len(lines) > MAX_HEADERS or len(max(lines, key=len)) > MAX_LINE:
        return Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the request head is too large", unread=unread(lines))
    parts = lines[0].split(b" ")
    if len(parts) != 3 or not parts[2].startswith(b"HTTP/"):
        return Refusal(HTTPStatus.BAD_REQUEST, "this is not HTTP")
    if parts[2] != b"HTTP/1.1":
        return Refusal(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "a WebSocket needs HTTP/1.1")
    if parts[0] != b"GET":
        return Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "a WebSocket is opened with GET")
    return None


def _against_rfc(request: Request) -> Refusal | None:
    """What ``websockets`` does not check, or answers with a less telling status."""
    if request.headers.get_all("Sec-WebSocket-Version") not in ([], ["13"]):
        return Refusal(HTTPStatus.UPGRADE_REQUIRED, "this WebSocket speaks version 13")
    if len(request.headers.get_all("Host")) != 1:
        return Refusal(HTTPStatus.BAD_REQUEST, "the request must have one Host header")
    return None


def refused(refusal: Refusal) -> bytes:
    """The HTTP answer in place of the upgrade."""
    body = json.dumps({"error": refusal.reason}).encode()
    status = refusal.status
    headers = Headers(
        {"Date": formatdate(usegmt=True), "Connection": "close", "Content-Type": "application/json", "Content-Length": str(len(body))}
    )
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = "GET"
    if status is HTTPStatus.UPGRADE_REQUIRED:
        headers["Sec-WebSocket-Version"] = "13"
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    return Response(status.value, status.phrase, headers, body).serialize()
