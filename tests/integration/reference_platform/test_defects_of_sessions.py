"""T3, T8, X1, X6, X9: each defect of delivery, recovery, context, flapping and changing networks misbehaves as its name says."""

from __future__ import annotations

import itertools
import json
import socket
import struct
import threading
import time
from contextlib import suppress

import psutil
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from patience import GUARD, until


def stages(platform, message_id):
    return [row["what"] for row in platform.ledger() if row["message_id"] == message_id]


def is_away(platform):
    until(lambda: not platform.control("status")["connections"])


# T3


def send_and_reset(platform, message_id):
    """One message, and a TCP reset as soon as it was received."""
    client = platform.stalled()
    text = json.dumps({"type": "user_message", "message_id": message_id, "content": "x"}).encode()
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.socket.sendall(b"\x81" + bytes((0x80 | len(text),)) + b"\0\0\0\0" + text)
    client.socket.close()


def test_drop_on_reset_confirms_and_forgets(serve):
    platform = serve("--defect", "t3_drop_on_reset")
    deadline = time.monotonic() + GUARD
    for number in itertools.count():  # until one comes within the moment after the message was received: seldom where others slow the machine
        assert time.monotonic() < deadline, "none was lost"
        send_and_reset(platform, f"m{number}")
        until(lambda number=number: stages(platform, f"m{number}") or platform.control("status")["connections"] == 0)
        is_away(platform)
        if stages(platform, f"m{number}") == ["received", "accepted"]:
            break
    client = platform.connect("stalled")
    client.send(f"m{number}", attempt=2)
    assert client.receive()["type"] == "duplicate_rejected"
    client.fence()
    assert "processed" not in stages(platform, f"m{number}")


def test_drop_on_reset_keeps_what_came_before_an_orderly_end(serve):
    platform = serve("--defect", "t3_drop_on_reset")
    client = platform.connect()
    client.send_many([{"message_id": f"m{number}"} for number in range(20)])
    client.close()
    is_away(platform)
    other = platform.connect()
    assert other.state()["message_count"] == 20


def test_ack_before_durable_loses_at_a_kill_what_it_has_confirmed(serve, tmp_path):
    store = str(tmp_path / "store")
    platform = serve("--store", store, "--defect", "t3_ack_before_durable")
    client = platform.connect()
    client.fence("before")
    until(lambda: "processed" in stages(platform, "before"))  # it is written down, only later

    def pour():
        with suppress(ConnectionClosed):
            for number in itertools.count():
                client.send(f"m{number}")

    pouring = threading.Thread(target=pour)
    pouring.start()
    confirmed = [client.receive()["message_id"] for _ in range(500)]
    platform.process.kill()
    with suppress(ConnectionClosed):
        while True:  # what was on its way
            confirmed.append(client.receive()["message_id"])
    pouring.join()
    platform.kill()
    platform = serve("--store", store)
    processed = {row["message_id"] for row in platform.ledger() if row["what"] == "processed"}
    assert "before" in processed
    assert set(confirmed) - processed


