"""Quirks of the process itself: it pauses, it grows while it warms up, and it ends as if for good."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from reference_platform.messages import UserMessage
from reference_platform.policies import Gate, Workers
from reference_platform.policies.gate import Farewell
from reference_platform.policies.workers import Process
from reference_platform.registry import quirk
from reference_platform.shutdown import Shutdown

if TYPE_CHECKING:
    from reference_platform.host import Host


@quirk("n12_pauses")
class Pauses(Workers):
    """The whole process stands still for 300 ms every two seconds, as if its garbage were collected."""

    pause = 0.3
    every = 2.0

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.next_pause = time.monotonic()

    async def run(self, message: UserMessage, process: Process) -> None:
        """Pauses while there is work, the first time with the first message."""
        if time.monotonic() >= self.next_pause:
            time.sleep(self.pause)  # noqa: ASYNC251 - nobody is served meanwhile, that is the point
            self.next_pause = time.monotonic() + self.every
        await super().run(message, process)


@quirk("n15_warm_up_growth")
class WarmUp(Workers):
    """Each of the first 10 000 messages makes the process 2 KiB larger, no later one does."""

    messages = 10_000
    size = 2048

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.caches: list[bytes] = []

    async def run(self, message: UserMessage, process: Process) -> None:
        """Fills what is meant to be filled once."""
        if len(self.caches) < self.messages:
            self.caches.append(message.message_id.encode().ljust(self.size, b"."))
        await super().run(message, process)


@quirk("n5_away_on_restart")
class AwayOnRestart(Gate):
    """Connections are closed with 1001 (going away) before a restart too, where 1012 would tell more: the notice has said the rest."""

    def farewell(self, shutdown: Shutdown) -> Farewell:
        """As when it ends for good."""
        return super().farewell(Shutdown(shutdown.reason))
