"""T4: backpressure. What is refused, or not read by its receiver, fills the memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_platform.messages import Fields, UserMessage
from reference_platform.policies import Inbox, Wire
from reference_platform.registry import defect

if TYPE_CHECKING:
    from reference_platform.host import Host


@defect("t4_backpressure_only_flag")
class RefusedAndKept(Inbox):
    """Says queue_full as it should, but keeps in memory for ever what it has refused."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.kept: list[UserMessage] = []

    def refusal(self, message: UserMessage, depth: int) -> Fields:
        """The client believes that it is rid of the message; so does the platform."""
        self.kept.append(message)
        return super().refusal(message, depth)


@defect("t4_send_buffer_unbounded")
class EndlessBuffer(Wire):
    """Goes on answering a client that does not read: the answers pile up in the memory of the platform without any bound."""

    write_high_water = 2**31 - 1
