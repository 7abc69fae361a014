"""The platform's own account: what happened to each message, in the order in which the effects became durable.

One physical row per message and transaction holds the set of stages that the message passed; the export expands it into
one line per stage; ``time`` is that of the commit. Indexes count effects, so that the order of two effects is the order of their indexes even when
messages overtake each other inside one transaction. Only the pipeline writes here, and no answer is made from it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

RECEIVED, ACCEPTED, PROCESSED, ANSWERED, DUPLICATE, REFUSED = 1, 2, 4, 8, 16, 32

Row = list[Any]
"""In the order of :data:`COLUMNS`; a list, because a message may be processed in the transaction that accepts it."""

COLUMNS = ("id", "batch", "origin", "message_id", "attempt", "sequence_id", "digest", "agent", "stages", "done", "key", "reason")
AGENT, STAGES, DONE = COLUMNS.index("agent"), COLUMNS.index("stages"), COLUMNS.index("done")

SCHEMA = """
CREATE TABLE IF NOT EXISTS origins (id INTEGER PRIMARY KEY, user TEXT, session TEXT, connection TEXT);
CREATE TABLE IF NOT EXISTS batches (id INTEGER PRIMARY KEY, time REAL);
CREATE TABLE IF NOT EXISTS ledger (
    id INTEGER PRIMARY KEY, batch INTEGER, origin INTEGER, message_id TEXT, attempt INTEGER, sequence_id INTEGER,
    digest TEXT, agent TEXT, stages INTEGER, done INTEGER, key INTEGER, reason TEXT);
"""
INSERT = f"INSERT INTO ledger VALUES ({','.join('?' * len(COLUMNS))})"  # noqa: S608 - question marks only

PAGE = 2000
"""Physical rows read at once by the export: a long reader would keep SQLite from reusing its log."""

_FIRST = ((RECEIVED, "received"), (ACCEPTED, "accepted"), (DUPLICATE, "duplicate"), (REFUSED, "refused"))
_THEN = ((PROCESSED, "processed"), (ANSWERED, "answered"))
_SELECT = """
SELECT l.id, l.batch, b.time, o.user, o.session, o.connection, l.message_id, l.attempt, l.sequence_id, l.digest, l.agent,
       l.stages, l.done, l.reason
FROM ledger l JOIN batches b ON b.id = l.batch JOIN origins o ON o.id = l.origin
WHERE """
_QUERY = _SELECT + "l.id >= ? ORDER BY l.id LIMIT ?"
_QUERY_REST = _SELECT + "l.id > ? AND l.batch = ? ORDER BY l.id"


def export(store: Path, since: int) -> Iterator[list[dict[str, Any]]]:
    """Pages of ledger lines with an index greater than ``since``, by a connection of its own; made for a thread."""
    database = sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=10, check_same_thread=False)
    try:
        start = database.execute("SELECT batch FROM ledger WHERE id <= ? ORDER BY id DESC LIMIT 1", (since,)).fetchone()
        position = start[0] if start else 0
        while rows := _whole_batches(database, position):
            lines = [line for _, batch in groupby(rows, key=lambda row: row[1]) for line in _expand(batch) if line["index"] > since]
            if lines:
                yield lines
            position = rows[-1][0] + 1
    finally:
        database.close()


def _whole_batches(database: sqlite3.Connection, position: int) -> list[tuple[Any, ...]]:
    """About :data:`PAGE` rows from ``position`` on, never ending inside a transaction: its lines are sorted together."""
    rows = database.execute(_QUERY, (position, PAGE)).fetchall()
    if len(rows) == PAGE:
        rows += database.execute(_QUERY_REST, (rows[-1][0], rows[-1][1])).fetchall()
    return rows


def _expand(rows: Iterator[tuple[Any, ...]]) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for row in rows:
        first, _, time, user, session, connection, message_id, attempt, sequence_id, digest, agent, stages, done, reason = row
        common = {
            "time": time, "user": user, "session": session, "connection": connection, "message_id": message_id,
            "attempt": attempt, "sequence_id": sequence_id, "digest": digest, "reason": reason or "",
        }  # fmt: skip
        passed = [what for stage, what in _FIRST if stages & stage]
        lines += ({"index": first + number, "what": what, "agent": "", **common} for number, what in enumerate(passed))
        passed = [what for stage, what in _THEN if stages & stage]
        lines += ({"index": done + number, "what": what, "agent": agent, **common} for number, what in enumerate(passed))
    lines.sort(key=lambda line: line["index"])
    return lines
