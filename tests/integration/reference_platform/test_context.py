"""What a session remembers: conversation, preferences, workflow; the same after a cut, a kill and a start, and nobody else's."""

from __future__ import annotations

import pytest

from patience import until

WORKFLOW = {"current_step": 3, "total_steps": 5, "pending_steps": ["draft", "send"]}


@pytest.fixture(scope="module")
def platform(module_serve):
    """One for all that need no other."""
    return module_serve()


@pytest.fixture
def name(request):
    """A user of the test's own."""
    return request.node.name


def told(client):
    """Conversation and memory as the client is told, without what belongs to the question."""
    answers = [client.ask("get_conversation_history"), client.ask("get_agent_context")]
    return [{name: value for name, value in answer.items() if name not in ("epoch", "offset")} for answer in answers]


def talk(client, count, first=0):
    answers = []
    for number in range(first, first + count):
        client.send(f"m{number}", f"question {number}", sequence_id=number)
        answers.append(client.receive())
    return answers


def test_the_conversation_is_what_was_said(platform, name):
    client = platform.resumable(name)
    answers = talk(client, 5)
    client.send("m4", "again", attempt=2)
    assert client.receive()["type"] == "duplicate_rejected"
    platform.control("fail", {"count": 1})
    client.send("failing")
    assert client.receive()["code"] == "processing_failed"
    client.send_json({"type": "user_message", "message_id": "bad"})
    assert client.receive()["code"] == "invalid_message"
    history = client.ask("get_conversation_history")
    assert (history["session_id"], history["count"], history["request_id"]) == (client.greeting["session_id"], 10, "get_conversation_history")
    for number, answer in enumerate(answers):
        asked, answered = history["messages"][2 * number : 2 * number + 2]
        assert asked == {
            "message_id": f"m{number}", "role": "user", "content": f"question {number}", "digest": answer["digest"],
            "timestamp": answer["timestamp"], "sequence_id": number,
        }  # fmt: skip
        assert (answered["role"], answered["content"], answered["timestamp"]) == ("assistant", answer["content"], answer["timestamp"])
        assert (answered["message_id"], answered["sequence_id"]) == (f"m{number}", number)


def test_updates_are_merged_confirmed_and_refused_in_whole(platform, name):
    client = platform.resumable(name)
    assert client.ask("update_agent_context", preferences={"tone": "short"}, workflow=WORKFLOW)["version"] == 1
    confirmed = client.ask("update_agent_context", preferences={"unit": "EUR"}, variables={"region": "north"}, tool_call={"name": "search", "result": 7})
    assert (confirmed["type"], confirmed["request_id"], confirmed["version"]) == ("context_updated", "update_agent_context", 2)
    full = client.ask("update_agent_context", preferences={"tone": "long"}, variables={"x": "x" * 300_000})
    assert (full["type"], full["code"], full["request_id"]) == ("error", "context_full", "update_agent_context")
    context = client.ask("get_agent_context")
    assert {name: context[name] for name in ("version", "preferences", "variables", "workflow", "tool_calls")} == {
        "version": 2, "preferences": {"tone": "short", "unit": "EUR"}, "variables": {"region": "north"}, "workflow": WORKFLOW,
        "tool_calls": [{"name": "search", "arguments": None, "result": 7}],
    }  # fmt: skip
    assert abs(context["last_activity"] - platform.control("clock")["now"]) < 60
    (reply,) = talk(client, 1)
    assert client.ask("get_agent_context")["last_activity"] == reply["timestamp"]


def test_everything_is_there_after_a_cut(platform, name):
    client = platform.resumable(name)
    talk(client, 5)
    client.ask("update_agent_context", preferences={"tone": "short"}, workflow=WORKFLOW)
    before = told(client)
    client.cut()
    back = platform.resume(client, name)
    assert (back.greeting["recovered"], back.greeting["context_available"]) == (True, True)
    assert told(back) == before
    talk(back, 1, first=5)
    back.cut()
    (history, _) = told(platform.resume(back, name))
    assert [entry["message_id"] for entry in history["messages"][-4:]] == ["m4", "m4", "m5", "m5"]


