"""The words that a target file may use: what the kit can fill in, what it can ask, and how a path looks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from profiles.nearest import did_you_mean

from ..arguments import Rate
from .placeholders import PLACEHOLDER

QUESTIONS = (
    "agent_context", "agent_state", "all_agent_states", "configure_agents", "conversation_history", "latency_probe", "performance_stats",
    "queue_capacity", "queue_state", "resume_stream", "start_stream", "token_refresh", "update_agent_context",
)
"""What a target can be asked, or told, with one correlated answer."""
OF_A_MESSAGE = (
    "message_id", "sequence_id", "content", "timestamp", "attempt", "priority", "acknowledge", "conversation", "final", "target_agents",
    "shared_state_key", "user", "client",
)
OF_A_STREAM = ("kind", "bytes", "objects", "chunk_bytes", "chunks_per_second", "seed", "stream", "index")
OF_A_QUESTION = ("request_id", "agents", "sent_at", "preferences", "variables", "workflow", "tool_call", "pending_operations", "results", "new_token",
                 *OF_A_STREAM)
OF_A_HANDSHAKE = ("user", "client", "connection", "token", "session", "epoch", "offset")
OF_A_RESUME = ("session", "epoch", "offset", "user", "client", "connection")
OF_CONTROL = (
    "user", "session", "seconds", "count", "since", "origins", "policy", "agent", "messages", "size", "overflow", "ttl", "ttl_critical", "interval", "timeout",
    "bytes", "slots", "rate", "reason", "estimate", "status", "delay",
)


def placeholders(shape: Any) -> Iterator[str]:
    """The names of all placeholders in a shape, at any depth."""
    if isinstance(shape, str):
        yield from PLACEHOLDER.findall(shape)
    elif isinstance(shape, dict | list):
        for inner in shape.values() if isinstance(shape, dict) else shape:
            yield from placeholders(inner)


def _filled_by(names: tuple[str, ...]) -> AfterValidator:
    def check(shape: dict[str, Any]) -> dict[str, Any]:
        strange = next((name for name in placeholders(shape) if name not in names), None)
        if strange is not None:
            allowed = ", ".join(f"{{{name}}}" for name in sorted(names))
            raise impossible(f"uses {{{strange}}}, which nobody fills{did_you_mean(strange, names)} Allowed are: {allowed}")
        return shape

    return AfterValidator(check)


def impossible(sentence: str) -> PydanticCustomError:
    """A mistake whose sentence says everything; the value is not repeated behind it."""
    return PydanticCustomError("impossible", "{sentence}", {"sentence": sentence})


def _question(name: str) -> str:
    if name not in QUESTIONS:
        raise impossible(f"is no question that the kit asks{did_you_mean(name, QUESTIONS)} Allowed are: {', '.join(QUESTIONS)}")
    return name


def _path(text: str) -> str:
    if not all(text.split(".")):
        raise ValueError(f"must be a path such as 'state.count', not '{text}'")
    return text


def at_least(lowest: int) -> AfterValidator:
    """A number with a lower bound, told in the kit's words."""

    def check(value: int) -> int:
        if value < lowest:
            raise ValueError(f"must be {lowest} or more, not '{value}'")
        return value

    return AfterValidator(check)


Path = Annotated[str, AfterValidator(_path)]
"""Where a part of a message is found: names, and numbers of list items, joined by dots."""
SendShape = Annotated[dict[str, Any], _filled_by(OF_A_MESSAGE)]
SayShape = Annotated[dict[str, Any], _filled_by(OF_A_HANDSHAKE)]
ResumeShape = Annotated[dict[str, str], _filled_by(OF_A_RESUME)]
AskShape = Annotated[dict[str, Any], _filled_by(OF_A_QUESTION)]
ControlShape = Annotated[dict[str, Any], _filled_by(OF_CONTROL)]
QuestionName = Annotated[str, AfterValidator(_question)]
Positive = Annotated[int, at_least(1)]
PositiveRate = Annotated[float, BeforeValidator(lambda value: float(Rate.convert(value)))]
