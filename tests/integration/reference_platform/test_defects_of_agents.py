"""R4 and R6: each defect of the agents misbehaves as its name says, seen in what they say about themselves."""

from __future__ import annotations

import contextlib
import hashlib
import time

import pytest

TEAM = ["data", "analysis", "reporting"]


def digest(content):
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def ask(client, kind, **fields):
    """The answer to a question, and nothing of what comes before it."""
    client.send_json({"type": kind, "request_id": "q", **fields})
    return client.receive_until(lambda frame: frame.get("request_id") == "q")[-1]


def snapshots_while_busy(platform, sender, kind, rounds=200, **fields):
    """Asks on a second connection while messages come on the first: nothing says in which order a user's connections are served."""
    watcher = platform.connect()
    for number in range(rounds):
        watcher.send_json({"type": kind, "request_id": "q"})
        sender.send_many([{"message_id": f"b{number}-{each}", "content": f"{number} {each}", **fields} for each in range(20)])
        yield watcher.receive_until(lambda frame: frame.get("request_id") == "q")[-1]


def test_count_random(serve):
    client = serve("--defect", "r4_count_random").connect()
    counts = [ask(client, "get_agent_state")["message_count"] for _ in range(10)]
    assert len(set(counts)) > 1
    assert all(0 <= count <= 50 for count in counts)


def test_count_on_error_counts_what_is_malformed_refused_or_failed(serve):
    platform = serve("--defect", "r4_count_on_error")
    client = platform.connect()
    client.socket.send("{")
    client.send("", "no id")
    client.send("m", target_agents=["nobody"])
    platform.control("fail", {"count": 1})
    client.send("failing")
    for _ in range(4):
        assert client.receive()["type"] == "error"
    state = client.state()
    assert (state["message_count"], state["version"]) == (4, 0)


def test_lost_update_loses_counts_of_a_burst_only(serve):
    client = serve("--defect", "r4_lost_update").connect()
    for number in range(3):
        client.send(f"alone{number}")
        client.receive()
        assert client.state()["message_count"] == number + 1
        time.sleep(0.01)
    for number in range(10):
        client.send_many([{"message_id": f"m{number}-{each}"} for each in range(50)])
        client.fence(f"fence{number}")
        if client.state()["message_count"] < client.state()["version"]:
            return
    pytest.fail("nothing was lost in ten bursts")


def test_stale_read_shows_the_state_of_up_to_half_a_second_ago(serve):
    client = serve("--defect", "r4_stale_read").connect()
    assert ask(client, "get_agent_state")["version"] == 0
    client.send("m")
    assert client.receive()["version"] == 1
    assert ask(client, "get_agent_state")["version"] == 0
    while ask(client, "get_agent_state")["version"] != 1:
        pass


def test_torn_snapshot_mixes_two_moments(serve):
    platform = serve("--defect", "r4_torn_snapshot")
    client = platform.connect()
    assert client.state()["version"] == 0

    def is_torn(state):
        newest = state["processed_message_ids"][-1:]
        return state["version"] != sum(20 * int(number) + int(each) + 1 for number, each in (name[1:].split("-") for name in newest))

    assert any(is_torn(state) for state in snapshots_while_busy(platform, client, "get_agent_state"))
    client.fence()
    state = client.state()
    assert state["version"] == state["message_count"], "it is right when nothing happens"


def test_context_crosstalk_mixes_users_with_one_title(serve):
    platform = serve("--defect", "r4_context_crosstalk")
    alice, bob = platform.connect("alice"), platform.connect("bob")
    alice.send("m", "canary of alice", conversation="Same")
    alice.receive()
    bob.send("m0", "bob", conversation="Other")
    bob.receive()
    assert bob.state()["context"]["recent"] == ["bob"]
    bob.send("m1", "bob again", conversation="Same")
    bob.receive()
    assert bob.state()["context"]["recent"] == ["canary of alice", "bob again"]