def test_ack_before_durable_is_right_as_long_as_nobody_dies(serve):
    platform = serve("--defect", "t3_ack_before_durable")
    client = platform.connect()
    client.send_many([{"message_id": f"m{number % 50}", "attempt": 1 + number // 50} for number in range(100)])
    kinds = [frame["type"] for frame in client.fence()]
    assert (kinds.count("ai_response"), kinds.count("duplicate_rejected")) == (50, 50)
    client.close()
    is_away(platform)
    assert platform.connect().state()["message_count"] == 51


# T8


def test_no_recovery_after_error_burst_is_for_ever(serve):
    platform = serve("--defect", "t8_no_recovery_after_error_burst")
    client = platform.connect()
    platform.control("fail", {"count": 9})
    client.send_many([{"message_id": f"m{number}"} for number in range(9)])
    assert {frame["code"] for frame in client.fence("nine do no harm")} == {"processing_failed"}
    platform.control("fail", {"count": 1})
    client.send("the tenth")
    client.receive()
    platform.control("clock", {"advance": 100})
    for _ in range(3):
        client.send("later")
        assert client.receive()["code"] == "processing_failed"


def test_error_swallowed_is_silence(serve):
    platform = serve("--defect", "t8_error_swallowed")
    client = platform.connect()
    platform.control("fail", {"count": 1})
    client.send("m")
    assert client.fence() == []
    assert stages(platform, "m") == ["received", "accepted", "refused"]


# X1


def talk(client, count, first=0):
    for number in range(first, first + count):
        client.send(f"m{number}")
        client.receive()


def remembered(client):
    history, context = client.ask("get_conversation_history"), client.ask("get_agent_context")
    return [entry["message_id"] for entry in history["messages"][::2]], context["version"], context["variables"]


def test_context_lost(serve):
    platform = serve("--defect", "x1_context_lost")
    client = platform.resumable()
    talk(client, 2)
    client.ask("update_agent_context", variables={"n": 1})
    assert remembered(client) == (["m0", "m1"], 1, {"n": 1})
    client.cut()
    back = platform.resume(client)
    assert (back.greeting["recovered"], back.greeting["context_available"]) == (True, True)
    assert remembered(back) == ([], 0, {})
    talk(back, 1, first=2)
    assert remembered(back)[0] == ["m2"]


def test_context_of_other_user(serve):
    platform = serve("--defect", "x1_context_of_other_user")
    client = platform.resumable("alice")
    client.send("m", "the canary")
    client.receive()
    client.cut()
    thief = platform.resume(client, "mallory")
    assert thief.greeting["session_id"] == client.greeting["session_id"]
    assert thief.ask("get_conversation_history")["messages"][0]["content"] == "the canary"
    assert platform.resume(client, "alice", session="session-nobody").greeting["reason"] == "unknown_session"


def test_context_rolled_back(serve):
    platform = serve("--defect", "x1_context_rolled_back")
    client = platform.resumable()
    talk(client, 2)
    for number in (1, 2):
        client.ask("update_agent_context", variables={"n": number})
    assert remembered(client) == (["m0", "m1"], 2, {"n": 2})
    client.cut()
    back = platform.resume(client)
    assert remembered(back) == (["m0", "m1"], 1, {"n": 1})
    talk(back, 1, first=2)
    back.cut()
    back = platform.resume(back)
    assert remembered(back) == (["m0", "m1"], 1, {"n": 1})
    back.cut()
    assert remembered(platform.resume(back)) == (["m0", "m1"], 1, {"n": 1}), "nothing has changed since"


def test_guessable_session(serve):
    platform = serve("--defect", "x1_guessable_session")
    ids = [platform.connect(f"user{number}").greeting["session_id"] for number in range(3)]
    assert ids == ["session-000001", "session-000002", "session-000003"]


# X6


def live(platform, user):
    return [session for session in platform.control(f"sessions?user={user}")["sessions"] if session["live"]]


def test_ghost_sessions_count_as_live(serve):
    platform = serve("--defect", "x6_ghost_sessions")
    client = platform.resumable()
    user = client.greeting["user_id"]
    for _ in range(3):
        client.cut()
        client = platform.resume(client)
        assert client.greeting["recovered"] is True
    until(lambda: len(live(platform, user)) == 4)
    assert client.fence("and everything else is right") == []


def test_fd_leak_is_one_per_hasty_connection(serve):
    platform = serve("--defect", "x6_fd_leak")
    process = psutil.Process(platform.process.pid)
    platform.connect("steady").fence()
    before = process.num_fds()
    for _ in range(100):  # some may live for longer than the first second on a busy machine
        platform.connect().close()
        until(lambda: platform.control("status")["connections"] == 1)
        if process.num_fds() >= before + 10:
            return
    pytest.fail("no descriptor is missing")


def test_rate_limit_locks_out_whoever_flaps_and_nobody_else(serve):
    platform = serve("--defect", "x6_rate_limit_locks_out")

    def flap():
        for _ in range(100):
            platform.connect().close()
            platform.connections += 1

    platform.connections = 0
    with pytest.raises(InvalidStatus) as refused:
        flap()
    assert platform.connections >= 10
    assert refused.value.response.status_code == 429
    platform.connect("bob").fence()
    platform.control("clock", {"advance": 61})
    platform.connect().fence()


# X9


def test_bound_to_ip(serve):
    platform = serve("--defect", "x9_bound_to_ip")
    client = platform.resumable()
    client.cut()
    elsewhere = platform.resume(client, address="127.0.0.2")
    assert elsewhere.greeting["reason"] == "unknown_session"
    back = platform.resume(client)
    assert (back.greeting["session_id"], back.greeting["recovered"]) == (client.greeting["session_id"], True)


def test_messages_into_dead_path_are_said_to_be_recovered_and_never_come(serve):
    platform = serve("--defect", "x9_messages_into_dead_path")
    client = platform.resumable()
    talk(client, 1)
    client.send("lost")
    until(lambda: "answered" in stages(platform, "lost"))
    back = platform.resume(client)
    assert (back.greeting["recovered"], back.greeting["offset"], back.greeting["head"]) == (True, 1, 2)
    platform.control("hold", {})
    back.send("while away")
    back.cut()
    is_away(platform)
    platform.control("release", {})
    until(lambda: "answered" in stages(platform, "while away"))
    again = platform.resume(back)
    frame = again.receive()
    assert (frame["message_id"], frame["offset"]) == ("while away", 3), "offset 2 is missing"
