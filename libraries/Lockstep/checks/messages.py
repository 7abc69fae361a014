"""What became of each message: the one pass over the journal that all checks of messages share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from .events import Event, Kind, LedgerRow


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


ACCEPTED = Kind.ACCEPTED  # names of this module: looking up a member of an enumeration costs more than the line it stands in
OUTCOMES = (Kind.DUPLICATE, Kind.REFUSED, Kind.SEND_UNKNOWN)
QUESTIONS = (Kind.QUERY, Kind.ANSWER, Kind.QUERY_UNKNOWN)


class Messages:
    """All messages of a slice of the journal.

    Built for a million events: no object is made for a message that was sent once and answered once. It is an entry in its
    user's dict: the sending as long as no reply came, afterwards the position of the reply in `replies` and of the sending in
    `origins`. What else is known of a message stands in `further`; `message` puts all of it together on demand.
    """

    __slots__ = ("accepted", "by_user", "connected", "further", "incoming", "origins", "others", "questions", "replies", "sends", "unasked")

    def __init__(self, events: Sequence[Event]) -> None:
        self.by_user: defaultdict[str, dict[str | None, Event | int]] = defaultdict(dict)
        """user -> message id -> the first sending, or the position of the first reply; in order of first sending."""
        self.sends: list[Event] = []
        """The first sending of each message, in order."""
        self.replies: list[Event] = []
        """The first reply of each answered message, in order of arrival."""
        self.origins: list[Event] = []
        """For each of these replies the first sending of its message."""
        self.accepted: defaultdict[str, dict[str | None, Event]] = defaultdict(dict)
        """user -> message id -> the first acceptance."""
        self.further: dict[tuple[str, str | None], list[Event]] = {}
        """(user, message id) -> events beyond one sending, one acceptance and one reply."""
        self.incoming: list[Event] = []
        """Everything that is not a sending, in journal order."""
        self.unasked: list[Event] = []
        """Answers to a message that this user had not sent before."""
        self.questions: list[Event] = []
        """Questions and their ends, in journal order."""
        self.connected: dict[int, Event] = {}
        """Connection -> the event that says it is ready."""
        self.others: defaultdict[Kind, list[Event]] = defaultdict(list)
        """Kind -> the events of it, in journal order, that are neither about a message nor a question."""
        self._read(events)

    def _read(self, events: Sequence[Event]) -> None:
        by_user, replies, origins, incoming = self.by_user, self.replies, self.origins, self.incoming
        sends, send, reply = self.sends, Kind.SEND, Kind.REPLY
        for event in events:
            kind = event.kind
            if kind is send:
                if by_user[event.user].setdefault(event.message_id, event) is event:
                    sends.append(event)
                else:
                    self._add(event)
                continue
            incoming.append(event)
            if kind is not reply:
                self._read_other(event, kind)
                continue
            mine, message_id = by_user[event.user], event.message_id
            origin = mine.get(message_id)
            if origin is None:
                self.unasked.append(event)
            elif isinstance(origin, int):
                self._add(event)
            else:
                mine[message_id] = len(replies)
                replies.append(event)
                origins.append(origin)

    def _read_other(self, event: Event, kind: Kind) -> None:
        if kind is ACCEPTED or kind in OUTCOMES:
            if event.message_id not in self.by_user[event.user]:
                self.unasked.append(event)
            elif kind is not ACCEPTED or self.accepted[event.user].setdefault(event.message_id, event) is not event:
                self._add(event)
        elif kind in QUESTIONS:
            self.questions.append(event)
        else:
            self.others[kind].append(event)
            if kind is Kind.CONNECTED:
                self.connected[event.connection] = event

    def _add(self, event: Event) -> None:
        self.further.setdefault((event.user, event.message_id), []).append(event)

    def first(self, user: str, message_id: str | None) -> Event:
        """The first attempt of a message that this user did send."""
        entry = self.by_user[user][message_id]
        return self.origins[entry] if isinstance(entry, int) else entry

    def send(self, user: str, message_id: str | None) -> Event | None:
        """The first attempt of this message, or None when this user never sent it."""
        return self.first(user, message_id) if user in self.by_user and message_id in self.by_user[user] else None

    def message(self, send: Event) -> Message:
        """Everything about the message whose first attempt this is."""
        user, message_id = send.user, send.message_id
        entry = self.by_user[user][message_id]
        events = [send, *self.further.get((user, message_id), ())]
        if isinstance(entry, int):
            events.append(self.replies[entry])
        if message_id in self.accepted[user]:
            events.append(self.accepted[user][message_id])
        return Message(sorted(events))

    def unusual(self) -> Iterator[Message]:
        """The messages of which more is known than one attempt, one acceptance and one reply."""
        return (self.message(self.first(user, message_id)) for user, message_id in self.further)

    def unanswered(self) -> Iterator[tuple[int, int, Message]]:
        """The messages without a reply: their position among their user's messages, the number of these, and the message."""
        for mine in self.by_user.values():
            for position, entry in enumerate(mine.values(), 1):
                if not isinstance(entry, int):
                    yield position, len(mine), self.message(entry)
