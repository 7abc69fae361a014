"""X3: messages wait while a user is away. They are forgotten, turned round, or lost without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_platform.outbound.queue import RANK, AgentMessage, Loss, OutboundQueue
from reference_platform.policies import Outbox
from reference_platform.registry import defect

if TYPE_CHECKING:
    from reference_platform.sessions.session import Session


@defect("x3_queue_dropped")
class ForgottenQueue(Outbox):
    """Whoever comes back to a session finds the queue of before thrown away with its connection: what has waited never comes."""

    def deliver(self, session: Session) -> None:
        """Only what was said since is sent."""
        if session.outbound is not None and session.connection.is_open:
            session.outbound.waiting.clear()
        super().deliver(session)


@defect("x3_queue_reversed")
class Stack(Outbox):
    """What has waited leaves as from a stack: of equally urgent messages the last one first."""

    def leaving(self, queue: OutboundQueue) -> list[AgentMessage]:
        """The wrong way round, priorities kept."""
        last_first = list(queue.waiting.values())[::-1]
        return sorted(last_first, key=lambda message: RANK[message.priority])


@defect("x3_overflow_silent")
class SilentOverflow(Outbox):
    """Messages that found no room, or waited too long, are gone, and nobody is told."""

    def losses(self, queue: OutboundQueue) -> Loss:
        """None that anybody need know of."""
        queue.untold = Loss()
        return queue.untold
