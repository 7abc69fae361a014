"""The contexts of sessions in the store: two tables, and one object per session as long as anybody holds it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import orjson

from .context import Entry, SessionContext

if TYPE_CHECKING:
    from reference_platform.storage.batch import Batch

SCHEMA = """
CREATE TABLE IF NOT EXISTS contexts (session TEXT PRIMARY KEY, version INTEGER, told BLOB, last_activity REAL);
CREATE TABLE IF NOT EXISTS conversations (
    session TEXT, number INTEGER, role TEXT, message_id TEXT, content TEXT, digest TEXT, timestamp REAL, sequence_id INTEGER,
    PRIMARY KEY (session, number));
"""


class Contexts:
    """Writes inside the transaction of a batch, reads what a session that comes back had."""

    def __init__(self, sql: sqlite3.Connection) -> None:
        self._sql = sql
        self._held: WeakValueDictionary[str, SessionContext] = WeakValueDictionary()

    def of(self, session_id: str) -> SessionContext:
        """The context of a session, an empty one for a new session; whoever asks while another holds it gets the same."""
        context = self._held.get(session_id)
        if context is None:
            context = self._held[session_id] = self._read(session_id)
        return context

    def write(self, batch: Batch) -> None:
        """What the batch says of contexts."""
        if not batch.contexts:
            return
        many = self._sql.executemany
        many(
            "INSERT INTO contexts VALUES (?,?,?,?) ON CONFLICT (session) DO UPDATE "
            "SET version = excluded.version, told = excluded.told, last_activity = excluded.last_activity",
            [(context.session_id, context.version, orjson.dumps(context.told), context.last_activity) for context in batch.contexts],
        )
        if batch.said:
            many("INSERT OR REPLACE INTO conversations VALUES (?,?,?,?,?,?,?,?)", [(context.session_id, *entry) for context, entry in batch.said])
            many(
                "DELETE FROM conversations WHERE session = ? AND number < ?",
                [(context.session_id, context.entries[0].number) for context in batch.contexts if context.entries],
            )

    def forget(self, session_ids: Iterable[str]) -> None:
        """These sessions are over; called inside the transaction that ends them."""
        ended = [(session_id,) for session_id in session_ids]
        if not ended:
            return
        self._sql.executemany("DELETE FROM contexts WHERE session = ?", ended)
        self._sql.executemany("DELETE FROM conversations WHERE session = ?", ended)

    def _read(self, session_id: str) -> SessionContext:
        context = SessionContext(session_id)
        row = self._sql.execute("SELECT version, told, last_activity FROM contexts WHERE session = ?", (session_id,)).fetchone()
        if row is not None:
            context.version, told, context.last_activity = row
            context.told = orjson.loads(told)
            context.restore([Entry(*entry) for entry in self._sql.execute(
                "SELECT number, role, message_id, content, digest, timestamp, sequence_id FROM conversations WHERE session = ? ORDER BY number",
                (session_id,),
            )])  # fmt: skip
        return context
