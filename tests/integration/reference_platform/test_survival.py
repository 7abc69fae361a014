"""What survives SIGKILL and restarts, and what a client that stops reading costs."""

from __future__ import annotations

import contextlib
import json
import socket
import sqlite3
import threading
import time

import psutil
import pytest
from websockets.exceptions import ConnectionClosed

KILLS = 4


class Burst(threading.Thread):
    """One user who sends until the connection dies, and what was acknowledged to that user by then."""

    def __init__(self, client, name, life):
        super().__init__()
        self.client, self.prefix = client, f"{name}-{life}"
        self.acknowledged = []
        self.sent = 0
        self.start()

    def unknown(self, most):
        """The first so many messages that were sent and never answered."""
        known = set(self.acknowledged)
        return [name for number in range(self.sent) if (name := f"{self.prefix}-{number}") not in known][:most]

    def run(self):
        reader = threading.Thread(target=self.read)
        reader.start()
        with contextlib.suppress(ConnectionClosed):
            for number in range(100_000):
                if number - len(self.acknowledged) > 300:
                    time.sleep(0.001)
                self.client.send(f"{self.prefix}-{number}", acknowledge=number % 2 == 0)
                self.sent = number + 1
        reader.join()

    def read(self):
        with contextlib.suppress(ConnectionClosed):
            while True:
                frame = json.loads(self.client.socket.recv(timeout=30))
                if frame["type"] in ("message_accepted", "ai_response"):
                    self.acknowledged.append(frame["message_id"])


@pytest.mark.parametrize("work", [0, 0.0005])
def test_sigkill_under_load_loses_nothing_acknowledged_and_repeats_nothing(serve, tmp_path, work):
    store = str(tmp_path / "store.sqlite")
    acknowledged = {"alice": set(), "bob": set()}
    for life in range(KILLS):
        platform = serve("--store", store)
        platform.control("work", {"seconds": work})
        bursts = {name: Burst(platform.connect(name), name, life) for name in acknowledged}
        deadline = time.monotonic() + 30
        while any(len(burst.acknowledged) < 200 + 150 * life for burst in bursts.values()):
            assert time.monotonic() < deadline
            time.sleep(0.001)
        platform.process.kill()
        for name, burst in bursts.items():
            burst.join()
            acknowledged[name] |= set(burst.acknowledged)
        platform.kill()
    platform = serve("--store", store)
    states = {name: platform.connect(name).state() for name in acknowledged}
    rows = platform.ledger()
    for name, state in states.items():
        mine = [row["message_id"] for row in rows if row["user"] == state["user_id"] and row["what"] == "processed"]
        assert len(mine) == len(set(mine)) == state["message_count"] == state["version"]
        assert not acknowledged[name] - set(mine), "acknowledged and lost"
        assert mine[-100:] == state["processed_message_ids"]
        client = platform.connect(name)
        for message_id in sorted(acknowledged[name])[:50]:
            client.send(message_id, attempt=2)
            assert client.receive()["type"] == "duplicate_rejected"
    assert [row["index"] for row in rows] == sorted({row["index"] for row in rows})


def test_a_waiting_message_survives_the_kill_and_is_processed_after_it(serve, tmp_path):
    store = str(tmp_path / "store.sqlite")
    platform = serve("--store", store)
    client = platform.connect()
    platform.control("hold", {})
    for number in range(20):
        client.send(f"m{number}", f"content {number}", acknowledge=True, sequence_id=number)
        assert client.receive()["type"] == "message_accepted"
    platform.kill()
    platform = serve("--store", store)
    state = platform.connect().state()
    assert state["processed_message_ids"] == [f"m{number}" for number in range(20)]
    stages = [row["what"] for row in platform.ledger() if row["message_id"] == "m7"]
    assert stages == ["received", "accepted", "processed", "answered"]
    platform.end()
    with contextlib.closing(sqlite3.connect(store)) as database:
        assert database.execute("SELECT count(*) FROM waiting").fetchone() == (0,)


def test_a_clean_restart_keeps_state_window_and_clock(serve, tmp_path):
    store = str(tmp_path / "store.sqlite")
    platform = serve("--store", store)
    client = platform.connect()
    client.send("m", sequence_id=4)
    client.receive()
    moved = platform.control("clock", {"advance": 1000})["now"]
    client.send("late")
    client.receive()
    assert platform.end() == 0
    platform = serve("--store", store)
    client = platform.connect()
    assert platform.control("clock")["now"] >= moved
    for message_id, kind in (("late", "duplicate_rejected"), ("m", "ai_response")):
        client.send(message_id, attempt=2)
        assert client.receive()["type"] == kind
    assert client.state()["message_count"] == 3


def test_expired_claims_leave_the_disk_a_few_per_commit(serve, tmp_path):
    store = tmp_path / "store.sqlite"
    platform = serve("--store", str(store))
    client = platform.connect()
    for number in range(40):
        client.send(f"old{number}")
        client.receive()
    platform.control("clock", {"advance": 301})
    client.send("new0")
    client.receive()
    count = "SELECT count(*) FROM claims JOIN batches USING (id) WHERE claims.time < (SELECT max(time) FROM batches) - 300"
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as database:
        assert database.execute(count).fetchone()[0] >= 30, "not all at once"
    for number in range(1, 25):
        client.send(f"new{number}")
        client.receive()
    platform.end()
    with contextlib.closing(sqlite3.connect(store)) as database:
        assert database.execute(count).fetchone() == (0,)
        assert database.execute("SELECT count(*) FROM claims").fetchone() == (25,)
        named = database.execute("SELECT count(DISTINCT json_extract(value, '$[2]')) FROM batches, json_each(CAST(rows AS TEXT))").fetchone()
        assert named == (40 + 25,), "the ledger forgets nothing"


def upgraded(platform, name):
    """A raw socket after the handshake, which nobody reads."""
    host, port = platform.ready["websocket_url"][5:-3].split(":")
    raw = socket.create_connection((host, int(port)), timeout=2)
    raw.sendall((
        f"GET /ws?token={platform.account(name)['token']} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode())  # fmt: skip
    assert raw.recv(12) == b"HTTP/1.1 101"
    return raw


def test_a_reader_that_stops_costs_bounded_memory_and_blocks_nobody(serve):
    """The stopped client tries to send 200 MB; the platform may grow by no more than 20 MB."""
    platform = serve()
    other = platform.connect("other")
    other.fence()
    process = psutil.Process(platform.process.pid)
    before = process.memory_info().rss
    sent = 0
    with upgraded(platform, "stalled") as raw, contextlib.suppress(TimeoutError):
        for number in range(1_000_000):
            text = json.dumps({"type": "user_message", "message_id": f"{number:0200d}", "content": "x" * 300}).encode()
            raw.sendall(b"\x81\xfe" + len(text).to_bytes(2, "big") + b"\0\0\0\0" + text)
            sent += len(text)
            assert sent < 200_000_000, "the platform must stop reading from it"
    grown = process.memory_info().rss - before
    print(f"the stalled client got rid of {sent / 1e6:.1f} MB, the platform grew by {grown / 1e6:.1f} MB")
    assert grown < 20_000_000
    other.fence("still served")
