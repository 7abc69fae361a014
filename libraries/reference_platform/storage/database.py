"""The SQLite file: schema, the one transaction that writes a batch, what a start reads back, and the log's upkeep."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from reference_platform.agent_state import AgentState
from reference_platform.errors import PlatformError
from reference_platform.messages import UserMessage
from reference_platform.outbound import table as outbound_table
from reference_platform.sessions import contexts
from reference_platform.sessions import table as session_table
from reference_platform.sessions.session import Session
from reference_platform.streaming import table as stream_table
from reference_platform.streaming.stream import Stream
from reference_platform.tokens import audit_trail
from reference_platform.tokens import table as token_table

from . import claims, ledger
from .batch import Batch
from .ownership import Ownership

SCHEMA = (
    ledger.SCHEMA
    + claims.SCHEMA
    + contexts.SCHEMA
    + session_table.SCHEMA
    + outbound_table.SCHEMA
    + stream_table.SCHEMA
    + audit_trail.SCHEMA
    + token_table.SCHEMA
    + """
CREATE TABLE IF NOT EXISTS waiting (
    id INTEGER PRIMARY KEY, origin INTEGER, message_id TEXT, content TEXT, digest TEXT, sequence_id INTEGER, attempt INTEGER,
    priority TEXT, context TEXT);
