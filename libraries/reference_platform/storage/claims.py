"""Where each message id was claimed: a hash table whose heads are in memory and whose chains are on disk.

One row per transaction holds its claims. A head is the newest transaction with a claim in that slot, and each claim names the
transaction that was the head before it. A new id costs one look into memory unless its slot is taken, memory never grows, and what
left the duplicate window is recognised by its age alone.
"""

from __future__ import annotations

import sqlite3
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from math import inf

SCHEMA = "CREATE TABLE IF NOT EXISTS claims (id INTEGER PRIMARY KEY, time REAL, entries BLOB);"
"""``id`` is the first ledger index of the transaction; ``entries`` are three lists of equal length, one behind the other: keys in
ascending order, ledger indexes, earlier heads of the keys' slots."""
NUMBER = "I"
"""Four bytes: room for the indexes of a billion messages, whose ledger would fill 150 GB."""
SHIFT = 10
"""A key has 32 bits; the upper ones are its slot."""
SLOTS = 1 << (32 - SHIFT)
"""16 MB of heads, 4 MB of tags. A slot that no other claim of the window has needs no look at the disk unless the tags are equal; with
a million claims in the window one new id in forty is looked up in vain."""
SEVERAL = 0
"""The tag of a slot with more than one claim; the tag of a single one are lower bits of its key, made odd."""
FORGOTTEN_AT_ONCE = 2
"""Transactions dropped per commit once they left the window: the table shrinks and no commit stalls."""


class Claims:
    """The durable claims of one store. Not a judge: it knows keys, and that equal keys may belong to different ids."""

    def __init__(self, sql: sqlite3.Connection) -> None:
        self._sql = sql
        self._heads = array(NUMBER, bytes(SLOTS * array(NUMBER).itemsize))
        self._tags = bytearray(bytes(SLOTS))  # copied, so that it is touched now and later growth is growth
        self._oldest, self._oldest_time = 1, inf
        for first, time, data in sql.execute("SELECT id, time, entries FROM claims ORDER BY id"):
            entries = _numbers(data)
            self._note(first, time, entries[: len(entries) // 3])

    def write(self, first: int, time: float, claims: list[tuple[int, int]]) -> None:
        """Adds the (key, ledger index) pairs of a transaction, inside it."""
        index_of = dict(claims)
        if len(index_of) == len(claims):
            keys = sorted(index_of)  # a quarter of the time that pairs take
            indexes = [index_of[key] for key in keys]
        else:
            ordered = sorted(claims)
            keys, indexes = [key for key, _ in ordered], [index for _, index in ordered]
        entries = array(NUMBER, keys)
        entries.fromlist(indexes)
        entries.fromlist(self._note(first, time, keys))
        self._sql.execute("INSERT INTO claims VALUES (?,?,?)", (first, time, entries))

    def forget(self, before: float) -> None:
        """Drops transactions from before this time, at most :data:`FORGOTTEN_AT_ONCE`; the last one always stays."""
        for _ in range(FORGOTTEN_AT_ONCE):
            if self._oldest_time >= before:
                return
            next_one = self._sql.execute("SELECT id, time FROM claims WHERE id > ? ORDER BY id LIMIT 1", (self._oldest,)).fetchone()
            if next_one is None:
                return
            self._sql.execute("DELETE FROM claims WHERE id = ?", (self._oldest,))
            self._oldest, self._oldest_time = next_one

    def find(self, key: int) -> Sequence[int]:
        """Ledger indexes of the claims with this key, newest first."""
        slot = key >> SHIFT
        head = self._heads[slot]
        return () if head < self._oldest or self._tags[slot] not in (SEVERAL, key & 0xFF | 1) else self._follow(head, key)

    def _follow(self, head: int, key: int) -> list[int]:
        found: list[int] = []
        slot = key >> SHIFT
        while head >= self._oldest:
            entries = _numbers(self._sql.execute("SELECT entries FROM claims WHERE id = ?", (head,)).fetchone()[0])
            count = len(entries) // 3
            place = bisect_left(entries, slot << SHIFT, 0, count)
            here = []
            while place < count and entries[place] >> SHIFT == slot:
                if entries[place] == key:
                    here.append(entries[count + place])
                head = entries[2 * count + place]
                place += 1
            found += reversed(here)
        return found

    def _note(self, first: int, time: float, keys: Iterable[int]) -> list[int]:
        """Puts the claims of a transaction into memory, in ascending order of their keys; returns the earlier heads of their slots."""
        if self._oldest_time == inf:
            self._oldest, self._oldest_time = first, time
        heads, tags, oldest = self._heads, self._tags, self._oldest
        earlier: list[int] = []
        head = 0
        for key in keys:
            slot = key >> SHIFT
            newest = heads[slot]
            tags[slot] = SEVERAL if newest >= oldest else key & 0xFF | 1
            if newest != first:  # else it has the slot of the key before it, and the same earlier head
                head = newest
                heads[slot] = first
            earlier.append(head)
        return earlier


def _numbers(data: bytes) -> array[int]:
    numbers = array(NUMBER)
    numbers.frombytes(data)
    return numbers
