"""T8: recovery from errors. One bad minute has no end, or failures are kept from those whom they concern."""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import TYPE_CHECKING

from reference_platform.errors import AgentFailedError
from reference_platform.messages import Fields, Reply, UserMessage
from reference_platform.policies import Agents, Outbox
from reference_platform.registry import defect

if TYPE_CHECKING:
    from reference_platform.host import Host


@defect("t8_no_recovery_after_error_burst")
class NeverWellAgain(Agents):
    """After ten failures within ten seconds the agent takes itself out of service, as it should, and never comes back: every later message
    fails.
    """

    most, within = 10, 10.0

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.failures: deque[float] = deque(maxlen=self.most)
        self.is_out = False

    async def apply(self, message: UserMessage) -> Fields:
        """A breaker that opens and that nobody closes."""
        if self.is_out:
            raise AgentFailedError("the agent is out of service")
        try:
            return await super().apply(message)
        except AgentFailedError:
            self.failures.append(monotonic())
            self.is_out = len(self.failures) == self.most and self.failures[-1] - self.failures[0] < self.within
            raise


@defect("t8_error_swallowed")
class FailsInSilence(Outbox):
    """When an agent fails, its user is told nothing: no answer, no error, only silence."""

    def release(self, replies: list[Reply]) -> None:
        """Whatever concerns no failure leaves."""
        super().release([reply for reply in replies if reply.fields.get("code") != "processing_failed"])
