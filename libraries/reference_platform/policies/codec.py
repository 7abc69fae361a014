"""Codec: bytes to message and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeGuard

import orjson

from reference_platform.digests import digest
from reference_platform.messages import (
    CapacityQuery,
    ContextQuery,
    Fields,
    HistoryQuery,
    Invalid,
    LatencyProbe,
    Question,
    QueueQuery,
    StateQuery,
    StatsQuery,
    TeamQuery,
    TeamSetting,
    UserMessage,
)
from reference_platform.plain_message import MAX_INT, MAX_NAME, PlainMessages
from reference_platform.sessions.context_update import context_update
from reference_platform.streaming.requests import stream_resume, stream_start
from reference_platform.strict_json import read_json
from reference_platform.tokens.messages import token_refresh

from .port import Port

if TYPE_CHECKING:
    from reference_platform.host import Host

_MESSAGES = ("user_message", "throughput_test")
_PRIORITIES = ("normal", "high")
_QUESTIONS: dict[str, type[StateQuery | QueueQuery | CapacityQuery | TeamQuery | StatsQuery | HistoryQuery | ContextQuery]] = {
    "get_agent_state": StateQuery, "get_queue_state": QueueQuery, "get_queue_capacity": CapacityQuery, "get_all_agent_states": TeamQuery,
    "get_performance_stats": StatsQuery, "get_conversation_history": HistoryQuery, "get_agent_context": ContextQuery,
}  # fmt: skip
_SAYING_MORE = ("configure_agents", "latency_probe", "resume_stream", "start_stream", "token_refresh", "update_agent_context")
_CONTEXT = frozenset(("conversation", "final", "target_agents", "shared_state_key"))


class Codec(Port):
    """Decides what a valid message is. Text is known to be UTF-8 (that is the Wire's business); what came in binary frames need not be."""

    max_id_length = MAX_NAME
    """Also of names, titles and keys."""
    max_agents = 20

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._plain = PlainMessages() if self.is_correct else None

    def decode(self, payload: bytes) -> UserMessage | Question | LatencyProbe | Invalid:
        """One TEXT message; never raises. ``Invalid`` is answered with ``error`` and has no other effect."""
        plain = self._plain
        if plain is not None and (message := plain.decode(payload)) is not None:
            message.digest = digest(message.content)
            return message
        return self._field_by_field(payload)

    def _field_by_field(self, payload: bytes) -> UserMessage | Question | LatencyProbe | Invalid:
        fields = self.read(payload)
        if isinstance(fields, Invalid):
            return fields
        if type(fields) is not dict:
            return Invalid("invalid_message", "a message is a JSON object")
        kind = fields.get("type")
        if kind in _MESSAGES:
            message = self.user_message(fields)
            if self._plain is not None and isinstance(message, UserMessage):
                self._plain.learn(fields)
            return message
        if type(kind) is str:
            if kind in _QUESTIONS or kind in _SAYING_MORE:
                return self.question(fields)
            return Invalid("unknown_type", f"there is no message type {kind[:40]!r}", *self._correlation(fields))
        return Invalid("invalid_message", "type must be a string", *self._correlation(fields))

    read = staticmethod(read_json)
    """What a text says, as JSON."""

    encode: Callable[[Fields], bytes] = staticmethod(orjson.dumps)
    """A reply as the payload of one TEXT frame."""

    digest = staticmethod(digest)
    """How a content is named in replies and ledger."""

    def user_message(self, fields: dict[str, Any]) -> UserMessage | Invalid:
        """A ``user_message`` (or ``throughput_test``, which is the same) from its JSON object; unknown fields are ignored."""
        get = fields.get
        message_id, content, attempt, sequence_id = get("message_id"), get("content"), get("attempt", 1), get("sequence_id")
        priority, acknowledge, timestamp = get("priority", "normal"), get("acknowledge", False), get("timestamp")
        if type(message_id) is not str or not 0 < len(message_id) <= self.max_id_length:
            wrong = f"message_id must be a string of 1 to {self.max_id_length} characters"
        elif type(content) is not str:
            wrong = "content must be a string"
        elif type(attempt) is not int or not 0 < attempt <= MAX_INT:
            wrong = "attempt must be a whole number from 1"
        elif sequence_id is not None and (type(sequence_id) is not int or not 0 <= sequence_id <= MAX_INT):
            wrong = "sequence_id must be a whole number from 0"
        elif priority not in _PRIORITIES:
            wrong = "priority must be high or normal"
        elif type(acknowledge) is not bool:
            wrong = "acknowledge must be true or false"
        elif timestamp is not None and type(timestamp) not in (int, float):
            wrong = "timestamp must be a number"
        else:
            message = UserMessage(message_id, content, self.digest(content), sequence_id, attempt, priority, acknowledge, timestamp)
            return message if _CONTEXT.isdisjoint(fields) else self.with_context(message, fields)
        return Invalid("invalid_message", wrong, *self._correlation(fields))

    def with_context(self, message: UserMessage, fields: dict[str, Any]) -> UserMessage | Invalid:
        """The message with conversation and agents, which most messages do not name."""
        title, final, key = fields.get("conversation"), fields.get("final", False), fields.get("shared_state_key")
        agents = fields.get("target_agents")
        if title is not None and not self.is_name(title):
            wrong = f"conversation must be a string of 1 to {self.max_id_length} characters"
        elif type(final) is not bool:
            wrong = "final must be true or false"
        elif agents is not None and not self.are_agents(agents):
            wrong = f"target_agents must be 1 to {self.max_agents} different names"
        elif key is not None and not (agents and self.is_name(key)):
            wrong = f"shared_state_key must be a string of 1 to {self.max_id_length} characters, beside target_agents"
        else:
            message.conversation, message.final, message.shared_state_key = title, final, key
            message.target_agents = None if agents is None else tuple(agents)
            return message
        return Invalid("invalid_message", wrong, *self._correlation(fields))

    def question(self, fields: dict[str, Any]) -> Question | LatencyProbe | Invalid:
        """One of the questions from its JSON object."""
        request_id = fields.get("request_id")
        if not self.is_name(request_id):
            return Invalid("invalid_message", f"request_id must be a string of 1 to {self.max_id_length} characters")
        if fields["type"] == "update_agent_context":
            return context_update(fields, request_id, self.is_name)
        if fields["type"] == "start_stream":
            return stream_start(fields, request_id)
        if fields["type"] == "resume_stream":
            return stream_resume(fields, request_id, self.is_name)
        if fields["type"] in _QUESTIONS:
            return _QUESTIONS[fields["type"]](request_id)
        return self.setting_or_probe(fields, request_id)

    def setting_or_probe(self, fields: dict[str, Any], request_id: str) -> Question | LatencyProbe | Invalid:
        """A ``configure_agents``, ``latency_probe`` or ``token_refresh`` from its JSON object."""
        if fields["type"] == "token_refresh":
            return token_refresh(fields, request_id)
        if fields["type"] == "configure_agents":
            if not self.are_agents(agents := fields.get("agents")):
                return Invalid("invalid_message", f"agents must be 1 to {self.max_agents} different names", request_id=request_id)
            return TeamSetting(request_id, tuple(agents))
        sent = fields.get("client_send_time")
        if sent is not None and type(sent) not in (int, float):
            return Invalid("invalid_message", "client_send_time must be a number", request_id=request_id)
        return LatencyProbe(request_id, sent)

    def is_name(self, value: object) -> TypeGuard[str]:
        """Whether this can name a request, an agent, a conversation or a shared fact."""
        return type(value) is str and 0 < len(value) <= self.max_id_length

    def are_agents(self, value: object) -> TypeGuard[list[str]]:
        """Whether this is a list of agents."""
        return type(value) is list and 0 < len(value) <= self.max_agents and all(map(self.is_name, value)) and len(set(value)) == len(value)

    def _correlation(self, fields: dict[str, Any]) -> tuple[str | None, int | None, str | None]:
        """message_id, attempt and request_id as far as they are usable, so that the client knows what was wrong."""
        message_id, attempt, request_id = fields.get("message_id"), fields.get("attempt"), fields.get("request_id")
        return (
            message_id if type(message_id) is str and len(message_id) <= self.max_id_length else None,
            attempt if type(attempt) is int and abs(attempt) <= MAX_INT else None,
            request_id if type(request_id) is str and len(request_id) <= self.max_id_length else None,
        )
