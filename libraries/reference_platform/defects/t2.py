"""T2: order under load."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

from reference_platform.messages import UserMessage
from reference_platform.policies import Inbox
from reference_platform.registry import defect

if TYPE_CHECKING:
    from reference_platform.host import Host


class Ranked:
    """A message in a heap: compared by its priority and by nothing else."""

    def __init__(self, message: UserMessage) -> None:
        self.message = message
        self.rank = message.priority != "high"

    def __lt__(self, other: Ranked) -> bool:
        return self.rank < other.rank


@defect("t2_reorder_under_load")
class UnstableHeap(Inbox):
    """Keeps waiting messages in a heap that knows urgency and not the order of arrival: as soon as several wait, they overtake each other."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.heaps: dict[str, list[Ranked]] = {}

    def put(self, message: UserMessage) -> None:
        """Somewhere among those of its priority."""
        heappush(self.heaps.setdefault(message.user, []), Ranked(message))

    def take(self, user: str) -> UserMessage | None:
        """One of the most urgent."""
        heap = self.heaps.get(user)
        if not heap:
            return None
        message = heappop(heap).message
        if user in self.pressure.users:
            self.pressure.shrunk(user, len(heap), len(heap))
        return message

    def depth(self, user: str) -> int:
        """As many as wait."""
        return len(self.heaps.get(user, ()))

    def reported(self, user: str) -> tuple[int, int]:
        """High and normal ones."""
        high = sum(not ranked.rank for ranked in self.heaps.get(user, ()))
        return high, self.depth(user) - high

    def total(self) -> int:
        """Of all users."""
        return sum(map(len, self.heaps.values()))
