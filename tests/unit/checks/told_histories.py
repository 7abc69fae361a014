"""Histories told by hand: a Story writes events the way a test reads, one tenth of a second after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from Lockstep.checks import Event, History, Kind, LedgerRow

CONNECTIONS = {"alice": 1, "bob": 2, "carol": 3}


class Story:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.rows: list[LedgerRow] = []
        self.time = 100.0

    def add(self, kind: Kind, user: str = "alice", message_id: str | None = None, **fields: Any) -> Event:
        connection = fields.pop("connection", CONNECTIONS.get(user, 9))
        event = Event(len(self.events) * 3 + 5, self.time, kind, f"{user}-client", connection, user, message_id, **fields)
        self.events.append(event)
        self.time += 0.1
        return event

    def wait(self, seconds: float) -> Story:
        self.time += seconds
        return self

    def connected(self, user: str = "alice", session: str = "s-1", epoch: int = 1, offset: int = 0, **fields: Any) -> Event:
        return self.add(Kind.CONNECTED, user, details={"session": session, "epoch": epoch, "offset": offset}, **fields)

    def send(self, message_id: str, user: str = "alice", attempt: int = 1, **fields: Any) -> Event:
        fields.setdefault("digest", f"d-{message_id}")
        return self.add(Kind.SEND, user, message_id, attempt=attempt, **fields)

    def reply(self, message_id: str | None, user: str = "alice", **fields: Any) -> Event:
        fields.setdefault("digest", f"d-{message_id}")
        return self.add(Kind.REPLY, user, message_id, **fields)

    def duplicate(self, message_id: str, user: str = "alice", **fields: Any) -> Event:
        return self.add(Kind.DUPLICATE, user, message_id, **fields)

    def refused(self, message_id: str, user: str = "alice", **fields: Any) -> Event:
        return self.add(Kind.REFUSED, user, message_id, **fields)

    def accepted(self, message_id: str, user: str = "alice", **fields: Any) -> Event:
        return self.add(Kind.ACCEPTED, user, message_id, **fields)

    def unknown(self, message_id: str, user: str = "alice", **fields: Any) -> Event:
        return self.add(Kind.SEND_UNKNOWN, user, message_id, **fields)

    def query(self, request: str, user: str = "alice", **fields: Any) -> Event:
        return self.add(Kind.QUERY, user, request, details={"question": "agent_state"}, **fields)

    def answer(self, request: str, state: Mapping[str, Any], user: str = "alice", **fields: Any) -> Event:
        return self.add(Kind.ANSWER, user, request, details={"question": "agent_state", "fields": state}, **fields)

    def snapshot(self, request: str, state: Mapping[str, Any], user: str = "alice") -> Event:
        self.query(request, user)
        return self.answer(request, state, user)

    def exchange(self, *message_ids: str, user: str = "alice", **fields: Any) -> Story:
        """Sends each message and gets its reply before the next; the ledger has it."""
        for message_id in message_ids:
            self.send(message_id, user, **fields)
            self.row(message_id, user)
            self.reply(message_id, user, **fields)
        return self

    def row(self, message_id: str, user: str = "alice", what: str = "processed", attempt: int = 1, **fields: Any) -> LedgerRow:
        values = {"digest": f"d-{message_id}", "session": "s-1", "sequence_id": None, **fields}
        row = LedgerRow(len(self.rows) + 1, self.time, user, values["session"], "c", message_id, attempt, values["sequence_id"],
                        values["digest"], "agent", what)
        self.rows.append(row)
        return row

    @property
    def history(self) -> History:
        return History(self.events, self.rows)
