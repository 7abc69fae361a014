"""Quirks of the queue."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from reference_platform.messages import Fields, UserMessage
from reference_platform.policies import Inbox
from reference_platform.registry import quirk

if TYPE_CHECKING:
    from reference_platform.host import Host


@quirk("n17_full_for_a_moment")
class FullForAMoment(Inbox):
    """A place that became free counts as taken for 2 ms more: a message is refused that would have found room, its retry is not."""

    moment = 0.002

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.before: dict[str, tuple[float, int]] = {}
        """By user: until when which depth still counts."""

    def take(self, user: str) -> UserMessage | None:
        """Only a queue in which somebody may have been refused is remembered."""
        depth = self.depth(user)
        if depth >= self.places("normal"):
            self.before[user] = monotonic() + self.moment, depth
        return super().take(user)

    def admit(self, message: UserMessage) -> Fields | None:
        """Judges by the depth of a moment ago."""
        until, depth = self.before.get(message.user, (0.0, 0))
        if depth >= self.places(message.priority) and monotonic() < until:
            return self.refusal(message, self.depth(message.user))
        return super().admit(message)
