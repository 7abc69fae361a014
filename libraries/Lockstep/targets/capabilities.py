"""What a target offers, read from its file alone; a control that needs an address which is not there is looked at by the target."""

from __future__ import annotations

from collections.abc import Callable

from profiles.nearest import did_you_mean

from ..errors import UsageError
from .model import Control, TargetFile
from .vocabulary import QUESTIONS, placeholders

LISTS = {"sessions": "session_list", "connections": "connection_list", "agents": "agent_list", "events": "session_events", "streams": "stream_list", "audit": "audit_trail", "auth": "refresh_trouble"}
CONTROLS = {LISTS.get(name, name): name for name in Control.model_fields}
"""Capability -> the control that it needs."""


def _sends(file: TargetFile, name: str) -> bool:
    return name in placeholders(file.messages.send)


def _tells(file: TargetFile, question: str, *fields: str) -> bool:
    asked = file.questions.get(question)
    return asked is not None and set(fields) <= set(asked.answer.fields)


BY_FILE: dict[str, Callable[[TargetFile], bool]] = {
    "acknowledgement": lambda file: bool(file.messages.accepted) and _sends(file, "acknowledge"),
    "agent_memory": lambda file: _tells(file, "agent_context", "version") and _tells(file, "update_agent_context", "version"),
    "bounded_queue": lambda file: file.limits.queue_capacity is not None,
    "client_limit": lambda file: file.limits.clients is not None and file.guarantees.refusal.crowded is not None,
    "compression": lambda file: file.guarantees.compression != "none",
    "completion": lambda file: _sends(file, "final") and _tells(file, "agent_state", "conversation_complete"),
    "contents": lambda file: any(rule.digest or rule.echo for rule in file.messages.reply),
    "context": lambda file: _tells(file, "agent_state", "context_digest"),
    "conversations": lambda file: _sends(file, "conversation"),
    "duplicate_detection": lambda file: file.guarantees.duplicates.key != "none",
    "hostile_input": lambda file: file.permissions.hostile,
    "history": lambda file: _tells(file, "conversation_history", "messages"),
    "last_sequence": lambda file: _tells(file, "agent_state", "last_sequence_id"),
    "memory_usage": lambda file: _tells(file, "agent_state", "total_objects"),
    "handshake_limit": lambda file: file.guarantees.handshake_within is not None and file.permissions.hostile,
    "loss_notice": lambda file: bool(file.messages.messages_lost),
    "message_count": lambda file: _tells(file, "agent_state", "message_count"),
    "not_json": lambda file: file.guarantees.refusal.not_json is not None and file.permissions.hostile,
    "not_message": lambda file: file.guarantees.refusal.not_message is not None and file.permissions.hostile,
    "not_utf8": lambda file: file.guarantees.refusal.not_utf8 is not None and file.permissions.hostile,
    "not_utf8_binary": lambda file: file.guarantees.refusal.not_utf8_binary is not None and file.permissions.hostile,
    "outbound_priorities": lambda file: file.guarantees.outbound is not None and bool(file.guarantees.outbound.priorities),
    "operations": lambda file: _tells(file, "agent_context", "pending_operations", "results"),
    "pressure": lambda file: file.guarantees.pressure is not None and bool(file.messages.pressure),
    "pings": lambda file: file.guarantees.heartbeat is not None,
    "regular_pings": lambda file: file.guarantees.heartbeat is not None and file.guarantees.heartbeat.regular,
    "priorities": lambda file: file.guarantees.priorities is not None and _sends(file, "priority"),
    "processing_time": lambda file: any("processing_time" in rule.fields for rule in file.messages.reply),
    "refusals": lambda file: bool(file.messages.refused),
    "restart_notice": lambda file: bool(file.messages.notice),
    "resume": lambda file: file.connect.resume is not None,
    "restart": lambda file: file.lifecycle is not None and file.lifecycle.restart,
    "revocation": lambda file: file.connect.auth.revoke is not None,
    "second_instance": lambda file: file.lifecycle is not None and file.lifecycle.second is not None and file.control.hand_over is not None,
    "server_figures": lambda file: file.lifecycle is not None,
    "streams": lambda file: bool(file.messages.stream_chunk and file.messages.stream_end) and _tells(file, "start_stream", "stream"),
    "stream_resume": lambda file: BY_FILE["streams"](file) and "resume_stream" in file.questions,
    "tasks": lambda file: _tells(file, "performance_stats", "tasks"),
    "too_deep": lambda file: file.guarantees.refusal.too_deep is not None and file.permissions.hostile,
    "too_large": lambda file: None not in (file.guarantees.refusal.too_large, file.limits.message_size) and file.permissions.hostile,
    "too_many": lambda file: file.guarantees.refusal.too_many is not None and file.permissions.hostile,
    "timestamps": lambda file: _sends(file, "timestamp"),
    "tickets": lambda file: file.connect.auth.ticket is not None and "ticket" in file.connect.auth.also,
    "token_in_query": lambda file: "query" in file.connect.auth.also,
    "token_in_subprotocol": lambda file: "subprotocol" in file.connect.auth.also,
    "token_refusal": lambda file: file.guarantees.refusal.token is not None and file.permissions.hostile,
    "public_keys": lambda file: file.connect.auth.public_keys is not None,
    "token_signing": lambda file: file.connect.auth.signing is not None,
    "token_renewal": lambda file: file.connect.auth.refresh is not None and file.connect.auth.token.refresh_token is not None,
    "token_revocation": lambda file: file.guarantees.refresh.old_token == "revoked",  # noqa: S105
    "token_lifetime": lambda file: "lifetime" in placeholders(file.connect.auth.token.body),
    "waiting_messages": lambda file: file.guarantees.outbound is not None and bool(file.messages.agent_message),
    "target_agents": lambda file: _sends(file, "target_agents") and _tells(file, "configure_agents"),
}
"""Beside these: the questions that a target can be asked, and the controls that it has."""
KNOWN = frozenset({*BY_FILE, *QUESTIONS, *CONTROLS})


def named_in(file: TargetFile, capability: str) -> bool:
    """True when the file says that the target can do this; a name that nobody knows is an error, never *not offered*."""
    if capability in BY_FILE:
        return BY_FILE[capability](file)
    if capability in CONTROLS:
        return getattr(file.control, CONTROLS[capability]) is not None
    if capability in QUESTIONS:
        return capability in file.questions
    raise UsageError(f"there is no capability '{capability}'{did_you_mean(capability, sorted(KNOWN))} Known are: {', '.join(sorted(KNOWN))}")
