"""How many messages of a user were surely, and how many at most, processed at a moment of the journal."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from operator import attrgetter

from .events import Event
from .messages import Messages

_INDEX = attrgetter("index")


class Bounds:
    """Between these two counts a correct server's own count lies."""

    def __init__(self, journal: Messages) -> None:
        self._answered: defaultdict[str, list[Event]] = defaultdict(list)
        self._attempted: defaultdict[str, list[Event]] = defaultdict(list)
        for reply in journal.replies:
            self._answered[reply.user].append(reply)
        repeated = {message.send.index: message.not_refused for message in journal.unusual()}
        for send in journal.sends:
            if send.index not in repeated:
                self._attempted[send.user].append(send)
        for attempts in repeated.values():
            for first in attempts[:1]:
                insort(self._attempted[first.user], first, key=_INDEX)

    def answered(self, user: str, before: Event) -> int:
        """How many messages of this user had a reply before this event: so many were surely processed."""
        return bisect_left(self._answered[user], before.index, key=_INDEX)

    def attempted(self, user: str, before: Event) -> int:
        """How many messages of this user were sent before this event and not refused: no more can have been processed."""
        return bisect_left(self._attempted[user], before.index, key=_INDEX)

    def newest(self, user: str, before: Event) -> Event | None:
        """The last first reply to this user before this event."""
        answered = self.answered(user, before)
        return self._answered[user][answered - 1] if answered else None

