"""How many messages of a user were surely, and how many at most, processed at a moment of the journal."""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from collections.abc import Mapping
from itertools import compress
from operator import not_

from .columns import Events
from .events import Event
from .messages import Messages


class Bounds:
    """Between these two counts a correct server's own count lies."""

    def __init__(self, events: Events, journal: Messages, answered: Mapping[str, array[int]]) -> None:
        self._events = events
        self._answered = answered
        repeated = {message.send.index: message.not_refused for message in journal.unusual()}
        usual = map(not_, map(repeated.__contains__, journal.sends.entries(events.indexes)))
        self._attempted = events.by_user(array("I", compress(journal.sends.positions, usual)))
        for attempts in repeated.values():
            for first in attempts[:1]:
                insort(self._attempted[first.user], events.position(first))

    def answered(self, user: str, before: Event) -> int:
        """How many messages of this user had a reply before this event: so many were surely processed."""
        return bisect_left(self._answered.get(user, ()), self._events.position(before))

    def attempted(self, user: str, before: Event) -> int:
        """How many messages of this user were sent before this event and not refused: no more can have been processed."""
        return bisect_left(self._attempted.get(user, ()), self._events.position(before))

    def newest(self, user: str, before: Event) -> Event | None:
        """The last first reply to this user before this event."""
        answered = self.answered(user, before)
        return self._events[self._answered[user][answered - 1]] if answered else None
