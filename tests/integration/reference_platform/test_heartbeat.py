"""Pings of a real platform on its own clock."""

from __future__ import annotations

import socket

import pytest

PING, CLOSE, TEXT = 0x89, 0x88, 0x81
GUARD = 20
"""Seconds in which something must come; less than the 30 s after which a ping comes by itself."""


class Raw:
    """A client that answers no ping unless told."""

    def __init__(self, platform, name="alice"):
        host, port = platform.ready["websocket_url"][5:-3].split(":")
        token = platform.account(name)["token"]  # first: a connection that says nothing for a while is closed
        self.socket = socket.create_connection((host, int(port)), timeout=GUARD)
        self.socket.sendall((
            f"GET /ws?token={token} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode())  # fmt: skip
        self.stream = self.socket.makefile("rb")
        while (line := self.stream.readline()) != b"\r\n":
            assert line, "closed before the handshake was over"
        assert self.frame()[0] == TEXT

    def frame(self):
        """First byte and payload of the next frame."""
        first, size = self.stream.read(2)
        if size == 126:
            size = int.from_bytes(self.stream.read(2), "big")
        return first, self.stream.read(size)

    def send(self, first, payload):
        self.socket.sendall(bytes((first, 0x80 | len(payload))) + b"\0\0\0\0" + payload)


@pytest.fixture
def raw(platform):
    client = Raw(platform)
    yield client
    client.stream.close()
    client.socket.close()


def test_a_moved_clock_pings_and_an_answer_keeps_the_connection(platform, raw):
    for _ in range(5):
        platform.control("clock", {"advance": 31})
        first, payload = raw.frame()
        assert first == PING
        raw.send(0x8A, payload)
    raw.send(TEXT, b'{"type":"user_message","message_id":"m","content":"still here"}')
    assert b"ai_response" in raw.frame()[1]


def test_who_answers_no_ping_is_given_up_but_not_before_a_second(platform, raw):
    other = platform.connect("other")
    platform.control("clock", {"advance": 31})
    assert raw.frame()[0] == PING
    platform.control("clock", {"advance": 61})
    frames = [raw.frame()]
    while frames[-1][0] == PING:
        frames.append(raw.frame())
    assert frames[-1] == (CLOSE, (1011).to_bytes(2, "big") + b"heartbeat lost")
    assert raw.stream.read() == b"", "it ends the TCP connection too"
    other.fence("who answers stays")
    while platform.control("status")["connections"] != 1:
        pass


def test_the_interval_is_configured_and_real_time_counts_too(serve, tmp_path):
    (tmp_path / "config.yaml").write_text("heartbeat_interval: 0.1\nconnection_timeout: 1.5\n")
    client = Raw(serve("--config", str(tmp_path / "config.yaml")))
    frames = [client.frame()]
    while frames[-1][0] == PING:
        frames.append(client.frame())
    client.stream.close()
    client.socket.close()
    assert len(frames) > 5
    assert frames[-1][1][:2] == (1011).to_bytes(2, "big")
