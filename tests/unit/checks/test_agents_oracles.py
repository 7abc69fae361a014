"""Teams of agents: each check against a look at all pairs of messages and snapshots, for servers of which every second one is right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st
from model_server import ModelServer
from random_histories import against_oracle, codes, expect
from wrong_agents import (
    Cached,
    Corrupted,
    CountsAll,
    Forks,
    Missing,
    MissingLast,
    OtherContributor,
    OtherSequence,
    OtherVersion,
    SaysAnotherValue,
    SwapsKeys,
    Torn,
)

from Lockstep.checks import Event, History, Kind, Verdict
from Lockstep.checks.agents import agents_agree, agents_counted, agents_show_own_writes, contributions_right, no_agent_goes_back

NEVER = 10**9


@st.composite
def coordinated(draw: st.DrawFn, *kinds: type[ModelServer]) -> History:
    """Messages to agents, teams that are configured anew, and what the agents show of it."""
    kind = draw(st.sampled_from((*(ModelServer,) * len(kinds), *kinds)))
    server = kind(draw(st.integers(0, 10**9)), users=draw(st.sampled_from((("alice",), ("alice", "bob")))), connections=draw(st.integers(1, 2)))
    anew = draw(st.integers(0, 1))
    for _ in range(3):
        server.run(15, coordinate=3, send=1, again=2, fail=1)
        if draw(st.booleans()):
            server.settle()
        server.run(8, configure=anew, ask=1)
        server.ask("all_agent_states")
        server.run(4, ask=1)
    return server.settle().history


class Written:
    """One message to agents."""

    def __init__(self, history: History, send: Event) -> None:
        mine = [e for e in history.events if (e.user, e.message_id) == (send.user, send.message_id)]
        refused = [e.attempt for e in mine if e.kind is Kind.REFUSED]
        self.send = send
        self.targets, self.key = send.details["target_agents"], send.details.get("shared_state_key")
        self.reply = next((e for e in mine if e.kind is Kind.REPLY), None)
        self.answered = self.reply.index if self.reply else NEVER
        self.tried = min((e.index for e in mine if e.kind is Kind.SEND and e.attempt not in refused), default=NEVER)
        said = self.reply.details.get("shared", {}) if self.reply else {}
        self.shown = said.get("version"), said.get("value")


def written(history: History) -> list[Written]:
    return [Written(history, e) for e in history.events if e.kind is Kind.SEND and e.attempt == 1 and "target_agents" in (e.details or {})]


def answers(history: History, question: str) -> list[tuple[Event, Event]]:
    """Each question of this kind with its answer."""
    asked = {e.message_id: e for e in history.events if e.kind is Kind.QUERY and e.details["question"] == question}
    return [(asked[e.message_id], e) for e in history.events if e.kind is Kind.ANSWER and e.message_id in asked]


def team(history: History, user: str, began: int, ended: int) -> int | None:
    """The number of the team that was there all that time."""
    changes = [(q.index, a.index) for q, a in answers(history, "configure_agents") if q.user == user]
    before = [change for change in changes if change[1] < began]
    return len(before) if before == [change for change in changes if change[0] < ended] else None


def shown(history: History) -> Iterator[tuple[Event, Event, int, dict[str, Any]]]:
    """The snapshots of the agents: question, answer, team and what each agent shows."""
    for query, answer in answers(history, "all_agent_states"):
        number = team(history, query.user, query.index, answer.index)
        if number is not None:
            yield query, answer, number, answer.details["fields"]["agents"]


def newest(history: History) -> Iterator[tuple[Written, tuple[Any, Any], bool]]:
    """For each snapshot, agent and key: the newest write that was answered before, what is shown, and whether nothing was under way."""
    every = written(history)
    for query, answer, number, agents in shown(history):
        for agent, key in {(agent, w.key) for w in every for agent in w.targets if w.key}:
            mine = [w for w in every if agent in w.targets and w.key == key and w.send.user == query.user]
            told = [w for w in mine if w.answered < query.index]
            last = max(told, key=lambda w: w.shown[0], default=None)
            if last and team(history, query.user, last.send.index, last.answered) == number:
                view = agents[agent]["shared_state"].get(key, {})
                under_way = [w for w in mine if w.tried < answer.index and w not in told]
                yield last, (view.get("version"), view.get("value")), not under_way


def compared(verdict: Verdict, exercised: int, *found: str) -> None:
    assert (verdict.exercised, codes(verdict)) == (exercised, expect(*found))


@against_oracle(coordinated(Missing, MissingLast, Corrupted, Forks, Torn, SwapsKeys), number=60)
def test_at_rest_each_agent_shows_its_newest_write(history: History) -> None:
    judged = [(last.shown, view) for last, view, at_rest in newest(history) if at_rest]
    corrupted = [state for _, _, _, agents in shown(history) for state in agents.values() if state["corrupted"]]
    wrong = [view for right, view in judged if view != right]
    compared(agents_agree(history), len(judged), *["diverged"] * len(wrong), *["corrupted"] * len(corrupted))


@against_oracle(coordinated(Cached, Missing, MissingLast), number=60)
def test_a_snapshot_shows_what_was_written_before_it_was_asked_for(history: History) -> None:
    judged = list(newest(history))
    stale = [view for last, view, _ in judged if view[0] is None or view[0] < last.shown[0]]
    compared(agents_show_own_writes(history), len(judged), *["stale_read"] * len(stale))


@against_oracle(coordinated(OtherSequence, OtherVersion, OtherContributor, SaysAnotherValue), number=60)
def test_contributors_are_those_that_were_named_with_sequence_and_version_of_the_message(history: History) -> None:
    named = {w.send.message_id: w for w in written(history)}
    replies = [e for e in history.events if e.kind is Kind.REPLY and (e.message_id in named or "contributing_agents" in e.details)]
    wrong = 0
    for reply in replies:
        write = named.get(reply.message_id)
        said = {(each["agent"], each["processed_sequence"], each.get("shared_version")) for each in reply.details["contributing_agents"]}
        wrong += write is None or (said != {(agent, write.send.sequence_id, write.shown[0]) for agent in write.targets} and (
            {each[:2] for each in said} != {(agent, write.send.sequence_id) for agent in write.targets}
            or any(None not in (each[2], write.shown[0]) and each[2] != write.shown[0] for each in said)
        ))
    compared(contributions_right(history), len(replies), *["phantom"] * wrong)


def values(agents: dict[str, Any]) -> dict[tuple[str, str], int]:
    """All that never falls."""
    counts = {(agent, "count"): state["messages_processed"] for agent, state in agents.items()}
    return counts | {(agent, key): view["version"] for agent, state in agents.items() for key, view in state["shared_state"].items()}


@against_oracle(coordinated(Cached, Torn), number=60)
def test_a_value_falls_when_an_earlier_snapshot_of_the_client_was_higher(history: History) -> None:
    exercised = fell = 0
    every = [(q, a, (a.client, number), values(agents)) for q, a, number, agents in shown(history)]
    for query, _, mine, found in every:
        for place, value in found.items():
            before = [other[place] for _, a, theirs, other in every if theirs == mine and a.index < query.index and place in other]
            exercised += bool(before)
            fell += bool(before) and value < max(before)
    compared(no_agent_goes_back(history), exercised, *["went_back"] * fell)


@against_oracle(coordinated(CountsAll), st.dictionaries(st.sampled_from(("data", "analysis", "nobody")), st.integers(0, 3), min_size=1), number=60)
def test_the_last_snapshot_has_the_expected_counts(history: History, expected: dict[str, int]) -> None:
    last = answers(history, "all_agent_states")[-1][1].details["fields"]["agents"]
    wrong = [agent for agent, count in expected.items() if last.get(agent, {}).get("messages_processed") != count]
    compared(agents_counted(history, expected), len(expected), *["miscounted"] * len(wrong))
