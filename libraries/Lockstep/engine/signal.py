"""Waiting for "something changed" inside the loop, without polling."""

from __future__ import annotations

import asyncio


class Signal:
    """Wakes everybody who waits each time it is raised; used by the loop thread only."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[bool]] = []

    def raised(self) -> None:
        """Wakes all who wait."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for future in waiting:
                if not future.done():
                    future.set_result(True)

    async def wait(self, within: float | None = None) -> bool:
        """Waits for the next time; False when ``within`` seconds pass first."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[bool] = loop.create_future()
        self._waiting.append(future)
        timer = None if within is None else loop.call_later(max(0.0, within), _give_up, future)
        try:
            return await future
        finally:
            if timer is not None:
                timer.cancel()
            if future in self._waiting:
                self._waiting.remove(future)


def _give_up(future: asyncio.Future[bool]) -> None:
    if not future.done():
        future.set_result(False)
