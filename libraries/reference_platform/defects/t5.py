"""T5: latency. A few answers are late, all of them become slower, or the times that are told are wrong."""

from __future__ import annotations

import time

from reference_platform.messages import Reply, UserMessage
from reference_platform.policies import Outbox, Workers
from reference_platform.registry import defect


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
class ReadsItAllAgain(Workers):
    """Reads everything that was ever said before it works on a message, so that each answer takes longer than the one before."""

    said = 0
    each = 0.0001
    """s to read one message again; waited for and not computed, as a database would let it wait, so that no machine is too fast or too slow for it."""

    def pace(self, message: UserMessage) -> float:
        """The more was said, the longer."""
        self.said += 1
        return super().pace(message) + self.said * self.each


@defect("t5_clock_in_reply_wrong")
class TwoClocks(Outbox):
    """Tells times that cannot be: taken from two clocks, one of which was set back, they are negative or end before they began."""

    set_back = 3600.0

    def release(self, replies: list[Reply]) -> None:
        """Of answers and of probes."""
        for fields in (reply.fields for reply in replies):
            if "processing_time" in fields:
                fields["processing_time"] -= self.set_back
            elif "server_send_time" in fields:
                fields["server_send_time"] = time.time() - self.host.clock.now() - self.set_back
        super().release(replies)
