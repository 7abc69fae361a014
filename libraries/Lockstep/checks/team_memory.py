"""The agents of a team as a model of the kit's own has them: after each processed message, by the versions that the replies carry.

Needs the history from a user's first message on, and a team that was configured before its first message and never again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from typing import Any, NamedTuple

from . import wording
from .context import Memory, memories
from .events import Event
from .history import History
from .snapshots import Snapshot
from .teams import Team, agents_of, shared, tasks, teams
from .verdict import Verdict
from .violations import Code


class Write(NamedTuple):
    """A fact that a message wrote into the view of an agent."""

    at: int
    """Version of the user's state that the message made."""
    version: Any
    value: Any


class AgentMemory:
    """What one agent must show at each version of its user's state."""

    def __init__(self) -> None:
        self.versions: list[int] = []
        """At which it was given a message."""
        self.sequences: list[int | None] = []
        self.writes: defaultdict[str, list[Write]] = defaultdict(list)

    def wrong(self, version: int, state: dict[str, Any]) -> list[tuple[Code, str]]:
        """What is wrong in its state at this version, in words."""
        count = bisect_right(self.versions, version)
        found = []
        for field, right in (("messages_processed", count), ("last_sequence_id", self.sequences[count - 1] if count else None)):
            if field in state and state[field] != right:
                found.append((Code.MISCOUNTED, f"{field} {state[field]}, where {right} is right"))
        views = shared(state)
        for key, writes in self.writes.items():
            done = bisect_right(writes, version, key=lambda write: write.at)
            view = views.get(key, {})
            shown = view.get("version"), view.get("value")
            right_one = writes[done - 1][1:] if done else (None, None)
            if shown != right_one:
                moment = next((f", which was right at version {write.at}" for write in writes if write[1:] == shown), "")
                found.append((Code.TORN_SNAPSHOT, f"version {shown[0]}, {shown[1]}, of key {key}{moment}; {right_one[0]}, {right_one[1]}, is right"))
        return found


def teams_as_modelled(history: History) -> Verdict:
    """Each look at the agents shows them all as they were at the version that it names.

    Compared are count and last sequence id of each agent (*miscounted*) and its shared facts (*torn_snapshot*). Looks that name no
    version, or one of which not everything is known, are not judged. O(n + answers log n). Source: model of the guarantee.
    """
    verdict = Verdict("teams as modelled")
    known = memories(history)
    for team in teams(history):
        if not team.tasks or len(team.tasks) < len(team.ever):
            continue  # agents that stay in a new team may keep what they know or forget it
        memory = known[team.tasks[0].send.user]
        agents = _agents(team, memory)
        for taken in team.taken:
            version = taken.fields.get("version")
            if isinstance(version, int) and 0 <= version <= memory.newest:
                verdict.exercised += 1
                _judge(history, verdict, taken, agents)
    verdict.measured("looks_compared", verdict.exercised, "looks", verdict.exercised)
    return verdict.concluded()


def _agents(team: Team, memory: Memory) -> defaultdict[str, AgentMemory]:
    """The memory of each agent that was ever named."""
    made = {message_id: version for version, message_id in enumerate(memory.ids, 1)}
    agents: defaultdict[str, AgentMemory] = defaultdict(AgentMemory)
    for version, task in sorted((made[task.send.message_id], task) for task in team.tasks if task.send.message_id in made):
        for agent in task.targets:
            agents[agent].versions.append(version)
            agents[agent].sequences.append(task.send.sequence_id)
            if task.key is not None and task.version is not None:
                agents[agent].writes[task.key].append(Write(version, task.version, task.send.digest or task.value))
    return agents


def _judge(history: History, verdict: Verdict, taken: Snapshot, agents: defaultdict[str, AgentMemory]) -> None:
    version = taken.fields["version"]
    for agent, state in agents_of(taken).items():
        for code, wrong in agents[agent].wrong(version, dict(state)):
            verdict.violated(
                code, f"{wording.snapshot(history, taken)}, version {version}: agent {agent} shows {wrong}", taken.query, taken.answer
            )


def writes_counted(history: History) -> Verdict:
    """Each write of a shared key has a version of its own (*disagreement*), and none is left out from the first to the last (*gap*).

    Looks at the versions that replies carry, per user and key. A version may be missing for each message to agents whose fate is
    unknown or open. O(n). Source: unique ids and dense versions.
    """
    verdict = Verdict("writes of shared keys are counted")
    carried: defaultdict[tuple[str, str], dict[int, Event]] = defaultdict(dict)
    open_: defaultdict[tuple[str, str], int] = defaultdict(int)
    for task in tasks(history):
        if task.key is None:
            continue
        place = task.send.user, task.key
        if task.version is None:
            open_[place] += len(history.journal.message(task.send).not_refused)
            continue
        verdict.exercised += 1
        before = carried[place].setdefault(task.version, task.send)
        if before is not task.send:
            verdict.violated(
                Code.DISAGREEMENT,
                f"{wording.message(before)} and message {task.send.message_id} were both told to have written version {task.version} of key {task.key}",
                before, task.send,
            )
    for (user, key), versions in carried.items():
        missing = max(versions) - min(versions) + 1 - len(versions)
        if missing > open_[user, key]:
            verdict.violated(
                Code.GAP,
                f"the replies to {user} name {wording.counted(len(versions), 'version')} of key {key} from {min(versions)} to {max(versions)}, so that {missing} "
                f"are left out, where {wording.counted(open_[user, key], 'message')} may account for them",
                versions[max(versions)],
            )
    return verdict.concluded()
