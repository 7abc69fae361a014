"""The stage of a benchmark: a server on one core, a generator on another, and a look at the server's own counter."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil

from runner.processes import Family
from runner.project import Project

HERE = Path(__file__).resolve().parent
ECHO = [sys.executable, str(HERE / "echo_server.py")]
CORES: Sequence[int] = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
GENERATORS, SERVERS = (CORES[0], CORES[-1]) if len(CORES) > 1 else (None, None)
"""The core of each side; None where the system cannot be told, or has only one."""
PATIENCE = 120.0
"""s in which a server must come up or say its counts, and a generator must begin; a busy machine needs them."""
SETTLE = 1.0
"""s from the first messages of all connections to the first count; less where the measurement itself is shorter."""


class Failed(Exception):  # noqa: N818 - what the row then says
    """A server or a generator did not do what it should; one sentence."""


@dataclass(frozen=True)
class Window:
    """What happened between two counts. Shares are of one core."""

    rate: float
    generator: float
    server: float

    @property
    def generator_us(self) -> float:
        """CPU of the generator per answered message."""
        return self.generator / self.rate * 1e6

    @property
    def server_us(self) -> float:
        """CPU of the server per answered message."""
        return self.server / self.rate * 1e6


class Server:
    """A server with a ready line that says its counts when it is asked (a line on its standard input), and ends with that input."""

    def __init__(self, command: Sequence[str] = ECHO) -> None:
        self._process = start(command, SERVERS, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.url: str = self._line()["websocket_url"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def counts(self) -> Mapping[str, float]:
        """``time`` (s), ``processor`` (s), ``open`` connections and ``answered`` messages so far."""
        self._process.stdin.write(b"counts\n")
        self._process.stdin.flush()
        return self._line()

    def _read(self) -> None:
        for line in self._process.stdout:
            self._lines.put(line)

    def _line(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(self._lines.get(timeout=PATIENCE))
        except queue.Empty:
            raise Failed(f"the server said nothing for {PATIENCE:g} s") from None
        return found


class Generator:
    """A program that puts load on a server, with all that it starts; what it says goes into a file."""

    def __init__(self, command: Sequence[str], said: Path, *, environment: Mapping[str, str] | None = None, given: bytes = b"",
                 folder: Path | None = None) -> None:
        self._said = said
        with said.open("wb") as out:
            self.process = start(command, GENERATORS, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT, cwd=folder,
                                 env={**Project.here().environment(), **(environment or {})})
        self._family = Family(self.process.pid)
        if given:
            self.process.stdin.write(given)
            self.process.stdin.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()
        self._family.end_now()
        self.process.wait()

    @property
    def said(self) -> str:
        """All that it said so far."""
        return self._said.read_text(encoding="utf-8", errors="replace")

    @property
    def memory(self) -> int:
        """Resident bytes; 0 once it has ended."""
        try:
            return int(self._family.head.memory_info().rss)
        except psutil.Error:
            return 0

    @property
    def processor(self) -> float:
        """s of CPU so far, with all that it started."""
        total = 0.0
        for member in self._family.alive():
            try:
                times = member.cpu_times()
            except psutil.Error:
                continue
            total += times.user + times.system
        return total

    def must_run(self) -> None:
        """Raises Failed if it has ended."""
        if self.process.poll() is not None:
            words = self.said.strip().splitlines()
            raise Failed(f"it ended by itself with exit code {self.process.returncode}" + (f": {words[-1][:200]}" if words else ""))

    def finish(self, within: float) -> str:
        """Waits until it ends by itself; returns what it said."""
        try:
            code = self.process.wait(within)
        except subprocess.TimeoutExpired:
            raise Failed(f"it did not end within {within:g} s") from None
        if code:
            words = self.said.strip().splitlines()
            raise Failed(f"it ended with exit code {code}" + (f": {words[-1][:200]}" if words else ""))
        return self.said


def start(command: Sequence[str], core: int | None, **options: Any) -> subprocess.Popen[bytes]:
    """Starts a program on a core, where that can be said; what it starts stays there too, as it inherits where its parent may run."""
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        return subprocess.Popen(list(command), start_new_session=True, **options)
    finally:
        if core is not None:
            os.sched_setaffinity(0, CORES)


def watched(server: Server, generator: Generator, connections: int, seconds: float) -> Window:
    """Waits until all connections are open and answers flow, lets that settle, then counts for so many seconds."""
    deadline = time.monotonic() + PATIENCE
    while (now := server.counts())["open"] < connections or not now["answered"]:
        generator.must_run()
        if time.monotonic() > deadline:
            raise Failed(f"after {PATIENCE:g} s it had {now['open']:g} of {connections} connections open and {now['answered']:g} messages answered")
        time.sleep(0.05)
    time.sleep(min(SETTLE, seconds))
    before, used = server.counts(), generator.processor
    time.sleep(seconds)
    after, used = server.counts(), generator.processor - used
    generator.must_run()
    lasted, answered = after["time"] - before["time"], after["answered"] - before["answered"]
    if not answered:
        raise Failed("its messages stopped")
    return Window(answered / lasted, used / lasted, (after["processor"] - before["processor"]) / lasted)
