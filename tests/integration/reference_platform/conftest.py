"""A real platform process per test, and a small synchronous client for it."""

from __future__ import annotations

import itertools
import json
import os
import select
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

LIBRARIES = Path(__file__).resolve().parents[3] / "libraries"
NUMBERS = itertools.count()
GUARD = 30.0
"""Seconds after which something that should have come is taken for lost."""


class Client:
    """One connection of one user."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.offset = 0
        """Of the last frame received."""
        self.greeting = self.receive()

    def send(self, message_id: str, content: str = "hello", **fields: Any) -> None:
        """Sends a user_message."""
        self.send_json({"type": "user_message", "message_id": message_id, "content": content, **fields})

    def send_json(self, fields: dict[str, Any]) -> None:
        """Sends any JSON."""
        self.socket.send(json.dumps(fields))

    def send_many(self, messages: list[dict[str, Any]]) -> None:
        """Sends user messages as fast as it goes."""
        for fields in messages:
            self.send_json({"type": "user_message", "content": "hello", **fields})

    def receive(self) -> dict[str, Any]:
        """The next frame but for words about pressure, which nobody has asked for."""
        while (frame := self.receive_any())["type"] == "backpressure":
            pass
        return frame

    def receive_any(self) -> dict[str, Any]:
        """The next frame."""
        frame = json.loads(self.socket.recv(timeout=GUARD))
        self.offset = frame.get("offset", self.offset)  # frames of streams have a number of their own
        return frame

    def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """A question, and the next frame."""
        self.send_json({"type": kind, "request_id": kind, **fields})
        return self.receive()

    def receive_until(self, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """All frames up to and with the first that is wanted."""
        frames = []
        while not frames or not wanted(frames[-1]):
            frames.append(self.receive())
        return frames

    def rest(self) -> list[dict[str, Any]]:
        """All frames that still come before the platform closes the connection."""
        frames = []
        with suppress(ConnectionClosed):
            while True:
                frames.append(self.receive_any())
        return frames

    def fence(self, name: str = "fence") -> list[dict[str, Any]]:
        """Everything that comes before the answer to one more message."""
        self.send(name)
        return self.receive_until(lambda frame: frame["type"] == "ai_response" and frame["message_id"] == name)[:-1]

    def state(self) -> dict[str, Any]:
        """The agent's state once nothing is pending, and nothing else."""
        while True:
            self.send_json({"type": "get_agent_state", "request_id": "state"})
            frame = self.receive_until(lambda frame: frame["type"] == "agent_state")[-1]
            if not frame["pending"]:
                return frame

    def coming_back(self) -> dict[str, Any]:
        """What the address says when this client comes back."""
        return {"session_id": self.greeting["session_id"], "epoch": self.greeting["epoch"], "offset": self.offset}

    def close(self) -> None:
        """The closing handshake."""
        self.socket.close()

    def cut(self) -> None:
        """The end of the TCP connection without one."""
        with suppress(OSError):
            self.socket.socket.shutdown(socket.SHUT_RDWR)


