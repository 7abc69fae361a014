"""What the second port says until the platform can serve: 503, whatever is asked. Recovering a large store takes a while, and who
stands by waits for another process to end.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

STANDBY, STARTING = "standby", "starting"
LONGEST_HEAD = 65_536
"""Bytes."""


def _answer(stage: str) -> bytes:
    body = json.dumps({"status": stage}).encode()
    head = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class _Caller(asyncio.Protocol):
    def __init__(self, stage: Callable[[], str]) -> None:
        self._stage = stage
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._head += data
        if b"\r\n\r\n" in self._head or len(self._head) > LONGEST_HEAD:
            self._transport.write(_answer(self._stage()))
            self._transport.close()


@asynccontextmanager
async def starting(listening: socket.socket, stage: Callable[[], str]) -> AsyncIterator[None]:
    """While this lasts, whoever comes to this socket is told how far the platform is; the socket stays open for its later owner."""
    server = await asyncio.get_running_loop().create_server(lambda: _Caller(stage), sock=listening.dup())
    try:
        yield
    finally:
        server.close()
