"""The end of a TCP connection: half-closed, then given up, so that the last frames arrive."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable


class Leaving:
    """Of one connection."""

    def __init__(self) -> None:
        self._half_closed = False

    def half_close(self, transport: asyncio.Transport) -> None:
        """Nothing more is written."""
        if not self._half_closed and transport.can_write_eof():
            self._half_closed = True
            transport.write_eof()

    async def end(self, transport: asyncio.Transport, client_left: Callable[[], bool], news: asyncio.Event, patience: float) -> None:
        """Half-closes, then waits at most ``patience`` s for the client to do the same: a socket closed with unread input would be reset,
        and the client might never see the last frames. ``news`` says when to ask ``client_left`` again.
        """
        self.half_close(transport)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while not client_left():
                    news.clear()
                    await news.wait()
        transport.close()
        asyncio.get_running_loop().call_later(patience, transport.abort)
