"""Tells how far a long phase is while it lasts: others by a file, and whoever started plain Robot on its console."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import phase_progress
from phase_progress import Progress

from .engine.client import Client
from .telling.console import Console

EVERY = 1.0
"""s between two words; phases shorter than that say none."""
Look = Callable[[], Progress]
"""Says how far it is. Asked in a thread of its own, so that no disk and no terminal holds up what is measured."""


class PhaseProgress:
    """A context around a phase."""

    def __init__(self, run: Path, test: str, phase: str, look: Look, *, console: Console | None = None,
                 every: float | None = None) -> None:
        self._run = run
        self._suite, _, self._test = test.rpartition(".")
        self._phase = phase
        self._look = look
        self._console = console
        self._every = every or EVERY
        self._over = threading.Event()
        self._teller = threading.Thread(target=self._tell, name="lockstep-progress", daemon=True)

    def __enter__(self) -> Self:
        self._teller.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._teller.join(EVERY)  # a disk that hangs must not hold up the end as well
        phase_progress.remove(self._run)
        if self._console is not None:
            self._console.end()

    def _tell(self) -> None:
        while not self._over.wait(self._every):
            word = replace(self._look(), suite=self._suite, test=self._test, phase=self._phase)
            phase_progress.write(self._run, word)
            if self._console is not None:
                self._console.show(word.text(time.time()))


class Answered:
    """How many messages of these clients have got their answer since now, and how many do so a second."""

    def __init__(self, clients: Sequence[Client]) -> None:
        self._clients = clients
        self._begin = self._seen = self._answered()
        self._since = time.time()

    def look(self) -> Progress:
        """For ``PhaseProgress``."""
        answered, now = self._answered(), time.time()
        word = Progress(done=max(0, answered - self._begin), rate=max(0, answered - self._seen) / (now - self._since), updated=now)
        self._seen, self._since = answered, now
        return word

    def _answered(self) -> int:
        waiting = sum(len(client.connection.outstanding) for client in self._clients if client.connection)
        return sum(client.account.next_sequence for client in self._clients) - waiting
