"""The teams of agents that users configured: what they were sent, and what they showed when asked.

A write is a message to agents with a key: the value of the key is the digest of the message, its version counts the writes of the
key, and each agent that the message names has both in its own view. Who stays in a team that is configured anew may keep what it
knows or forget it; what happened in between belongs to no team.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any, NamedTuple

from .events import NEVER, Event, Kind
from .history import History
from .snapshots import ALL_AGENT_STATES, CONFIGURE_AGENTS, Snapshot, snapshots


class Task(NamedTuple):
    """A message to agents."""

    send: Event
    reply: Event | None
    targets: tuple[str, ...]
    key: str | None
    version: int | None
    """Which write of the key it was, as the reply says."""
    value: str | None
    """What it wrote, as the reply says."""
    tried: int
    """When it was first sent without being refused; NEVER if every attempt was."""

    @property
    def answered(self) -> int:
        """Index of the reply."""
        return self.reply.index if self.reply else NEVER


class View(NamedTuple):
    """What one agent shows of one key."""

    taken: Snapshot
    agent: str
    key: str
    version: Any
    value: Any


class Team:
    """The messages to agents of one user, and the snapshots of the agents, both of one team."""

    def __init__(self, others: list[Task]) -> None:
        self.tasks: list[Task] = []
        self.taken: list[Snapshot] = []
        self.ever = others
        """All messages to agents of this user, of this team or not."""

    @property
    def views(self) -> Iterator[View]:
        """What was shown of shared keys, in order of answer."""
        for taken in self.taken:
            for agent, state in agents_of(taken).items():
                for key, shown in shared(state).items():
                    yield View(taken, agent, key, shown.get("version"), shown.get("value"))


def teams(history: History) -> list[Team]:
    """The teams of all users; what happened while a team was being configured belongs to none."""
    changes: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    answered = {taken.query.index: taken.answer.index for taken in snapshots(history, CONFIGURE_AGENTS)}
    for event in history.journal.questions:
        if event.kind is Kind.QUERY and (event.details or {}).get("question") == CONFIGURE_AGENTS:
            changes[event.user].append((event.index, answered.get(event.index, NEVER)))
    ever: defaultdict[str, list[Task]] = defaultdict(list)
    found: dict[tuple[str, int | None], Team] = {}
    for task in tasks(history):
        user = task.send.user
        ever[user].append(task)
        number = _between(changes[user], task.send.index, task.answered)
        found.setdefault((user, number), Team(ever[user])).tasks.append(task)
    for taken in snapshots(history, ALL_AGENT_STATES):
        user = taken.answer.user
        number = _between(changes[user], taken.query.index, taken.answer.index)
        found.setdefault((user, number), Team(ever[user])).taken.append(taken)
    return [team for (_, number), team in found.items() if number is not None]


def _between(changes: list[tuple[int, int]], began: int, ended: int) -> int | None:
    """After how many changes of the team something happened; None if one may have come in between."""
    before = sum(done < began for _, done in changes)
    return before if before == sum(asked < ended for asked, _ in changes) else None


def tasks(history: History) -> Iterator[Task]:
    """All messages to agents, in order of first sending."""
    events, journal = history.events, history.journal
    for position in journal.sends.positions:
        details = events.details[position]
        targets = details.get("target_agents") if details else None
        if details and targets:
            message = journal.message(events[position])
            send, reply, open_ = message.send, message.reply, message.not_refused
            wrote = ((reply.details or {}).get("shared") if reply else None) or {}
            version = wrote.get("version")
            yield Task(
                send, reply, tuple(targets), details.get("shared_state_key"), version if isinstance(version, int) else None,
                wrote.get("value"), open_[0].index if open_ else NEVER,
            )


class Place:
    """What was written to one key of one agent, and when that was known."""

    def __init__(self, ever: list[Task], own: frozenset[int]) -> None:
        known = sorted((task for task in ever if task.reply and task.version is not None), key=lambda task: task.answered)
        self._tried = sorted(task.tried for task in ever)
        self._answered = [task.answered for task in known]
        self._newest = list(accumulate(known, _newer))
        self._own = own

    def newest(self, taken: Snapshot) -> Task | None:
        """The newest write that was answered before the question; None if there is none of this team."""
        answered = bisect_left(self._answered, taken.query.index)
        newest = self._newest[answered - 1] if answered else None
        return newest if newest is not None and newest.send.index in self._own else None

    def at_rest(self, taken: Snapshot) -> bool:
        """Whether everything that was sent before the answer was answered before the question."""
        return bisect_left(self._answered, taken.query.index) == bisect_left(self._tried, taken.answer.index)


def places_of(team: Team) -> dict[tuple[str, str], Place]:
    """The writes to each key of each agent."""
    ever: defaultdict[tuple[str, str], list[Task]] = defaultdict(list)
    for task in team.ever:
        for agent in task.targets if task.key is not None else ():
            ever[agent, str(task.key)].append(task)
    own = frozenset(task.send.index for task in team.tasks)
    return {place: Place(mine, own) for place, mine in ever.items()}


def version_of(task: Task) -> int:
    """Which write of its key it was; 0 where nothing says so."""
    return task.version or 0


def _newer(one: Task, other: Task) -> Task:
    return max(one, other, key=version_of)


def agents_of(taken: Snapshot) -> Mapping[str, Mapping[str, Any]]:
    """What a snapshot says of each agent."""
    agents = taken.fields.get("agents")
    return agents if isinstance(agents, Mapping) else {}


def shared(state: Mapping[str, Any] | None) -> Mapping[str, Mapping[str, Any]]:
    """What an agent shows of each shared key."""
    return (state or {}).get("shared_state") or {}
