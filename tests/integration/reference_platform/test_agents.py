"""What agents remember and how a team shares facts, on the wire, and that it survives a kill."""

from __future__ import annotations

import hashlib

import psutil
import pytest

TEAM = ["data", "analysis", "reporting"]


def digest(content):
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def ask(client, kind, **fields):
    client.send_json({"type": kind, "request_id": "q1", **fields})
    answer = client.receive()
    assert answer["request_id"] == "q1"
    return answer


def test_context_follows_the_conversation(platform):
    client = platform.connect()
    before = client.state()
    assert (before["conversation"], before["conversation_complete"]) == (None, False)
    assert before["context"] == {"topic": None, "topics": [], "digest": "", "recent": []}
    chain, contents = "", ["Analyze our SALES data", "hello", "Create a dashboard of sales " + "x" * 100]
    for number, content in enumerate(contents):
        client.send(f"m{number}", content, conversation="Quarter", final=number == 2)
        client.receive()
        chain = digest(chain + digest(content))
        state = client.state()
        assert state["conversation"] == "Quarter"
        assert state["conversation_complete"] == (number == 2)
        assert state["context"]["digest"] == state["context_digest"] == chain
        assert state["context"]["recent"] == [each[:80] for each in contents[: number + 1]]
    assert state["context"]["topics"] == ["sales_analysis", "general", "sales_dashboard_creation"]
    assert state["context"]["topic"] == "sales_dashboard_creation"
    client.send("untitled")
    client.receive()
    assert (client.state()["conversation"], client.state()["conversation_complete"]) == (None, False)


def test_the_same_title_of_two_users_is_two_conversations(platform):
    alice, bob = platform.connect("alice"), platform.connect("bob")
    for client, content in ((alice, "Analyze our sales data [alice]"), (bob, "Export this sales analysis [bob]")):
        client.send("m", content, conversation="Same title")
        client.receive()
    assert alice.state()["context"]["recent"] == ["Analyze our sales data [alice]"]
    assert bob.state()["context"]["topics"] == ["export_sales_analysis"]


def test_context_is_bounded(platform):
    client = platform.connect()
    for number in range(150):
        client.send(f"m{number}", f"content {number}")
    client.fence()
    state = client.state()
    assert len(state["context"]["topics"]) == 20
    assert state["context"]["recent"] == ["content 146", "content 147", "content 148", "content 149", "hello"]
    assert state["memory_usage"]["total_objects"] == 2 + 100 + 20 + 5
    assert abs(state["memory_usage"]["rss"] - psutil.Process(platform.process.pid).memory_info().rss) < 5_000_000


def test_a_team_works_on_what_is_meant_for_it(platform):
    client = platform.connect()
    configured = ask(client, "configure_agents", agents=TEAM)
    assert (configured["type"], configured["agents"]) == ("agents_configured", TEAM)
    client.send("m0", "first", sequence_id=10, target_agents=["data", "analysis"], shared_state_key="segments")
    answer = client.receive()
    assert answer["contributing_agents"] == [
        {"agent": name, "processed_sequence": 10, "shared_version": 1} for name in ("data", "analysis")
    ]  # fmt: skip
    assert answer["shared"] == {"key": "segments", "value": digest("first"), "version": 1}
    client.send("m1", "second", sequence_id=11, target_agents=["analysis"], shared_state_key="segments")
    assert client.receive()["shared"] == {"key": "segments", "value": digest("second"), "version": 2}
    client.send("m2", "third", sequence_id=12, target_agents=["reporting"])
    answer = client.receive()
    assert answer["contributing_agents"] == [{"agent": "reporting", "processed_sequence": 12, "shared_version": None}]
    assert "shared" not in answer
    client.send("m3", "fourth")
    assert "contributing_agents" not in client.receive()
    first, second = ({"segments": {"value": digest(text), "version": version}} for text, version in (("first", 1), ("second", 2)))
    told = ask(client, "get_all_agent_states")
    assert (told["type"], told["version"]) == ("all_agent_states", 4)
    assert told["agents"] == {
        "data": {"messages_processed": 1, "last_sequence_id": 10, "shared_state": first, "corrupted": False},
        "analysis": {"messages_processed": 2, "last_sequence_id": 11, "shared_state": second, "corrupted": False},
        "reporting": {"messages_processed": 1, "last_sequence_id": 12, "shared_state": {}, "corrupted": False},
    }
    assert ask(platform.connect("bob"), "get_all_agent_states")["agents"] == {}, "a team belongs to its user"


