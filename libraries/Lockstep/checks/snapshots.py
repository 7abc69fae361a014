"""State snapshots of the agent, paired with their questions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .events import Event, Kind
from .history import History

QUESTION = "agent_state"


class Snapshot(NamedTuple):
    """One answer to the question for the agent's state."""

    query: Event
    answer: Event
    fields: Mapping[str, Any]


def snapshots(history: History) -> list[Snapshot]:
    """All answered questions for the agent's state, in order of answer."""
    found = []
    asked: dict[tuple[str, str | None], Event] = {}
    for event in history.journal.questions:
        details = event.details or {}
        if details.get("question") != QUESTION:
            continue
        key = (event.client, event.message_id)
        if event.kind is Kind.QUERY:
            asked[key] = event
        elif event.kind is Kind.ANSWER and key in asked:
            found.append(Snapshot(asked[key], event, details.get("fields") or {}))
    return found
