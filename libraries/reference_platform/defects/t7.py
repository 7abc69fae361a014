"""T7: leaks. Something of each message, or of each connection, is never given back."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from reference_platform.messages import Fields, UserMessage
from reference_platform.policies import Agents, Sessions
from reference_platform.policies.tokens import Identity
from reference_platform.registry import defect
from reference_platform.sessions.session import Session

if TYPE_CHECKING:
    from reference_platform.connections.connection import Connection
    from reference_platform.host import Host


@defect("t7_leak_slow")
class SlowLeak(Agents):
    """Keeps a hundred bytes of each message for ever."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.kept: list[bytes] = []

    async def apply(self, message: UserMessage) -> Fields:
        """92 bytes as Python keeps them, and 8 for their place in the list."""
        self.kept.append(bytes(59))
        return await super().apply(message)


@defect("t7_fd_leak_per_reconnect")
class FileLeftOpen(Sessions):
    """Opens a file for each connection and never closes it."""

    async def open(self, identity: Identity, connection: Connection) -> Session:
        """A log that nobody writes to."""
        os.open(os.devnull, os.O_WRONLY)
        return await super().open(identity, connection)


@defect("t7_task_leak_per_reconnect")
class TaskLeftRunning(Sessions):
    """Starts a task for each connection, which waits for something that never comes."""

    async def open(self, identity: Identity, connection: Connection) -> Session:
        """A watcher that nobody tells of the end."""
        self.host.spawn(self._watch())
        return await super().open(identity, connection)

    async def _watch(self) -> None:
        await asyncio.Event().wait()
