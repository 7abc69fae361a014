"""Each user's queue as it can be known from outside: what was let in, what was turned away, and how deep it was at a moment.

On one connection a server takes messages in the order of sending, and what it says arrives in the order in which it happened.
So whatever was said about a later message, or to a later question, came after the decision on an earlier one. Between two
connections of a user no order is known: there only what arrived before something was sent is certain.
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from .events import Event, Kind
from .messages import FAILED, Messages, attempts_meant

FULL = "queue_full"
"""The reason of a refusal for lack of room."""
HIGH = "high"
NEVER = sys.maxsize
"""The index of what did not happen."""


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
    def may_be_in(self) -> bool:
        """Whether it can have been put into the queue."""
        return self.refused is None and not self.repeated

    @property
    def let_in(self) -> bool:
        """Whether it was put into the queue for certain: nothing turned it away, although what came later was decided on."""
        return not self.doubtful and self.may_be_in and self.decided < NEVER

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


class Depth(NamedTuple):
    """So many messages had been let in and not been answered, at least and at most; those being worked on are among them."""

    least: int
    most: int


class _Lane:
    """The attempts of one connection; all lists ascending."""

    def __init__(self, attempts: Iterable[Attempt], connection: int) -> None:
        self.possible: list[int] = []
        self.certain: list[int] = []
        self.departures: list[int] = []
        for attempt in attempts:
            index, left = attempt.send.index, attempt.left
            if attempt.may_be_in:
                self.possible.append(index)
            if attempt.let_in and (left is None or left.connection == connection):
                self.certain.append(index)
                if left is not None:
                    self.departures.append(left.index)
        self.departures.sort()


class Door:
    """The queue of one user."""

    def __init__(self, attempts: list[Attempt], questions: Iterable[tuple[Event, Event]]) -> None:
        self.attempts = attempts
        """All attempts, in order of sending."""
        self.lanes: dict[int, list[Attempt]] = {}
        """The same by connection."""
        for attempt in attempts:
            self.lanes.setdefault(attempt.send.connection, []).append(attempt)
        self._decide(questions)
        self._lanes = {connection: _Lane(mine, connection) for connection, mine in self.lanes.items()}
        self._possible = [attempt.send.index for attempt in attempts if attempt.may_be_in]
        self.departures = sorted(attempt.left.index for attempt in attempts if attempt.left)
        """Indexes at which messages were seen to have left the queue."""

    def _decide(self, questions: Iterable[tuple[Event, Event]]) -> None:
        asked: defaultdict[int, list[tuple[int, int, Attempt | None]]] = defaultdict(list)
        for query, answer in questions:
            if query.connection in self.lanes and query.connection == answer.connection:
                asked[query.connection].append((query.index, answer.index, None))
        for connection, attempts in self.lanes.items():
            said = [*asked[connection], *((attempt.send.index, attempt.heard, attempt) for attempt in attempts)]
            said.sort(key=lambda item: item[0], reverse=True)
            earliest = NEVER
            for _, heard, attempt in said:
                earliest = min(earliest, heard)
                if attempt is not None:
                    attempt.decided = earliest

    def depth(self, asked: Event, told: int) -> Depth:
        """How deep the queue was when the server dealt with what was `asked` (a message or a question).

        `told` is the index by which it had done so. Messages of other connections count for the upper bound only.
        """
        least, most = 0, bisect_left(self._possible, told) - bisect_left(self.departures, asked.index)
        lane = self._lanes.get(asked.connection)
        if lane is not None:
            least = bisect_left(lane.certain, asked.index) - bisect_left(lane.departures, told)
            most -= bisect_left(lane.possible, told) - bisect_left(lane.possible, asked.index)
        return Depth(max(least, 0), max(most, 0))


def doors(journal: Messages) -> dict[str, Door]:
    """The queue of each user who sent something."""
    repeated = {message.send.index: message for message in journal.unusual()}
    said: defaultdict[int, list[Event]] = defaultdict(list)
    for answers in (journal.acceptances, journal.replies):
        for send, answer in zip(journal.origins_of(answers), answers, strict=True):
            said[send.index].append(answer)
    attempts: defaultdict[str, list[Attempt]] = defaultdict(list)
    for send in journal.sends:
        message = repeated.get(send.index)
        attempts[send.user] += _attempts(message.events if message else [send, *said[send.index]])
    for mine in attempts.values():
        mine.sort(key=lambda attempt: attempt.send.index)
    questions = answered_questions(journal)
    return {user: Door(mine, questions) for user, mine in attempts.items()}


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


def _attempts(events: Iterable[Event]) -> list[Attempt]:
    """The attempts of one message, each with what can only be about it.

    A copy of what may be in the queue already is in doubt until something says that it was let in: it may be ignored, or answered
    without ever having waited.
    """
    attempts: dict[int, Attempt] = {}
    waiting: list[Event] = []
    replied: list[Attempt] = []
    for event in events:
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
