"""What travels through the pipeline: a decoded message, a question, a refusal, a reply."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from msgspec import Struct

from .outbound.queue import Waited
from .sessions.session import Session
from .storage.ledger import Row
from .streaming.stream import Description

Fields = dict[str, Any]
"""A JSON object as it goes onto the wire; the Outbox adds session_id, epoch and offset."""


class UserMessage(Struct, eq=False):
    """One attempt of a client to have a message processed, as the Codec understood it.

    The Codec fills the fields up to ``shared_state_key``, the pipeline the rest before any other port sees the message.
    """

    message_id: str
    content: str
    digest: str = ""
    sequence_id: int | None = None
    attempt: int = 1
    priority: str = "normal"
    acknowledge: bool = False
    timestamp: float | None = None
    conversation: str | None = None
    """Title of the conversation it belongs to; titles are the user's own."""
    final: bool = False
    """The user says that it ends the conversation."""
    target_agents: tuple[str, ...] | None = None
    """Agents of the user's team that work on it, each once."""
    shared_state_key: str | None = None
    """The shared fact that it writes."""
    user: str = ""
    session: Session | None = None
    """Where it came from; None for a message that waited in the store while the platform was down."""
    origin: int = 0
    """The store's number of user, session and connection."""
    index: int = 0
    """The ledger index of its acceptance; 0 until then."""
    key: int = 0
    """The hash by which its claim is stored."""
    row: Row | None = None
    """Its ledger row, which is completed if the message is processed in the transaction that accepts it."""
    reply: bool = True
    """False: processed without an ``ai_response`` (only a defective Duplicates asks for that)."""


class StateQuery(NamedTuple):
    """The client asks for the agent's state."""

    request_id: str


class QueueQuery(NamedTuple):
    """The client asks how full its queue is."""

    request_id: str


class CapacityQuery(NamedTuple):
    """The client asks how much its queue can take, and by which rule it is served."""

    request_id: str


class TeamQuery(NamedTuple):
    """The client asks for the state of each agent of its team."""

    request_id: str


class TeamSetting(NamedTuple):
    """The client says which agents its team consists of."""

    request_id: str
    agents: tuple[str, ...]


class StatsQuery(NamedTuple):
    """The client asks what the platform measures of itself."""

    request_id: str


class LatencyProbe(NamedTuple):
    """The client wants to know how long a frame takes to the platform and back."""

    request_id: str
    client_send_time: float | None
    """The client's own time, given back as it is."""


class HistoryQuery(NamedTuple):
    """The client asks for the conversation of its session."""

    request_id: str


class ContextQuery(NamedTuple):
    """The client asks what the agent keeps in mind for its session."""

    request_id: str


class ContextUpdate(NamedTuple):
    """The client tells the agent what to keep in mind for its session."""

    request_id: str
    preferences: Fields
    """Replaced by name, like"""
    variables: Fields
    workflow: Fields | None
    """``current_step``, ``total_steps``, ``pending_steps``; replaced as a whole. None: as it was."""
    tool_call: Fields | None
    """``name``, ``arguments``, ``result``; one more. None: none."""
    pending_operations: list[Fields] | None
    """Each ``name`` and ``progress``; replaced as a whole. None: as they were."""
    results: Fields
    """What operations have found, to be had again; replaced by name."""


class StreamStart(NamedTuple):
    """The client asks for an answer that comes in chunks."""

    request_id: str
    description: Description


class StreamResume(NamedTuple):
    """The client says which chunk of a stream it wants next."""

    request_id: str
    stream_id: str
    chunk: int


class TokenRefresh(NamedTuple):
    """The client wants its connection to go on with another token."""

    request_id: str
    new_token: str


OfUser = StateQuery | QueueQuery | CapacityQuery | TeamQuery | TeamSetting | StatsQuery
OfSession = HistoryQuery | ContextQuery | ContextUpdate | StreamStart | StreamResume | TokenRefresh
Question = OfUser | OfSession
"""What is answered at once instead of waiting in a queue."""


class Invalid(NamedTuple):
    """Bytes that are no valid message. It is answered with ``error`` and changes nothing."""

    code: str
    reason: str
    message_id: str | None = None
    attempt: int | None = None
    request_id: str | None = None
    told: Mapping[str, float] = {}
    """Figures that belong to the code, such as ``max_depth``."""

    def answer(self) -> Fields:
        """The ``error``, which names what it is about as far as that could be read."""
        about = {"message_id": self.message_id, "attempt": self.attempt, "request_id": self.request_id}
        return {"type": "error", "code": self.code, "message": self.reason, **self.told} | {name: value for name, value in about.items() if value is not None}


Decode = Callable[[bytes], UserMessage | Question | LatencyProbe | Invalid]
"""What one message says, or what is wrong with it."""


class Reply(Struct, eq=False):
    """One frame for one session, to be released after the commit of what it claims."""

    session: Session
    fields: Fields
    priority: str = "normal"
    """That of the message it answers."""
    waited: Waited | None = None
    """What it says of the session's outbound queue."""
