"""Peers of every kind on real sockets, and robot runs whose sentences can be read."""

import asyncio
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import yaml
from robot.api import ExecutionResult, ResultVisitor
from websockets.asyncio.server import serve as websocket_server

from Lockstep.engine.account import Account
from Lockstep.engine.engine import Engine
from Lockstep.engine.loop_thread import LoopThread
from Lockstep.targets import load_target

KIT = Path(__file__).resolve().parents[3]
OURS = ("CI", "ENVIRONMENT", "RAPID_", "LOCKSTEP_", "SKIP_REAL_SERVICES", "E2E_")
DESK = {
    "schema": 1, "name": "desk", "title": "Desk",
    "messages": {
        "send": {"type": "chat", "id": "{message_id}", "n": "{attempt}", "text": "{content}"},
        "reply": {"where": {"type": "answer"}, "message_id": "id", "attempt": "n"},
    },
    "questions": {"agent_state": {"ask": {"type": "state?", "request": "{request_id}"},
                                  "answer": {"where": {"type": "state"}, "request_id": "request", "fields": {"pending": "pending", "count": "count"}}}},
}
READY = {"wait_for": {"type": "hello"}, "within": "5 s"}


def pytest_addoption(parser):
    parser.addoption("--every-byte", action="store_true", help="cuts the short exchange behind each of its bytes, and not behind some of them")


@pytest.fixture
def engine():
    one = Engine()
    yield one
    one.stop()


@pytest.fixture
def desk(tmp_path):
    """A target on a peer's port: the file that a tester would write."""

    def make(port, ready=READY, within="5 s", **keys):
        path = tmp_path / f"desk-{uuid.uuid4().hex[:6]}.yaml"
        path.write_text(yaml.safe_dump({**DESK, "connect": {"url": f"ws://127.0.0.1:{port}/ws", "within": within, "ready": ready}, **keys}))
        target = load_target(path)
        target.open()
        return target

    return make


@pytest.fixture
def peers():
    """Starts servers in a loop thread of their own: `raw(handler)` on TCP, `websocket(handler)` behind a handshake."""
    thread, servers = LoopThread(), []

    def raw(handler):
        async def start():
            servers.append(await asyncio.start_server(handler, "127.0.0.1", 0))
            return servers[-1].sockets[0].getsockname()[1]

        return thread.run(start())

    def websocket(handler, **options):
        async def start():
            servers.append(await websocket_server(handler, "127.0.0.1", 0, compression=None, **options))
            return next(iter(servers[-1].sockets)).getsockname()[1]

        return thread.run(start())

    yield SimpleNamespace(raw=raw, websocket=websocket, loop=thread)
    thread.stop()


@pytest.fixture
def connect(engine):
    """A client of a target, connected unless the test expects otherwise."""

    def connect(target, alias="alice", tries=1, pause=0.0, account=None):
        account = account or Account(alias, f"{alias}-{uuid.uuid4().hex[:6]}")
        return engine.run(engine.connect(alias, account, target, tries=tries, pause=pause))

    return connect


@pytest.fixture
def platform(engine):
    """The reference platform as a process of its own."""
    target = load_target("reference")
    target.open()
    yield target
    engine.run(engine.close(list(engine.clients)))
    engine.run(target.http.close())
    target.close()


class Robot:
    """A robot run over one suite, and what it left."""

    def __init__(self, folder):
        self.folder = folder
        self.mark = uuid.uuid4().hex
        self.output = folder / "output"

    def start(self, text, *options, **environment):
        (self.folder / "suite.robot").write_text(text.replace("RESOURCES", str(KIT / "resources")))
        base = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        command = [sys.executable, "-m", "robot", "--outputdir", self.output, "--log", "none", "--report", "none", *options, "suite.robot"]
        return subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**base, "PYTHONPATH": str(KIT / "libraries"), "TEST_MARK": self.mark, **environment},
        )

    def run(self, text, *options, **environment):
        process = self.start(text, *options, **environment)
        self.said, _ = process.communicate(timeout=120)
        self.code = process.returncode
        return self

    @property
    def messages(self):
        """Test name -> (status, message)."""
        found = {}

        class Collect(ResultVisitor):
            def visit_test(self, test):
                found[test.name] = (test.status, test.message)

        ExecutionResult(self.output / "output.xml").visit(Collect())
        return found

    @property
    def left_behind(self):
        """Command lines of processes that this run started and that still live."""
        return [process.info["cmdline"] for process in psutil.process_iter(["cmdline"]) if self._is_ours(process)]

    def _is_ours(self, process):
        try:
            return process.environ().get("TEST_MARK") == self.mark and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def records(self, folder=None):
        files = sorted(((folder or self.output) / "records").glob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines(keepends=True) if line.endswith("\n")]


@pytest.fixture
def robot(tmp_path):
    return Robot(tmp_path)
