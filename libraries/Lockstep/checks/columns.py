"""The journal's events in columns: a tenth of the memory of a million tuples, and read by C loops instead of one by one.

An :class:`Events` is a sequence of :class:`Event`: whoever indexes or iterates it gets tuples, made on the spot. Checks that
look at every event read the columns instead, whose entries are plain numbers; :class:`Names` says what they stand for.
A *position* is the place of an event in its sequence; its *index* is the journal's and stays the same in every slice.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import chain, compress, islice, tee
from math import isnan, nan
from operator import itemgetter
from sys import maxsize
from typing import Any, TypeVar, overload

from . import bulk
from .events import Event, Kind
from .names import NOTHING, Names
from .picked import Picked, entries, or_none

K = TypeVar("K", bound=Hashable)

AT_ONCE = 512
"""Events that are added to the columns together: enough to save time, so few that nobody waits for it (half a millisecond)."""
KINDS = tuple(Kind)
_COLUMNS = (
    "indexes", "times", "kinds", "sources", "messages", "attempts", "sequences", "offsets", "series", "versions", "digests", "intended", "details",
)
_EVENT = partial(tuple.__new__, Event)


class Events(Sequence[Event]):
    """Events in the order of the journal. Only the journal appends; `kinds` grows last, so that a reader never sees half an event."""

    __slots__ = (
        "attempts", "details", "digests", "indexes", "intended", "kinds", "messages", "names", "offsets", "sequences", "series", "sources", "times",
        "versions",
    )

    def __init__(self, names: Names | None = None) -> None:
        self.names = names or Names()
        self.indexes: Sequence[int] = range(maxsize)
        self.times = array("d")
        self.kinds = bytearray()
        """Number of the kind: its place in :class:`Kind`."""
        self.sources = array("I")
        """Number of the source."""
        self.messages = array("I")
        """Number of the message or question; events that name none have a number for that."""
        self.attempts = array("q")
        self.sequences = array("q")
        self.offsets = array("q")
        self.series = array("I")
        """Number of the source together with session and epoch, where the event itself says them."""
        self.versions = array("q")
        """The version that the details say, where it is a whole number."""
        self.digests = array("Q")
        """Number of the digest; 0 for none."""
        self.intended = array("d")
        self.details: list[Mapping[str, Any] | None] = []

    @classmethod
    def of_tuples(cls, events: Iterable[Event]) -> Events:
        """The columns of events that were written as tuples, by hand or in a file."""
        made, indexes, left = cls(), array("q"), iter(events)
        while some := list(islice(left, AT_ONCE)):
            indexes.extend(event.index for event in some)
            made.extend(some)
        made.indexes = indexes
        return made

    def extend(self, events: Sequence[tuple[Any, ...]]) -> None:
        """Adds events whose fields are those of :class:`Event`; their index is their place. Many at once cost a third of one by one."""
        if not events:
            return
        _, times, kinds, clients, connections, users, ids, attempts, sequences, offsets, digests, intended, details = zip(*events, strict=True)
        names = self.names
        sources = names.sources_of(list(zip(clients, connections, users, strict=True)))
        messages = names.messages_in(sources, ids)
        series, versions, said = names.said_by(sources, details)
        self.times.fromlist(list(times))
        self.sources.fromlist(sources)
        self.messages.fromlist(messages)
        self.attempts.fromlist(_numbers(attempts))
        self.sequences.fromlist(_numbers(sequences))
        self.offsets.fromlist(_numbers(offsets))
        self.series.fromlist(series)
        self.versions.fromlist(versions)
        self.digests.extend(names.digests_of(digests))
        self.intended.fromlist([nan if value is None else value for value in intended])
        self.details.extend(said)
        self.kinds.extend([kind.number for kind in kinds])

    def __len__(self) -> int:
        return len(self.kinds)

    @overload
    def __getitem__(self, key: int) -> Event: ...
    @overload
    def __getitem__(self, key: slice) -> Events: ...
    def __getitem__(self, key: int | slice) -> Event | Events:
        if isinstance(key, slice):
            within = slice(*key.indices(len(self)))
            return self._taken(lambda column: column[within])
        return next(self.made((range(len(self))[key],)))  # range knows negative positions and the end

    def __iter__(self) -> Iterator[Event]:
        return self.made(range(len(self)))

    def of_clients(self, clients: Collection[str]) -> Events:
        """The events of these clients alone; this sequence itself where it has no others."""
        wanted = [source.client in clients for source in self.names.sources]
        mine = list(map(wanted.__getitem__, self.sources))
        if all(mine):
            return self
        return self._taken(lambda column: _like(column, compress(column, mine)))

    def begun_before(self, index: int) -> Events:
        """The events from this index on, and before them all that was said of the messages and questions of which they speak.

        An answer that comes late belongs to something that was sent before; without that it would be an answer to nothing. What is
        told again so has no offset here: the ones beside it are missing.
        """
        begin = bisect_left(self.indexes, index, 0, len(self))
        known = self.names.message_ids
        named = {message for message in set(self.messages[begin:]) if known[message] is not None}
        earlier = [place for place, message in enumerate(self.messages[:begin]) if message in named]
        if not earlier:
            return self[begin:]
        taken = self._taken(lambda column: _like(column, chain(map(column.__getitem__, earlier), column[begin:len(self)])))
        taken.offsets[: len(earlier)] = array("q", [NOTHING]) * len(earlier)
        return taken

    def positions(self, *kinds: Kind) -> array[int]:
        """The positions of all events of these kinds."""
        return bulk.places(self.mask(*kinds))

    def mask(self, *kinds: Kind) -> bytes:
        """For each event 1 if it is of one of these kinds, else 0."""
        return bytes(self.kinds).translate(_wanted(kinds))

    def of(self, *kinds: Kind) -> Picked[Event]:
        """All events of these kinds."""
        return Picked(self, self.positions(*kinds))

    def by_user(self, positions: array[int]) -> dict[str, array[int]]:
        """User -> those of these positions that are events of that user."""
        return self.grouped(positions, [source.user for source in self.names.sources])

    def grouped(self, positions: array[int], scopes: Sequence[K]) -> dict[K, array[int]]:
        """Scope -> those of these positions that belong to it; `scopes` names that of each source."""
        number = {scope: place for place, scope in enumerate(dict.fromkeys(scopes))}
        of_source = array("I", map(number.__getitem__, scopes))
        groups = bulk.grouped(bulk.taken(of_source, bulk.taken(self.sources, positions)), positions)
        named = list(number)
        return {named[key]: mine for key, mine in groups.items()}

    def indexed(self, index: int) -> Event:
        """The event with this index."""
        return self[bisect_left(self.indexes, index, 0, len(self))]

    def position(self, event: Event) -> int:
        """The position of one of these events."""
        return bisect_left(self.indexes, event.index, 0, len(self))

    def at(self, positions: Iterable[int]) -> Picked[Event]:
        """The events at these positions."""
        return Picked(self, positions if isinstance(positions, array) else array("I", positions))

    def _taken(self, part: Callable[[Any], Any]) -> Events:
        taken = Events(self.names)
        for column in _COLUMNS:
            setattr(taken, column, part(getattr(self, column)))
        return taken

    def made(self, positions: Sequence[int]) -> Iterator[Event]:
        """The tuples of some events."""
        names = self.names
        sources = tee(entries(names.sources, entries(self.sources, positions)), 3)
        return map(_EVENT, zip(
            entries(self.indexes, positions),
            entries(self.times, positions),
            entries(KINDS, entries(self.kinds, positions)),
            *(map(itemgetter(part), source) for part, source in enumerate(sources)),
            entries(names.message_ids, entries(self.messages, positions)),
            *(or_none(entries(column, positions)) for column in (self.attempts, self.sequences, self.offsets)),
            map(names.digest_text, entries(self.digests, positions)),
            (None if isnan(value) else value for value in entries(self.intended, positions)),
            map(_with_version, entries(self.details, positions), entries(self.versions, positions)),
            strict=True,
        ))


@cache
def _wanted(kinds: tuple[Kind, ...]) -> bytes:
    """By number of a kind 1 if it is one of these."""
    numbers = {kind.number for kind in kinds}
    return bytes(number in numbers for number in range(256))


def _numbers(values: Sequence[int | None]) -> list[int]:
    """Entries for a column of whole numbers: NOTHING for None."""
    return [NOTHING if value is None else value for value in values]


def _with_version(said: Mapping[str, Any] | None, version: int) -> Mapping[str, Any] | None:
    """The details as they were written."""
    return said if said is None or version == NOTHING or "version" in said else {**said, "version": version}


def _like(column: Any, values: Iterable[Any]) -> Any:
    """A column of the same type."""
    if isinstance(column, array):
        return array(column.typecode, values)
    return array("q", values) if isinstance(column, range) else type(column)(values)
