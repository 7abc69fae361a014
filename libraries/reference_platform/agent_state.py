"""What the agent of one user knows, in memory and as the store keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson

REMEMBERED = 100
"""So many processed message ids an agent can name."""
TOPICS = 20
"""So many topics back it knows what was talked about."""
RECENT = 5
"""Of so many messages it knows the beginning."""

Shared = tuple[str, int]
"""Value and version of a shared fact."""


@dataclass(slots=True, eq=False)
class Context:
    """What the agent makes of all that it was told."""

    digest: str = ""
    """A chain over the digests of all contents."""
    topic: str | None = None
    topics: list[str] = field(default_factory=list)
    recent: list[str] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Member:
    """One agent of the team that a user has configured."""

    messages_processed: int = 0
    last_sequence_id: int | None = None
    shared: dict[str, Shared] = field(default_factory=dict)
    """Its own view of the shared facts, by key."""


@dataclass(slots=True, eq=False)
class AgentState:
    """The agent of one user. The pipeline writes it to the store in the transaction of the messages that changed it."""

    user: str
    message_count: int = 0
    last_sequence_id: int | None = None
    version: int = 0
    processed: list[str] = field(default_factory=list)
    """Ids of the last processed messages, oldest first."""
    conversation: str | None = None
    """Title of the last message."""
    complete: bool = False
    """The last message was the final one of its conversation."""
    context: Context = field(default_factory=Context)
    team: dict[str, Member] = field(default_factory=dict)
    shared: dict[str, Shared] = field(default_factory=dict)
    """The newest value of each key that a message to the team has written."""

    def note(self, message_id: str, topic: str, beginning: str) -> None:
        """Appends to what is known of the last messages and drops what is too old. (Lists, because the store writes them fastest.)"""
        context = self.context
        context.topic = topic
        processed, topics, recent = self.processed, context.topics, context.recent
        processed.append(message_id)
        topics.append(topic)
        recent.append(beginning)
        if len(recent) > RECENT:
            del recent[0]
        if len(topics) > TOPICS:
            del topics[0]
        if len(processed) > REMEMBERED:
            del processed[0]

    def objects(self) -> int:
        """How many things are held for this agent."""
        context = self.context
        held = (self.processed, context.topics, context.recent, self.shared, *(member.shared for member in self.team.values()))
        return 2 + len(self.team) + sum(len(things) for things in held)

    def packed(self) -> bytes:
        """Everything, as the store keeps it: a field added to these classes is stored too."""
        return orjson.dumps(self)

    @classmethod
    def unpacked(cls, data: bytes) -> AgentState:
        """The opposite of ``packed``."""
        state = cls(**orjson.loads(data))
        state.context = Context(**state.context)  # type: ignore[arg-type]
        state.team = {name: Member(**member) for name, member in state.team.items()}  # type: ignore[arg-type]
        for facts in (state.shared, *(member.shared for member in state.team.values())):
            facts.update({key: tuple(fact) for key, fact in facts.items()})  # type: ignore[misc]
        return state
