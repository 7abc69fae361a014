"""The server's own account in columns, as :mod:`.columns` keeps the journal; both share the numbers of messages and digests."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import tee
from operator import itemgetter
from typing import overload

from . import bulk
from .events import LedgerRow
from .names import NOTHING, Names
from .picked import Picked, entries, or_none

_ROW = partial(tuple.__new__, LedgerRow)


class Rows(Sequence[LedgerRow]):
    """Ledger rows in the order of the server; a tuple is made when somebody looks at one."""

    __slots__ = ("_outcomes", "_parties", "attempts", "digests", "indexes", "messages", "names", "outcomes", "parties", "sequences", "times")

    def __init__(self, rows: Iterable[LedgerRow], names: Names) -> None:
        """`rows` may be made one by one on the way; `names` are those of the journal."""
        self.names = names
        self.indexes = array("q")
        self.times = array("d")
        self.parties = array("I")
        """Number of user, session, connection and agent."""
        self.messages = array("I")
        self.attempts = array("q")
        self.sequences = array("q")
        self.digests = array("Q")
        self.outcomes = array("I")
        """Number of what happened, the reason and the instance."""
        parties: dict[tuple[str, str, str, str], int] = {}
        outcomes: dict[tuple[str, str, str], int] = {}
        for index, time, user, session, connection, message_id, attempt, sequence, digest, agent, what, reason, instance in rows:
            self.indexes.append(index)
            self.times.append(time)
            self.parties.append(parties.setdefault((user, session, connection, agent), len(parties)))
            self.messages.append(names.message(user, message_id))
            self.attempts.append(attempt or 0)
            self.sequences.append(sequence if isinstance(sequence, int) else NOTHING)
            self.digests.append(names.digest(digest or None))
            self.outcomes.append(outcomes.setdefault((what, reason, instance), len(outcomes)))
        self._parties = list(parties)
        self._outcomes = list(outcomes)

    def __len__(self) -> int:
        return len(self.indexes)

    @overload
    def __getitem__(self, key: int) -> LedgerRow: ...
    @overload
    def __getitem__(self, key: slice) -> Picked[LedgerRow]: ...
    def __getitem__(self, key: int | slice) -> LedgerRow | Picked[LedgerRow]:
        if isinstance(key, slice):
            return self.at(range(len(self))[key])
        return next(self.made((range(len(self))[key],)))

    def at(self, positions: Iterable[int]) -> Picked[LedgerRow]:
        """The rows at these positions."""
        return Picked(self, positions if isinstance(positions, array) else array("I", positions))

    def positions(self, what: str) -> array[int]:
        """The positions of all rows that say this."""
        return self.where(lambda said, _reason: said == what)

    def where(self, wanted: Callable[[str, str], bool]) -> array[int]:
        """The positions of all rows of which this holds, by what happened and the reason."""
        return bulk.places(bulk.taken(bytes(wanted(what, reason) for what, reason, _ in self._outcomes), self.outcomes))

    def by_user(self, positions: array[int]) -> dict[str, array[int]]:
        """User -> those of these positions that are rows about that user."""
        number = {user: place for place, user in enumerate(dict.fromkeys(party[0] for party in self._parties))}
        users = array("I", [number[party[0]] for party in self._parties])
        groups = bulk.grouped(bulk.taken(users, bulk.taken(self.parties, positions)), positions)
        named = list(number)
        return {named[key]: mine for key, mine in groups.items()}

    def mask(self, users: Collection[str], positions: array[int]) -> bytes:
        """For each of these rows 1 if it is about one of these users, else 0."""
        wanted = bytes(party[0] in users for party in self._parties)
        return bytes(bulk.taken(wanted, bulk.taken(self.parties, positions)))

    def made(self, positions: Sequence[int]) -> Iterator[LedgerRow]:
        """The tuples of some rows."""
        names = self.names
        parties = tee(entries(self._parties, entries(self.parties, positions)), 4)
        outcomes = tee(entries(self._outcomes, entries(self.outcomes, positions)), 3)
        return map(_ROW, zip(
            entries(self.indexes, positions),
            entries(self.times, positions),
            *(map(itemgetter(part), party) for part, party in enumerate(parties[:3])),
            entries(names.message_ids, entries(self.messages, positions)),
            entries(self.attempts, positions),
            or_none(entries(self.sequences, positions)),
            (names.digest_text(number) or "" for number in entries(self.digests, positions)),
            map(itemgetter(3), parties[3]),
            *(map(itemgetter(part), outcome) for part, outcome in enumerate(outcomes)),
            strict=True,
        ))
