"""What a request must be before it is upgraded, beyond what ``websockets`` checks, and how it is refused."""

from __future__ import annotations

import json
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from .policies.gate import Refusal

MAX_HEAD = 131_072
"""Bytes of a request head."""
MAX_LINE = 8_192
MAX_HEADERS = 128


def token_in(request: Request) -> str | None:
    """The token from ``Authorization: Bearer`` or else from ``?token=``."""
    scheme, _, value = (request.headers.get("Authorization") or "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    return parse_qs(urlsplit(request.path).query).get("token", [None])[0]


def not_http(head: bytes) -> Refusal | None:
    """Refuses a head that is no GET of HTTP/1.1, or too large in one of its parts."""
    lines = head.split(b"\r\n")
    if len(lines) > MAX_HEADERS or len(max(lines, key=len)) > MAX_LINE:
        return Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the request head is too large")
    parts = lines[0].split(b" ")
    if len(parts) != 3 or not parts[2].startswith(b"HTTP/"):
        return Refusal(HTTPStatus.BAD_REQUEST, "this is not HTTP")
    if parts[2] != b"HTTP/1.1":
        return Refusal(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "a WebSocket needs HTTP/1.1")
    if parts[0] != b"GET":
        return Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "a WebSocket is opened with GET")
    return None


def against_rfc(request: Request) -> Refusal | None:
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
    return Response(status.value, status.phrase, headers, body).serialize()
