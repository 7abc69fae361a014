"""T3: delivery under connection loss. What was confirmed is gone when the connection or the process is."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from reference_platform.agent_state import AgentState
from reference_platform.messages import UserMessage
from reference_platform.policies import Store, Workers
from reference_platform.policies.workers import Process
from reference_platform.registry import defect

if TYPE_CHECKING:
    from reference_platform.host import Host
    from reference_platform.storage.batch import Batch


@defect("t3_drop_on_reset")
class DroppedOnReset(Workers):
    """When a connection breaks, what its client had just sent is confirmed and thrown away: nobody works on it, and who sends it again hears
    that it was received already.
    """

    moment = 0.005
    """s for which the newest message stays where a break can reach it."""

    async def run(self, message: UserMessage, process: Process) -> None:
        """The newest one of a user waits a moment; whatever waits when the connection breaks is lost."""
        connection = message.session.connection if message.session is not None else None
        if connection is not None and not self.host.policies.inbox.depth(message.user):
            await asyncio.sleep(self.moment)
        if connection is None or not connection.is_broken:
            await super().run(message, process)


@defect("t3_ack_before_durable")
class WrittenLater(Store):
    """Confirms and answers first and writes down 0.2 s later: what a crash finds in between was confirmed and is gone.

    Stores that call the disk once in a while (an append-only file once a second) do so. On a machine that others slow down the last
    moments before a crash may be without messages; a shorter time would hide there.
    """

    later = 0.2

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.unwritten: deque[Batch] = deque()

    async def commit(self, batch: Batch) -> None:
        """Replies leave when this returns."""
        self.unwritten.append(batch)
        self.host.spawn(self._write_later())

    def claims(self, key: int, message_id: str) -> list[tuple[float, str, str]]:
        """What is not written yet is known all the same."""
        failed = {index for batch in self.unwritten for index in batch.released}
        late = [
            (batch.time, message.user, message.session.connection_id if message.session else "")
            for batch in self.unwritten for message in batch.admitted
            if message.message_id == message_id and message.index not in failed
        ]  # fmt: skip
        return late[::-1] + super().claims(key, message_id)

    def agent(self, user: str) -> AgentState:
        """Who comes back finds everything."""
        while self.unwritten:
            self.database.write(self.unwritten.popleft())
        return super().agent(user)

    async def _write_later(self) -> None:
        await asyncio.sleep(self.later)
        if self.unwritten:
            self.database.write(self.unwritten.popleft())
