"""The agents of a team agree on what they share, and each did its own work and no other."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from . import wording
from .events import Event
from .history import History
from .snapshots import ALL_AGENT_STATES, Snapshot, snapshots
from .teams import Task, View, agents_of, places_of, shared, tasks, teams, version_of
from .verdict import Verdict
from .violations import Code


def agents_agree(history: History) -> Verdict:
    """At rest each agent shows the newest value and version that it was told (*diverged*), and none is corrupted (*corrupted*).

    At rest is a key of an agent when everything that was sent before the answer was answered before the question.
    O((n + answers) log n). Source: convergence of replicas.
    """
    verdict = Verdict("all agents agree")
    for team in teams(history):
        places = places_of(team)
        for taken in team.taken:
            states = agents_of(taken)
            for (agent, key), place in places.items():
                task = place.newest(taken)
                if task is None or not place.at_rest(taken):
                    continue
                verdict.exercised += 1
                shown = shared(states.get(agent)).get(key, {})
                if (shown.get("version"), shown.get("value")) != (task.version, task.value):
                    found = f"version {shown.get('version')}, {shown.get('value')}," if shown else "nothing"
                    verdict.violated(
                        Code.DIVERGED,
                        f"{wording.snapshot(history, taken)}: agent {agent} shows {found} of key {key}, where version {task.version}, "
                        f"{task.value}, is right, written by message {task.send.message_id} to {wording.listed(task.targets)}",
                        task.send, task.reply, taken.query, taken.answer,
                    )
            for agent in (name for name, state in states.items() if state.get("corrupted")):
                verdict.violated(
                    Code.CORRUPTED, f"{wording.snapshot(history, taken)} says that agent {agent} is corrupted", taken.query, taken.answer
                )
    verdict.measured("views_compared", verdict.exercised, "views", verdict.exercised)
    return verdict.concluded()


def agents_show_own_writes(history: History) -> Verdict:
    """A snapshot asked for after the reply to a write shows that write or a newer one in each agent it names (*stale_read*).

    O((n + answers) log n). Source: read-your-writes.
    """
    verdict = Verdict("agents show what was written")
    for team in teams(history):
        places = places_of(team)
        for taken in team.taken:
            states = agents_of(taken)
            for (agent, key), place in places.items():
                task = place.newest(taken)
                if task is None:
                    continue
                verdict.exercised += 1
                version = shared(states.get(agent)).get(key, {}).get("version")
                if not isinstance(version, int) or version < version_of(task):
                    verdict.violated(
                        Code.STALE_READ,
                        f"{wording.snapshot(history, taken)}: agent {agent} shows version {version} of key {key}, where the reply to message "
                        f"{task.send.message_id} had already said {task.version}",
                        task.reply, taken.query, taken.answer,
                    )
    return verdict.concluded()


def agents_counted(history: History, expected: Mapping[str, int]) -> Verdict:
    """The last snapshot says that each of these agents processed so many messages (*miscounted*).

    For agents at rest, behind a barrier. O(answers). Source: exact accounting.
    """
    verdict = Verdict("messages processed by each agent")
    for taken in snapshots(history, ALL_AGENT_STATES)[-1:]:
        states = agents_of(taken)
        for agent, count in expected.items():
            verdict.exercised += 1
            found = (states.get(agent) or {}).get("messages_processed", "nothing")
            if found != count:
                verdict.violated(
                    Code.MISCOUNTED,
                    f"{wording.snapshot(history, taken)} says that agent {agent} processed {found}, where {count} is right",
                    taken.query, taken.answer,
                )
    return verdict.concluded()


def agents_within_interval(history: History) -> Verdict:
    """Each agent counts between the replies before the question and the messages before the answer that name it (*miscounted*).

    So an agent that no message named counts none. O(n log n + answers). Source: counter checker of Jepsen.
    """
    verdict = Verdict("messages processed by each agent, within its interval")
    for team in teams(history):
        sent, answered = _by_agent(team.ever, "tried"), _by_agent(team.tasks, "answered")
        for taken in team.taken:
            for agent, state in agents_of(taken).items():
                found = state.get("messages_processed")
                if found is None:
                    continue
                verdict.exercised += 1
                least, most = bisect_left(answered[agent], taken.query.index), bisect_left(sent[agent], taken.answer.index)
                if not least <= found <= most:
                    verdict.violated(
                        Code.MISCOUNTED,
                        f"{wording.snapshot(history, taken)} says that agent {agent} processed {found}, where "
                        f"{least if least == most else f'{least} to {most}'} is right",
                        taken.query, taken.answer,
                    )
    return verdict.concluded()


def _by_agent(mine: list[Task], moment: str) -> defaultdict[str, list[int]]:
    """For each agent the indexes at which this happened to its messages, ascending."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for task in mine:
        for agent in task.targets:
            found[agent].append(getattr(task, moment))
    for indexes in found.values():
        indexes.sort()
    return found


def contributions_right(history: History) -> Verdict:
    """A reply names as contributors the agents to whom the message went, each once, with the message's sequence id (*phantom*).

    The version that they name is that of the write, where there was one. O(n). Source: queue checker of Jepsen.
    """
    verdict = Verdict("contributions name the right message")
    sent = {task.send.index: task for task in tasks(history)}
    for send, reply in zip(history.journal.origins, history.journal.replies, strict=True):
        said = (reply.details or {}).get("contributing_agents")
        task = sent.get(send.index)
        if task is None and not said:
            continue
        verdict.exercised += 1
        wrong = _wrong_contributions(send, task, said or [])
        if wrong:
            verdict.violated(
                Code.PHANTOM, f"{wording.message(send)}: the reply {wording.at(history, reply)} says that {'; '.join(wrong)}", send, reply
            )
    return verdict.concluded()