def test_complete_flag_early_comes_before_the_end(serve):
    client = serve("--defect", "r4_complete_flag_early").connect()
    client.send("m0", conversation="T")
    client.receive()
    assert client.state()["conversation_complete"] is True


def coordinate(client, count, targets=TEAM):
    """Messages to the team, in turn over three keys; returns the answers."""
    for number in range(count):
        client.send(f"c{number}", f"content {number}", sequence_id=number, target_agents=targets, shared_state_key=f"k{number % 3}")
    return [client.receive() for _ in range(count)]


def team(client):
    return ask(client, "get_all_agent_states")["agents"]


def test_missing_agent_leaves_somebody_out_now_and_then(serve):
    client = serve("--defect", "r6_missing_agent").connect()
    ask(client, "configure_agents", agents=TEAM)
    answers = [answer for _ in range(1) for answer in coordinate(client, 300)]
    assert all(len(answer["contributing_agents"]) == 3 for answer in answers)
    missed = [300 - agent["messages_processed"] for agent in team(client).values()]
    assert 1 <= sum(missed) <= 30


def test_stale_agent_lags_one_version_for_ever(serve):
    client = serve("--defect", "r6_stale_agent").connect()
    ask(client, "configure_agents", agents=TEAM)
    answers = coordinate(client, 9)
    assert answers[-1]["contributing_agents"][2]["shared_version"] == 3
    agents = team(client)
    assert [agents[name]["shared_state"]["k0"]["version"] for name in TEAM] == [3, 3, 2]
    assert agents["reporting"]["shared_state"]["k0"]["value"] == digest("content 3")
    assert {agent["messages_processed"] for agent in agents.values()} == {9}


def test_torn_shared_read_joins_the_value_of_one_version_with_another(serve):
    platform = serve("--defect", "r6_torn_shared_read")
    client = platform.connect()
    ask(client, "configure_agents", agents=["data"])

    def is_torn(fact):
        before = fact["version"] - 1
        return fact["value"] != digest(f"{before // 20} {before % 20}")

    states = snapshots_while_busy(platform, client, "get_all_agent_states", target_agents=["data"], shared_state_key="k")
    assert any(is_torn(state["agents"]["data"]["shared_state"]["k"]) for state in states if state["agents"]["data"]["shared_state"])
    client.fence()
    assert not is_torn(team(client)["data"]["shared_state"]["k"]), "it is right when nothing happens"


def test_contributor_seq_is_that_of_the_message_before(serve):
    client = serve("--defect", "r6_contributor_seq").connect()
    ask(client, "configure_agents", agents=TEAM)
    answers = coordinate(client, 3)
    assert [answer["contributing_agents"][0]["processed_sequence"] for answer in answers] == [None, 0, 1]
    assert team(client)["data"]["last_sequence_id"] == 2


def test_deadlock_two_agents_stops_a_user_and_nobody_else(serve):
    platform = serve("--defect", "r6_deadlock_two_agents")
    client, asking, other = platform.connect(), platform.connect(), platform.connect("other")
    ask(client, "configure_agents", agents=["data", "analysis"])
    assert len(coordinate(client, 5, ["data", "analysis"])) == 5, "without questions nothing is wrong"
    assert len(team(client)) == 2, "nor without messages"
    client.send_many([{"message_id": f"d{number}", "target_agents": ["data", "analysis"]} for number in range(400)])
    for number in range(400):
        asking.send_json({"type": "get_all_agent_states", "request_id": f"q{number}"})
    with contextlib.suppress(TimeoutError):
        for _ in range(400):
            asking.socket.recv(timeout=2)
    other.fence("served all the same")
    pending = platform.control("status")["pending"]
    assert pending > 0
    with pytest.raises(TimeoutError):
        asking.socket.recv(timeout=2)
    assert platform.control("status")["pending"] == pending
    platform.kill()
