"""Waiting for "something changed" inside the loop, without polling."""

from __future__ import annotations

import asyncio


class Signal:
    """Wakes everybody who waits each time it is raised; used by the loop thread only."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []

    def raised(self) -> None:
        """Wakes all who wait."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for future in waiting:
                if not future.done():
                    future.set_result(None)

    async def wait(self, within: float | None = None) -> bool:
        """Waits for the next time; False when ``within`` seconds pass first."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        if within is None:
            await future
            return True
        done, _pending = await asyncio.wait([future], timeout=within)
        future.cancel()
        return bool(done)
