"""Tries rows of the table at a place, and says what the server may do about each."""

from __future__ import annotations

from ..checks.wire import RuleSeen
from .place import Place
from .table import Level, Row, Table, payload_of
from .talk import SIMPLE, Seen, try_row


def seen_of(table: Table, row: Row, seen: Seen, level: Level, *, answers: bool = True, others_served: bool = True) -> RuleSeen:
    """What the check judges; a server that ``answers`` no messages has understood one if it keeps the connection."""
    allowed = table.expectations[row.expect].ways(level)
    if not answers and "answered" in allowed:
        allowed = [*allowed, "alive"]
    due = None if row.pongs is None else tuple(payload_of(pong, b"") for pong in row.pongs)
    return RuleSeen(row.row, row.rfc, seen.way, tuple(dict.fromkeys(allowed)), tuple(seen.pongs), due, others_served, seen.why)


def tried(place: Place, table: Table, row: Row, *, answers: bool = True) -> Seen:
    """One row; where the server ``answers`` messages an answer is waited for."""
    waits_for = table.waits_for(row)
    return try_row(place, row, "" if waits_for == "answer" and not answers else waits_for)


def answers_messages(place: Place) -> bool | None:
    """Whether the server answers the message of the place; None where it does not even keep the connection."""
    way = try_row(place, SIMPLE, "answer").way
    return way == "answered" if way in {"answered", "alive"} else None
