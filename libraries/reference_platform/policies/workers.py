"""Workers: who is served next, and how a message is run."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from reference_platform.errors import AgentFailedError
from reference_platform.messages import UserMessage

from .port import Port

if TYPE_CHECKING:
    from reference_platform.host import Host

Process = Callable[[UserMessage], Awaitable[None]]


class Workers(Port):
    """Users take turns: one message each, then to the end of the row. Never two messages of one user at a time.

    There are up to ``max_concurrent_messages`` lanes; each asks ``next_user``, takes that user's next message from the inbox,
    awaits ``run`` and reports the user back with ``offer`` if more is waiting. Where ``run`` and ``pace`` are not replaced and a
    message takes no time, ``run`` is left out.
    """

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.ready: deque[str] = deque()
        self.work_time = 0.0
        """Seconds of work per message, set through control."""
        self.work_times: dict[str, float] = {}
        """The same for single users."""

    def offer(self, user: str) -> None:
        """This user has waiting messages and no worker; it is offered once, until ``next_user`` has returned it."""
        self.ready.append(user)

    def next_user(self) -> str | None:
        """The user to be served now, or None."""
        return self.ready.popleft() if self.ready else None

    async def run(self, message: UserMessage, process: Process) -> None:
        """Runs one message. Until this returns, no other message of its user is started.

        ``await process(message)`` lets the agent handle it and puts the effects into the current transaction; it must be
        called exactly once, unless ``AgentFailedError`` is raised in its place: that is answered with ``processing_failed``.
        """
        seconds = self.pace(message)
        if seconds:
            limit = self.host.config.processing_timeout
            await asyncio.sleep(min(seconds, limit))
            if seconds > limit:
                raise AgentFailedError(f"it worked longer than {limit} s")
        await process(message)

    def pace(self, message: UserMessage) -> float:
        """How long the work on this message takes, s."""
        return self.seconds(message.user)

    def seconds(self, user: str) -> float:
        """How long the work on a message of this user takes, as control has set it, s."""
        return self.work_times.get(user, self.work_time)
