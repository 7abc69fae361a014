"""Agents: what a message does to the agent of its user, and what the agent says about itself."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

import orjson

from reference_platform.messages import Fields, StateQuery, UserMessage

from .port import Port

if TYPE_CHECKING:
    from reference_platform.host import Host

REMEMBERED = 100
"""So many processed message ids an agent can name."""


@dataclass(slots=True, eq=False)
class AgentState:
    """The agent of one user. The pipeline writes it to the store in the transaction of the messages that changed it."""

    user: str
    message_count: int = 0
    last_sequence_id: int | None = None
    version: int = 0
    context_digest: str = ""
    processed: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    """Ids of the last processed messages, oldest first."""

    def packed(self) -> bytes:
        """Everything, as the store keeps it: a field added to this class is stored too."""
        return orjson.dumps(self, default=list)

    @classmethod
    def unpacked(cls, data: bytes) -> AgentState:
        """The opposite of ``packed``."""
        state = cls(**orjson.loads(data))
        state.processed = deque(state.processed, REMEMBERED)
        return state


class Agents(Port):
    """One agent per user, with a memory that is a chain over everything it was told."""

    name = "assistant"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.states: dict[str, AgentState] = {}
        """Agents of users who are here or have messages waiting."""

    def state(self, user: str) -> AgentState:
        """The agent of a user, from the store if it is not in memory."""
        state = self.states.get(user)
        if state is None:
            state = self.states[user] = self.host.policies.store.agent(user)
        return state

    def forget(self, user: str) -> None:
        """Nothing of this user is open, waiting or uncommitted: its agent may leave the memory, the store has it."""
        self.states.pop(user, None)

    async def apply(self, message: UserMessage) -> Fields:
        """Lets the agent handle a message: changes ``state(message.user)`` and returns the reply.

        Called once per message; calls for different users may interleave wherever this waits. The reply leaves after the
        commit that makes the change durable. The pipeline adds ``processing_time``.
        """
        state = self.state(message.user)
        state.message_count += 1
        state.version += 1
        if message.sequence_id is not None:
            state.last_sequence_id = message.sequence_id
        state.context_digest = sha256((state.context_digest + message.digest).encode()).hexdigest()[:16]
        state.processed.append(message.message_id)
        return self.reply(message, state)

    def reply(self, message: UserMessage, state: AgentState) -> Fields:
        """The ``ai_response`` to a message that was just applied."""
        return {
            "type": "ai_response",
            "message_id": message.message_id,
            "attempt": message.attempt,
            "sequence_id": message.sequence_id,
            "content": f"Message {state.message_count} noted, {len(message.content)} characters.",
            "digest": message.digest,
            "agent": self.name,
            "version": state.version,
            "timestamp": self.host.clock.now(),
        }

    async def snapshot(self, query: StateQuery, user: str, pending: int) -> Fields:
        """The ``agent_state`` answer: all fields of one moment. ``pending`` counts waiting and running messages of the user."""
        state = self.state(user)
        return {
            "type": "agent_state",
            "request_id": query.request_id,
            "user_id": user,
            "version": state.version,
            "message_count": state.message_count,
            "last_sequence_id": state.last_sequence_id,
            "processed_message_ids": list(state.processed),
            "context_digest": state.context_digest,
            "pending": pending,
            "corrupted": False,
        }
