"""Tells a second process how far a long phase is: one small file per process, replaced once a second."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from .engine.client import Client

EVERY = 1.0


class ProgressFile:
    """The newest word of this process about a phase."""

    def __init__(self, folder: Path, test: str, phase: str) -> None:
        self._file = folder / "progress" / f"{os.getpid()}.json"
        self._facts = {"suite": test.rpartition(".")[0], "test": test.rpartition(".")[2], "phase": phase}

    def say(self, **facts: float | None) -> None:
        """Replaces what was said before. A courtesy: what a full disk means is said where records are written."""
        text = orjson.dumps({**self._facts, **facts, "updated": time.time()})
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._file.with_suffix(".new")
            fresh.write_bytes(text)
            fresh.replace(self._file)

    def remove(self) -> None:
        """The phase is over."""
        with suppress(OSError):
            self._file.unlink(missing_ok=True)


class Progress:
    """A context inside the loop; phases shorter than a second leave nothing behind."""

    def __init__(self, folder: Path, test: str, phase: str, clients: Sequence[Client], total: int | None = None) -> None:
        self._file = ProgressFile(folder, test, phase)
        self._total = total
        self._clients = clients
        self._begin = sum(client.account.next_sequence for client in clients)
        self._task: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self._task = asyncio.create_task(self._tell())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._task is not None:
            self._task.cancel()
        self._file.remove()

    async def _tell(self) -> None:
        last, since = 0, time.monotonic()
        while True:
            await asyncio.sleep(EVERY)
            sent = sum(client.account.next_sequence for client in self._clients) - self._begin
            waiting = sum(len(client.connection.outstanding) for client in self._clients if client.connection)
            done, now = max(0, sent - waiting), time.monotonic()
            self._file.say(done=done, total=self._total, rate=round((done - last) / (now - since), 1), violations=0)
            last, since = done, now
