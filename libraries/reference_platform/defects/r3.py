"""R3: overflow and backpressure. The queue takes too much, lies, refuses wrongly, or serves the wrong ones first."""

from __future__ import annotations

import sys
from collections import deque
from typing import TYPE_CHECKING

from reference_platform.messages import Fields, UserMessage
from reference_platform.policies import Inbox
from reference_platform.registry import defect

if TYPE_CHECKING:
    from reference_platform.host import Host


@defect("r3_unbounded")
class Unbounded(Inbox):
    """Takes everything and never says queue_full."""

    def places(self, priority: str) -> int:
        """As many as anybody sends."""
        return sys.maxsize


@defect("r3_queue_size_lies")
class LyingDepth(Unbounded):
    """Takes everything, and never reports more than the capacity."""

    def reported(self, user: str) -> tuple[int, int]:
        """As many as could wait if the rule were kept."""
        high, normal = super().reported(user)
        normal = min(normal, self.capacity - self.reserved_for_high)
        return min(high, self.capacity - normal), normal


@defect("r3_capacity_off_by_10pct")
class LooseCapacity(Inbox):
    """Takes 8 % more than it announces."""

    def places(self, priority: str) -> int:
        """A little more than allowed."""
        return super().places(priority) * 108 // 100


@defect("r3_full_then_processed")
class RefusedButKept(Inbox):
    """Tells the client that the queue is full, keeps the message all the same, and has it processed when there is room."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.kept: dict[str, deque[UserMessage]] = {}

    def refusal(self, message: UserMessage, depth: int) -> Fields:
        """What the client hears is right."""
        self.kept.setdefault(message.user, deque()).append(message)
        return super().refusal(message, depth)

    def take(self, user: str) -> UserMessage | None:
        """Lets one of the refused ones in with each that is served."""
        message = super().take(user)
        if self.kept.get(user):
            self.put(self.kept[user].popleft())
        return message


@defect("r3_high_dropped")
class NoReserve(Inbox):
    """High priority is refused like normal priority: the reserved places are for nobody."""

    def places(self, priority: str) -> int:
        """Those of normal messages."""
        return super().places("normal")


@defect("r3_high_starved")
class ArrivalOrder(Inbox):
    """High priority never overtakes: everything is served in order of arrival."""

    def put(self, message: UserMessage) -> None:
        """Every message waits among the normal ones."""
        self.waiting.setdefault(message.user, (deque(), deque()))[1].append(message)


@defect("r3_normal_starved")
class HighOnly(Inbox):
    """Normal messages wait as long as there is any high one."""

    def normal_is_due(self, user: str) -> bool:
        """Never."""
        return False


@defect("r3_never_recovers")
class FullForEver(Inbox):
    """Once the queue of a user was full it stays full, also when nothing waits in it."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.full: set[str] = set()

    def admit(self, message: UserMessage) -> Fields | None:
        """Nobody resets what says that it is full."""
        if message.user in self.full:
            return self.refusal(message, self.depth(message.user))
        refusal = super().admit(message)
        if refusal is not None:
            self.full.add(message.user)
        return refusal


@defect("r3_no_retry_after")
class BareRefusal(Inbox):
    """queue_full names neither the message nor when to come back."""

    def refusal(self, message: UserMessage, depth: int) -> Fields:
        """The client cannot know what it has to repeat."""
        fields = super().refusal(message, depth)
        return {name: value for name, value in fields.items() if name not in ("message_id", "attempt", "retry_after")}


# ruff: noqa: ARG002 - a defect ignores what the correct port would look at
