"""Connections that never finish their opening handshake: each has said a part of it and holds the door open."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

from ..checks.events import Kind
from ..targets.connect import Connect
from .handshake import tls
from .journal import Journal

HESITANT = "unfinished handshakes"
"""Under this client name the journal keeps them."""
HEAD = "GET {path} HTTP/1.1\r\nHost: {place}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nX-Slow: "
SAID = (0.0, 0.02, 0.4, 1.0)
"""Of the head they have said so much: nothing, three letters, some lines, all but the end."""


class Hesitant:
    """Opened together; the target may end them when it likes."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._watched: list[asyncio.Task[None]] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def begin(self, settings: Connect, url: str, count: int) -> None:
        """Opens so many of them and says a part of the head on each."""
        place = urlsplit(url)
        secure = place.scheme == "wss"
        head = HEAD.format(path=place.path or "/", place=place.netloc)
        for number in range(count):
            reader, writer = await asyncio.open_connection(place.hostname, place.port or (443 if secure else 80), ssl=tls(settings) if secure else None)
            writer.write(head[: int(len(head) * SAID[number % len(SAID)])].encode())
            self._writers.append(writer)
            self._mark(unfinished=len(self._writers))
            self._watched.append(asyncio.create_task(self._watch(len(self._writers), reader)))

    async def _watch(self, number: int, reader: asyncio.StreamReader) -> None:
        with suppress(OSError):
            while await reader.read(4096):
                pass
        self._mark(ended=number)

    async def go_on(self) -> None:
        """Says one letter more on each, as one does who wants to be taken for slow."""
        for writer in self._writers:
            writer.write(b"x")

    async def ended(self, within: float) -> None:
        """Returns when the target has ended all of them, or after so many seconds."""
        await asyncio.wait(self._watched, timeout=within)

    async def close(self) -> None:
        """Gives them up."""
        for task in self._watched:
            task.cancel()
        for writer in self._writers:
            writer.transport.abort()

    def _mark(self, **details: int) -> None:
        self._journal.write(Kind.MARK, HESITANT, 0, "", None, None, None, None, None, None, details)
