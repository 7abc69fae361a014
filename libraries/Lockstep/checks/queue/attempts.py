"""Each sending of a message, and what became of it at the door of the queue.

Of nearly every message there is one sending, one acceptance and one reply: these are put together column by column. Only where more is
known, or a refusal, a message is looked at event by event.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from typing import overload

from .. import bulk
from ..bulk import NEVER as NOWHERE
from ..columns import Events
from ..events import NEVER, Event, Kind
from ..messages import FAILED, Message, Messages, attempts_meant

FULL = "queue_full"
"""The reason of a refusal for lack of room."""
HIGH = "high"


def reason(event: Event) -> str | None:
    """Why something was refused, in the words of the target file."""
    return (event.details or {}).get("reason")


class Attempt:
    """One sending, and what became of it at the door of the queue."""

    __slots__ = ("accepted", "decided", "doubtful", "heard", "left", "refused", "repeated", "send")

    def __init__(self, send: Event) -> None:
        self.send = send
        self.accepted: Event | None = None
        """The server said that it let the attempt in."""
        self.refused: Event | None = None
        """It was turned away."""
        self.left: Event | None = None
        """It had been let in and was taken out again: the reply, or the word that the agent failed."""
        self.repeated = False
        """It was called a duplicate, so it was not put into the queue."""
        self.doubtful = False
        """What was said may be about this attempt or about another one."""
        self.heard = NEVER
        """Index of the first thing that was said about it on its own connection."""
        self.decided = NEVER
        """Index at which its fate at the door was settled for certain."""

    @property
    def high(self) -> bool:
        """Whether it is urgent."""
        return (self.send.details or {}).get("priority") == HIGH

    @property
    def let_in(self) -> bool:
        """Whether it was put into the queue for certain: nothing turned it away, although what came later was decided on."""
        return not self.doubtful and self.refused is None and not self.repeated and self.decided < NEVER

    @property
    def full(self) -> bool:
        """Whether it was turned away for lack of room."""
        return self.refused is not None and reason(self.refused) == FULL

    def told(self, event: Event) -> None:
        """Takes an outcome that can only be about this attempt."""
        if event.connection == self.send.connection:
            self.heard = min(self.heard, event.index)
        if event.kind is Kind.ACCEPTED:
            self.accepted = self.accepted or event
        elif event.kind is Kind.DUPLICATE:
            self.repeated = True
        elif event.kind is Kind.REPLY or reason(event) == FAILED:
            self.left = event
        else:
            self.refused = event


def attempts_of(message: Message) -> list[Attempt]:
    """The attempts of one message, each with what can only be about it.

    A copy of what may be in the queue already is in doubt until something says that it was let in: it may be ignored, or answered
    without ever having waited.
    """
    attempts: dict[int, Attempt] = {}
    waiting: list[Event] = []
    replied: list[Attempt] = []
    for event in message.events:
        if event.kind is Kind.SEND:
            attempts[event.index] = attempt = Attempt(event)
            attempt.doubtful = bool(waiting or replied)
            waiting.append(event)
        elif event.kind is not Kind.SEND_UNKNOWN:
            meant = [attempts[send.index] for send in attempts_meant(event, waiting)]
            if len(meant) == 1:
                attempt = meant[0]
                attempt.told(event)
                if event.kind is Kind.REPLY:
                    replied.append(attempt)
                if event.kind is not Kind.ACCEPTED:
                    waiting.remove(attempt.send)
            for attempt in meant:
                attempt.doubtful = len(meant) > 1 or (attempt.doubtful and event.kind not in (Kind.ACCEPTED, Kind.REPLY))
    for attempt in replied if len(replied) > 1 else ():
        attempt.doubtful = True
    return list(attempts.values())


class Attempts(Sequence[Attempt]):
    """Attempts in order of sending, in columns of positions; an :class:`Attempt` is made when somebody looks at one."""

    POSITIONS = ("sends", "messages", "accepted", "refused", "left", "heard", "decided")
    FLAGS = ("high", "full", "repeated", "doubtful")

    events: Events
    sends: array[int]
    messages: array[int]
    """Number of the message."""
    accepted: array[int]
    refused: array[int]
    left: array[int]
    heard: array[int]
    decided: array[int]
    high: bytearray
    full: bytearray
    repeated: bytearray
    doubtful: bytearray

    @classmethod
    def of(cls, journal: Messages) -> Attempts:
        """All attempts of a journal; what settles them is not known yet."""
        made = cls()
        made.events = events = journal.events
        made.sends = sends = events.positions(Kind.SEND)
        made.messages = bulk.taken(events.messages, sends)
        made.accepted = bulk.taken(journal.accepted, made.messages)
        made.left = bulk.taken(journal.replied, made.messages)
        made.heard = bulk.least(made.near(made.accepted), made.near(made.left))
        made.refused = array("i", [NOWHERE]) * len(sends)
        made.decided = array("i", [NOWHERE]) * len(sends)
        details = events.details
        made.high = bytearray([(said := details[send]) is not None and said.get("priority") == HIGH for send in sends])
        made.full, made.repeated, made.doubtful = (bytearray(len(sends)) for _ in range(3))
        for message in journal.unusual():
            for attempt in attempts_of(message):
                made._note(attempt)
        return made

    def _note(self, attempt: Attempt) -> None:
        """Puts what was found out about one attempt into the columns."""
        events = self.events
        place = bisect_left(self.sends, events.position(attempt.send))
        for column, event in ((self.accepted, attempt.accepted), (self.refused, attempt.refused), (self.left, attempt.left)):
            column[place] = NOWHERE if event is None else events.position(event)
        self.heard[place] = NOWHERE if attempt.heard == NEVER else bisect_left(events.indexes, attempt.heard, 0, len(events))
        self.full[place], self.repeated[place], self.doubtful[place] = attempt.full, attempt.repeated, attempt.doubtful

    def at(self, places: array[int]) -> Attempts:
        """Those at these places."""
        taken = Attempts()
        taken.events = self.events
        for name in self.POSITIONS:
            setattr(taken, name, bulk.taken(getattr(self, name), places))
        for name in self.FLAGS:
            setattr(taken, name, bytearray(bulk.taken(getattr(self, name), places)))
        return taken

    @cached_property
    def may_be_in(self) -> bytes:
        """Which can have been put into the queue."""
        return bulk.both(bulk.equal(self.refused, NOWHERE), bulk.negated(bytes(self.repeated)))

    @cached_property
    def let_in(self) -> bytes:
        """Which were put into the queue for certain."""
        return bulk.both(self.may_be_in, bulk.both(bulk.negated(bytes(self.doubtful)), bulk.negated(bulk.equal(self.decided, NOWHERE))))

    def near(self, answers: array[int]) -> array[int]:
        """These answers, one for each attempt, but for those that came on another connection."""
        events = self.events
        connections = array("q", [source.connection for source in events.names.sources])
        there = bulk.places(bulk.negated(bulk.equal(answers, NOWHERE)))
        here, came = (bulk.taken(connections, bulk.taken(events.sources, bulk.taken(each, there))) for each in (self.sends, answers))
        elsewhere = bulk.negated(bulk.equal(here, came))
        if 1 not in elsewhere:
            return answers
        near = array("i", answers)
        for place in bulk.chosen(there, elsewhere):
            near[place] = NOWHERE
        return near

    @property
    def turned_away(self) -> array[int]:
        """The places of those that were refused, for whatever reason."""
        return bulk.places(bulk.negated(bulk.equal(self.refused, NOWHERE)))

    @property
    def refused_for_lack_of_room(self) -> array[int]:
        """The places of those."""
        return bulk.places(bytes(self.full))

    def by_connection(self) -> dict[int, array[int]]:
        """Connection -> the places of the attempts that were sent on it."""
        sources, of_sends, everywhere = self.events.names.sources, bulk.taken(self.events.sources, self.sends), array("I", range(len(self)))
        if len(connections := {sources[source].connection for source in {*of_sends}}) == 1:
            return {connections.pop(): everywhere}
        groups: dict[int, array[int]] = {}
        for source, places in bulk.grouped(of_sends, everywhere).items():
            connection = sources[source].connection
            groups[connection] = array("I", sorted(groups[connection] + places)) if connection in groups else places
        return groups

    def __len__(self) -> int:
        return len(self.sends)

    @overload
    def __getitem__(self, key: int) -> Attempt: ...
    @overload
    def __getitem__(self, key: slice) -> list[Attempt]: ...
    def __getitem__(self, key: int | slice) -> Attempt | list[Attempt]:
        if isinstance(key, slice):
            return [self[place] for place in range(len(self))[key]]
        events = self.events
        attempt = Attempt(events[self.sends[key]])
        attempt.accepted, attempt.refused, attempt.left = (
            events[position] if position != NOWHERE else None for position in (self.accepted[key], self.refused[key], self.left[key])
        )
        attempt.repeated, attempt.doubtful = bool(self.repeated[key]), bool(self.doubtful[key])
        attempt.heard, attempt.decided = (
            events.indexes[position] if position != NOWHERE else NEVER for position in (self.heard[key], self.decided[key])
        )
        return attempt
