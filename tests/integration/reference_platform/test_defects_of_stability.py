"""R5: each defect of stability misbehaves as its name says."""

from __future__ import annotations

import psutil
import pytest
from websockets.exceptions import ConnectionClosed


def test_idle_drop_closes_after_31_seconds_although_pings_are_answered(serve):
    platform = serve("--defect", "r5_idle_drop")
    client, busy = platform.connect("alice"), platform.connect("bob")
    client.fence()
    platform.control("clock", {"advance": 30})
    client.fence("still here")
    busy.fence("also")
    platform.control("clock", {"advance": 31.5})
    with pytest.raises(ConnectionClosed) as closed:
        client.receive()
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1000, "idle")


def test_hol_blocking_lets_one_reader_who_stops_hold_up_all(serve):
    platform = serve("--defect", "r5_hol_blocking")
    other = platform.connect("other")
    other.fence()
    with platform.stalled() as stalled:
        stalled.pour({"type": "user_message", "message_id": f"{number:0200d}", "content": "x"} for number in range(100))
        # Each answer is 20 KB, the system keeps a few MB.
        stalled.pour({"type": "get_agent_state", "request_id": f"{number:0100d}"} for number in range(5000))
        other.send("held up")
        with pytest.raises(TimeoutError):
            other.socket.recv(timeout=1)
    assert other.receive()["message_id"] == "held up", "its end sets the others free"


def test_mem_leak_per_msg_is_a_kibibyte_each(serve):
    grown = {}
    for arguments in ((), ("--defect", "r5_mem_leak_per_msg")):
        platform = serve(*arguments)
        client = platform.connect()
        process = psutil.Process(platform.process.pid)

        def messages(count, prefix, client=client):
            for burst in range(count // 200):
                client.send_many([{"message_id": f"{prefix}{burst}-{number}"} for number in range(200)])
                client.fence(f"{prefix}fence{burst}")

        messages(2000, "warm")
        before = process.memory_info().rss
        messages(8000, "m")
        grown[bool(arguments)] = process.memory_info().rss - before
    assert grown[True] - grown[False] > 6_000_000
