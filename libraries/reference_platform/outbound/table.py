"""Outbound queues in the store: each message until it is known to be received, and what else a queue has to remember."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

from .queue import AgentMessage, OutboundQueue

if TYPE_CHECKING:
    from reference_platform.sessions.session import Session

SCHEMA = """
CREATE TABLE IF NOT EXISTS outbound (
    id INTEGER PRIMARY KEY, session TEXT, message_id TEXT UNIQUE, agent TEXT, sequence INTEGER, priority TEXT, content TEXT, digest TEXT,
    created_at REAL, epoch INTEGER, position INTEGER);
CREATE INDEX IF NOT EXISTS outbound_of_session ON outbound (session);
CREATE TABLE IF NOT EXISTS outbound_queues (session TEXT PRIMARY KEY, told BLOB);
"""


@dataclass(slots=True, eq=False)
class Changes:
    """What a transaction makes durable of outbound queues."""

    spoken: list[tuple[Session, AgentMessage]] = field(default_factory=list)
    """New messages; what becomes of them is decided when they are durable."""
    sent: list[AgentMessage] = field(default_factory=list)
    gone: list[AgentMessage] = field(default_factory=list)
    """Known to be received, or lost."""
    queues: dict[Session, None] = field(default_factory=dict)
    """Those that changed otherwise, each once."""

    @property
    def are_some(self) -> bool:
        """There is something to write."""
        return bool(self.spoken or self.sent or self.gone or self.queues)


def write(sql: sqlite3.Connection, changes: Changes, ended: Collection[str]) -> None:
    """Inside a transaction; of sessions that are over nothing stays."""
    many = sql.executemany
    if changes.spoken:
        many(
            "INSERT INTO outbound (session, message_id, agent, sequence, priority, content, digest, created_at, epoch, position) "
            "VALUES (?,?,?,?,?,?,?,?,0,0)",
            [
                (session.id, one.message_id, one.agent, one.sequence, one.priority, one.content, one.digest, one.created_at)
                for session, one in changes.spoken if session.kept is not None
            ],
        )  # fmt: skip
    if changes.sent:
        many("UPDATE outbound SET epoch = ?, position = ? WHERE message_id = ?", [(*one.mark, one.message_id) for one in changes.sent])
    if changes.gone:
        many("DELETE FROM outbound WHERE message_id = ?", [(one.message_id,) for one in changes.gone])
    if changes.queues:
        many("INSERT OR REPLACE INTO outbound_queues VALUES (?,?)", [
            (session.id, orjson.dumps(session.outbound.told())) for session in changes.queues if session.kept is not None and session.outbound is not None
        ])  # fmt: skip
    if ended:
        over = [(session_id,) for session_id in ended]
        many("DELETE FROM outbound WHERE session = ?", over)
        many("DELETE FROM outbound_queues WHERE session = ?", over)


def read(sql: sqlite3.Connection, sessions: Mapping[str, Session]) -> None:
    """Gives each of these sessions its queue, as it was when the last transaction ended."""
    for session_id, told in sql.execute("SELECT session, told FROM outbound_queues"):
        if (session := sessions.get(session_id)) is not None:
            session.outbound = OutboundQueue()
            session.outbound.restore(orjson.loads(told))
    rows = sql.execute(
        "SELECT session, message_id, agent, sequence, priority, content, digest, created_at, epoch, position FROM outbound ORDER BY epoch, position, id"
    )
    for session_id, message_id, *said, epoch, position in rows:
        session = sessions.get(session_id)
        if session is None or session.outbound is None:
            continue
        message = AgentMessage(message_id, *said)
        if epoch:
            message.state, message.mark = "sent", (epoch, position)
            session.outbound.sent.append(message)
        else:
            session.outbound.waiting[message_id] = message