def _wrong_contributions(send: Event, task: Task | None, said: list[Mapping[str, Any]]) -> list[str]:
    targets = task.targets if task else ()
    names = [each.get("agent") for each in said]
    wrong = []
    if sorted(map(str, names)) != sorted(targets):
        wrong.append(f"{wording.listed(names) or 'nobody'} contributed, but it went to {wording.listed(targets) or 'no agent'}")
    for each in said:
        sequence, version = each.get("processed_sequence"), each.get("shared_version")
        if send.sequence_id is not None and sequence != send.sequence_id:
            wrong.append(f"agent {each.get('agent')} processed sequence id {sequence}, but {send.sequence_id} was sent")
        if task is not None and None not in (task.version, version) and version != task.version:
            wrong.append(f"agent {each.get('agent')} shares version {version}, but {task.version} was written")
    return wrong


def no_agent_goes_back(history: History) -> Verdict:
    """For one client no agent's count, and no version of a key, falls from one snapshot to a later one (*went_back*).

    Later means asked for after the earlier was answered. O(answers log n). Source: monotonic reads.
    """
    verdict = Verdict("no agent goes back")
    for team in teams(history):
        highest: dict[tuple[str, str, str], tuple[Any, Snapshot]] = {}
        floors: dict[int, dict[tuple[str, str, str], tuple[Any, Snapshot]]] = {}
        moments = sorted(((event.index, taken) for taken in team.taken for event in taken[:2]), key=lambda moment: moment[0])
        for index, taken in moments:
            if index == taken.query.index:
                floors[index] = dict(highest)
                continue
            floor = floors.pop(taken.query.index)
            for name, found in _rising(taken):
                place = taken.answer.client, *name
                if place in floor:
                    verdict.exercised += 1
                    _judge_fall(history, verdict, name, (floor[place], (found, taken)))
                if place not in highest or found > highest[place][0]:
                    highest[place] = found, taken
    return verdict.concluded()


def _rising(taken: Snapshot) -> Iterator[tuple[tuple[str, str], Any]]:
    """What never falls, in one snapshot: of which agent, in which words, and its value."""
    for agent, state in agents_of(taken).items():
        counts = [("count of messages", state.get("messages_processed"))]
        versions = [(f"version of key {key}", shown.get("version")) for key, shown in shared(state).items()]
        for name, value in counts + versions:
            if isinstance(value, int):
                yield (agent, name), value


def _judge_fall(history: History, verdict: Verdict, name: tuple[str, str], two: tuple[tuple[Any, Snapshot], tuple[Any, Snapshot]]) -> None:
    (was, before), (found, after) = two
    if found < was:
        agent, what = name
        verdict.violated(
            Code.WENT_BACK,
            f"{wording.owner(after.answer)}'s agent {agent}: its {what} went back from {was} ({wording.at(history, before.answer)}) to {found} "
            f"({wording.at(history, after.answer)}), asked for {wording.at(history, after.query)}",
            before.answer, after.query, after.answer,
        )


def one_value_per_version(history: History) -> Verdict:
    """No two agents, and no two snapshots, show one version of a key with two values (*disagreement*).

    O(views). Source: inconsistent-offsets of Jepsen's kafka checker.
    """
    verdict = Verdict("one value for each version")
    for team in teams(history):
        first: dict[tuple[str, Any], View] = {}
        for view in team.views:
            verdict.exercised += 1
            before = first.setdefault((view.key, view.version), view)
            if before.value != view.value:
                verdict.violated(
                    Code.DISAGREEMENT,
                    f"{wording.owner(view.taken.answer)}'s key {view.key}, version {view.version}, is {before.value} at agent {before.agent} "
                    f"({wording.at(history, before.taken.answer)}) and {view.value} at agent {view.agent} "
                    f"({wording.at(history, view.taken.answer)})",
                    before.taken.answer, view.taken.answer,
                )
    return verdict.concluded()


def shared_values_whole(history: History) -> Verdict:
    """Each view of a key shows a version with the value that its write had (*torn_snapshot*), written to that agent (*phantom*).

    The replies say which version a write got; its value is the digest of the message, in the reply as well. Versions of which no
    reply tells are not judged. O(n + views). Source: read atomicity.
    """
    verdict = Verdict("shared values are whole")
    for team in teams(history):
        written: dict[tuple[str | None, Any], Task] = {}
        for task in team.tasks:
            if task.version is not None:
                written[task.key, task.version] = task
                verdict.exercised += 1
                if task.send.digest is not None and task.value != task.send.digest:
                    verdict.violated(
                        Code.TORN_SNAPSHOT,
                        f"{wording.message(task.send)} wrote {task.send.digest} to key {task.key}, but the reply says that version "
                        f"{task.version} is {task.value}",
                        task.send, task.reply,
                    )
        for view in team.views:
            known = written.get((view.key, view.version))
            if known is None:
                continue
            verdict.exercised += 1
            shows = f"{wording.snapshot(history, view.taken)}: agent {view.agent} shows version {view.version} of key {view.key}"
            if view.value != known.value:
                verdict.violated(
                    Code.TORN_SNAPSHOT, f"{shows} as {view.value}, but message {known.send.message_id} wrote {known.value}",
                    known.send, known.reply, view.taken.answer,
                )
            elif view.agent not in known.targets:
                verdict.violated(
                    Code.PHANTOM,
                    f"{shows}, which message {known.send.message_id} wrote to {wording.listed(known.targets)} alone",
                    known.send, view.taken.answer,
                )
    return verdict.concluded()
