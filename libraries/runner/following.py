"""Follows pabot line by line, from a pipe or from ``pabot.log``: which suites run, which have ended, and how far they are."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import phase_progress
from phase_progress import Progress
from runner import display, pabot_call
from runner.selection import title_of


class Follower:
    """The state of a run, drawn on a display. ``tests``: how many tests each selected suite has, by the suite's full name."""

    def __init__(self, run: Path, tests: Mapping[str, int], shown: display.Display) -> None:
        self._run, self._tests, self.shown = run, tests, shown
        self._board = display.Board(len(tests))
        self._progress: dict[int, Progress] = {}
        self._begun: dict[int, float] = {}
        self.started = 0
        self.said: list[str] = []
        """What pabot said before its first suite: the reason, where none begins."""

    def line(self, line: str) -> None:
        """A line of pabot's output."""
        event = pabot_call.event(line)
        if event is None:
            if not self.started:
                self.said.append(line)
        elif event.what == "start":
            self.started += 1
            self._begun[event.item] = event.time
            since = time.monotonic() - max(0.0, time.time() - event.time)
            running = display.Running(title_of(event.suite), self._tests.get(event.suite, 0), since, event.pid)
            self._board.running[event.item] = running
            self.shown.started(running)
        elif event.item in self._board.running:
            running = self._board.running.pop(event.item)
            self._board.ended += 1
            counts = pabot_call.counts(self._run, event.item)
            complaint = "" if counts else pabot_call.complaint(self._run, event.item)
            self.shown.ended(display.Ended(running.title, max(0.0, event.time - self._begun[event.item]), counts, complaint))

    def draw(self) -> None:
        """Shows who runs, and the newest word of each."""
        self._progress = newest = phase_progress.read(self._run, self._progress)
        by_suite = {title_of(word.suite): word for word in newest.values()}
        for running in self._board.running.values():
            # By name where the pid is another one: on Windows a venv's python.exe starts the real one.
            running.progress = newest.get(running.pid) or by_suite.get(running.title)
        self.shown.tick(self._board)
