"""Teams of agents: a correct server is never reported, each defect is by its code, and the figures are what a brute force says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_server import ModelServer, fresh_agent
from random_histories import codes, examples
from told_histories import Story
from wrong_agents import (
    Cached,
    Corrupted,
    CountsAll,
    CountsWriteNot,
    CountsWritesTwice,
    Forks,
    Missing,
    MissingLast,
    OneLate,
    OtherContributor,
    OtherSequence,
    OtherVersion,
    SaysAnotherValue,
    SequenceBefore,
    SwapsAgents,
    SwapsKeys,
    Torn,
)

from Lockstep.checks import History, Kind, Verdict
from Lockstep.checks.agents import (
    agents_agree,
    agents_counted,
    agents_show_own_writes,
    agents_within_interval,
    contributions_right,
    no_agent_goes_back,
    one_value_per_version,
    shared_values_whole,
)
from Lockstep.checks.team_memory import teams_as_modelled, writes_counted

CHECKS: dict[str, Callable[[History], Verdict]] = {
    check.__name__: check
    for check in (
        agents_agree, agents_show_own_writes, agents_within_interval, contributions_right, no_agent_goes_back, one_value_per_version,
        shared_values_whole, teams_as_modelled, writes_counted,
    )
}


def found(history: History) -> dict[str, set[str]]:
    return {name: set(wrong) for name, check in CHECKS.items() if (wrong := codes(check(history)))}


def worked(kind: type[ModelServer] = ModelServer, seed: int = 4711, steps: int = 200, **faults: int) -> ModelServer:
    """Messages to agents, questions in between, and a last question when all is answered."""
    server = kind(seed).run(steps, coordinate=4, send=1, ask=3, **faults).settle()
    for _ in range(20):
        server.maybe_coordinate()
        server.settle()
        server.ask("all_agent_states")
        server.settle()
    return server


@examples(40)
@given(st.integers(0, 10**9), st.sampled_from((1, 2)), st.booleans(), st.booleans())
def test_a_correct_server_is_never_reported(seed: int, connections: int, echo: bool, faults: bool) -> None:
    server = ModelServer(seed, users=("alice", "bob")[: 1 + seed % 2], connections=connections, echo=echo)
    server.run(150, coordinate=4, configure=seed % 3 // 2, send=1, again=1, ask=3, fail=1, **({"copy": 1, "drop": 1} if faults else {}))
    assert found(server.history) == {}
    for connection in server.settle().up:
        server.ask("all_agent_states", connection)
    assert found(server.settle().history) == {}


@pytest.mark.parametrize(("defect", "check", "code"), [
    (Missing, "agents_agree", "diverged"), (Missing, "agents_within_interval", "miscounted"), (MissingLast, "agents_agree", "diverged"),
    (MissingLast, "agents_show_own_writes", "stale_read"), (Corrupted, "agents_agree", "corrupted"),
    (CountsAll, "agents_within_interval", "miscounted"), (OtherSequence, "contributions_right", "phantom"),
    (OtherVersion, "contributions_right", "phantom"), (OtherContributor, "contributions_right", "phantom"),
    (Cached, "no_agent_goes_back", "went_back"), (Cached, "agents_show_own_writes", "stale_read"),
    (SwapsKeys, "shared_values_whole", "torn_snapshot"), (SwapsAgents, "shared_values_whole", "phantom"),
    (Torn, "shared_values_whole", "torn_snapshot"), (SaysAnotherValue, "shared_values_whole", "torn_snapshot"),
    (Forks, "one_value_per_version", "disagreement"), (Forks, "agents_agree", "diverged"),
    (CountsWritesTwice, "writes_counted", "gap"), (CountsWriteNot, "writes_counted", "disagreement"),
    (SequenceBefore, "teams_as_modelled", "miscounted"), (CountsAll, "teams_as_modelled", "miscounted"),
    (OneLate, "teams_as_modelled", "miscounted"), (OneLate, "teams_as_modelled", "torn_snapshot"),
    (Forks, "teams_as_modelled", "torn_snapshot"),
])
def test_a_defect_is_reported_by_its_code(defect: type[ModelServer], check: str, code: str) -> None:
    assert code in found(worked(defect).history)[check]


@examples(40)
@given(st.integers(0, 10**9), st.sampled_from((ModelServer, Missing, CountsAll, Cached)))
def test_counts_lie_where_a_count_over_all_pairs_says(seed: int, kind: type[ModelServer]) -> None:
    history = kind(seed).run(120, coordinate=4, again=1, ask=3, fail=1).history
    asked = {e.message_id: e for e in history.events if e.kind is Kind.QUERY}
    refused = {(e.message_id, e.attempt) for e in history.events if e.kind is Kind.REFUSED}
    named = [e for e in history.events if e.kind is Kind.SEND and e.details and (e.message_id, e.attempt) not in refused]
    replied = {e.message_id: e.index for e in history.events if e.kind is Kind.REPLY}
    exercised = wrong = 0
    for answer in history.events:
        if answer.kind is Kind.ANSWER and answer.details["question"] == "all_agent_states":
            for agent, state in answer.details["fields"]["agents"].items():
                exercised += 1
                mine = [send for send in named if agent in send.details["target_agents"]]
                least = sum(replied.get(send.message_id, 10**9) < asked[answer.message_id].index for send in mine)
                most = sum(send.index < answer.index for send in mine)
                wrong += not least <= state["messages_processed"] <= most
    verdict = agents_within_interval(history)
    assert (verdict.exercised, codes(verdict).get("miscounted", 0)) == (exercised, wrong)


@examples(40)
@given(st.integers(0, 10**9), st.sampled_from((ModelServer, Torn, Forks, SwapsKeys)))
def test_values_are_those_that_a_look_at_all_pairs_says(seed: int, kind: type[ModelServer]) -> None:
    history = kind(seed).run(120, coordinate=4, ask=3).history
    views = [
        (agent, key, shown["version"], shown["value"])
        for e in history.events if e.kind is Kind.ANSWER and e.details["question"] == "all_agent_states"
        for agent, state in e.details["fields"]["agents"].items() for key, shown in state["shared_state"].items()
    ]
    targets = {e.message_id: e.details["target_agents"] for e in history.events if e.kind is Kind.SEND}
    said = {(e.details["shared"]["key"], e.details["shared"]["version"]): e for e in history.events if e.kind is Kind.REPLY and "shared" in e.details}
    torn = sum((key, version) in said and said[key, version].details["shared"]["value"] != value for _, key, version, value in views)
    alien = sum(
        (key, version) in said and said[key, version].details["shared"]["value"] == value and agent not in targets[said[key, version].message_id]
        for agent, key, version, value in views
    )
    got = codes(shared_values_whole(history))
    assert (got.get("torn_snapshot", 0), got.get("phantom", 0)) == (torn, alien)
    first: dict[tuple[str, int], str] = {}
    forks = sum(first.setdefault((key, version), value) != value for _, key, version, value in views)
    assert codes(one_value_per_version(history)).get("disagreement", 0) == forks


@examples(40)
@given(st.integers(0, 10**9), st.sampled_from((ModelServer, SequenceBefore, CountsAll, OneLate)))
def test_teams_are_wrong_where_a_fold_over_all_messages_says_so(seed: int, kind: type[ModelServer]) -> None:
    server = kind(seed).run(120, coordinate=4, send=1, ask=3)
    history, done = server.history, server.users["alice"].processed
    exercised = wrong = 0
    for answer in history.events:
        if answer.kind is Kind.ANSWER and answer.details["question"] == "all_agent_states":
            fields, agents = answer.details["fields"], {name: fresh_agent() for name in server.team}
            writes: dict[str, int] = {}
            for sent in done[: fields["version"]]:
                key = sent.details.get("shared_state_key")
                writes[key] = writes.get(key, 0) + 1
                for name in sent.details.get("target_agents", ()):
                    agents[name]["messages_processed"] += 1
                    agents[name]["last_sequence_id"] = sent.sequence_id
                    if key:
                        agents[name]["shared_state"][key] = {"value": sent.digest, "version": writes[key]}
            exercised += any("target_agents" in sent.details for sent in server.sent)
            wrong += fields["agents"] != agents
    verdict = teams_as_modelled(history)
    assert (verdict.exercised, set(codes(verdict)) - {"vacuous"} != set()) == (exercised, wrong > 0)


def test_agents_that_stay_in_a_new_team_are_not_compared() -> None:
    server = SequenceBefore()
    server.send(target_agents=["data"])
    server.settle()
    server.ask("configure_agents")
    server.settle()
    server.send(target_agents=["data"])
    server.ask("all_agent_states")
    assert teams_as_modelled(server.settle().history).counts == {"vacuous": 1}


def test_the_counts_of_each_agent_are_those_expected() -> None:
    server = ModelServer()
    server.send(target_agents=["data", "analysis"])
    server.ask("all_agent_states")
    server.settle()
    right = partial(agents_counted, expected={"data": 1, "analysis": 1, "reporting": 0})
    wrong = partial(agents_counted, expected={"data": 2, "nobody": 0})
    assert right(server.history).ok
    assert [violation.sentence.split(" says ")[1] for violation in wrong(server.history).violations] == [
        "that agent data processed 1, where 2 is right", "that agent nobody processed nothing, where 0 is right",
    ]
    assert right(History([])).counts == {"vacuous": 1}


def test_agents_that_show_nothing_and_answers_of_another_shape_are_bearable() -> None:
    story = Story()
    story.add(Kind.SEND, "alice", "m1", attempt=1, sequence_id=3, details={"target_agents": ["data"], "shared_state_key": "k"})
    story.add(Kind.REPLY, "alice", "m1", attempt=1, sequence_id=3, details={"shared": {"key": "k", "version": 1, "value": "v"}})
    for request, fields in (("q1", {"agents": {"data": {}}}), ("q2", {"agents": None}), ("q3", {"agents": {"data": {"shared_state": {"k": {}}}}})):
        story.add(Kind.QUERY, "alice", request, details={"question": "all_agent_states"})
        story.add(Kind.ANSWER, "alice", request, details={"question": "all_agent_states", "fields": fields})
    assert found(story.history) == {
        "agents_agree": {"diverged"}, "agents_show_own_writes": {"stale_read"}, "contributions_right": {"phantom"},
    }
    assert agents_agree(story.history).violations[0].sentence == (
        "alice's all agent states at +0.300 s: agent data shows nothing of key k, where version 1, v, is right, written by message m1 to data"
    )
    assert fresh_agent()["messages_processed"] == 0
