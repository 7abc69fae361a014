"""What every port may reach: configuration, clock, seeded chance, the other ports, and a place for background work."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import TYPE_CHECKING, Any

from .clock import Clock
from .configuration import Configuration
from .http_side.starting import STARTING
from .sessions.events import SessionEvents

if TYPE_CHECKING:
    from .connections.connection import Connection
    from .messages import Fields
    from .policies import Policies
    from .shutdown import Shutdown
    from .storage.transactions import Transactions


class Host:
    """Given to each port when it is built; ``policies`` is there once all of them are."""

    policies: Policies
    transactions: Transactions
    """Set by the pipeline: what becomes durable next."""

    def __init__(self, config: Configuration, clock: Clock, seed: int) -> None:
        self.config = config
        self.clock = clock
        self.seed = seed
        self.started = monotonic()
        self.stage = STARTING
        """``standby``, ``starting``, ``ok`` from the ready line on, ``stopping``."""
        self.random = random.Random(seed)  # noqa: S311 - repeatable behaviour, no secret
        self.connections: dict[str, Connection] = {}
        """Connections that passed the gate, by connection id, until their last frame is processed."""
        self.failed: Callable[[BaseException], None] = lambda _: None
        """Told of any background work that ended with an error; the platform stops then."""
        self.stop: Callable[[Shutdown], None] = lambda _: None
        """Asks the platform to end."""
        self.tell: Callable[[str, Fields], None] = lambda _user, _fields: None
        """Pushes a frame into every session of a user, after the next commit."""
        self.events = SessionEvents(clock)
        self._tasks: set[asyncio.Task[Any]] = set()

    def uptime(self) -> float:
        """Seconds since the start, on a clock that never goes back."""
        return monotonic() - self.started

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Runs ``work`` in the background; an error in it stops the platform instead of disappearing."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def guard(self, work: Callable[[], None]) -> None:
        """Does ``work``; an error in it stops the platform instead of disappearing in the loop."""
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it is
            self.failed(error)

    async def drained(self, patience: float) -> None:
        """Waits until the background work is done, at most ``patience`` s, and cancels what is left."""
        tasks = self._tasks - {asyncio.current_task()}
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=patience)
            for task in late:
                task.cancel()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.failed(error)
