"""Each quirk is odd as its name says, and keeps every promise: order, exactly once, offsets, state, ledger."""

from __future__ import annotations

import time

import pytest

QUIRKS = ("n1_slow_in_order", "n6_one_byte_writes", "n7_jitter", "n11_unknown_fields")


@pytest.mark.parametrize("quirk", QUIRKS)
def test_a_quirk_keeps_every_promise(serve, quirk):
    platform = serve("--quirk", quirk)
    client = platform.connect()
    client.send_many([{"message_id": f"m{number % 190}", "sequence_id": number, "attempt": 1 + number // 190} for number in range(200)])
    frames = client.fence()
    assert [frame["sequence_id"] for frame in frames if frame["type"] == "ai_response"] == list(range(190))
    assert [frame["sequence_id"] for frame in frames if frame["type"] == "duplicate_rejected"] == list(range(190, 200))
    assert [frame["offset"] for frame in frames] == list(range(1, len(frames) + 1))
    state = client.state()
    assert (state["message_count"], state["last_sequence_id"]) == (191, 189)
    assert [row["message_id"] for row in platform.ledger() if row["what"] == "processed"] == [f"m{n}" for n in range(190)] + ["fence"]


def test_slow_is_a_tenth_of_a_second(serve):
    client = serve("--quirk", "n1_slow_in_order").connect()
    start = time.monotonic()
    client.fence()
    assert time.monotonic() - start >= 0.095


def test_jitter_is_different_each_time(serve):
    client = serve("--quirk", "n7_jitter", "--seed", "3").connect()
    waits = []
    for number in range(10):
        start = time.monotonic()
        client.fence(f"m{number}")
        waits.append(time.monotonic() - start)
    assert max(waits) - min(waits) > 0.02


def test_one_byte_writes_arrive_in_many_pieces(serve):
    client = serve("--quirk", "n6_one_byte_writes").connect()
    raw = client.socket.socket
    received = []
    original = raw.recv
    client.socket.socket = type("Counting", (), {
        "recv": lambda _, size: (received.append(original(size)), received[-1])[1],
        "__getattr__": lambda _, name: getattr(raw, name),
    })()  # fmt: skip
    client.fence("first")
    client.fence("second")
    assert len([piece for piece in received if len(piece) < 200]) > 10


def test_unknown_fields_and_events_come(serve):
    client = serve("--quirk", "n11_unknown_fields").connect()
    client.send_many([{"message_id": f"m{number}"} for number in range(20)])
    frames = client.fence()
    assert all("x_trace" in frame for frame in frames if frame["type"] == "ai_response")
    assert len([frame for frame in frames if frame["type"] == "x_weather"]) >= 4


def test_two_quirks_and_a_defect_on_different_ports(serve):
    platform = serve("--quirk", "n7_jitter", "--quirk", "n6_one_byte_writes", "--defect", "r2_no_dedup")
    client = platform.connect()
    client.send_many([{"message_id": "same"}] * 3)
    assert [client.receive()["type"] for _ in range(3)] == ["ai_response"] * 3
