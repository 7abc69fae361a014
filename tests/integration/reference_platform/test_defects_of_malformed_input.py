"""X8: each defect of malformed input misbehaves as its name says."""

from __future__ import annotations

import contextlib
import json
import socket

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.sync.client import connect

from patience import until

GOOD = '{"type": "user_message", "message_id": "m", "content": "hello"}'


def answer(platform, text, user="alice"):
    """What the platform answers to one text."""
    client = platform.connect(user)
    client.socket.send(text)
    return client.receive()


@pytest.mark.parametrize(
    ("defect", "text"),
    [("x8_crash_on_bad_json", "{"), ("x8_giant_payload_crash", "x" * 5_000_001), ("x8_deep_json_recursion", "[" * 100_000)],
)
def test_the_platform_ends(serve, defect, text):
    platform = serve("--defect", defect)
    client = platform.connect()
    with contextlib.suppress(ConnectionClosed):
        client.socket.send(text)
        client.receive()
    assert platform.process.wait(30) == 3
    assert "the platform had to stop" in platform.process.stderr.read()


def test_close_all_on_bad_closes_others(serve):
    platform = serve("--defect", "x8_close_all_on_bad")
    bob = platform.connect("bob")
    platform.connect("alice").socket.send("{")
    bob.rest()
    assert bob.socket.close_code == 1008


def test_fragmented_bad_utf8_is_taken_in_fragments_only(serve):
    platform = serve("--defect", "x8_fragmented_bad_utf8_accepted")
    bad = GOOD.encode().replace(b"hello", b"h\xffllo")
    client = platform.connect()
    client.socket.send([bad[:50], bad[50:]], text=True)
    assert client.receive()["type"] == "ai_response"
    client.socket.send(bad, text=True)
    client.rest()
    assert client.socket.close_code == 1007


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "1" * 40])
def test_nan_accepted_takes_any_number(serve, number):
    platform = serve("--defect", "x8_nan_accepted")
    platform.connect("bob")
    assert answer(platform, GOOD.replace("}", f', "timestamp": {number}}}'))["type"] == "ai_response"


@pytest.mark.parametrize("part", ["{}", "null", "[1]", "7"])
def test_wrong_type_accepted_makes_a_text_of_anything(serve, part):
    assert answer(serve("--defect", "x8_wrong_type_accepted"), GOOD.replace('"m"', part))["type"] == "ai_response"


def test_decompression_bomb_takes_what_inflates_beyond_the_limit(serve):
    platform = serve("--defect", "x8_decompression_bomb")
    with connect(platform.url(), compression="deflate", ping_interval=None) as client:
        client.recv()
        client.send(GOOD.replace("hello", "x" * 6_000_000))
        assert json.loads(client.recv())["type"] == "ai_response"


@pytest.mark.parametrize("size", [5, 200, 70_000])
def test_unmasked_accepted_reads_unmasked_frames_and_masked_ones(serve, size):
    platform = serve("--defect", "x8_unmasked_accepted")
    client = platform.connect()
    for masked in (False, True):
        text = GOOD.replace("hello", "x" * size).replace('"m"', f'"m{masked}"').encode()
        client.socket.socket.sendall(Frame(Opcode.TEXT, text).serialize(mask=masked))
        assert client.receive()["type"] == "ai_response"


def test_slowloris_never_ends_a_handshake_and_the_correct_platform_does(serve):
    for defect, ends in ((("--defect", "x8_slowloris"), False), ((), True)):
        platform = serve(*defect)
        host, port = platform.ready["websocket_url"][5:-3].split(":")
        with socket.create_connection((host, int(port)), timeout=0.5) as hesitant:
            hesitant.sendall(b"GET /ws HTTP/1.1\r\n")
            assert answer(platform, GOOD)["type"] == "ai_response"
            platform.control("clock", {"advance": 11})
            if ends:
                until(lambda hesitant=hesitant: is_over(hesitant))
            else:
                assert answer(platform, GOOD, "bob")["type"] == "ai_response"
                assert not is_over(hesitant)


def is_over(hesitant):
    try:
        return hesitant.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


@pytest.mark.parametrize(("defect", "limited"), [((), True), (("--defect", "x8_rate_not_kept"), False)])
def test_rate_not_kept_looks_at_everything_and_the_correct_platform_at_what_is_allowed(serve, defect, limited):
    platform = serve("--set", "message_rate=5", *defect)
    client = platform.connect()
    for number in range(200):
        client.send(f"m{number}")
    answers = [client.receive() for _ in range(200)]
    refused = [answer for answer in answers if answer.get("code") == "rate_limited"]
    assert bool(refused) is limited
    for answer in refused:
        assert answer["message_id"] in {f"m{number}" for number in range(5, 200)}
        assert 0 < answer["retry_after"] <= 0.2
    platform.control("message_rate", {})
    client = platform.connect("bob")
    for number in range(20):
        client.send(f"m{number}")
    assert {client.receive()["type"] for _ in range(20)} == {"ai_response"}


def test_counts_bad_as_processed_counts_on(serve):
    platform = serve("--defect", "x8_counts_bad_as_processed")
    client = platform.connect()
    client.socket.send("{")
    assert client.receive()["code"] == "invalid_json"
    assert client.state()["message_count"] == 1


def test_tells_its_inside_names_a_file(serve):
    assert "x8.py" in answer(serve("--defect", "x8_tells_its_inside"), "{")["message"]
