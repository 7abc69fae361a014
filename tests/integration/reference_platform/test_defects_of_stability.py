"""R5: each defect of stability misbehaves as its name says."""

from __future__ import annotations

import contextlib
import json
import socket

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
    host, port = platform.ready["websocket_url"][5:-3].split(":")
    with socket.socket() as raw:
        for buffer in (socket.SO_RCVBUF, socket.SO_SNDBUF):  # soon full
            raw.setsockopt(socket.SOL_SOCKET, buffer, 4096)
        raw.settimeout(2)
        raw.connect((host, int(port)))
        raw.sendall((
            f"GET /ws?token={platform.account('stalled')['token']} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode())  # fmt: skip
        assert raw.recv(12) == b"HTTP/1.1 101"

        def send(fields):
            text = json.dumps(fields).encode()
            raw.sendall(b"\x81\xfe" + len(text).to_bytes(2, "big") + b"\0\0\0\0" + text)

        for number in range(100):
            send({"type": "user_message", "message_id": f"{number:0200d}", "content": "x"})
        with contextlib.suppress(TimeoutError):
            for number in range(5000):  # each answer is 20 KB, the system keeps a few MB
                send({"type": "get_agent_state", "request_id": f"{number:0100d}"})
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
