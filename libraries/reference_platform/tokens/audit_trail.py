"""The audit trail in the store: one row per event, in the order in which they happened, never changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

SCHEMA = """
CREATE TABLE IF NOT EXISTS audit (
    id INTEGER PRIMARY KEY, time REAL, type TEXT, severity TEXT, user TEXT, address TEXT, user_agent TEXT, fingerprint TEXT, session TEXT, reason TEXT);
CREATE TRIGGER IF NOT EXISTS audit_is_never_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_is_never_shortened BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
"""
PAGE = 1000
"""Events that are read at a time."""


class Event(NamedTuple):
    """Something that an investigator may ask about one day. Nothing in it is a token or a secret."""

    number: int
    """From 1, without gaps; outside it is called ``index``."""
    time: float
    """Platform time."""
    type: str
    severity: str
    """``INFO``, ``LOW``, ``MEDIUM``, ``HIGH`` or ``CRITICAL``."""
    user: str
    """Whom the token names; proven only where its signature was good."""
    address: str
    user_agent: str
    fingerprint: str
    """The first 16 hex digits of the SHA-256 of the token."""
    session: str
    """The session in which it happened; empty before there is one."""
    reason: str


def write(sql: sqlite3.Connection, events: Sequence[Event]) -> None:
    """Inside a transaction."""
    if events:
        sql.executemany("INSERT INTO audit VALUES (?,?,?,?,?,?,?,?,?,?)", events)


def read(sql: sqlite3.Connection, since: int = 0) -> Iterator[list[Event]]:
    """Pages of events with an index greater than ``since``."""
    query = "SELECT * FROM audit WHERE id > ? ORDER BY id LIMIT ?"
    while rows := sql.execute(query, (since, PAGE)).fetchall():
        yield [Event(*row) for row in rows]
        since = rows[-1][0]


def export(store: Path, since: int) -> Iterator[bytes]:
    """Pages of events as JSON lines, by a connection of its own; made for a thread."""
    sql = sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=10, check_same_thread=False)
    try:
        for events in read(sql, since):
            yield b"".join(orjson.dumps(_line(event), option=orjson.OPT_APPEND_NEWLINE) for event in events)
    finally:
        sql.close()


def _line(event: Event) -> dict[str, Any]:
    line = event._asdict()
    return {"index": line.pop("number"), **line}
