"""T5: latency. A few answers are late, all of them become slower, or the times that are told are wrong."""

from __future__ import annotations

import time
from hashlib import sha256
from typing import TYPE_CHECKING

from reference_platform.messages import Fields, Reply, UserMessage
from reference_platform.policies import Agents, Outbox, Workers
from reference_platform.registry import defect

if TYPE_CHECKING:
    from reference_platform.host import Host


@defect("t5_tail_1pct")
class LongTail(Workers):
    """One message in a hundred takes 600 ms longer than the others, and those behind it wait."""

    taken = 0
    longer = 0.6

    def pace(self, message: UserMessage) -> float:
        """The hundredth, the two hundredth, … that is begun."""
        self.taken += 1
        return super().pace(message) + (0.0 if self.taken % 100 else self.longer)


@defect("t5_degrade_with_history")
class ReadsItAllAgain(Agents):
    """Goes through everything that was ever said before it answers, so that each answer takes longer than the one before."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.history: list[bytes] = []

    async def apply(self, message: UserMessage) -> Fields:
        """The answer itself is right."""
        self.history.append(message.digest.encode())
        chain = b""
        for said in self.history:
            chain = sha256(chain + said).digest()
        return await super().apply(message)


@defect("t5_clock_in_reply_wrong")
class TwoClocks(Outbox):
    """Tells times that cannot be: taken from two clocks, one of which was set back, they are negative or end before they began."""

    set_back = 3600.0

    def release(self, replies: list[Reply]) -> None:
        """Of answers and of probes."""
        for _, fields, _ in replies:
            if "processing_time" in fields:
                fields["processing_time"] -= self.set_back
            elif "server_send_time" in fields:
                fields["server_send_time"] = time.time() - self.host.clock.now() - self.set_back
        super().release(replies)
