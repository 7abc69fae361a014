"""The one process that runs all suites: its output is kept and followed, and an interrupt ends it with all that it started."""

# ruff: noqa: PLC0415 - what is slow to import is imported late: the first line on the screen must not wait for it

import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TextIO

from runner import display, pabot_call
from runner.following import Follower

GRACE = 2.5
"""How long a robot process may take to write its result after Ctrl-C; with ending and merging it stays below 5 s."""


@dataclass
class Interrupt:
    """Counts Ctrl-C and SIGTERM: the first ends the run in order, the second without patience."""

    times: int = 0

    def __call__(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """The signal handler."""
        self.times += 1

    def __bool__(self) -> bool:
        return self.times > 0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Takes the signals over for the length of a run."""
        before = {number: signal.signal(number, self) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class Watch:
    """Runs pabot, keeps its raw output, lets it be followed, and ends everything on an interrupt."""

    def __init__(self, run: Path, follower: Follower, interrupt: Interrupt) -> None:
        self._run, self._follower, self._interrupt = run, follower, interrupt
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._disk_error: OSError | None = None

    def pabot(self, call: list[str], environment: dict[str, str]) -> None:
        """Returns when pabot and all it started are gone."""
        from runner import processes

        process = processes.start(call, self._run, environment)
        family = processes.Family(process.pid)
        reader = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        reader.start()
        try:
            self._follow(family.remember)
            if self._interrupt:
                self._follower.shown.say("Interrupted: ending the suites, keeping what was measured …", display.YELLOW)
                family.end_gently(pabot_call.is_worker, GRACE, hurry=lambda: self._interrupt.times > 1)
        finally:
            family.end_now()
            with suppress(subprocess.TimeoutExpired):
                process.wait(1)
            self._follower.shown.close()
        if self._disk_error:
            raise self._disk_error

    def _read(self, stdout: TextIO) -> None:
        """In a thread: every line into the queue and into pabot.log, the latter as long as the disk takes it."""
        try:
            with (self._run / "pabot.log").open("w", encoding="utf-8", buffering=1) as log:
                for line in stdout:
                    self._lines.put(line.rstrip("\n"))
                    log.write(line)
        except OSError as error:
            self._disk_error = error
            for line in stdout:
                self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def _follow(self, remember: Callable[[], None]) -> None:
        """Until pabot's output ends or somebody interrupts."""
        remembered = drawn = 0.0
        while not self._interrupt:
            with suppress(queue.Empty):
                line = self._lines.get(timeout=0.1)
                if line is None:
                    return
                self._follower.line(line)
                if not self._lines.empty():
                    continue
            now = time.monotonic()
            if now - remembered > 2:
                remember()
                remembered = now
            if now - drawn > 0.5:
                self._follower.draw()
                drawn = now
