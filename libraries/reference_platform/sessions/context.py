"""What a session that may come back remembers: its conversation, and what its client has told the agent to keep in mind."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from reference_platform.digests import digest

if TYPE_CHECKING:
    from reference_platform.messages import ContextUpdate, Fields, UserMessage

ENTRIES = 200
"""So many entries of the conversation are kept, a question and its answer being two."""
TEXT = 1_048_576
"""Characters of all kept entries together, so that the answer to who asks for them stays a frame; the last two stay whatever they take."""
TOOL_CALLS = 100
"""So many tool calls are kept."""
TOLD = 262_144
"""Bytes that everything told may take as JSON."""


class Entry(NamedTuple):
    """Something that was said."""

    number: int
    """1, 2, 3, … within the session."""
    role: str
    message_id: str
    content: str
    digest: str
    timestamp: float
    """Platform time of the processing, for question and answer the same."""
    sequence_id: int | None


def _nothing_told() -> Fields:
    return {"preferences": {}, "variables": {}, "workflow": None, "tool_calls": [], "pending_operations": [], "results": {}}


@dataclass(slots=True, eq=False, weakref_slot=True)
class SessionContext:
    """The context of one session. The pipeline writes what changes in it to the store in the transaction of what changed it."""

    session_id: str
    count: int = 0
    """Entries that the conversation has had, kept or not."""
    entries: deque[Entry] = field(default_factory=deque)
    """The last of them, oldest first."""
    version: int = 0
    """How often the agent was told something."""
    told: Fields = field(default_factory=_nothing_told)
    """``preferences``, ``variables``, ``workflow``, ``tool_calls``, ``pending_operations``, ``results``. Replaced as a whole and never changed."""
    last_activity: float | None = None
    """Platform time of the last processed message or update."""
    _text: int = 0

    def said(self, message: UserMessage, reply: Fields) -> tuple[Entry, Entry]:
        """A message was processed: adds it and its reply, drops what is too old, and returns what was added."""
        at, answer = reply["timestamp"], reply["content"]
        self.last_activity = at
        added = (
            Entry(self.count + 1, "user", message.message_id, message.content, message.digest, at, message.sequence_id),
            Entry(self.count + 2, "assistant", message.message_id, answer, digest(answer), at, message.sequence_id),
        )
        self.restore(added)
        return added

    def restore(self, entries: tuple[Entry, ...] | list[Entry]) -> None:
        """Appends entries in their order; of all that are there then, the oldest leave until the rest is within bounds."""
        kept = self.entries
        kept.extend(entries)
        self._text += sum(len(entry.content) for entry in entries)
        while len(kept) > ENTRIES or (self._text > TEXT and len(kept) > 2):
            self._text -= len(kept.popleft().content)
        self.count = kept[-1].number if kept else 0

    def tell(self, update: ContextUpdate, now: float) -> bool:
        """Takes in what the agent is told, all of it or, where that would be too much to keep, nothing: False then."""
        before = self.told
        calls = before["tool_calls"] if update.tool_call is None else [*before["tool_calls"], update.tool_call][-TOOL_CALLS:]
        told = {
            "preferences": before["preferences"] | update.preferences,
            "variables": before["variables"] | update.variables,
            "workflow": before["workflow"] if update.workflow is None else update.workflow,
            "tool_calls": calls,
            "pending_operations": before["pending_operations"] if update.pending_operations is None else update.pending_operations,
            "results": before["results"] | update.results,
        }
        if len(orjson.dumps(told)) > TOLD:
            return False
        self.told, self.version, self.last_activity = told, self.version + 1, now
        return True

    def conversation(self) -> Fields:
        """What ``conversation_history`` says of it, all of one moment."""
        return {"session_id": self.session_id, "count": self.count, "messages": [_shown(entry) for entry in self.entries]}

    def memory(self) -> Fields:
        """What ``agent_context`` says of it, all of one moment."""
        return {"session_id": self.session_id, "version": self.version, **self.told, "last_activity": self.last_activity}


def _shown(entry: Entry) -> dict[str, Any]:
    shown = entry._asdict()
    del shown["number"]
    return shown
