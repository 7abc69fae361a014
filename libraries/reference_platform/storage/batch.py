"""What one transaction makes durable, and the replies that may leave once it has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reference_platform.messages import Fields, Reply, UserMessage
from reference_platform.outbound.table import Changes
from reference_platform.tokens.table import Changes as TokenChanges

if TYPE_CHECKING:
    from asyncio import Future

    from reference_platform.agent_state import AgentState
    from reference_platform.sessions.context import Entry, SessionContext
    from reference_platform.sessions.session import Session
    from reference_platform.streaming.stream import Stream
    from reference_platform.tokens.audit_trail import Event

    from .ledger import Row


@dataclass(slots=True, eq=False)
class Batch:
    """Filled by the pipeline between two commits. ``Store.commit`` writes all of it or nothing.

    ``waiting`` are messages accepted in this batch and not processed yet; they go into the store's own waiting list, so that an
    accepted message survives a kill.
    """

    first_index: int
    time: float = 0.0
    """Platform time of the commit."""
    rows: list[Row] = field(default_factory=list)
    waiting: dict[int, UserMessage] = field(default_factory=dict)
    """By ledger index."""
    taken: list[int] = field(default_factory=list)
    """Ledger indexes of messages that waited in the store and are now processed."""
    admitted: list[UserMessage] = field(default_factory=list)
    claims: list[tuple[int, int]] = field(default_factory=list)
    """Key and ledger index of each of them: the durable duplicate window."""
    released: list[int] = field(default_factory=list)
    """Ledger indexes of admitted messages whose agent failed: their claims count no more."""
    origins: list[tuple[int, str, str, str]] = field(default_factory=list)
    agents: dict[AgentState, None] = field(default_factory=dict)
    """Agent states that changed, each once, in order of change."""
    contexts: dict[SessionContext, None] = field(default_factory=dict)
    """Contexts of sessions that changed, each once."""
    said: list[tuple[SessionContext, Entry]] = field(default_factory=list)
    """What is new in their conversations."""
    sessions: dict[Session, None] = field(default_factory=dict)
    """Resumable sessions that changed, each once."""
    ended: list[str] = field(default_factory=list)
    """Ids of sessions that are over: nothing of them stays in the store."""
    outbound: Changes = field(default_factory=Changes)
    """What agents say of their own accord, and what becomes of that."""
    streams: dict[Stream, None] = field(default_factory=dict)
    """Streams of resumable sessions that changed, each once."""
    audit: list[Event] = field(default_factory=list)
    tokens: TokenChanges = field(default_factory=TokenChanges)
    replies: list[Reply] = field(default_factory=list)
    forget_before: float = 0.0
    """Claims older than this are outside the duplicate window and may be deleted, a few per commit."""
    done: Future[None] | None = None

    def remember(self, context: SessionContext, message: UserMessage, reply: Fields) -> None:
        """The message was processed in this batch, and belongs to the conversation of its session from now on."""
        self.contexts[context] = None
        self.said += [(context, entry) for entry in context.said(message, reply)]

    @property
    def is_empty(self) -> bool:
        """Nothing to write and nothing to send."""
        return not (self.is_durable or self.replies)

    @property
    def is_durable(self) -> bool:
        """There is something to write."""
        of_sessions = self.contexts or self.sessions or self.ended or self.streams or self.outbound.are_some
        return bool(self.rows or self.origins or self.agents or self.taken or self.audit or self.tokens.are_some or of_sessions)
