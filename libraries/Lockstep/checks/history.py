"""One slice of what happened, arranged once so that every check can read it in one pass."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from operator import attrgetter, lt
from typing import NamedTuple

from .bounds import Bounds
from .events import Event, Kind, LedgerRow
from .messages import Message, Messages

_OFFSET = attrgetter("offset")


class Stream(NamedTuple):
    """Within one stream the server numbers what it sends without a hole."""

    session: str
    epoch: object


class Processed:
    """The ledger's *processed* rows, found by user and message."""

    __slots__ = ("again", "first", "rows")

    def __init__(self, rows: Sequence[LedgerRow]) -> None:
        self.first: defaultdict[str, dict[str | None, LedgerRow]] = defaultdict(dict)
        """user -> message id -> the first processed row; each user's in ledger order."""
        self.rows: list[LedgerRow] = []
        """The first processed row of each message, in ledger order."""
        self.again: dict[tuple[str, str], list[LedgerRow]] = {}
        """(user, message id) -> the further processed rows."""
        for row in rows:
            if row.what != "processed":
                continue
            if self.first[row.user].setdefault(row.message_id, row) is row:
                self.rows.append(row)
            else:
                self.again.setdefault((row.user, row.message_id), []).append(row)

    def of(self, send: Event) -> list[LedgerRow]:
        """All processed rows of the message of this attempt, in ledger order."""
        user, message_id = send.user, send.message_id
        first = self.first[user].get(message_id)
        return [first, *self.again.get((user, first.message_id), ())] if first else []


class History:
    """A slice of the journal in index order, and the ledger rows that belong to it.

    Making one costs nothing: each projection is made when first asked for, in one pass, and shared by all checks.
    """

    def __init__(self, events: Sequence[Event], ledger: Sequence[LedgerRow] = ()) -> None:
        self.events = events
        self.ledger = ledger

    @cached_property
    def journal(self) -> Messages:
        """What became of each message, question and connection."""
        return Messages(self.events)

    @property
    def messages(self) -> list[Message]:
        """All messages that were sent, in order of first sending; made anew at each call, for readers and not for hot loops."""
        return [self.journal.message(send) for send in self.journal.sends]

    @property
    def users(self) -> list[str]:
        """The users who sent a message, in order of their first."""
        return [user for user, mine in self.journal.by_user.items() if mine]

    def message(self, user: str, message_id: str | None) -> Message | None:
        """The message that this user sent under this id, or None."""
        send = self.journal.send(user, message_id)
        return self.journal.message(send) if send else None

    def sender_of(self, message_id: str | None, other_than: str) -> Event | None:
        """The first attempt of another user's message with this id, or None."""
        found = (self.journal.send(user, message_id) for user in self.users if user != other_than)
        return next((send for send in found if send), None)

    @cached_property
    def processed(self) -> Processed:
        """What the server says it processed."""
        return Processed(self.ledger)

    def unprocessed(self) -> Iterator[tuple[int, int, Message]]:
        """The messages without a processed row: their position among their user's messages, the number of these, the message."""
        for user in self.users:
            mine, processed = self.journal.by_user[user], self.processed.first[user]
            for position, message_id in enumerate(mine, 1):
                message = self.message(user, message_id) if message_id not in processed else None
                if message:
                    yield position, len(mine), message

    @cached_property
    def bounds(self) -> Bounds:
        """How many messages may have been processed at a moment."""
        return Bounds(self.journal)

    @cached_property
    def streams(self) -> Mapping[Stream, Sequence[Event]]:
        """The numbered events of each session and epoch, in order of arrival.

        A connection without a known session is a stream of its own.
        """
        streams: dict[Stream, list[Event]] = {}
        usual: dict[int, list[Event]] = {}
        connected = Kind.CONNECTED  # a local name: looking up a member of an enumeration costs more than the rest of the line
        for event in self.journal.incoming:
            details = event.details
            if event.offset is None or event.kind is connected:
                continue
            says_itself = details is not None and ("session" in details or "epoch" in details)
            stream = None if says_itself else usual.get(event.connection)
            if stream is None:
                stream = streams.setdefault(self.stream(event), [])
                if not says_itself:
                    usual[event.connection] = stream
            stream.append(event)
        return streams

    def session(self, connection: int) -> str | None:
        """The session that this connection serves, where the server named it."""
        connected = self.journal.connected.get(connection)
        return (connected.details or {}).get("session") if connected else None

    def stream(self, event: Event) -> Stream:
        """The stream that this event belongs to: as it says itself, else as its connection was told."""
        connected = self.journal.connected.get(event.connection)
        said = {**((connected.details if connected else None) or {}), **(event.details or {})}
        return Stream(str(said.get("session", f"connection {event.connection}")), said.get("epoch"))

    @cached_property
    def latencies(self) -> array[float]:
        """Seconds from the intended, else the actual, first sending of each answered message to its first reply, in order of reply."""
        journal = self.journal
        return array("d", [
            reply.time - (send.time if send.intended is None else send.intended)
            for send, reply in zip(journal.origins, journal.replies, strict=True)
        ])

    @cached_property
    def rising(self) -> frozenset[Stream]:
        """The streams in which every offset is higher than the one before; nearly all are, and need no closer look."""
        return frozenset(
            stream for stream, events in self.streams.items()
            if all(map(lt, map(_OFFSET, events), map(_OFFSET, islice(events, 1, None))))
        )

    @property
    def start(self) -> float:
        """The time of the first event, to which sentences relate theirs."""
        return self.events[0].time if self.events else 0.0
