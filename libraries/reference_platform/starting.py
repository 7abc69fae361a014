"""What the second port says until the platform can serve: 503, whatever is asked. Recovering a large store takes a while."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

STARTING = "starting"
_BODY = json.dumps({"status": STARTING}).encode()
_ANSWER = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\nConnection: close\r\n"
    + f"Content-Length: {len(_BODY)}\r\n\r\n".encode()
    + _BODY
)
LONGEST_HEAD = 65_536
"""Bytes."""


class _Caller(asyncio.Protocol):
    def __init__(self) -> None:
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._head += data
        if b"\r\n\r\n" in self._head or len(self._head) > LONGEST_HEAD:
            self._transport.write(_ANSWER)
            self._transport.close()


@asynccontextmanager
async def starting(listening: socket.socket) -> AsyncIterator[None]:
    """While this lasts, whoever comes to this socket is told that the platform starts; the socket stays open for its later owner."""
    server = await asyncio.get_running_loop().create_server(_Caller, sock=listening.dup())
    try:
        yield
    finally:
        server.close()
