"""Pings of a real platform on its own clock."""

from __future__ import annotations

import pytest

from integration.reference_platform.raw_client import CLOSE, PING, TEXT, Raw


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
