"""A client that comes back whenever its connection ends against its will; who wants to use it meanwhile waits."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from websockets.exceptions import ConnectionClosed

from ..targets import Target
from .activity import Activity
from .client import Client
from .connection import Connection
from .outcomes import Disconnected
from .reconnect import Manner, NotBack, Reconnection, reconnect
from .signal import Signal

if TYPE_CHECKING:
    from .engine import Engine


class ByItself:
    """Watches one client; where ``ping_every`` is given, a ping without an answer within ``patience`` s is the end of a connection too."""

    def __init__(self, engine: Engine, client: Client, target: Target, manner: Manner, *, ping_every: float | None, patience: float) -> None:
        self._engine, self._client, self._target, self._manner = engine, client, target, manner
        self._ping_every, self._patience = ping_every, patience
        self._away = False
        self._over = False
        self._changed = Signal()
        self.failure = ""
        """Why the client did not come back, in words; empty as long as it did."""
        self.done: list[Reconnection] = []
        """How it came back, each time."""

    @property
    def is_over(self) -> bool:
        """It does not come back any more."""
        return self._over

    async def work(self, activity: Activity) -> list[Reconnection]:
        """The activity: goes on until it is asked to end, the client is disconnected by the test, or the ladder has no more tries."""
        manner = replace(self._manner, at_once=False, pause=activity.pause, given_up=activity.is_ending)
        try:
            while await self._lost(activity):
                self.done.append(await reconnect(self._engine, self._client, self._target, manner))
                self._away = False
                self._changed.raised()
        except NotBack as failure:
            if not activity.is_ending():
                self.failure = str(failure)
                raise
        finally:
            self._over = True
            self._changed.raised()
        return self.done

    async def back(self) -> bool:
        """Waits until the client can be used; False where it will not come back."""
        while not self._over:
            connection = self._client.connection
            if connection is None or (connection.close_event is not None and connection.closed_by_us and not self._away):
                return False
            if not self._away and connection.is_open:
                return True
            await self._changed.wait()
        return self._client.is_connected

    async def wait(self, times: int, within: float) -> bool:
        """Waits until the client has come back so often and can be used; False where that does not happen in time."""
        deadline = monotonic() + within
        while not self._over and (len(self.done) < times or self._away or not self._client.is_connected):
            if not await self._changed.wait(deadline - monotonic()):
                return False
        return len(self.done) >= times

    async def _lost(self, activity: Activity) -> bool:
        """Waits until the connection has ended against the client's will."""
        connection = self._client.connection
        while connection is not None and not activity.is_ending():
            if connection.close_event is not None:
                self._away = not connection.closed_by_us
                return self._away
            await activity.until(self._end_of(connection))
            if self._ping_every is not None and not await self._answers(connection):
                self._away = True
                connection.mark(given_up=f"no answer to a ping within {self._patience:g} s")
                return True
        return False

    async def _end_of(self, connection: Connection) -> None:
        """Waits until it has ended, or until the next ping is due."""
        with suppress(TimeoutError):
            await asyncio.wait_for(connection.ended.wait(), self._ping_every)

    async def _answers(self, connection: Connection) -> bool:
        try:
            async with asyncio.timeout(self._patience):
                await (await connection.ping())
        except TimeoutError:
            return False
        except (Disconnected, ConnectionClosed):  # before the ping, or while its answer was awaited
            pass  # seen by who asked
        return True