def test_everything_that_was_confirmed_is_there_after_a_kill(serve, tmp_path):
    store = str(tmp_path / "store")
    platform = serve("--store", store)
    client = platform.resumable()
    talk(client, 5)
    client.ask("update_agent_context", variables={"n": 1}, workflow=WORKFLOW, tool_call={"name": "search", "arguments": {"q": [1]}, "result": None})
    before = told(client)
    platform.kill()
    platform = serve("--store", store)
    back = platform.resume(client)
    assert (back.greeting["session_id"], back.greeting["recovered"]) == (client.greeting["session_id"], False)
    assert told(back) == before


def test_what_waited_while_the_platform_was_down_joins_the_conversation(serve, tmp_path):
    store = str(tmp_path / "store")
    platform = serve("--store", store)
    client = platform.resumable()
    talk(client, 1)
    platform.control("hold", {})
    client.send("waiting", acknowledge=True)
    assert client.receive()["type"] == "message_accepted"
    platform.kill()
    platform = serve("--store", store)
    until(lambda: not platform.control("status")["pending"])
    back = platform.resume(client)
    back.send_json({"type": "get_conversation_history", "request_id": "q"})
    history = back.receive_until(lambda frame: frame["type"] == "conversation_history")[-1]
    assert [entry["message_id"] for entry in history["messages"]] == ["m0", "m0", "waiting", "waiting"]


def test_a_session_that_cannot_come_back_remembers_nothing(platform, name):
    client = platform.connect(name)
    talk(client, 2)
    history, context = told(client)
    assert (history["count"], history["messages"]) == (0, [])
    assert (context["version"], context["preferences"], context["workflow"], context["last_activity"]) == (0, {}, None, None)
    refused = client.ask("update_agent_context", preferences={"a": 1})
    assert (refused["code"], refused["request_id"]) == ("not_resumable", "update_agent_context")


def test_a_session_that_is_over_leaves_nothing(serve, tmp_path):
    platform = serve("--store", str(tmp_path / "store"))
    client = platform.resumable()
    talk(client, 3)
    client.ask("update_agent_context", preferences={"a": 1})
    client.cut()
    until(lambda: not platform.control("status")["connections"])
    platform.control("clock", {"advance": 301})
    back = platform.resume(client)
    assert back.greeting["session_id"] != client.greeting["session_id"]
    assert back.greeting["context_available"] is False
    history, context = told(back)
    assert (history["count"], context["version"]) == (0, 0)


def test_other_sessions_of_the_same_user_remember_for_themselves(platform, name):
    one, other = platform.resumable(name), platform.resumable(name)
    talk(one, 2)
    talk(other, 1, first=5)
    assert (one.ask("get_conversation_history")["count"], other.ask("get_conversation_history")["count"]) == (4, 2)
    assert one.state()["message_count"] == 3, "the agent is the user's"


def test_only_the_last_entries_are_kept_and_all_are_counted(platform, name):
    client = platform.resumable(name)
    client.send_many([{"message_id": f"m{number}"} for number in range(120)])
    client.fence()
    history = client.ask("get_conversation_history")
    assert (history["count"], len(history["messages"])) == (242, 200)
    assert history["messages"][0]["message_id"] == "m21"
    client.cut()
    assert platform.resume(client, name).ask("get_conversation_history")["messages"] == history["messages"]


def test_kills_under_load_leave_conversation_and_ledger_equal(serve, tmp_path):
    store, client, sent = str(tmp_path / "store"), None, 0
    for life in range(3):
        platform = serve("--store", store)
        until(lambda platform=platform: not platform.control("status")["pending"])
        back = platform.resumable() if client is None else platform.resume(client)
        if client is not None:
            assert (back.greeting["session_id"], back.greeting["reason"]) == (client.greeting["session_id"], "restarted")
        client = back
        processed = [row["message_id"] for row in platform.ledger() if row["what"] == "processed"]
        client.send_json({"type": "get_conversation_history", "request_id": "q"})
        history = client.receive_until(lambda frame: frame["type"] == "conversation_history")[-1]
        assert history["count"] == 2 * len(processed)
        assert [entry["message_id"] for entry in history["messages"][::2]] == processed[-100:]
        if life == 2:
            break
        platform.control("work", {"seconds": 0.0005 * life})
        for number in range(sent, sent + 100):
            client.send(f"m{number}")
        answered = 0
        while answered < 30 + 10 * life:
            answered += client.receive()["type"] == "ai_response"
        platform.kill()
        sent += 100
    assert len(processed) >= 70
