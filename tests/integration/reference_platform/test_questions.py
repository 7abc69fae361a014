"""What the platform says when it is asked about queue and capacity."""

from __future__ import annotations

import pytest


def ask(client, kind, **fields):
    """Asks one question and returns the answer; nothing else may come before it."""
    client.send_json({"type": kind, "request_id": "q1", **fields})
    answer = client.receive()
    assert answer["request_id"] == "q1"
    return answer


def test_queue_state_counts_what_waits_and_what_runs(platform):
    client = platform.connect()
    user = {"user": client.greeting["user_id"]}
    platform.control("hold", user)
    client.send_many([{"message_id": f"n{number}"} for number in range(7)])
    client.send_many([{"message_id": f"h{number}", "priority": "high"} for number in range(3)])
    figures = ("type", "queue_size", "high", "normal", "running", "max_capacity")
    answer = ask(client, "get_queue_state")
    assert [answer[name] for name in figures] == ["queue_state", 10, 3, 7, 0, 500]
    assert ask(platform.connect("bob"), "get_queue_state")["queue_size"] == 0, "a queue belongs to its user"
    platform.control("work", {"seconds": 0.5, **user})
    platform.control("release", user)
    while (answer := ask(client, "get_queue_state"))["running"] == 0:
        pass
    assert [answer[name] for name in figures] == ["queue_state", 9, 2, 7, 1, 500]
    platform.control("work", {"seconds": 0, **user})
    client.receive_until(lambda frame: frame.get("message_id") == "n6")
    answer = ask(client, "get_queue_state")
    assert [answer[name] for name in figures] == ["queue_state", 0, 0, 0, 0, 500]


def test_queue_capacity_is_the_rule_that_the_queue_follows(serve, tmp_path):
    (tmp_path / "small.yaml").write_text("max_queue_size: 20\n")
    platform = serve("--config", str(tmp_path / "small.yaml"))
    client = platform.connect()
    rule = ask(client, "get_queue_capacity")
    names = ("type", "capacity", "reserved_for_high", "workers", "high_in_a_row")
    assert [rule[name] for name in names] == ["queue_capacity", 20, 2, 1, 9]
    platform.control("hold", {})
    client.send_many([{"message_id": f"n{number}"} for number in range(19)])
    client.send_many([{"message_id": f"h{number}", "priority": "high"} for number in range(3)])
    assert [client.receive()["message_id"] for _ in range(2)] == ["n18", "h2"]
    assert ask(client, "get_queue_state")["queue_size"] == 20
    platform.control("release", {})


@pytest.mark.parametrize("kind", ["get_queue_state", "get_queue_capacity"])
@pytest.mark.parametrize("fields", [{}, {"request_id": ""}, {"request_id": 5}, {"request_id": "x" * 257}])
def test_a_question_needs_a_request_id(platform, kind, fields):
    client = platform.connect()
    client.send_json({"type": kind, **fields})
    answer = client.receive()
    assert (answer["type"], answer["code"]) == ("error", "invalid_message")
    assert "request_id" in answer["message"]
