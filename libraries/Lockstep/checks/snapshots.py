"""State snapshots of the agent, paired with their questions and with what was known at either moment."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from itertools import chain
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


class Bounds:
    """Which messages of a user were surely, and how many at most, processed at a moment of the journal."""

    def __init__(self, history: History) -> None:
        self._answered: defaultdict[str, list[Event]] = defaultdict(list)
        self._attempted: defaultdict[str, list[Event]] = defaultdict(list)
        for reply in history.journal.replies:
            self._answered[reply.user].append(reply)
        repeated = {message.send.index: message.not_refused for message in history.journal.unusual()}
        for user in history.users:
            attempts = [repeated[send.index][:1] if send.index in repeated else (send,) for send in history.sends(user)]
            self._attempted[user] = sorted(chain.from_iterable(attempts))

    def answered(self, user: str, before: Event) -> int:
        """How many messages of this user had a reply before this event: so many were surely processed."""
        return bisect_left(self._answered[user], before)

    def attempted(self, user: str, before: Event) -> int:
        """How many messages of this user were sent before this event and not refused: no more can have been processed."""
        return bisect_left(self._attempted[user], before)

    def newest(self, user: str, before: Event) -> Event | None:
        """The last first reply to this user before this event."""
        answered = self.answered(user, before)
        return self._answered[user][answered - 1] if answered else None
