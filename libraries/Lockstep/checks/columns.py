"""The journal's events in columns: a tenth of the memory of a million tuples, and read by C loops instead of one by one.

An :class:`Events` is a sequence of :class:`Event`: whoever indexes or iterates it gets tuples, made on the spot. Checks that
look at every event read the columns instead, whose entries are plain numbers; :class:`Names` says what they stand for.
A *position* is the place of an event in its sequence; its *index* is the journal's and stays the same in every slice.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import compress, islice, tee
from math import isnan, nan
from operator import itemgetter
from struct import unpack
from sys import maxsize
from threading import Lock
from typing import Any, NamedTuple, Protocol, TypeVar, cast, overload

from . import bulk
from .events import Event, Kind

R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

NOTHING = -(2**63)
"""None, in a column of whole numbers; in a column of times it is nan."""
MOST = 2**63 - 1
"""The largest number that a column can hold."""
AT_ONCE = 512
"""Events that are added to the columns together: enough to save time, so few that nobody waits for it (half a millisecond)."""
KINDS = tuple(Kind)
_PLAIN_DIGESTS = 2**32
"""From here on the number of a digest is its 16 hex digits; below it is the place of another text in a list."""
_NONE_FOR_NOTHING: Callable[[int, int], int | None] = {NOTHING: None}.get
_COLUMNS = (
    "indexes", "times", "kinds", "sources", "messages", "attempts", "sequences", "offsets", "series", "versions", "digests", "intended", "details",
)
_EVENT = partial(tuple.__new__, Event)


class Source(NamedTuple):
    """Where an event belongs."""

    client: str
    connection: int
    user: str


class Series(NamedTuple):
    """What one source says of the numbering to which its offsets belong; None for what it leaves to its connection's greeting."""

    source: int
    session: object
    epoch: object


class Names:
    """Numbers for what occurs often or is long.

    Numbers are only ever added, so that slices can share the names of the journal. A ledger may be read in one thread while the
    journal is written in another: new numbers are given under a lock.
    """

    __slots__ = ("_by_user", "_lock", "_series", "_sources", "_texts", "digests", "message_ids", "messages_of", "said", "series", "sources")

    def __init__(self) -> None:
        self.sources: list[Source] = []
        """By number: client, connection and user."""
        self.messages_of: list[dict[str | None, int]] = []
        """By number of a source: the messages of its user, by id."""
        self.message_ids: list[str | None] = []
        """By number of the message: its id. Equal ids of two users are two messages."""
        self.digests: list[str | None] = [None]
        """By number: digests that are not 16 hex digits."""
        self._lock = Lock()
        self.series: list[Series] = []
        """By number: a source, and what it says of session and epoch."""
        self.said: list[Mapping[str, Any]] = []
        """By number of a series: details that say its session and epoch and nothing else."""
        self._series: dict[tuple[int, object, object], int] = {}
        self._sources: dict[tuple[str, int, str], int] = {}
        self._by_user: defaultdict[str, dict[str | None, int]] = defaultdict(dict)
        self._texts: dict[str | None, int] = {None: 0}

    def sources_of(self, keys: Sequence[tuple[str, int, str]]) -> list[int]:
        """The number of each source (client, connection, user), a new one if need be."""
        known = self._sources
        numbers = list(map(known.get, keys))
        if None not in numbers:
            return cast("list[int]", numbers)
        for key in keys:
            if key not in known:
                known[key] = len(known)
                self.sources.append(Source(*key))
                self.messages_of.append(self._by_user[key[2]])
        return [known[key] for key in keys]

    def series_of(self, source: int, session: object, epoch: object) -> int:
        """The number of a source that says this session and epoch, a new one if need be."""
        key = source, session, epoch
        if key not in self._series:
            self._series[key] = len(self.series)
            self.series.append(Series(*key))
            self.said.append({name: value for name, value in (("session", session), ("epoch", epoch)) if value is not None})
        return self._series[key]

    def message(self, user: str, message_id: str | None) -> int:
        """The number of a message (or question) of a user, a new one if need be."""
        mine = self._by_user[user]
        with self._lock:
            if message_id not in mine:
                mine[message_id] = len(self.message_ids)
                self.message_ids.append(message_id)
            return mine[message_id]

    def messages_in(self, sources: Sequence[int], ids: Sequence[str | None]) -> list[int]:
        """The number of each message by its source and its id, a new one if need be."""
        of, found = self.messages_of, list[int]()
        with self._lock:
            for source, message_id in zip(sources, ids, strict=True):
                mine = of[source]
                number = mine.get(message_id)
                if number is None:
                    number = mine[message_id] = len(self.message_ids)
                    self.message_ids.append(message_id)
                found.append(number)
        return found

    def known(self, user: str, message_id: str | None) -> int | None:
        """The number of a message that occurred before, else None."""
        return self._by_user[user].get(message_id) if user in self._by_user else None

    def said_by(
        self, sources: Sequence[int], details: Sequence[Mapping[str, Any] | None],
    ) -> tuple[list[int], list[int], list[Mapping[str, Any] | None]]:
        """Of each event the number of its series, its version, and its details.

        Details that say nothing but session, epoch and version are kept once for the whole series, without the version.
        """
        series, versions, kept = list[int](), [_version(said) if said else NOTHING for said in details], list(details)
        known = self._series
        for place, (source, said) in enumerate(zip(sources, details, strict=True)):
            key = (source, said.get("session"), said.get("epoch")) if said else (source, None, None)
            try:
                number = known.get(key)
            except TypeError:  # a server may say anything, also what cannot be looked up
                series.append(self.series_of(source, str(key[1]), str(key[2])))
                continue
            if number is None:
                number = self.series_of(*key)
            series.append(number)
            if said and len(said) == len(self.said[number]) + (versions[place] != NOTHING):
                kept[place] = self.said[number]
        return series, versions, kept

    def digest(self, text: str | None) -> int:
        """The number of a digest; two digests are equal when their numbers are."""
        try:
            number = int(text or "", 16)
        except ValueError:
            number = 0
        if number >= _PLAIN_DIGESTS and f"{number:016x}" == text:
            return number
        with self._lock:
            if text not in self._texts:
                self.digests.append(text)
                self._texts[text] = len(self._texts)
            return self._texts[text]

    def digests_of(self, texts: Sequence[str | None]) -> array[int]:
        """The numbers of many digests. Mostly all are 16 hex digits, or nothing: those are read in one go."""
        present = [text for text in texts if text is not None]
        joined = "".join(present)
        try:
            read = bytes.fromhex(joined)
        except ValueError:
            read = b""
        if present and read.hex() == joined and {*map(len, present)} == {16}:
            numbers = unpack(f">{len(present)}Q", read)
            if min(numbers) >= _PLAIN_DIGESTS:
                following = iter(numbers)
                return array("Q", numbers if len(present) == len(texts) else [0 if text is None else next(following) for text in texts])
        return array("Q", map(self.digest, texts))

    def digest_text(self, number: int) -> str | None:
        """The digest behind a number."""
        return f"{number:016x}" if number >= _PLAIN_DIGESTS else self.digests[number]


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

    def positions(self, *kinds: Kind) -> array[int]:
        """The positions of all events of these kinds."""
        return bulk.places(self.mask(*kinds))

    def mask(self, *kinds: Kind) -> bytes:
        """For each event 1 if it is of one of these kinds, else 0."""
        numbers = {kind.number for kind in kinds}
        return bytes(self.kinds).translate(bytes(number in numbers for number in range(256)))

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