class Stalled:
    """A client that sends and never reads: a raw socket with a small buffer for what comes."""

    def __init__(self, platform: Platform, name: str) -> None:
        self.platform = platform
        host, port = platform.ready["websocket_url"][5:-3].split(":")
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        self.socket.settimeout(1)
        self.socket.connect((host, int(port)))
        self.socket.sendall((
            f"GET /ws?token={platform.account(name)['token']} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode())  # fmt: skip
        assert self.socket.recv(12) == b"HTTP/1.1 101"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def pour(self, messages: Iterable[dict[str, Any]]) -> int:
        """Sends until nothing more is taken, although the platform has had its turns; returns how many bytes were."""
        taken = 0
        for fields in messages:
            text = json.dumps(fields).encode()
            left = memoryview(b"\x81\xfe" + len(text).to_bytes(2, "big") + b"\0\0\0\0" + text)
            while left:
                try:
                    sent = self.socket.send(left)
                except TimeoutError:
                    if not self._is_read():
                        return taken
                    continue
                taken, left = taken + sent, left[sent:]
        return taken

    def _is_read(self) -> bool:
        """Who was late and not unwilling takes more as soon as it has answered somebody else twice."""
        for _ in range(2):
            self.platform.control("status")
        return bool(select.select([], [self.socket], [], 1)[1])


class Platform:
    """A process that serves."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "reference_platform", "serve", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(LIBRARIES)},
        )  # fmt: skip
        self.clients: list[Client] = []
        self.closing = ExitStack()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(self.process.stderr.read())
        self.ready = json.loads(line)

    def ask(self, url: str, body: dict[str, Any] | None = None) -> Any:
        """One HTTP request; JSON back, or (status, JSON) when it was refused."""
        try:
            with urllib.request.urlopen(urllib.request.Request(url, None if body is None else json.dumps(body).encode()), timeout=GUARD) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """One request to the control interface."""
        return self.ask(f"{self.ready['control_url']}/{path}", body)

    def ledger(self, since: int = 0) -> list[dict[str, Any]]:
        """The ledger."""
        return self.lines(f"ledger?since={since}")

    def lines(self, path: str) -> list[dict[str, Any]]:
        """What control answers in JSON lines."""
        with urllib.request.urlopen(f"{self.ready['control_url']}/{path}", timeout=GUARD) as answer:
            return [json.loads(line) for line in answer]

    def account(self, name: str, **fields: Any) -> dict[str, Any]:
        """A test account with a token."""
        return self.ask(f"{self.ready['auth_url']}/auth/test-user", {"email": f"{name}@example.test", **fields})

    def url(self, name: str = "alice") -> str:
        """The WebSocket address with a token of this user."""
        return f"{self.ready['websocket_url']}?token={self.account(name)['token']}"

    def connect(self, name: str = "alice", *, address: str = "127.0.0.1", headers: dict[str, str] | None = None, **query: Any) -> Client:
        """A connection of this user from this address; ``query`` says what it wants of sessions."""
        opening = connect(
            f"{self.url(name)}&{urlencode(query)}", additional_headers=headers, source_address=(address, 0), compression=None,
            ping_interval=None, max_queue=None, max_size=None,
        )  # fmt: skip
        client = Client(self.closing.enter_context(opening))
        self.clients.append(client)
        return client

    def resumable(self, name: str = "alice") -> Client:
        """A connection whose session is kept."""
        return self.connect(name, resumable="true")

    def resume(self, client: Client, name: str = "alice", *, session: str = "", epoch: int = 0, offset: int | None = None, **more: Any) -> Client:
        """Comes back to the session of ``client``, behind what that has received unless told otherwise."""
        greeting = client.greeting
        return self.connect(
            name, session_id=session or greeting["session_id"], epoch=epoch or greeting["epoch"],
            offset=client.offset if offset is None else offset, **more,
        )  # fmt: skip

    def stalled(self, name: str = "stalled") -> Stalled:
        """A connection of this user that never reads."""
        return Stalled(self, name)

    def end(self) -> int:
        """Closes its input and waits; returns the exit code."""
        for client in self.clients:
            client.socket.close_timeout = 0.1
            client.close()
        if not self.process.stdin.closed:
            self.process.stdin.close()
        code = self.process.wait(GUARD)
        self.errors = self.process.stderr.read()
        return code

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait(GUARD)
        for client in self.clients:
            client.close()
        self.clients.clear()


@contextmanager
def _platforms() -> Iterator[Callable[..., Platform]]:
    """Starts platforms; each must end with 0 and without a word on standard error, unless the test has ended it."""
    platforms: list[Platform] = []

    def start(*arguments: str) -> Platform:
        platforms.append(Platform(*arguments))
        return platforms[-1]

    yield start
    problems = []
    for platform in platforms:
        if platform.process.poll() is None:
            code = platform.end()
            if code or platform.errors:
                problems.append((code, platform.errors))
        for stream in (platform.process.stdin, platform.process.stdout, platform.process.stderr):
            stream.close()
    assert not problems


@pytest.fixture
def serve() -> Iterator[Callable[..., Platform]]:
    """Starts platforms that live as long as the test."""
    with _platforms() as start:
        yield start


@pytest.fixture(scope="module")
def module_serve() -> Iterator[Callable[..., Platform]]:
    """Starts platforms that live as long as the module's tests."""
    with _platforms() as start:
        yield start


@pytest.fixture(scope="module")
def shared(module_serve: Callable[..., Platform]) -> Platform:
    """One platform for all tests of a module that do not end it."""
    return module_serve()


@pytest.fixture
def lent(shared: Platform) -> Iterator[Platform]:
    """The shared platform for one test, which leaves nobody held and no client behind."""
    yield shared
    shared.control("release", {})
    for client in shared.clients:
        client.socket.close_timeout = 0.1
        client.close()
    shared.clients.clear()


@pytest.fixture
def alice() -> str:
    """A user that no other test has."""
    return f"alice{next(NUMBERS)}"


@pytest.fixture
def platform(serve: Callable[..., Platform]) -> Platform:
    """A correct platform."""
    return serve()