CREATE TABLE IF NOT EXISTS agents (user TEXT PRIMARY KEY, state TEXT);
CREATE TABLE IF NOT EXISTS released (id INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value REAL);
"""
)
VERSION = 1
"""Of the tables; kept in the file. A store of another version is left alone."""
CACHE = 1000
"""KiB of pages that SQLite keeps. What is written is read again only for repeated messages; a larger cache would go on growing for
100 000 messages and look like a leak."""
KEPT_BATCHES = 32
"""Transactions of the ledger that are kept unpacked for looking up repeated messages."""
CHECKPOINT_EVERY = 0.25
LOG_PAGES = 4000
"""Above so many pages (16 MB) the log is restarted by the writer."""

_log = logging.getLogger(__name__)


class Database:
    """Belongs to one process, its owner. May be opened in another thread than it is used in."""

    def __init__(self, path: Path, owner: Ownership, *, synchronous: str) -> None:
        self.path = path
        self._owner: Ownership | None = owner
        try:
            self._sql = sqlite3.connect(path, timeout=10, isolation_level=None, cached_statements=64, check_same_thread=False)
            self._must_be_of_this_version()
            for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "wal_autocheckpoint=0", f"cache_size=-{CACHE}"):
                self._sql.execute(f"PRAGMA {pragma}")
            self._sql.executescript(SCHEMA)
        except sqlite3.Error as error:
            raise PlatformError(f"the store {path} cannot be opened ({error}); is it a file of this platform?") from error
        self.instance = int(self.fact("instances")) + 1
        """Number of this process among all that have had this store."""
        self.note("instances", self.instance)
        self.claimed = claims.Claims(self._sql)
        self.contexts = contexts.Contexts(self._sql)
        self._rows_of = lru_cache(KEPT_BATCHES)(self._read_rows)
        self._log_is_long = False
        self._closing = threading.Event()
        self._upkeep = threading.Thread(target=self._checkpoint_forever, name="checkpoint", daemon=True)
        self._upkeep.start()

    def write(self, batch: Batch) -> None:
        """One transaction, all or nothing."""
        execute, many = self._sql.execute, self._sql.executemany
        execute("BEGIN IMMEDIATE")
        try:
            if batch.origins:
                many("INSERT INTO origins VALUES (?,?,?,?)", batch.origins)
            if batch.rows:
                execute(ledger.INSERT, (batch.first_index, batch.time, ledger.packed(batch.rows), self.instance))
            if batch.claims:
                self.claimed.write(batch.first_index, batch.time, batch.claims)
                self.claimed.forget(batch.forget_before)
            if batch.released:
                many("INSERT OR IGNORE INTO released VALUES (?)", [(index,) for index in batch.released])
            if batch.taken:
                many("DELETE FROM waiting WHERE id = ?", [(index,) for index in batch.taken])
            if batch.waiting:
                many("INSERT INTO waiting VALUES (?,?,?,?,?,?,?,?,?)", [
                    (m.index, m.origin, m.message_id, m.content, m.digest, m.sequence_id, m.attempt, m.priority, _context(m))
                    for m in batch.waiting.values()
                ])  # fmt: skip
            if batch.agents:
                many(
                    "INSERT INTO agents VALUES (?,?) ON CONFLICT (user) DO UPDATE SET state = excluded.state",
                    [(state.user, state.packed()) for state in batch.agents],
                )
            self.contexts.write(batch)
            session_table.write(self._sql, batch.sessions, batch.ended)
            stream_table.write(self._sql, batch.streams, batch.ended)
            self.contexts.forget(batch.ended)
            outbound_table.write(self._sql, batch.outbound, batch.ended)
            audit_trail.write(self._sql, batch.audit)
            token_table.write(self._sql, batch.tokens)
        except BaseException:
            self._take_back()
            raise
        execute("COMMIT")
        if self._log_is_long:
            self._log_is_long = False
            execute("PRAGMA wal_checkpoint(RESTART)")

    def _take_back(self) -> None:
        if self._sql.in_transaction:  # a full disk has ended it already: an error here would hide that one
            self._sql.execute("ROLLBACK")

    # What a start, a repeated message or a returning user reads

    def next_index(self) -> int:
        """First free ledger index. A row uses up to four, in two places."""
        last = self._one("SELECT max(id) FROM batches")
        if last is None:
            return 1
        used: list[int] = [max(row[0], row[ledger.DONE] or 0) for row in self._rows_of(last).values()]
        return max(used) + 4

    def next_origin(self) -> int:
        """First free number of a connection."""
        return (self._one("SELECT max(id) FROM origins") or 0) + 1

    def claims(self, indexes: Iterable[int], message_id: str) -> list[tuple[float, str, str]]:
        """(time, user, connection id) of those of the claims with these ledger indexes that are of this id."""
        return [claim for index in indexes if (claim := self._claim(index, message_id)) is not None]

    def _claim(self, index: int, message_id: str) -> tuple[float, str, str] | None:
        """The claim of a ledger row, if it is of this message id and was not released."""
        first, time = self._sql.execute("SELECT id, time FROM batches WHERE id <= ? ORDER BY id DESC LIMIT 1", (index,)).fetchone()
        row = self._rows_of(first)[index]
        if row[ledger.MESSAGE_ID] != message_id or self._one("SELECT id FROM released WHERE id = ?", index):
            return None
        user, connection = self._sql.execute("SELECT user, connection FROM origins WHERE id = ?", (row[ledger.ORIGIN],)).fetchone()
        return time, user, connection

    def _read_rows(self, first: int) -> dict[int, ledger.Row]:
        """The rows of the transaction that begins at this index, by index; what is committed never changes."""
        return {row[0]: row for row in ledger.unpacked(self._one("SELECT rows FROM batches WHERE id = ?", first))}

    def sessions(self, now: float) -> dict[str, Session]:
        """Resumable sessions by id, in the order in which they were made; nobody is there yet."""
        sessions = {session.id: session for session in session_table.read(self._sql, now)}
        outbound_table.read(self._sql, sessions)
        return sessions

    def streams(self, sessions: Mapping[str, Session]) -> list[Stream]:
        """Streams of these sessions, in the order in which they were begun."""
        return list(stream_table.read(self._sql, sessions))

    def waiting(self, sessions: Mapping[str, Session]) -> list[UserMessage]:
        """Accepted messages that were not processed, in order of acceptance; those of resumable sessions know theirs."""
        rows = self._sql.execute(
            "SELECT w.id, w.message_id, w.content, w.digest, w.sequence_id, w.attempt, w.priority, w.context, o.user, w.origin, o.session "
            "FROM waiting w JOIN origins o ON o.id = w.origin ORDER BY w.id"
        )
        messages = []
        for index, message_id, content, digest, sequence_id, attempt, priority, context, user, origin, session_id in rows:
            message = UserMessage(message_id, content, digest, sequence_id, attempt, priority)
            message.index, message.user, message.origin, message.session = index, user, origin, sessions.get(session_id)
            _set_context(message, context)
            messages.append(message)
        return messages

    def agent(self, user: str) -> AgentState:
        """The agent of a user, a new one if there is none."""
        packed = self._one("SELECT state FROM agents WHERE user = ?", user)
        return AgentState.unpacked(packed) if packed else AgentState(user)

    def audit(self) -> list[list[audit_trail.Event]]:
        """The audit trail, in pages."""
        return list(audit_trail.read(self._sql))

    def tokens(self, now: float) -> token_table.Known:
        """Refresh tokens, and tokens that were revoked."""
        return token_table.read(self._sql, now)

    def fact(self, name: str) -> float:
        """A number that outlives the process, 0 if it was never noted."""
        return self._one("SELECT value FROM facts WHERE name = ?", name) or 0.0

    def note(self, name: str, value: float) -> None:
        """Notes a number, durably."""
        self._sql.execute("INSERT OR REPLACE INTO facts VALUES (?,?)", (name, value))

    def give_free(self) -> None:
        """Folds the log into the file; another process may have the store. Nothing is written any more, what there is can still be read."""
        if self._owner is not None:
            self._closing.set()
            self._upkeep.join()
            self._sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._owner.give_up()
            self._owner = None

    def close(self) -> None:
        """Gives the store free, if that was not done already, and lets go of it."""
        self.give_free()
        self._sql.close()

    def _must_be_of_this_version(self) -> None:
        """Marks a new store as one of this version; refuses another version before anything is changed in it."""
        found = self._one("PRAGMA user_version")
        if self._one("SELECT count(*) FROM sqlite_master") == 0:
            self._sql.execute(f"PRAGMA user_version={VERSION}")
        elif found != VERSION:
            raise PlatformError(
                f"the store {self.path} is of version {found}, this platform reads version {VERSION}; "
                "start the platform that has written it, or name another --store"
            )

    def _one(self, query: str, *values: object) -> Any:
        row = self._sql.execute(query, values).fetchone()
        return row[0] if row else None

    def _checkpoint_forever(self) -> None:
        """Copies the log into the file beside the loop; when the log is long the writer restarts it (a pause of 1 to 3 ms)."""
        sql = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        while not self._closing.wait(CHECKPOINT_EVERY):
            started = time.monotonic()
            try:
                _, pages, _ = sql.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            except sqlite3.Error as error:
                _log.warning("checkpoint failed after %.3f s: %s", time.monotonic() - started, error)
                continue
            if pages > LOG_PAGES:
                self._log_is_long = True
        sql.close()


def _context(message: UserMessage) -> bytes | None:
    """Conversation and agents of a message, where it names any."""
    told = (message.conversation, message.final, message.target_agents, message.shared_state_key)
    return None if told == (None, False, None, None) else orjson.dumps(told)


def _set_context(message: UserMessage, packed: bytes | None) -> None:
    """The opposite of ``_context``."""
    if packed is not None:
        message.conversation, message.final, agents, message.shared_state_key = orjson.loads(packed)
        message.target_agents = agents and tuple(agents)
