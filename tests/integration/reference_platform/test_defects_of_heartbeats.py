"""X7: each defect of the heartbeat misbehaves as its name says, and control sets the heartbeat as it is told."""

from __future__ import annotations

import time

import pytest

from integration.reference_platform.raw_client import PING, Raw


def test_a_zombie_answers_pings_and_nothing_else(serve):
    client = serve("--defect", "x7_zombie").connect()
    client.send_many([{"message_id": f"m{number}"} for number in range(101)])
    assert [client.receive()["message_id"] for _ in range(100)] == [f"m{number}" for number in range(100)]
    for _ in range(3):
        assert client.socket.ping().wait(20)
    with pytest.raises(TimeoutError):
        client.socket.recv(timeout=0.2)


def test_endless_patience_pings_a_dead_peer_for_ever(serve):
    platform = serve("--defect", "x7_never_closes_dead_peer")
    raw = Raw(platform)
    platform.control("heartbeat", {"interval": 0.05, "timeout": 0.05})
    begun = time.monotonic()
    while time.monotonic() - begun < 1.5:
        assert raw.frame()[0] == PING
    assert platform.control("status")["connections"] == 1


@pytest.mark.parametrize(("defect", "left"), [((), 125), (("--defect", "x7_pong_payload_wrong"), 64)])
def test_a_forgetful_pong_has_lost_the_end_of_its_ping(serve, defect, left):
    raw = Raw(serve(*defect))
    raw.send(PING, bytes(range(125)))
    assert raw.frame() == (0x8A, bytes(range(left)))


def test_control_sets_the_heartbeat_of_open_connections(serve):
    platform = serve()
    raw = Raw(platform)
    assert platform.control("heartbeat", {"interval": 0.05}) == {"interval": 0.05, "timeout": 60}
    for _ in range(3):
        first, payload = raw.frame()
        assert first == PING
        raw.send(0x8A, payload)
    for wrong in ({"interval": 0}, {"timeout": 0}, {"interval": "soon"}, {"timeout": -1}):
        assert platform.control("heartbeat", wrong)[0] == 400
    assert raw.frame()[0] == PING, "what is wrong changes nothing"
