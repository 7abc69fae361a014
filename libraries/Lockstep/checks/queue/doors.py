"""Each user's queue as it can be known from outside: what was let in, what was turned away, and how deep it was at a moment.

On one connection a server takes messages in the order of sending, and what it says arrives in the order in which it happened.
So whatever was said about a later message, or to a later question, came after the decision on an earlier one. Between two
connections of a user no order is known: there only what arrived before something was sent is certain.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from .. import bulk
from ..bulk import NEVER as NOWHERE
from ..events import Event, Kind
from ..messages import Messages
from .attempts import Attempts

Asked = dict[int, list[tuple[int, int]]]
"""Connection -> the positions of each question and of its answer on it."""


class Depth(NamedTuple):
    """So many messages had been let in and not been answered, at least and at most; those being worked on are among them."""

    least: int
    most: int


class _Lane:
    """The attempts of one connection, as positions, ascending; `known` are those of which entry and departure are certain."""

    def __init__(self, attempts: Attempts, places: array[int], known: bytes) -> None:
        self.sends, self.decided = bulk.taken(attempts.sends, places), bulk.taken(attempts.decided, places)
        certain = bulk.taken(known, places)
        self.possible = bulk.chosen(self.sends, bulk.taken(attempts.may_be_in, places))
        self.certain = bulk.chosen(self.sends, certain)
        self.departures = bulk.happened(bulk.chosen(bulk.taken(attempts.left, places), certain))


class Door:
    """The queue of one user."""

    def __init__(self, attempts: Attempts, asked: Asked) -> None:
        self.attempts = attempts
        """All attempts, in order of sending."""
        self.lanes = attempts.by_connection()
        """Connection -> the places of its attempts among these."""
        for connection, places in self.lanes.items():
            settled = _settled(bulk.taken(attempts.sends, places), bulk.taken(attempts.heard, places), sorted(asked.get(connection, ())))
            if len(self.lanes) == 1:
                attempts.decided = settled
            else:
                for place, position in zip(places, settled, strict=True):
                    attempts.decided[place] = position
        self.possible = bulk.chosen(attempts.sends, attempts.may_be_in)
        """Positions at which something was sent that may have been let in."""
        self.departures = bulk.happened(attempts.left)
        """Positions at which messages were seen to have left the queue."""

    @cached_property
    def _lanes(self) -> dict[int, _Lane]:
        attempts = self.attempts
        known = bulk.both(attempts.let_in, bulk.equal(attempts.near(attempts.left), attempts.left))
        return {connection: _Lane(attempts, places, known) for connection, places in self.lanes.items()}

    @cached_property
    def least(self) -> array[int]:
        """For each attempt how deep the queue was at least when it was dealt with; those being worked on are among them."""
        depths = array("q", bytes(8 * len(self.attempts)))
        for connection, places in self.lanes.items():
            lane = self._lanes[connection]
            found = bulk.surplus(bulk.ranks(lane.certain, lane.sends), bulk.ranks(lane.departures, lane.decided))
            if len(self.lanes) == 1:
                return found
            for place, depth in zip(places, found, strict=True):
                depths[place] = depth
        return depths

    def depth_of(self, place: int) -> Depth:
        """How deep the queue was when the attempt at this place was dealt with."""
        events, send = self.attempts.events, self.attempts.sends[place]
        return self._depth(send, self.attempts.decided[place], self._lanes[events.names.sources[events.sources[send]].connection])

    def depth(self, asked: Event, told: int) -> Depth:
        """How deep the queue was when the server dealt with what was `asked` (a message or a question).

        `told` is the index by which it had done so. Messages of other connections count for the upper bound only.
        """
        events = self.attempts.events
        return self._depth(events.position(asked), bisect_left(events.indexes, told, 0, len(events)), self._lanes.get(asked.connection))

    def _depth(self, asked: int, told: int, lane: _Lane | None) -> Depth:
        least, most = 0, bisect_left(self.possible, told) - bisect_left(self.departures, asked)
        if lane is not None:
            least = bisect_left(lane.certain, asked) - bisect_left(lane.departures, told)
            most -= bisect_left(lane.possible, told) - bisect_left(lane.possible, asked)
        return Depth(max(least, 0), max(most, 0))


def doors(journal: Messages) -> dict[str, Door]:
    """The queue of each user who sent something."""
    attempts, events = Attempts.of(journal), journal.events
    users = {user: number for number, user in enumerate(dict.fromkeys(source.user for source in events.names.sources))}
    of_source = array("I", [users[source.user] for source in events.names.sources])
    of_attempts = bulk.taken(of_source, bulk.taken(events.sources, attempts.sends))
    asked: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for query, answer in answered_questions(journal):
        if query.connection == answer.connection:
            asked[query.connection].append((events.position(query), events.position(answer)))
    named = list(users)
    return {
        named[number]: Door(attempts.at(places), asked) for number, places in bulk.grouped(of_attempts, array("I", range(len(attempts)))).items()
    }


def answered_questions(journal: Messages) -> list[tuple[Event, Event]]:
    """Each answered question, whatever it was about, with its answer."""
    asked: dict[tuple[str, str | None], Event] = {}
    found = []
    for event in journal.questions:
        key = (event.client, event.message_id)
        if event.kind is Kind.QUERY:
            asked[key] = event
        elif event.kind is Kind.ANSWER and key in asked:
            found.append((asked.pop(key), event))
    return found


def _settled(sends: array[int], heard: array[int], asked: list[tuple[int, int]]) -> array[int]:
    """For each sending on a connection the first position at which something was said about it, or about what came later on it."""
    settled = bulk.least_from_here(heard)
    if not asked:
        return settled
    answers = [*accumulate((answer for _, answer in reversed(asked)), min, initial=NOWHERE)][::-1]
    later = bulk.ranks(array("I", [query for query, _ in asked]), sends)
    return bulk.least(settled, array("i", [answers[number] for number in later]))
