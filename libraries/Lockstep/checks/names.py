"""Numbers for what occurs often or is long: sources, messages, series and digests, shared by the columns of journal and ledger."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from struct import unpack
from threading import Lock
from typing import Any, NamedTuple, cast

NOTHING = -(2**63)
"""None, in a column of whole numbers; in a column of times it is nan."""
MOST = 2**63 - 1
"""The largest number that a column can hold."""
_PLAIN_DIGESTS = 2**32
"""From here on the number of a digest is its 16 hex digits; below it is the place of another text in a list."""


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


def _version(said: Mapping[str, Any]) -> int:
    version = said.get("version")
    return version if version.__class__ is int and -MOST <= version <= MOST else NOTHING
