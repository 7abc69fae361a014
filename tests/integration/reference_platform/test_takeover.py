"""A session never has two connections: whoever comes back takes it at once, however dead the connection is that is still there."""

from __future__ import annotations

import json
import random
import socket
import struct
import threading
import urllib.request

import pytest
from websockets.exceptions import ConnectionClosed

from patience import until

ROUNDS = 25


class Raw:
    """A client that reads only when told, answers no ping, and may end in any way."""

    def __init__(self, platform, name, *, small=False, **query):
        self.name = name
        host, port = platform.ready["websocket_url"][5:-3].split(":")
        asked = "".join(f"&{key}={value}" for key, value in query.items())
        token = platform.account(name)["token"]
        self.socket = socket.socket()
        if small:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        self.socket.settimeout(30)
        self.socket.connect((host, int(port)))
        self.socket.sendall((
            f"GET /ws?token={token}{asked} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode())  # fmt: skip
        self.stream = self.socket.makefile("rb")
        while (line := self.stream.readline()) != b"\r\n":
            assert line, "closed before the handshake was over"
        self.offset = 0
        self.greeting = json.loads(self.frame()[1])
        self.offset = self.greeting["offset"]

    def frame(self):
        """First byte and payload of the next frame."""
        first, size = self.stream.read(2)
        if size > 125:
            size = int.from_bytes(self.stream.read(2 if size == 126 else 8), "big")
        return first, self.stream.read(size)

    def receive(self):
        """The next message; pings are passed over."""
        while (frame := self.frame())[0] != 0x81:
            assert frame[0] == 0x89, frame
        fields = json.loads(frame[1])
        self.offset = fields["offset"]
        return fields

    def send(self, message_id, **fields):
        self.socket.sendall(framed({"type": "user_message", "message_id": message_id, "content": "hello", **fields}))

    def coming_back(self):
        return {"session_id": self.greeting["session_id"], "epoch": self.greeting["epoch"], "offset": self.offset}

    def again(self, platform):
        """Another connection that takes the session."""
        return Raw(platform, self.name, **self.coming_back())

    def reset(self):
        """Ends with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        """Ends with FIN and without a close frame."""
        self.stream.close()
        self.socket.close()


def framed(fields):
    text = json.dumps(fields).encode()
    size = bytes((0x80 | len(text),)) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
    return b"\x81" + size + b"\0\0\0\0" + text


def listed(platform, kind, client):
    return platform.control(f"{kind}?user={client.greeting['user_id']}")[kind]


@pytest.fixture
def platform(lent):
    return lent


@pytest.fixture
def raw(platform, alice):
    """A client with three answers that it has read, and two more that it has not: nobody works on them yet."""
    client = Raw(platform, alice, resumable="true")
    for number in range(3):
        client.send(f"m{number}")
        client.receive()
    platform.control("hold", {"user": client.greeting["user_id"]})
    for number in range(3, 5):
        client.send(f"m{number}", acknowledge=True)
        client.receive()
    yield client
    client.close()


@pytest.mark.parametrize("end", ["close", "reset", "half_close", "silence"])
def test_whatever_became_of_the_old_connection_everything_follows(platform, raw, end):
    """What was sent before the end counts, also where nobody was told of the end."""
    raw.send("m5")
    until(lambda: platform.control("status")["pending"] == 3)
    if end == "half_close":
        raw.socket.shutdown(socket.SHUT_WR)
    elif end != "silence":
        getattr(raw, end)()
    back = raw.again(platform)
    assert back.greeting["recovered"]
    platform.control("release", {})
    assert [(frame["message_id"], frame["offset"]) for frame in (back.receive() for _ in range(3))] == [("m3", 6), ("m4", 7), ("m5", 8)]
    assert [each["connection"] for each in listed(platform, "sessions", back)] == [back.greeting["connection_id"]]
    back.close()


def test_the_old_connection_is_told_and_ends_at_once(platform, raw):
    back = raw.again(platform)
    assert raw.frame() == (0x88, (4001).to_bytes(2, "big") + b"taken over")
    assert raw.stream.read() == b"", "and its TCP connection is over"
    assert [each["connection"] for each in listed(platform, "connections", back)] == [back.greeting["connection_id"]]
    platform.control("release", {})
    assert back.receive()["message_id"] == "m3"
    until(lambda: "cleaned" in events(platform, raw))
    assert [event for event in events(platform, raw) if event != "cleaned"] == ["opened", "taken_over", "resumed"]
    back.close()


def events(platform, client):
    with urllib.request.urlopen(f"{platform.ready['control_url']}/events", timeout=30) as answer:
        return [event["event"] for event in map(json.loads, answer) if event["user"] == client.greeting["user_id"]]


def test_nothing_goes_into_the_dead_path(platform, raw):
    """The old connection would still take frames; it gets none that has not left before."""
    back = raw.again(platform)
    platform.control("release", {})
    back.send("m5")
    assert [back.receive()["offset"] for _ in range(3)] == [6, 7, 8]
    assert raw.frame()[0] == 0x88
    assert raw.stream.read() == b""
    back.close()


def test_a_stalled_connection_is_taken_over_and_what_was_received_from_it_is_answered(serve):
    """Also where the platform is full: who takes the place of a connection needs no other."""
    platform = serve("--set", "retained_messages=1000000", "--set", "retained_bytes=1000 MB", "--set", "max_connections=1")
    old = Raw(platform, "alice", small=True, resumable="true")
    taken = pour(platform, old, 60_000)
    back = old.again(platform)
    assert back.greeting["recovered"]
    back.send("new")
    told = []
    while not told or told[-1]["message_id"] != "new":
        told.append(back.receive())
    assert [frame["offset"] for frame in told] == list(range(1, len(told) + 1))
    assert [frame["message_id"] for frame in told[:-1]] == [f"m{number}" for number in range(len(told) - 1)]
    assert 1000 < len(told) - 1 < taken, "it was not stalled"
    old.close()
    back.close()


def pour(platform, client, most):
    """Sends until nothing more is taken, although the platform has the time; returns how many messages were begun."""
    client.socket.settimeout(1)
    before = None
    for number in range(most):
        data = framed({"type": "user_message", "message_id": f"m{number}", "content": "x" * 400})
        while data:
            try:
                data = data[client.socket.send(data) :]
            except TimeoutError:
                offset = listed(platform, "sessions", client)[0]["offset"]
                if offset == before:
                    client.socket.settimeout(30)
                    return number + 1
                before = offset
    raise AssertionError("the platform never stopped reading")


def test_who_answers_no_ping_is_absent_and_may_come_back(platform, raw):
    platform.control("clock", {"advance": 31})
    assert raw.frame()[0] == 0x89
    platform.control("clock", {"advance": 61})
    platform.control("release", {})
    until(lambda: not listed(platform, "sessions", raw)[0]["live"])
    assert listed(platform, "sessions", raw)[0]["left"] is not None
    back = raw.again(platform)
    assert back.greeting["recovered"]
    assert [back.receive()["message_id"] for _ in range(2)] == ["m3", "m4"]
    back.close()


@pytest.mark.parametrize("absent", [True, False])
def test_of_many_who_come_back_at_the_same_moment_exactly_one_stays(platform, raw, absent):
    if absent:
        raw.close()
    barrier, came, codes = threading.Barrier(8), [], []

    def come():
        barrier.wait()
        try:
            came.append(platform.connect(raw.name, **raw.coming_back()))
        except ConnectionClosed as closed:  # who is taken over before the greeting gets none
            codes.append(closed.rcvd.code)

    came_back = [threading.Thread(target=come) for _ in range(8)]
    for thread in came_back:
        thread.start()
    for thread in came_back:
        thread.join()
    platform.control("release", {})
    until(lambda: len(listed(platform, "connections", raw)) == 1)
    [session] = listed(platform, "sessions", raw)
    assert (session["live"], session["connections"]) == (True, 9)
    alive = [client for client in came if client.greeting["connection_id"] == session["connection"]]
    assert len(alive) == 1
    assert [alive[0].receive()["offset"] for _ in range(2)] == [6, 7]
    for client in came:
        if client is not alive[0]:
            with pytest.raises(ConnectionClosed) as closed:
                client.receive_until(lambda _: False)
            codes.append(closed.value.rcvd.code)
    assert codes == [4001] * 7


@pytest.mark.parametrize("seed", [1, 2])
def test_flapping_loses_and_repeats_nothing(platform, seed):
    """Seeded: cuts of every kind at any moment, with messages under way and sometimes two who come back at once."""
    chance = random.Random(seed)
    client, number, told, spare = Raw(platform, f"flapping{seed}", resumable="true"), 0, [], []
    for _ in range(ROUNDS):
        for _ in range(chance.randrange(30)):
            client.send(f"m{number}")
            number += 1
        getattr(client, chance.choice(["close", "reset", "coming_back"]))()
        spare.append(client)
        if chance.random() < 0.3:
            spare.append(client.again(platform))
        client = client.again(platform)
        assert client.greeting["recovered"], client.greeting
        told += [client.receive() for _ in range(chance.randrange(client.greeting["head"] - client.offset + 1))]
    # What was never received by the platform was lost with its connection: it is sent again, as a client would.
    for again in range(number):
        client.send(f"m{again}", attempt=2)
    client.send("fence")
    while not told or told[-1]["message_id"] != "fence":
        told.append(client.receive())
    assert [frame["offset"] for frame in told] == list(range(1, len(told) + 1))
    answered = [frame["message_id"] for frame in told if frame["type"] == "ai_response"]
    assert sorted(answered) == sorted([*(f"m{each}" for each in range(number)), "fence"])
    for each in (*spare, client):
        each.close()
    until(lambda: not listed(platform, "connections", client))
