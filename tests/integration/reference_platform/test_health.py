"""``/health`` says what is true: not before the platform can serve, and not once it ends."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from patience import GUARD, until

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3] / "libraries")}


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [taken.getsockname()[1] for taken in sockets]
    for taken in sockets:
        taken.close()
    return ports


def health(url):
    """(status, body) or None while nobody is there."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=GUARD) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())
    except OSError:
        return None


def test_while_a_store_is_being_opened_it_is_starting_and_no_client_is_left_waiting(tmp_path):
    port, backend = free_ports(2)
    url = f"http://127.0.0.1:{backend}"
    busy = sqlite3.connect(tmp_path / "store", isolation_level=None)
    busy.execute("BEGIN EXCLUSIVE")
    process = subprocess.Popen(
        [sys.executable, "-m", "reference_platform", "serve", "--store", str(tmp_path / "store"), "--port", str(port), "--backend-port", str(backend)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT,
    )  # fmt: skip
    try:
        assert until(lambda: health(url)) == (503, {"status": "starting"})
        assert health(url) == (503, {"status": "starting"})
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=GUARD)
        busy.execute("ROLLBACK")
        assert json.loads(process.stdout.readline())["event"] == "ready"
        status, told = health(url)
        assert (status, told["status"], told["pid"]) == (200, "ok", process.pid)
        socket.create_connection(("127.0.0.1", port), timeout=GUARD).close()
    finally:
        busy.close()
        process.stdin.close()
        assert process.wait(GUARD) == 0
        process.stdout.close()


def test_while_it_works_off_what_it_has_it_is_stopping(platform):
    client = platform.connect()
    platform.control("work", {"seconds": 2})
    client.send("m")
    url = platform.ready["backend_url"]
    assert health(url)[1]["status"] == "ok"
    platform.process.stdin.close()
    told = until(lambda: found if (found := health(url)) and found[1]["status"] != "ok" else None)
    assert (told[0], told[1]["status"]) == (503, "stopping")
    assert client.receive()["type"] == "server_shutdown"
    assert client.receive()["message_id"] == "m", "and it was worked off"
