"""Resumable sessions as the store keeps them: who owns them, since when they are away, and the last epoch that was numbered."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator

from .session import NOBODY, Kept, Session

SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, user TEXT, epoch INTEGER, created REAL, away_since REAL, connections INTEGER, place TEXT);
"""


def write(sql: sqlite3.Connection, changed: Collection[Session], ended: Collection[str]) -> None:
    """Inside a transaction: sessions as they are now, and the ids of those that are over."""
    if changed:
        sql.executemany("INSERT OR REPLACE INTO sessions VALUES (?,?,?,?,?,?,?)", [
            (session.id, session.user, session.epoch, session.created, kept.left, kept.connections, kept.place)
            for session in changed if (kept := session.kept) is not None
        ])  # fmt: skip
    if ended:
        sql.executemany("DELETE FROM sessions WHERE id = ?", [(session_id,) for session_id in ended])


def read(sql: sqlite3.Connection, now: float) -> Iterator[Session]:
    """All sessions, in the order in which they were made. Who was there when the process ended is away from ``now`` on; what is pushed from
    now on has the numbers of the next epoch.
    """
    for session_id, user, epoch, created, left, connections, place in sql.execute("SELECT * FROM sessions ORDER BY created"):
        kept = Kept(place, now if left is None else left, connections, renumbered=True)
        yield Session(session_id, user, epoch + 1, NOBODY, "", created=created, kept=kept)
