"""Each quirk is odd as its name says, and keeps every promise: order, exactly once, offsets, state, ledger."""

from __future__ import annotations

import time

import pytest
from websockets.exceptions import ConnectionClosed

QUIRKS = (
    "n1_slow_in_order", "n2_acknowledgement_lost", "n3_not_recovered", "n6_one_byte_writes", "n7_jitter", "n8_classes_interleaved", "n9_read_in_between",
    "n10_no_close_code", "n11_unknown_fields", "n12_pauses", "n14_replay_before_greeting", "n15_warm_up_growth", "n17_full_for_a_moment", "n18_pings_at_any_time",
)  # fmt: skip


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
    small = []
    for number in range(50):  # on a busy machine many bytes may have come before somebody reads
        client.fence(str(number))
        small = [piece for piece in received if len(piece) < 200]
        if len(small) > 10:
            break
    assert len(small) > 10


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


def test_classes_interleave_and_each_stays_in_order(serve):
    platform = serve("--quirk", "n8_classes_interleaved")
    client = platform.connect()
    for number in range(200):
        client.send(f"{number}", priority="high" if number % 5 == 0 else "normal")
    answered = [int(frame["message_id"]) for frame in client.fence()]
    assert [row["message_id"] for row in platform.ledger() if row["what"] == "processed"][:-1] != [str(number) for number in answered]
    for urgent in (True, False):
        mine = [number for number in answered if (number % 5 == 0) == urgent]
        assert mine == sorted(mine)
    assert sorted(answered) == list(range(200))


def test_a_read_takes_a_value_of_its_interval(serve):
    platform = serve("--quirk", "n9_read_in_between")
    busy, asking = platform.connect(), platform.connect()
    later = 0
    for number in range(50):
        busy.send(f"m{number}")
        asking.send_json({"type": "get_agent_state", "request_id": "q"})
        assert busy.receive()["version"] == number + 1
        state = asking.receive()
        assert number <= state["version"] <= number + 1
        assert state["version"] == len(state["processed_message_ids"]) == len(state["context"]["topics"][:20]) + max(0, state["version"] - 20)
        later += state["version"] == number + 1
    assert later > 25


def test_pauses_stop_everybody_for_300_ms(serve):
    platform = serve("--quirk", "n12_pauses")
    client = platform.connect()
    start = time.monotonic()
    client.fence("first")
    assert time.monotonic() - start >= 0.3
    waits = []
    while not waits or waits[-1] < 0.3:
        start = time.monotonic()
        client.fence(f"m{len(waits)}")
        waits.append(time.monotonic() - start)
    assert len(waits) > 10


def test_pings_come_at_any_time_and_are_answered(serve):
    platform = serve("--quirk", "n18_pings_at_any_time")
    client = platform.connect()
    seen = []
    handle = client.socket.protocol.recv_frame
    client.socket.protocol.recv_frame = lambda frame: (seen.append(frame.opcode), handle(frame))[1]
    for number in range(100):
        client.fence(f"m{number}")
    while seen.count(9) < 10:
        client.fence(f"later{len(seen)}")
    platform.control("clock", {"advance": 100})
    client.fence("still here")


def test_an_acknowledgement_lost_with_the_connection_is_not_made_up_for_and_nothing_else_is_missing(serve):
    platform = serve("--quirk", "n2_acknowledgement_lost")
    for number in range(10):  # until the connection was gone when they were due
        client = platform.resumable()
        ids = [f"{number}-{place}" for place in range(5)]
        client.send_many([{"message_id": message_id, "acknowledge": True} for message_id in ids])
        client.cut()
        wait_for(lambda client=client: offset_of(platform, client) >= 5)
        back = platform.resume(client, offset=0)
        assert back.greeting["recovered"] is True
        frames = back.fence(f"fence {number}")
        assert [frame["message_id"] for frame in frames if frame["type"] == "ai_response"] == ids
        assert [frame["offset"] for frame in frames] == list(range(1, len(frames) + 1)), "what is lost had no number"
        if len(frames) < 10:
            break
    else:
        pytest.fail("none was lost")
    back.send(ids[0], attempt=2, acknowledge=True)
    assert back.receive()["type"] == "duplicate_rejected"
    back.send("here", acknowledge=True)
    assert [back.receive()["type"], back.receive()["type"]] == ["message_accepted", "ai_response"], "while somebody is there none is lost"


def offset_of(platform, client):
    sessions = platform.control(f"sessions?user={client.greeting['user_id']}")["sessions"]
    return next(session["offset"] for session in sessions if session["session"] == client.greeting["session_id"])


def test_every_third_return_is_not_recovered_and_says_so(serve):
    platform = serve("--quirk", "n3_not_recovered")
    client = platform.resumable()
    client.fence("said")
    told = []
    for _ in range(6):
        client.cut()
        client = platform.resume(client)
        told.append((client.greeting["recovered"], client.greeting.get("reason"), client.greeting["epoch"]))
        assert client.ask("get_conversation_history")["count"] == 2
    lost = (False, "too_far_behind")
    assert told == [(True, None, 1), (True, None, 1), (*lost, 2), (True, None, 2), (True, None, 2), (*lost, 3)]


def test_no_close_code_where_the_platform_closes(serve):
    platform = serve("--quirk", "n10_no_close_code", "--set", "max_connections=1")
    client = platform.resumable()
    with pytest.raises(ConnectionClosed) as turned_away:
        platform.connect("bob")
    assert turned_away.value.rcvd is None
    back = platform.resume(client)
    with pytest.raises(ConnectionClosed) as taken_over:
        client.receive()
    assert taken_over.value.rcvd is None
    back.close()
    assert back.socket.close_code == 1000, "a client that closes is answered"


def test_what_was_missed_comes_before_the_greeting(serve):
    platform = serve("--quirk", "n14_replay_before_greeting")
    client = platform.resumable()
    client.send_many([{"message_id": f"m{number}"} for number in range(3)])
    for _ in range(3):
        client.receive()
    client.cut()
    back = platform.resume(client, offset=1)
    first, second, greeting = back.greeting, back.receive(), back.receive()
    assert [first["message_id"], second["message_id"]] == ["m1", "m2"]
    assert (greeting["type"], greeting["recovered"], greeting["offset"], greeting["head"]) == ("connection_established", True, 1, 3)
    back.send("next")
    assert back.receive()["offset"] == 4


def wait_for(what):
    until = time.monotonic() + 30
    while not what():
        assert time.monotonic() < until


@pytest.mark.parametrize("name", ["n1_slow_in_order", "n2_acknowledgement_lost", "n7_jitter", "n8_classes_interleaved"])
def test_chunks_wait_for_what_announces_them_however_late_it_is(serve, name):
    client = serve("--quirk", name).resumable()
    client.send("m")
    client.send_json({"type": "start_stream", "request_id": "begin", "kind": "text", "bytes": 4096})
    types = [frame["type"] for frame in client.receive_until(lambda frame: frame["type"] == "stream_end")]
    assert [kind for kind in types if kind.startswith("stream")] == ["stream_started", *["stream_chunk"] * 4, "stream_end"]
