"""T1: throughput. The platform slows down in silence, or says that it has done what it has only received."""

from __future__ import annotations

from time import monotonic

from reference_platform.messages import Fields, Reply, UserMessage
from reference_platform.policies import Inbox, Workers
from reference_platform.registry import defect


@defect("t1_throttle_cliff")
class Throttled(Workers):
    """Works on 300 messages per second and no more, and says nothing about it: everything behind them waits."""

    every = 1 / 300
    next_turn = 0.0

    def pace(self, message: UserMessage) -> float:
        """The time until its turn, beside that of the work."""
        now = monotonic()
        turn = max(now, self.next_turn)
        self.next_turn = turn + self.every
        return super().pace(message) + turn - now


@defect("t1_counts_sent_as_done")
class AnsweredOnArrival(Inbox):
    """Answers a message as soon as it has come in, as if the agent had worked on it already."""

    def admit(self, message: UserMessage) -> Fields | None:
        """The answer looks like the right one; the agent's own is not sent."""
        refusal = super().admit(message)
        if refusal is None and message.session is not None:
            agents = self.host.policies.agents
            fields = agents.reply(message, agents.state(message.user)) | {"processing_time": 0.0}
            fields["version"] += self.depth(message.user)
            self.host.policies.outbox.release([Reply(message.session, fields, message.priority)])
            message.reply = False
        return refusal
