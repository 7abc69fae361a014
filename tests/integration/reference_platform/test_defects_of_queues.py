"""R3: each defect of the queue misbehaves as its name says, seen on the wire and in the ledger."""

from __future__ import annotations

import pytest

CAPACITY = 20


@pytest.fixture
def start(serve, tmp_path):
    """A platform with a small queue, a held agent and one client."""
    (tmp_path / "small.yaml").write_text(f"max_queue_size: {CAPACITY}\n")

    def start(defect):
        platform = serve("--config", str(tmp_path / "small.yaml"), "--defect", defect)
        platform.control("hold", {})
        return platform, platform.connect()

    return start


def ask(client, kind):
    client.send_json({"type": kind, "request_id": "q"})
    return client.receive_until(lambda frame: frame.get("request_id") == "q")


def overflow(client, normal, high=0):
    """Sends so many; returns the refusals and the queue's state after them."""
    client.send_many([{"message_id": f"n{number}", "sequence_id": number} for number in range(normal)])
    client.send_many([{"message_id": f"h{number}", "priority": "high"} for number in range(high)])
    *refusals, state = ask(client, "get_queue_state")
    return refusals, state


def processed(platform):
    return [row["message_id"] for row in platform.ledger() if row["what"] == "processed"]


def test_unbounded_takes_everything_and_says_so(start):
    _, client = start("r3_unbounded")
    refusals, state = overflow(client, 100)
    assert (refusals, state["queue_size"], state["max_capacity"]) == ([], 100, CAPACITY)


def test_queue_size_lies_takes_everything_and_reports_the_capacity(start):
    platform, client = start("r3_queue_size_lies")
    refusals, state = overflow(client, 100, high=5)
    assert (refusals, state["queue_size"], state["high"], state["normal"]) == ([], 20, 2, 18)
    assert platform.control("status")["pending"] == 105


def test_capacity_off_by_10pct_takes_8_percent_more(serve):
    platform = serve("--defect", "r3_capacity_off_by_10pct")
    platform.control("hold", {})
    client = platform.connect()
    refusals, state = overflow(client, 550, high=60)
    assert (state["queue_size"], state["max_capacity"]) == (540, 500)
    assert [refusals[0]["message_id"], len(refusals)] == ["n486", 550 + 60 - 540]
    assert {refusal["capacity"] for refusal in refusals} == {500}


def test_full_then_processed_has_refused_messages_processed(start):
    platform, client = start("r3_full_then_processed")
    refusals, _ = overflow(client, 20)
    assert [refusal["message_id"] for refusal in refusals] == ["n18", "n19"]
    platform.control("release", {})
    answered = [client.receive()["message_id"] for _ in range(20)]
    assert sorted(answered) == sorted(processed(platform)) == sorted(f"n{number}" for number in range(20))


def test_high_dropped_refuses_high_where_its_places_are_free(start):
    _, client = start("r3_high_dropped")
    refusals, state = overflow(client, 19, high=2)
    assert [refusal["message_id"] for refusal in refusals] == ["n18", "h0", "h1"]
    assert state["queue_size"] == 18


def test_high_starved_is_served_in_order_of_arrival(start):
    platform, client = start("r3_high_starved")
    overflow(client, 18, high=2)
    platform.control("release", {})
    assert [client.receive()["message_id"] for _ in range(20)] == [*(f"n{number}" for number in range(18)), "h0", "h1"]


def test_normal_starved_waits_for_every_high_one(start):
    platform, client = start("r3_normal_starved")
    overflow(client, 2, high=18)
    platform.control("release", {})
    assert [client.receive()["message_id"] for _ in range(20)] == [*(f"h{number}" for number in range(18)), "n0", "n1"]


def test_never_recovers_refuses_after_the_queue_is_empty(start):
    platform, client = start("r3_never_recovers")
    overflow(client, 19)
    platform.control("release", {})
    for _ in range(18):
        client.receive()
    client.send("n18", attempt=2)
    refusal = client.receive()
    assert (refusal["code"], refusal["message_id"], refusal["queue_depth"]) == ("queue_full", "n18", 0)


def test_no_retry_after_names_neither_message_nor_time(start):
    _, client = start("r3_no_retry_after")
    refusals, _ = overflow(client, 19)
    assert refusals[0]["code"] == "queue_full"
    assert not {"message_id", "attempt", "retry_after"} & set(refusals[0])
