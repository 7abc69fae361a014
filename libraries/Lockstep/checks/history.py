"""One slice of what happened, arranged once so that every check can read it in one pass."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from . import bulk
from .bounds import Bounds
from .bulk import NEVER
from .columns import Events
from .events import Event, Kind, LedgerRow
from .messages import Message, Messages
from .names import NOTHING
from .picked import Picked
from .queue.doors import Door, doors
from .reconnections import Reconnection, reconnections
from .rows import Rows


class Stream(NamedTuple):
    """Within one stream the server numbers what it sends without a hole."""

    session: str
    epoch: object


class Processed:
    """The ledger's *processed* rows, found by message."""

    def __init__(self, ledger: Rows) -> None:
        positions = ledger.positions("processed")
        messages = bulk.taken(ledger.messages, positions)
        self.first = bulk.firsts(messages, positions, len(ledger.names.message_ids))
        """Number of a message -> position of its first processed row."""
        is_first = bulk.equal(bulk.taken(self.first, messages), positions)
        self.rows = ledger.at(bulk.chosen(positions, is_first))
        """The first processed row of each message, in ledger order."""
        self.again: dict[int, list[int]] = {}
        """Number of a message -> positions of its further processed rows."""
        for position in bulk.chosen(positions, bulk.negated(is_first)):
            self.again.setdefault(ledger.messages[position], []).append(position)
        self._ledger = ledger

    def of(self, send: Event) -> list[LedgerRow]:
        """All processed rows of the message of this sending, in ledger order."""
        return self.numbered(self._ledger.names.message(send.user, send.message_id))

    def numbered(self, message: int) -> list[LedgerRow]:
        """All processed rows of the message of this number, in ledger order."""
        first = self.first[message]
        return list(self._ledger.at([first, *self.again.get(message, ())])) if first != NEVER else []


class History:
    """A slice of the journal in index order, and the ledger rows that belong to it.

    Making one costs nothing: each projection is made when first asked for, in one pass, and shared by all checks.
    """

    def __init__(self, events: Iterable[Event], ledger: Iterable[LedgerRow] = ()) -> None:
        self.events = events if isinstance(events, Events) else Events.of_tuples(events)
        self.ledger = ledger if isinstance(ledger, Rows) else Rows(ledger, self.events.names)

    @cached_property
    def journal(self) -> Messages:
        """What became of each message, question and connection."""
        return Messages(self.events)

    @property
    def messages(self) -> list[Message]:
        """All messages that were sent, in order of first sending; made anew at each call, for readers and not for hot loops."""
        return [self.journal.numbered(number) for number in self.journal.sends.entries(self.events.messages)]

    @cached_property
    def users(self) -> Mapping[str, Event]:
        """The users who sent a message, in order of their first, which stands behind each."""
        sends = self.journal.sends.positions
        of_source = bulk.firsts(bulk.taken(self.events.sources, sends), sends, len(self.events.names.sources))
        users: dict[str, Event] = {}
        for send in self.events.at(sorted(set(of_source) - {NEVER})):
            users.setdefault(send.user, send)
        return users

    @cached_property
    def answered(self) -> Mapping[str, array[int]]:
        """User -> the positions of the first reply to each of the user's messages, in order of arrival."""
        return self.events.by_user(self.journal.replies.positions)

    def message(self, user: str, message_id: str | None) -> Message | None:
        """The message that this user sent under this id, or None."""
        number = self.journal.number(user, message_id)
        return self.journal.numbered(number) if number is not None else None

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
        return self.journal.placed(self.processed.first)

    @cached_property
    def bounds(self) -> Bounds:
        """How many messages may have been processed at a moment."""
        return Bounds(self.events, self.journal, self.answered)

    @cached_property
    def doors(self) -> Mapping[str, Door]:
        """Each user's queue, as far as it can be known from outside."""
        return doors(self.journal)

    @cached_property
    def arrivals(self) -> Mapping[tuple[int, Stream], array[int]]:
        """Connection and stream -> the positions of the numbered events of that stream on that connection, in order of arrival."""
        events = self.events
        kinds = events.mask(*(kind for kind in Kind if kind not in (Kind.SEND, Kind.CONNECTED)))
        numbered = bulk.places(bulk.both(kinds, bulk.negated(bulk.equal(events.offsets, NOTHING))))
        arrivals: dict[tuple[int, Stream], array[int]] = {}
        for number, mine in bulk.grouped(bulk.taken(events.series, numbered), numbered).items():
            said = events.names.series[number]
            connection = events.names.sources[said.source].connection
            key = connection, self._stream(connection, said.session, said.epoch)
            arrivals[key] = array("I", sorted(arrivals[key] + mine)) if key in arrivals else mine
        return arrivals

    @cached_property
    def streams(self) -> Mapping[Stream, Picked[Event]]:
        """The numbered events of each session and epoch, in order of arrival on whichever connection.

        A connection without a known session is a stream of its own.
        """
        parts: dict[Stream, list[array[int]]] = {}
        for (_, stream), mine in self.arrivals.items():
            parts.setdefault(stream, []).append(mine)
        return {stream: self.events.at(mine[0] if len(mine) == 1 else array("I", sorted(chain(*mine)))) for stream, mine in parts.items()}

    @cached_property
    def reconnections(self) -> list[Reconnection]:
        """How clients came back, in the order in which that was over."""
        return reconnections(self.events)

    def session(self, connection: int) -> str | None:
        """The session that this connection serves, where the server named it."""
        connected = self.journal.connected.get(connection)
        return (connected.details or {}).get("session") if connected else None

    def stream(self, event: Event) -> Stream:
        """The stream that this event belongs to: as it says itself, else as its connection was told."""
        said = event.details or {}
        return self._stream(event.connection, said.get("session"), said.get("epoch"))

    def _stream(self, connection: int, session: object, epoch: object) -> Stream:
        connected = self.journal.connected.get(connection)
        told = (connected.details if connected else None) or {}
        session = told.get("session", f"connection {connection}") if session is None else session
        return Stream(str(session), told.get("epoch") if epoch is None else epoch)

    @cached_property
    def latencies(self) -> array[float]:
        """Seconds from the intended, else the actual, first sending of each answered message to its first reply, in order of reply."""
        events, origins, replies = self.events, self.journal.origins.positions, self.journal.replies.positions
        found = bulk.difference(bulk.taken(events.times, replies), bulk.taken(events.intended, origins))
        for place in bulk.places(bulk.negated(bulk.equal(found, found))):  # nan: not intended for a certain time
            found[place] = events.times[replies[place]] - events.times[origins[place]]
        return found

    @cached_property
    def sorted_latencies(self) -> array[float]:
        """The same, ascending."""
        return bulk.ascending(self.latencies)

    @cached_property
    def rising(self) -> frozenset[Stream]:
        """The streams in which every offset is higher than the one before; nearly all are, and need no closer look."""
        offsets = self.events.offsets
        return frozenset(stream for stream, events in self.streams.items() if bulk.rises(bulk.taken(offsets, events.positions)))

    @property
    def start(self) -> float:
        """The time of the first event, to which sentences relate theirs."""
        return self.events.times[0] if self.events else 0.0
