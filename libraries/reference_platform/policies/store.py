"""Store: what survives."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from reference_platform.agent_state import AgentState
from reference_platform.messages import UserMessage
from reference_platform.sessions.context import SessionContext
from reference_platform.sessions.session import Session
from reference_platform.storage.batch import Batch
from reference_platform.storage.database import Database
from reference_platform.streaming.stream import Stream
from reference_platform.tokens.audit_trail import Event
from reference_platform.tokens.table import Known

from .port import Port

if TYPE_CHECKING:
    from reference_platform.host import Host


class Recovered(NamedTuple):
    """What a start finds."""

    next_index: int
    """First free ledger index."""
    next_origin: int
    waiting: list[UserMessage]
    """Accepted but not processed, in order of acceptance."""
    sessions: dict[str, Session]
    """Resumable sessions by id; nobody is there yet."""
    streams: list[Stream]
    """Of these sessions, in the order in which they were begun."""
    audit: list[list[Event]]
    """The trail so far, in pages."""
    tokens: Known


class Store(Port):
    """One SQLite file. ``commit`` is the moment from which anything may be acknowledged."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.database: Database
        """Opened by the platform before ``recover``."""

    async def commit(self, batch: Batch) -> None:
        """Makes the whole batch durable or raises. When this returns, replies leave that claim it. Batches come one at a time,
        in order; the platform goes on receiving while this waits.
        """
        self.commit_now(batch)

    def commit_now(self, batch: Batch) -> None:
        """``commit`` without waiting; the pipeline calls it directly where ``commit`` is not replaced."""
        self.database.write(batch)

    async def recover(self) -> Recovered:
        """Called once at the start: what earlier commits made durable. Others are told that the platform starts while this waits."""
        return await asyncio.to_thread(self._found)

    def _found(self) -> Recovered:
        database = self.database
        sessions = database.sessions(self.host.clock.now())
        waiting = database.waiting(sessions)
        for session in {message.session for message in waiting if message.session is not None}:
            session.context = self.context(session.id)
        streams, tokens = database.streams(sessions), database.tokens(self.host.clock.now())
        return Recovered(database.next_index(), database.next_origin(), waiting, sessions, streams, database.audit(), tokens)

    def claims(self, key: int, message_id: str) -> list[tuple[float, str, str]]:
        """(time, user, connection id) of the durable claims of a message id under this key, newest first."""
        indexes = self.database.claimed.find(key)
        return self.database.claims(indexes, message_id) if indexes else []

    def agent(self, user: str) -> AgentState:
        """The durable state of a user's agent, a new one if there is none."""
        return self.database.agent(user)

    def context(self, session_id: str) -> SessionContext:
        """What a session remembers. Asked when the session is opened and at each return; the correct Store gives the same object as long
        as anybody holds it, and what earlier commits have made durable otherwise (nothing for a new session).
        """
        return self.database.contexts.of(session_id)