class Columns(Protocol[R_co]):
    """What picks need of the sequence from which they pick."""

    def __getitem__(self, key: int, /) -> R_co: ...

    def made(self, positions: Sequence[int]) -> Iterator[R_co]:
        """The tuples at some positions."""


class Picked(Sequence[R_co]):
    """Some events or rows of a sequence, by position; a tuple is made when somebody looks at it."""

    __slots__ = ("_whole", "positions")

    def __init__(self, whole: Columns[R_co], positions: array[int]) -> None:
        self._whole = whole
        self.positions = positions

    def __len__(self) -> int:
        return len(self.positions)

    @overload
    def __getitem__(self, key: int) -> R_co: ...
    @overload
    def __getitem__(self, key: slice) -> Picked[R_co]: ...
    def __getitem__(self, key: int | slice) -> R_co | Picked[R_co]:
        if isinstance(key, slice):
            return Picked(self._whole, self.positions[key])
        return self._whole[self.positions[key]]

    def __iter__(self) -> Iterator[R_co]:
        return self._whole.made(self.positions)

    def entries(self, column: Sequence[T]) -> Iterator[T]:
        """What a column of the whole says of these."""
        return map(column.__getitem__, self.positions)


def entries(column: Sequence[T], positions: Iterable[int]) -> Iterator[T]:
    """What a column says at these positions."""
    return map(column.__getitem__, positions)


def or_none(numbers: Iterable[int]) -> Iterator[int | None]:
    """Entries of a column of whole numbers, with None for NOTHING."""
    return map(_NONE_FOR_NOTHING, *tee(numbers))


def _numbers(values: Sequence[int | None]) -> list[int]:
    """Entries for a column of whole numbers: NOTHING for None."""
    return [NOTHING if value is None else value for value in values]


def _version(said: Mapping[str, Any]) -> int:
    version = said.get("version")
    return version if version.__class__ is int and -MOST <= version <= MOST else NOTHING


def _with_version(said: Mapping[str, Any] | None, version: int) -> Mapping[str, Any] | None:
    """The details as they were written."""
    return said if said is None or version == NOTHING or "version" in said else {**said, "version": version}


def _like(column: Any, values: Iterable[Any]) -> Any:
    """A column of the same type."""
    if isinstance(column, array):
        return array(column.typecode, values)
    return array("q", values) if isinstance(column, range) else type(column)(values)
