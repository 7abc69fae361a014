"""Streams of resumable sessions as the store keeps them: what is enough to write them again, and how far they had come."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

import orjson

from .stream import Description, Stream

if TYPE_CHECKING:
    from reference_platform.sessions.session import Session

SCHEMA = """
CREATE TABLE IF NOT EXISTS streams (id TEXT PRIMARY KEY, session TEXT, described TEXT, written INTEGER, lost TEXT, ended REAL);
CREATE INDEX IF NOT EXISTS streams_of ON streams (session);
"""
UPSERT = (
    "INSERT INTO streams VALUES (?,?,?,?,?,?) "
    "ON CONFLICT (id) DO UPDATE SET written = excluded.written, lost = excluded.lost, ended = excluded.ended"
)


def write(sql: sqlite3.Connection, changed: Collection[Stream], ended: Collection[str]) -> None:
    """Inside a transaction: streams as they are now; ``ended`` are the ids of sessions that are over."""
    if changed:
        sql.executemany(UPSERT, [
            (stream.id, stream.session.id, orjson.dumps(tuple(stream.description)), stream.written, orjson.dumps(stream.lost), stream.ended)
            for stream in changed if not stream.is_over
        ])  # fmt: skip
        sql.executemany("DELETE FROM streams WHERE id = ?", [(stream.id,) for stream in changed if stream.is_over])
    if ended:
        sql.executemany("DELETE FROM streams WHERE session = ?", [(session_id,) for session_id in ended])


def read(sql: sqlite3.Connection, sessions: Mapping[str, Session]) -> Iterator[Stream]:
    """All streams of these sessions, in the order in which they were begun; nothing of them is in memory, and nobody has asked for them."""
    for name, session_id, described, written, lost, ended in sql.execute("SELECT * FROM streams ORDER BY rowid"):
        if session_id in sessions:
            stream = Stream.of(name, sessions[session_id], Description(*orjson.loads(described)))
            stream.written = stream.first = written
            stream.lost = [(first, last) for first, last in orjson.loads(lost)]
            stream.ended = ended
            yield stream
