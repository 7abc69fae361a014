"""What became of each message: the one pass over the journal that all checks of messages share."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from . import bulk
from .bulk import NEVER
from .columns import Events
from .events import Event, Kind, LedgerRow
from .picked import Picked

FAILED = "processing_failed"
"""The reason of a refusal after the fact: the message was let in and taken, and the agent could not handle it."""


class Message:
    """Everything that happened to one message of one user: its attempts and what became of them."""

    __slots__ = ("events", "reply", "send")

    def __init__(self, events: list[Event]) -> None:
        self.events = events
        """All events of this message, in journal order; the first is its first attempt."""
        self.send = events[0]
        """The first attempt."""
        self.reply = next(iter(self.replies), None)
        """The first reply."""

    def _of(self, kind: Kind) -> list[Event]:
        return [event for event in self.events if event.kind is kind]

    @property
    def sends(self) -> list[Event]:
        """All attempts, in order of sending."""
        return self._of(Kind.SEND)

    @property
    def replies(self) -> list[Event]:
        """All replies, in order of arrival."""
        return self._of(Kind.REPLY)

    @property
    def acceptances(self) -> list[Event]:
        """All events that say the server took an attempt in."""
        return self._of(Kind.ACCEPTED)

    @property
    def duplicates(self) -> list[Event]:
        """All answers that call an attempt a duplicate."""
        return self._of(Kind.DUPLICATE)

    @property
    def refusals(self) -> list[Event]:
        """All refusals."""
        return self._of(Kind.REFUSED)

    @property
    def unknowns(self) -> list[Event]:
        """Attempts whose answer can no longer arrive."""
        return self._of(Kind.SEND_UNKNOWN)

    @property
    def waiting(self) -> list[Event]:
        """The attempts that can still be answered: neither refused nor sent on a connection that ended before an answer."""
        ended = {attempt.index for unknown in self.unknowns for attempt in attempts_meant(unknown, self.sends)}
        return [attempt for attempt in self.not_refused if attempt.index not in ended]

    @property
    def promised(self) -> list[Event]:
        """The acceptances that stand: none where every attempt was refused and the agent is said to have failed."""
        failed = any((refusal.details or {}).get("reason") == FAILED for refusal in self.refusals)
        return [] if failed and not self.not_refused else self.acceptances

    @property
    def not_refused(self) -> list[Event]:
        """The attempts that may have been processed: all but those to which a refusal surely belongs.

        A refusal that does not say which of several waiting attempts it means leaves all of them open, until there are as
        many such refusals as attempts.
        """
        waiting: list[Event] = []
        in_doubt = 0
        for event in self.events:
            if event.kind is Kind.SEND:
                waiting.append(event)
            elif event.kind is Kind.REFUSED:
                meant = attempts_meant(event, waiting)
                if len(meant) == 1:
                    waiting.remove(meant[0])
                elif meant:
                    in_doubt += 1
                if in_doubt >= len(waiting):
                    waiting, in_doubt = [], 0
        return waiting


def attempts_meant(outcome: Event | LedgerRow, sends: Iterable[Event]) -> list[Event]:
    """The attempts to which an outcome can belong: the one it names, or all where it names none.

    Two clients of a user may both count from 1; then the connection on which the answer came decides.
    """
    if not outcome.attempt:
        return list(sends)
    named = [send for send in sends if send.attempt == outcome.attempt]
    near = [send for send in named if send.connection == outcome.connection]
    return near or named


OUTCOMES = (Kind.DUPLICATE, Kind.REFUSED, Kind.SEND_UNKNOWN)
QUESTIONS = (Kind.QUERY, Kind.ANSWER, Kind.QUERY_UNKNOWN)
ABOUT = (Kind.SEND, Kind.REPLY, Kind.ACCEPTED, *OUTCOMES, *QUESTIONS)


class Messages:
    """All messages of a slice of the journal.

    Built for a million events: what is known of nearly every message are three positions, that of its first sending, of its first
    acceptance and of its first reply, in arrays by number of the message. The rest stands in `further`; `message` puts all of it
    together on demand.
    """

    def __init__(self, events: Events) -> None:
        self.events = events
        self._count = len(events.names.message_ids)
        sends = events.positions(Kind.SEND)
        self.sent = bulk.firsts(bulk.taken(events.messages, sends), sends, self._count)
        """Number of a message -> position of its first sending."""
        first, again = self._parted(sends, self.sent)
        self.sends = events.at(first)
        """The first sending of each message, in order."""
        replies, unasked = self._asked(Kind.REPLY)
        self.replied = bulk.firsts(bulk.taken(events.messages, replies), replies, self._count)
        """Number of a message -> position of the first reply behind the first sending."""
        first, replied_again = self._parted(replies, self.replied)
        self.replies = events.at(first)
        """The first reply of each answered message, in order of arrival."""
        self.origins = self.origins_of(self.replies)
        """For each of these replies the first sending of its message."""
        accepted, unasked_too = self._asked(Kind.ACCEPTED)
        self.accepted = bulk.firsts(bulk.taken(events.messages, accepted), accepted, self._count)
        """Number of a message -> position of the first acceptance behind the first sending."""
        first, accepted_again = self._parted(accepted, self.accepted)
        self.acceptances = events.at(first)
        """The first acceptance of each accepted message, in order of arrival."""
        outcomes, strange = self._asked(*OUTCOMES)
        self.unasked = events.at(sorted(unasked + unasked_too + strange))
        """Answers to a message that this user had not sent before."""
        self.rest = events.at(sorted(again + replied_again + accepted_again + outcomes))
        """All events beyond one sending, one acceptance and one reply of each message, in journal order."""
        self.further: dict[int, list[int]] = {}
        """Number of a message -> positions of its events among these."""
        for position in self.rest.positions:
            self.further.setdefault(events.messages[position], []).append(position)

    def _asked(self, *kinds: Kind) -> tuple[array[int], array[int]]:
        """The positions of these kinds, parted: behind the first sending of their message, and about messages not sent before."""
        positions = self.events.positions(*kinds)
        behind = bulk.less(bulk.taken(self.sent, bulk.taken(self.events.messages, positions)), positions)
        return bulk.chosen(positions, behind), bulk.chosen(positions, bulk.negated(behind))

    def _parted(self, positions: array[int], first: array[int]) -> tuple[array[int], array[int]]:
        """These positions, parted: the first of each message, and the further ones."""
        is_first = bulk.equal(bulk.taken(first, bulk.taken(self.events.messages, positions)), positions)
        return bulk.chosen(positions, is_first), bulk.chosen(positions, bulk.negated(is_first))

    def origins_of(self, answers: Picked[Event]) -> Picked[Event]:
        """For each of these answers the first sending of its message."""
        origins = bulk.taken(self.sent, bulk.taken(self.events.messages, answers.positions))
        return self.events.at(array("I", origins.tobytes()))

    @cached_property
    def questions(self) -> Picked[Event]:
        """Questions and their ends, in journal order."""
        return self.events.of(*QUESTIONS)

    @cached_property
    def others(self) -> Mapping[Kind, Sequence[Event]]:
        """Kind -> the events of it, in journal order, that are neither about a message nor a question."""
        return {kind: self.events.of(kind) for kind in Kind if kind not in ABOUT}

    @cached_property
    def connected(self) -> dict[int, Event]:
        """Connection -> the event that says it is ready."""
        return {event.connection: event for event in self.events.of(Kind.CONNECTED)}

    def send(self, user: str, message_id: str | None) -> Event | None:
        """The first attempt of this message, or None when this user never sent it."""
        number = self.number(user, message_id)
        return self.events[self.sent[number]] if number is not None else None

    def number(self, user: str, message_id: str | None) -> int | None:
        """The number of a message that this user sent, else None."""
        number = self.events.names.known(user, message_id)
        return number if number is not None and number < len(self.sent) and self.sent[number] != NEVER else None

    def message(self, send: Event) -> Message:
        """Everything about the message of this sending."""
        return self.numbered(self.events.names.message(send.user, send.message_id))

    def numbered(self, number: int) -> Message:
        """Everything about the message of this number."""
        usual = (self.sent[number], self.accepted[number], self.replied[number])
        known = sorted(position for position in (*usual, *self.further.get(number, ())) if position != NEVER)
        return Message(list(self.events.at(known)))

    def unusual(self) -> Iterator[Message]:
        """The messages of which more is known than one attempt, one acceptance and one reply."""
        return map(self.numbered, self.further)

    def unanswered(self) -> Iterator[tuple[int, int, Message]]:
        """The messages without a reply: their position among their user's messages, the number of these, and the message."""
        return self.placed(self.replied)

    def placed(self, effects: array[int]) -> Iterator[tuple[int, int, Message]]:
        """The messages that have none of these effects: their position among their user's messages, the number of these, the message."""
        events = self.events
        messages = bulk.taken(events.messages, self.sends.positions)
        if 1 not in bulk.equal(bulk.taken(effects, messages), NEVER):
            return
        users = [events.names.sources[source].user for source in self.sends.entries(events.sources)]
        totals, places = Counter(users), Counter[str]()
        for message, user in zip(messages, users, strict=True):
            places[user] += 1
            if effects[message] == NEVER:
                yield places[user], totals[user], self.numbered(message)