def test_a_new_team_replaces_the_old_one(platform):
    client = platform.connect()
    ask(client, "configure_agents", agents=["data", "analysis"])
    client.send("m", target_agents=["data", "analysis"], shared_state_key="k")
    client.receive()
    ask(client, "configure_agents", agents=["reporting", "data"])
    agents = ask(client, "get_all_agent_states")["agents"]
    assert {name: agent["messages_processed"] for name, agent in agents.items()} == {"reporting": 0, "data": 1}
    client.send("m2", target_agents=["reporting"], shared_state_key="k")
    assert client.receive()["shared"]["version"] == 2, "a key goes on counting"


def test_an_unknown_agent_is_refused_and_its_message_never_processed(platform):
    client = platform.connect()
    ask(client, "configure_agents", agents=["data"])
    client.send("m", target_agents=["data", "nobody"], attempt=3)
    refusal = client.receive()
    assert (refusal["type"], refusal["code"], refusal["message_id"], refusal["attempt"]) == ("error", "unknown_agent", "m", 3)
    assert "nobody" in refusal["message"]
    assert client.state()["message_count"] == 0
    assert [(row["what"], row["reason"]) for row in platform.ledger()] == [("received", "unknown_agent"), ("refused", "unknown_agent")]
    ask(client, "configure_agents", agents=["data", "nobody"])
    client.send("m", target_agents=["data", "nobody"], attempt=4)
    assert client.receive()["type"] == "ai_response", "a refused id may be tried again"


@pytest.mark.parametrize(
    "fields",
    [
        {"conversation": ""}, {"conversation": 5}, {"conversation": "x" * 257}, {"final": 1}, {"final": "yes"},
        {"target_agents": []}, {"target_agents": "data"}, {"target_agents": ["data", "data"]}, {"target_agents": [5]},
        {"target_agents": [str(number) for number in range(21)]}, {"shared_state_key": "k"},
        {"target_agents": ["data"], "shared_state_key": ""}, {"target_agents": ["data"], "shared_state_key": {}},
    ],
)  # fmt: skip
def test_malformed_context_is_refused(platform, fields):
    client = platform.connect()
    client.send("m", **fields)
    answer = client.receive()
    assert (answer["code"], answer["message_id"]) == ("invalid_message", "m")
    assert any(name in answer["message"] for name in fields)


@pytest.mark.parametrize("agents", [None, [], "data", ["a", "a"], [""], [None], [str(number) for number in range(21)]])
def test_malformed_teams_are_refused_by_request(platform, agents):
    answer = ask(platform.connect(), "configure_agents", agents=agents)
    assert (answer["type"], answer["code"]) == ("error", "invalid_message")


def test_a_configured_team_survives_a_kill_right_after_the_answer(serve, tmp_path):
    store = str(tmp_path / "store.sqlite")
    platform = serve("--store", store)
    ask(platform.connect(), "configure_agents", agents=TEAM)
    platform.kill()
    assert list(ask(serve("--store", store).connect(), "get_all_agent_states")["agents"]) == TEAM


def test_everything_survives_a_kill(serve, tmp_path):
    store = str(tmp_path / "store.sqlite")
    platform = serve("--store", store)
    client = platform.connect()
    ask(client, "configure_agents", agents=TEAM)
    for number in range(3):
        client.send(f"m{number}", "Export this sales analysis", target_agents=["data"], shared_state_key="k", conversation="T")
        client.receive()
    state, team = client.state(), ask(client, "get_all_agent_states")
    platform.control("hold", {})
    client.send("last", "the end", target_agents=["data", "reporting"], shared_state_key="k", conversation="U", final=True, acknowledge=True)
    assert client.receive()["type"] == "message_accepted"
    platform.kill()
    platform = serve("--store", store, "--seed", "2")
    client = platform.connect()
    after = client.state()
    assert (after["conversation"], after["conversation_complete"], after["version"]) == ("U", True, 4)
    assert after["context"]["topics"] == [*state["context"]["topics"], "general"]
    agents = ask(client, "get_all_agent_states")["agents"]
    assert agents["reporting"]["shared_state"] == agents["data"]["shared_state"] == {"k": {"value": digest("the end"), "version": 4}}
    assert agents["data"]["messages_processed"] == team["agents"]["data"]["messages_processed"] + 1 == 4
