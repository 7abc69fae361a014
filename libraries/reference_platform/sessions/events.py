"""What happened to sessions and connections, for those who look through control. No decision is made from it."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import Any, Literal

from reference_platform.clock import Clock

KEPT = 10_000
"""So many of the last events are kept."""

What = Literal["opened", "resumed", "refused_resume", "left", "taken_over", "expired", "cleaned"]


class SessionEvents:
    """Numbered from 1; the oldest ones leave."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._events: deque[tuple[float, What, str, str, str, str]] = deque(maxlen=KEPT)
        self._count = 0

    def note(self, what: What, user: str, session_id: str, connection_id: str, reason: str = "") -> None:
        """It happened now."""
        self._count += 1
        self._events.append((self._clock.now(), what, user, session_id, connection_id, reason))

    def since(self, index: int) -> list[dict[str, Any]]:
        """Those with an index greater than this, as far as they are kept, oldest first."""
        gone = self._count - len(self._events)
        first = min(max(index, gone), self._count)
        return [
            {"index": number, "time": time, "event": what, "user": user, "session": session_id, "connection": connection_id, "reason": reason}
            for number, (time, what, user, session_id, connection_id, reason)
            in enumerate(islice(self._events, first - gone, None), first + 1)
        ]  # fmt: skip
