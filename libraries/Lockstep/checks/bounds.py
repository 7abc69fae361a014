"""How many messages of a user were surely, and how many at most, processed at a moment of the journal."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Mapping

from . import bulk
from .columns import Events
from .events import Event, Kind
from .messages import Messages


class Bounds:
    """Between these two counts a correct server's own count lies."""

    def __init__(self, events: Events, journal: Messages, answered: Mapping[str, array[int]]) -> None:
        self._events = events
        self._answered = answered
        sent = bytearray(events.mask(Kind.SEND))
        for position in journal.rest.positions:
            sent[position] = 0
        for message in journal.unusual():
            sent[events.position(message.send)] = 0
            for first in message.not_refused[:1]:
                sent[events.position(first)] = 1
        self._attempted = events.by_user(bulk.places(bytes(sent)))

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
