"""The platform's own account: what happened to each message, in the order in which the effects became durable.

One row per message and transaction holds the set of stages that the message passed; the rows of a transaction are stored as
one text, which costs a tenth of a table row each; the export expands them into one line per stage. ``time`` is that of the
commit. Indexes count effects, so that the order of two effects is the order of their indexes even when messages overtake each
other inside one transaction. Only the pipeline writes here, and no answer is made from it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

RECEIVED, ACCEPTED, PROCESSED, ANSWERED, DUPLICATE, REFUSED = 1, 2, 4, 8, 16, 32

Row = list[Any]
"""In the order of :data:`COLUMNS`; a list, because a message may be processed in the transaction that accepts it."""

COLUMNS = ("id", "origin", "message_id", "attempt", "sequence_id", "digest", "agent", "stages", "done", "reason")
ORIGIN, MESSAGE_ID = COLUMNS.index("origin"), COLUMNS.index("message_id")
AGENT, STAGES, DONE = COLUMNS.index("agent"), COLUMNS.index("stages"), COLUMNS.index("done")

SCHEMA = """
CREATE TABLE IF NOT EXISTS origins (id INTEGER PRIMARY KEY, user TEXT, session TEXT, connection TEXT);
CREATE TABLE IF NOT EXISTS batches (id INTEGER PRIMARY KEY, time REAL, rows BLOB, instance INTEGER);
"""
INSERT = "INSERT INTO batches VALUES (?,?,?,?)"
"""Index of the first row, time of the commit, what ``packed`` made of the rows, and number of the process."""

PAGE = 16
"""Transactions read at once by the export: a long reader would keep SQLite from reusing its log."""

_FIRST = ((RECEIVED, "received"), (ACCEPTED, "accepted"), (DUPLICATE, "duplicate"), (REFUSED, "refused"))
_THEN = ((PROCESSED, "processed"), (ANSWERED, "answered"))
Origin = tuple[str, str, str]
"""User, session and connection."""


def packed(rows: list[Row]) -> bytes:
    """The rows of one transaction as they are stored."""
    return orjson.dumps(rows)


def unpacked(data: bytes) -> list[Row]:
    """The opposite of ``packed``."""
    rows: list[Row] = orjson.loads(data)
    return rows


def export(store: Path, since: int) -> Iterator[bytes]:
    """Pages of ledger lines (JSON) with an index greater than ``since``, by a connection of its own; made for a thread."""
    database = sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=10, check_same_thread=False)

    @lru_cache(maxsize=4096)
    def origin(number: int) -> Origin:
        found: Origin = database.execute("SELECT user, session, connection FROM origins WHERE id = ?", (number,)).fetchone()
        return found

    try:
        start = database.execute("SELECT max(id) FROM batches WHERE id <= ?", (since,)).fetchone()
        position = start[0] or 0
        while batches := database.execute("SELECT * FROM batches WHERE id >= ? ORDER BY id LIMIT ?", (position, PAGE)).fetchall():
            lines = [line for _, time, rows, instance in batches for line in _expand(time, rows, instance, origin) if line["index"] > since]
            if lines:
                yield b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)
            position = batches[-1][0] + 1
    finally:
        database.close()


def _expand(time: float, rows: bytes, instance: int, origin: Callable[[int], Origin]) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for first, origin_number, message_id, attempt, sequence_id, digest, agent, stages, done, reason in unpacked(rows):
        user, session, connection = origin(origin_number)
        common = {
            "time": time, "user": user, "session": session, "connection": connection, "message_id": message_id,
            "attempt": attempt, "sequence_id": sequence_id, "digest": digest, "reason": reason or "",
            "instance": f"instance-{instance}",
        }  # fmt: skip
        passed = [what for stage, what in _FIRST if stages & stage]
        lines += ({"index": first + number, "what": what, "agent": "", **common} for number, what in enumerate(passed))
        passed = [what for stage, what in _THEN if stages & stage]
        lines += ({"index": done + number, "what": what, "agent": agent, **common} for number, what in enumerate(passed))
    lines.sort(key=lambda line: line["index"])
    return lines
