"""What the server told about itself when it was asked: answers, paired with their questions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .events import Event, Kind
from .history import History

AGENT_STATE = "agent_state"
ALL_AGENT_STATES = "all_agent_states"
CONFIGURE_AGENTS = "configure_agents"
QUEUE_STATE = "queue_state"
QUEUE_CAPACITY = "queue_capacity"


class Snapshot(NamedTuple):
    """One answer to a question for a state."""

    query: Event
    answer: Event
    fields: Mapping[str, Any]


def snapshots(history: History, question: str = AGENT_STATE) -> list[Snapshot]:
    """All answers to one question, in order of answer."""
    found = []
    asked: dict[tuple[str, str | None], Event] = {}
    for event in history.journal.questions:
        details = event.details or {}
        if details.get("question") != question:
            continue
        key = (event.client, event.message_id)
        if event.kind is Kind.QUERY:
            asked[key] = event
        elif event.kind is Kind.ANSWER and key in asked:
            found.append(Snapshot(asked[key], event, details.get("fields") or {}))
    return found


def whole(value: object) -> int | None:
    """A whole number that a server told; None for whatever else it may have said."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None
